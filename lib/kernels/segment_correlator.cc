// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/segment_correlator.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double lag_stf_s = 0.8e-6;
constexpr double lag_5ms_s = 5e-3;
constexpr double lag_10ms_s = 10e-3;

constexpr std::size_t segments_per_ms = 256;
constexpr std::size_t segment_ns = 1000000; // over segments_per_ms
constexpr std::size_t symbol = 16;          // segments: 62.5 us
constexpr std::size_t cols = correlogram_cols;

constexpr int max_shift_5ms = 1, max_shift_10ms = 2; // samples

// samples a second that are enough for the statistics of repeats
constexpr double repeat_products_Hz = 5e6;

//! N |c|^2 / (E_x E_y): mean 1 over white noise, N where both factors agree.
double over_noise(std::complex<double> c, double n, double energy_product)
{
    // the energies are interpolated: at the edge of a burst they may come out too small
    return energy_product > 0.0 ? std::min(n, n * std::norm(c) / energy_product) : 0.0;
}

float energy_of(const std::complex<float>* x, std::size_t n)
{
    const auto* parts = reinterpret_cast<const float*>(x);
    float sum = 0.0f;
    volk_32f_x2_dot_prod_32f(&sum, parts, parts, static_cast<unsigned int>(2 * n));
    return sum;
}

//! Sums over a symbol's length from each value on, in place; \p n values.
template <typename T>
void sum_symbols(std::vector<T>& values, std::size_t n)
{
    for (std::size_t step = 1; step < symbol; step *= 2) {
        for (std::size_t s = 0; s + step < n; ++s) {
            values[s] += values[s + step];
        }
    }
}

std::size_t step_for(double samp_rate)
{
    std::size_t step = 1;
    while (step < symbol && samp_rate / (2 * step) >= repeat_products_Hz) {
        step *= 2;
    }
    return step;
}

} // namespace

segment_correlator::segment_correlator(double samp_rate, std::size_t max_len, bool wifi)
    : d_samp_rate(samp_rate), d_step(step_for(samp_rate)), d_trial(cols), d_row(cols)
{
    const frame_clock segments(samp_rate, segment_ns, segments_per_ms);
    for (std::size_t s = 0; segments.boundary(s) <= max_len; ++s) {
        d_bounds.push_back(segments.boundary(s));
    }
    for (auto* values : { &d_energy, &d_energies, &d_counts, &d_scale }) {
        values->resize(d_bounds.size());
    }
    d_symbols.resize(d_bounds.size());
    d_stf = add_track(lag_stf_s, 0, 1, wifi ? 1 : d_bounds.size());
    d_5ms =
        add_search(lag_5ms_s, max_shift_5ms, 5 * segments_per_ms, 5 * segments_per_ms);
    d_10ms = add_search(lag_10ms_s, max_shift_10ms, segments_per_ms, segments_per_ms);
}

std::size_t segment_correlator::add_track(double lag_s,
                                          int shift,
                                          std::size_t step,
                                          std::size_t least)
{
    lag_track track;
    track.lag = static_cast<std::size_t>(std::llround(lag_s * d_samp_rate)) + shift;
    track.step = step;
    track.min_segments = least;
    track.n_segments = 0;
    track.sums.resize(d_bounds.size());
    d_tracks.push_back(std::move(track));
    return d_tracks.size() - 1;
}

segment_correlator::repeat_search segment_correlator::add_search(double lag_s,
                                                                 int max_shift,
                                                                 std::size_t period,
                                                                 std::size_t least)
{
    repeat_search search;
    search.first_track = d_tracks.size();
    search.n_tracks = 2 * max_shift + 1;
    search.lag_segments =
        static_cast<std::size_t>(std::llround(lag_s * 1e3 * segments_per_ms));
    search.period = period;
    for (int shift = -max_shift; shift <= max_shift; ++shift) {
        add_track(lag_s, shift, d_step, least);
    }
    return search;
}

std::size_t segment_correlator::segments_within(std::size_t n) const
{
    const auto end = std::upper_bound(d_bounds.begin(), d_bounds.end(), n);
    return end == d_bounds.begin() ? 0 : end - d_bounds.begin() - 1;
}

void segment_correlator::begin(std::size_t n)
{
    d_n_segments = segments_within(n);
    d_done = 0;
    for (auto& track : d_tracks) {
        const std::size_t within = n > track.lag ? segments_within(n - track.lag) : 0;
        track.n_segments = within >= track.min_segments ? within : 0;
    }
}

