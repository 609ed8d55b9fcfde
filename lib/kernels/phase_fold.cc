// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/phase_fold.h>
#include <algorithm>
#include <array>

namespace gr {
namespace lwmspectro {

namespace {

constexpr std::size_t lanes = 4; // independent sums, so that additions overlap

//! Sum of a few floats per lane: cells are too short to be worth a call of VOLK.
std::array<float, lanes> sum_lanes(const float* x, std::size_t n)
{
    std::array<float, lanes> sum{};
    std::size_t k = 0;
    for (; k + lanes <= n; k += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            sum[lane] += x[k + lane];
        }
    }
    for (; k < n; ++k) {
        sum[k % lanes] += x[k];
    }
    return sum;
}

} // namespace

phase_fold::phase_fold(const frame_clock& cells,
                       std::size_t n_phases,
                       std::size_t max_len)
    : d_sums(n_phases), d_powers(n_phases)
{
    std::size_t cell = 0;
    do {
        d_bounds.push_back(cells.boundary(cell));
    } while (cells.boundary(cell++) < max_len);
}

void phase_fold::clear()
{
    d_cell = 0;
    std::fill(d_sums.begin(), d_sums.end(), 0.0);
    std::fill(d_powers.begin(), d_powers.end(), 0.0);
}

void phase_fold::add(const std::complex<float>* products,
                     const float* powers,
                     std::size_t at,
                     std::size_t n)
{
    const std::size_t last = at + n;
    std::size_t phase = d_cell % d_sums.size();
    while (d_cell + 1 < d_bounds.size() && d_bounds[d_cell] < last) {
        const std::size_t begin = std::max(d_bounds[d_cell], at) - at;
        const std::size_t end = std::min(d_bounds[d_cell + 1], last) - at;
        const auto* pairs = reinterpret_cast<const float*>(products + begin);
        const auto sum = sum_lanes(pairs, 2 * (end - begin));
        const auto power = sum_lanes(powers + begin, end - begin);
        d_sums[phase] += std::complex<double>(sum[0] + sum[2], sum[1] + sum[3]);
        d_powers[phase] += (power[0] + power[1]) + (power[2] + power[3]);
        if (d_bounds[d_cell + 1] > last) {
            return; // the rest of this cell comes with the next call
        }
        ++d_cell;
        phase = phase + 1 < d_sums.size() ? phase + 1 : 0;
    }
}

double phase_fold::ratio(std::size_t phase, std::size_t width) const
{
    std::complex<double> sum = 0.0;
    double power = 0.0;
    for (std::size_t k = 0; k < width; ++k) {
        sum += d_sums[(phase + k) % d_sums.size()];
        power += d_powers[(phase + k) % d_sums.size()];
    }
    return power > 0.0 ? std::norm(sum) / power : 0.0;
}

double phase_fold::best() const
{
    double best = 0.0;
    for (std::size_t phase = 0; phase < d_sums.size(); ++phase) {
        best = std::max(best, ratio(phase));
    }
    return best;
}

} // namespace lwmspectro
} // namespace gr
