// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane_sums.h"
#include "symbol_sums.h"
#include <gnuradio/lwmspectro/segment_correlator.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double lag_stf_s = 0.8e-6;
constexpr double lag_5ms_s = 5e-3;
constexpr double lag_10ms_s = 10e-3;

constexpr std::size_t segments_per_ms = 256;
constexpr std::size_t segment_ns = 1000000; // over segments_per_ms
constexpr std::size_t cols = correlogram_cols;

constexpr std::size_t max_shift_5ms = 1, max_shift_10ms = 2; // samples

// samples a second that are enough for the statistics of repeats
constexpr double repeat_products_Hz = 5e6;

//! N |c|^2 / (E_x E_y): mean 1 over white noise, N where both factors agree.
double over_noise(std::complex<double> c, double n, double energy_product)
{
    // the energies are interpolated: at the edge of a burst they may come out too small
    return energy_product > 0.0 ? std::min(n, n * std::norm(c) / energy_product) : 0.0;
}

std::size_t step_for(double samp_rate)
{
    std::size_t step = 1;
    while (step < symbol_segments && samp_rate / (2 * step) >= repeat_products_Hz) {
        step *= 2;
    }
    return step;
}

std::size_t samples_of(double lag_s, double samp_rate)
{
    return static_cast<std::size_t>(std::llround(lag_s * samp_rate));
}

repeat_search::bounds segments_of(double samp_rate, std::size_t max_len)
{
    const frame_clock clock(samp_rate, segment_ns, segments_per_ms);
    std::vector<std::size_t> bounds;
    for (std::size_t s = 0; clock.boundary(s) <= max_len; ++s) {
        bounds.push_back(clock.boundary(s));
    }
    return std::make_shared<const std::vector<std::size_t>>(std::move(bounds));
}

repeat_search::setup
search_for(double lag_s, std::size_t max_shift, std::size_t period, double samp_rate)
{
    repeat_search::setup what;
    what.lag = samples_of(lag_s, samp_rate);
    what.max_shift = max_shift;
    what.lag_segments = samples_of(lag_s, 1e3 * segments_per_ms);
    what.period = period;
    what.min_segments = period;
    what.step = step_for(samp_rate);
    return what;
}

} // namespace

segment_correlator::segment_correlator(double samp_rate, std::size_t max_len, bool wifi)
    : d_bounds(segments_of(samp_rate, max_len)),
      d_step(step_for(samp_rate)),
      d_wifi(wifi),
      d_stf_lag(samples_of(lag_stf_s, samp_rate)),
      d_5ms(search_for(lag_5ms_s, max_shift_5ms, 5 * segments_per_ms, samp_rate),
            d_bounds),
      d_10ms(search_for(lag_10ms_s, max_shift_10ms, segments_per_ms, samp_rate),
             d_bounds),
      d_stf(d_bounds->size()),
      d_energy(d_bounds->size()),
      d_row(cols)
{
}

std::size_t segment_correlator::segments_within(std::size_t n) const
{
    const auto end = std::upper_bound(d_bounds->begin(), d_bounds->end(), n);
    return end == d_bounds->begin() ? 0 : end - d_bounds->begin() - 1;
}

void segment_correlator::begin(std::size_t n)
{
    d_n = n;
    d_n_segments = segments_within(n);
    d_n_stf = d_wifi && n > d_stf_lag ? segments_within(n - d_stf_lag) : 0;
    d_done = 0;
    d_5ms.begin(n);
    d_10ms.begin(n);
}

void segment_correlator::correlate(const std::complex<float>* x, std::size_t end)
{
    for (; d_done < d_n_segments && (*d_bounds)[d_done] < end; ++d_done) {
        const std::size_t first = (*d_bounds)[d_done], last = (*d_bounds)[d_done + 1];
        // where there is no partner, or none is wanted, for the energy alone
        const std::size_t lag = d_done < d_n_stf ? d_stf_lag : 0;
        const bool room = last + lag + spare_samples <= d_n;
        const auto sums =
            sum_lag_products(x + first, x + first + lag, last - first, room);
        d_energy[d_done] = sums.energy;
        d_stf[d_done] = sums.product;
        if (d_done % d_step == 0) {
            d_5ms.correlate(x, d_done);
            d_10ms.correlate(x, d_done);
        }
    }
}

const std::vector<double>& segment_correlator::short_training()
{
    std::fill(d_row.begin(), d_row.end(), 0.0);
    for (std::size_t s = 0; s < d_n_stf; ++s) {
        const double len = (*d_bounds)[s + 1] - (*d_bounds)[s];
        const double rest = d_stf_lag / len; // the lag is shorter than a segment
        const double next = s + 1 < d_n_segments ? d_energy[s + 1] : 0.0;
        const double lagged = d_energy[s] + rest * (next - d_energy[s]);
        double& col = d_row[s * cols / max_segments()];
        col = std::max(col, over_noise(d_stf[s], len, d_energy[s] * lagged));
    }
    return d_row;
}

void segment_correlator::end()
{
    d_energies.clear();
    d_counts.clear();
    for (std::size_t s = 0; s < d_n_segments; s += d_step) {
        d_energies.push_back(d_energy[s]);
        d_counts.push_back((*d_bounds)[s + 1] - (*d_bounds)[s]);
    }
    for (auto* values : { &d_energies, &d_counts }) {
        sum_rows(*values, values->size(), 1, symbol_segments / d_step);
    }
}

const std::vector<double>& segment_correlator::repeats_5ms()
{
    return d_5ms.row(d_energies, d_counts);
}

const std::vector<double>& segment_correlator::repeats_10ms()
{
    return d_10ms.row(d_energies, d_counts);
}

const std::vector<double>& segment_correlator::energy()
{
    constexpr std::size_t per_col = segments_per_ms / cols;
    double total = 0.0;
    std::array<double, cols> sums{}, counts{};
    for (std::size_t s = 0; s < d_n_segments; ++s) {
        const std::size_t col = (s % segments_per_ms) / per_col;
        sums[col] += d_energy[s];
        counts[col] += (*d_bounds)[s + 1] - (*d_bounds)[s];
        total += d_energy[s];
    }
    const double mean = d_n_segments > 0 ? total / (*d_bounds)[d_n_segments] : 0.0;
    for (std::size_t col = 0; col < cols; ++col) {
        const double scale = mean * counts[col];
        d_row[col] = scale > 0.0 ? sums[col] / scale : 0.0;
    }
    return d_row;
}

} // namespace lwmspectro
} // namespace gr
