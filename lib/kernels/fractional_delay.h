// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef LWMSPECTRO_FRACTIONAL_DELAY_H
#define LWMSPECTRO_FRACTIONAL_DELAY_H

#include <array>
#include <cstddef>

namespace gr {
namespace lwmspectro {

constexpr std::size_t fractional_taps = 16;
constexpr std::size_t fractional_group_delay = 7;

/*!
 * \brief FIR filter that delays by fractional_group_delay + \p fraction samples.
 *
 * Least squares over 80 % of the band (|f| <= 0.4 cycles a sample), where the error stays
 * 42 dB below the signal (Laakso et al., Splitting the Unit Delay, 1996, eq. 26-32).
 * \p fraction: 0 to 1.
 */
std::array<float, fractional_taps> fractional_delay(double fraction);

} // namespace lwmspectro
} // namespace gr

#endif
