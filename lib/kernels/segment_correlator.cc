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

// where the tracks of a lag lie among d_tracks, and how far the repeats are searched
constexpr std::size_t track_stf = 0, track_5ms = 1, track_10ms = 4;
constexpr int max_shift_5ms = 1, max_shift_10ms = 2; // samples

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

} // namespace

segment_correlator::segment_correlator(double samp_rate, std::size_t max_len, bool wifi)
    : d_samp_rate(samp_rate), d_trial(cols), d_row(cols)
{
    const frame_clock segments(samp_rate, segment_ns, segments_per_ms);
    for (std::size_t s = 0; segments.boundary(s) <= max_len; ++s) {
        d_bounds.push_back(segments.boundary(s));
    }
    d_energy.resize(d_bounds.size());
    d_symbols.resize(d_bounds.size());
    add_track(lag_stf_s, 0, wifi ? 1 : d_bounds.size());
    for (int shift = -max_shift_5ms; shift <= max_shift_5ms; ++shift) {
        add_track(lag_5ms_s, shift, 5 * segments_per_ms);
    }
    for (int shift = -max_shift_10ms; shift <= max_shift_10ms; ++shift) {
        add_track(lag_10ms_s, shift, segments_per_ms);
    }
}

void segment_correlator::add_track(double lag_s, int shift, std::size_t min_segments)
{
    lag_track track;
    track.lag = static_cast<std::size_t>(std::llround(lag_s * d_samp_rate)) + shift;
    const double in_segments = track.lag * (1e3 * segments_per_ms) / d_samp_rate;
    track.lag_segments = static_cast<std::size_t>(in_segments);
    track.lag_rest = in_segments - track.lag_segments;
    track.min_segments = min_segments;
    track.n_segments = 0;
    track.sums.resize(d_bounds.size());
    d_tracks.push_back(std::move(track));
}

std::size_t segment_correlator::segments_within(std::size_t n) const
{
    const auto end = std::upper_bound(d_bounds.begin(), d_bounds.end(), n);
    return end == d_bounds.begin() ? 0 : end - d_bounds.begin() - 1;
}

std::size_t segment_correlator::reach() const
{
    return d_tracks.back().lag + d_bounds[1] + 1;
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
        d_energy[d_done + 1] = d_energy[d_done] + energy_of(first, len);
        for (auto& track : d_tracks) {
            if (d_done < track.n_segments) {
                volk_32fc_x2_conjugate_dot_prod_32fc(&track.sums[d_done],
                                                     first,
                                                     first + track.lag,
                                                     static_cast<unsigned int>(len));
            }
        }
    }
}

double segment_correlator::segment_energy(std::size_t first, std::size_t count) const
{
    const std::size_t end = std::min(first + count, d_n_segments);
    return d_energy[end] - d_energy[std::min(first, end)];
}

double segment_correlator::lagged_energy(const lag_track& track,
                                         std::size_t first,
                                         std::size_t count) const
{
    const double whole = segment_energy(first + track.lag_segments, count);
    const double next = segment_energy(first + track.lag_segments + 1, count);
    return whole + track.lag_rest * (next - whole);
}

const std::vector<double>& segment_correlator::short_training()
{
    const lag_track& track = d_tracks[track_stf];
    std::fill(d_row.begin(), d_row.end(), 0.0);
    for (std::size_t s = 0; s < track.n_segments; ++s) {
        const double energies = segment_energy(s, 1) * lagged_energy(track, s, 1);
        double& col = d_row[s * cols / max_segments()];
        col = std::max(
            col, over_noise(track.sums[s], d_bounds[s + 1] - d_bounds[s], energies));
    }
    return d_row;
}

const std::vector<double>& segment_correlator::repeats_5ms()
{
    return repetition(track_5ms, 2 * max_shift_5ms + 1, 5 * segments_per_ms);
}

const std::vector<double>& segment_correlator::repeats_10ms()
{
    return repetition(track_10ms, 2 * max_shift_10ms + 1, segments_per_ms);
}

const std::vector<double>& segment_correlator::repetition(std::size_t first_track,
                                                          std::size_t n_tracks,
                                                          std::size_t period)
{
    std::fill(d_row.begin(), d_row.end(), 0.0);
    double best = 0.0;
    for (std::size_t t = first_track; t < first_track + n_tracks; ++t) {
        const double peak = fold_repeats(d_tracks[t], period);
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
    std::copy_n(track.sums.begin(), n, d_symbols.begin());
    for (std::size_t step = 1; step < symbol; step *= 2) {
        for (std::size_t s = 0; s + step < n; ++s) {
            d_symbols[s] += d_symbols[s + step];
        }
    }
    std::fill(d_trial.begin(), d_trial.end(), 0.0);
    double peak = 0.0;
    for (std::size_t phase = 0; phase < period; ++phase) {
        double sum = 0.0;
        int repeats = 0;
        for (std::size_t s = phase; s + symbol <= n; s += period) {
            const double energies =
                segment_energy(s, symbol) * lagged_energy(track, s, symbol);
            sum += over_noise(d_symbols[s], d_bounds[s + symbol] - d_bounds[s], energies);
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
        sums[col] += segment_energy(s, 1);
        counts[col] += d_bounds[s + 1] - d_bounds[s];
        total += segment_energy(s, 1);
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
