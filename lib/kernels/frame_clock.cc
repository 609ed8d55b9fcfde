// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/frame_clock.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <cmath>
#include <numeric>

namespace gr {
namespace lwmspectro {

frame_clock::frame_clock(double samp_rate, uint64_t tick_ns, uint64_t divisor)
{
    check_samp_rate(samp_rate);
    const auto rate_mHz = static_cast<uint64_t>(std::llround(samp_rate * 1e3));
    const uint64_t rate_den = 1000 * divisor;
    const uint64_t tick_den = 1000000000;
    const uint64_t a = std::gcd(rate_mHz, tick_den);
    const uint64_t b = std::gcd(tick_ns, rate_den);
    // both fractions reduced crosswise: at most 6.2e10 * 1e7 stays far below 2^64
    d_num = (rate_mHz / a) * (tick_ns / b);
    d_den = (tick_den / a) * (rate_den / b);
    const uint64_t c = std::gcd(d_num, d_den);
    d_num /= c;
    d_den /= c;
}

} // namespace lwmspectro
} // namespace gr
