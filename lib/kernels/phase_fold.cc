// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_loops.h"
#include <gnuradio/lwmspectro/phase_fold.h>
#include <algorithm>
#include <array>
#include <numeric>

namespace gr {
namespace lwmspectro {

namespace {

constexpr std::size_t min_cycle = 400; // samples: shorter ones make short additions
constexpr std::size_t lanes = 4;       // independent sums, so that additions overlap

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
    const uint64_t once = std::lcm<uint64_t>(cells.cycle(), n_phases);
    d_once = cells.boundary(once);
    uint64_t cycle = once;
    while (cells.boundary(cycle) < std::min(min_cycle, max_len)) {
        cycle += once;
    }
    uint64_t cell = 0;
    do {
        d_bounds.push_back(cells.boundary(cell));
    } while (cell++ < cycle && d_bounds.back() < max_len);
    d_products.resize(d_bounds.back());
    d_squares.resize(d_bounds.back());
    if (d_once < d_bounds.back()) { // else one cycle, whole or in part
        d_bounds.resize(once + 1);
    }
}

void phase_fold::clear()
{
    std::fill(d_products.begin(), d_products.end(), 0.0f);
    std::fill(d_squares.begin(), d_squares.end(), 0.0f);
}

void phase_fold::add(const std::complex<float>* products,
                     const float* powers,
                     std::size_t at,
                     std::size_t n)
{
    for (std::size_t done = 0; done < n;) {
        const std::size_t to = (at + done) % d_products.size();
        const std::size_t run = std::min(n - done, d_products.size() - to);
        add_products(
            products + done, powers + done, &d_products[to], &d_squares[to], run);
        done += run;
    }
}

void phase_fold::finish()
{
    std::fill(d_sums.begin(), d_sums.end(), 0.0);
    std::fill(d_powers.begin(), d_powers.end(), 0.0);
    for (std::size_t at = d_once; at < d_products.size(); at += d_once) {
        const std::size_t n = std::min(d_once, d_products.size() - at);
        add_products(&d_products[at], &d_squares[at], &d_products[0], &d_squares[0], n);
    }
    std::size_t phase = 0;
    for (std::size_t cell = 0; cell + 1 < d_bounds.size(); ++cell) {
        const std::size_t begin = d_bounds[cell], n = d_bounds[cell + 1] - begin;
        const auto* pairs = reinterpret_cast<const float*>(&d_products[begin]);
        const auto sum = sum_lanes(pairs, 2 * n);
        const auto power = sum_lanes(&d_squares[begin], n);
        d_sums[phase] += std::complex<double>(sum[0] + sum[2], sum[1] + sum[3]);
        d_powers[phase] += (power[0] + power[1]) + (power[2] + power[3]);
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

std::vector<double> phase_fold::ratios(std::size_t width) const
{
    std::vector<double> all;
    for (std::size_t phase = 0; phase < d_sums.size(); ++phase) {
        all.push_back(ratio(phase, width));
    }
    return all;
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