void segment_correlator::correlate(const std::complex<float>* x, std::size_t end)
{
    for (; d_done < d_n_segments && d_bounds[d_done] < end; ++d_done) {
        const auto* first = x + d_bounds[d_done];
        const std::size_t len = d_bounds[d_done + 1] - d_bounds[d_done];
        d_energy[d_done] = energy_of(first, len);
        for (auto& track : d_tracks) {
            if (d_done < track.n_segments && d_done % track.step == 0) {
                volk_32fc_x2_conjugate_dot_prod_32fc(&track.sums[d_done],
                                                     first,
                                                     first + track.lag,
                                                     static_cast<unsigned int>(len));
            }
        }
    }
}

const std::vector<double>& segment_correlator::short_training()
{
    const lag_track& track = d_tracks[d_stf];
    std::fill(d_row.begin(), d_row.end(), 0.0);
    for (std::size_t s = 0; s < track.n_segments; ++s) {
        const double len = d_bounds[s + 1] - d_bounds[s];
        const double rest = track.lag / len; // the lag is shorter than a segment
        const double next = s + 1 < d_n_segments ? d_energy[s + 1] : 0.0;
        const double lagged = d_energy[s] + rest * (next - d_energy[s]);
        double& col = d_row[s * cols / max_segments()];
        col = std::max(col, over_noise(track.sums[s], len, d_energy[s] * lagged));
    }
    return d_row;
}

void segment_correlator::end()
{
    for (std::size_t s = 0; s < d_n_segments; ++s) {
        const bool taken = s % d_step == 0;
        d_energies[s] = taken ? d_energy[s] : 0.0;
        d_counts[s] = taken ? d_bounds[s + 1] - d_bounds[s] : 0.0;
    }
    sum_symbols(d_energies, d_n_segments);
    sum_symbols(d_counts, d_n_segments);
}

const std::vector<double>& segment_correlator::repeats_5ms() { return repetition(d_5ms); }

const std::vector<double>& segment_correlator::repeats_10ms()
{
    return repetition(d_10ms);
}

const std::vector<double>& segment_correlator::repetition(const repeat_search& search)
{
    for (std::size_t s = 0; s + search.lag_segments < d_n_segments; ++s) {
        // a lag that is some samples off moves the second energy next to nothing
        const double energies = d_energies[s] * d_energies[s + search.lag_segments];
        d_scale[s] = energies > 0.0 ? d_counts[s] / energies : 0.0;
    }
    std::fill(d_row.begin(), d_row.end(), 0.0);
    double best = 0.0;
    for (std::size_t t = search.first_track; t < search.first_track + search.n_tracks;
         ++t) {
        const double peak = fold_repeats(d_tracks[t], search.period);
        if (peak > best) {
            best = peak;
            std::swap(d_row, d_trial);
        }
    }
    return d_row;
}

double segment_correlator::fold_repeats(const lag_track& track, std::size_t period)
{
    const std::size_t n = track.n_segments;
    // over one symbol the channel stands still: add phases there, powers beyond
    for (std::size_t s = 0; s < n; ++s) {
        d_symbols[s] = s % track.step == 0 ? track.sums[s] : 0.0f;
    }
    sum_symbols(d_symbols, n);
    std::fill(d_trial.begin(), d_trial.end(), 0.0);
    double peak = 0.0;
    for (std::size_t phase = 0; phase < period; ++phase) {
        double sum = 0.0;
        int repeats = 0;
        for (std::size_t s = phase; s + symbol <= n; s += period) {
            sum += std::min<double>(d_counts[s], d_scale[s] * std::norm(d_symbols[s]));
            ++repeats;
        }
        const double mean = repeats > 0 ? sum / repeats : 0.0;
        double& col = d_trial[phase * cols / period];
        col = std::max(col, mean);
        peak = std::max(peak, mean);
    }
    return peak;
}

const std::vector<double>& segment_correlator::energy()
{
    constexpr std::size_t per_col = segments_per_ms / cols;
    double total = 0.0;
    std::array<double, cols> sums{}, counts{};
    for (std::size_t s = 0; s < d_n_segments; ++s) {
        const std::size_t col = (s % segments_per_ms) / per_col;
        sums[col] += d_energy[s];
        counts[col] += d_bounds[s + 1] - d_bounds[s];
        total += d_energy[s];
    }
    const double mean = d_n_segments > 0 ? total / d_bounds[d_n_segments] : 0.0;
    for (std::size_t col = 0; col < cols; ++col) {
        const double scale = mean * counts[col];
        d_row[col] = scale > 0.0 ? sums[col] / scale : 0.0;
    }
    return d_row;
}

} // namespace lwmspectro
} // namespace gr
