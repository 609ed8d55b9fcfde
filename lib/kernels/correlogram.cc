// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/correlogram.h>
#include <volk/volk.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double lag_15khz_s = 1.0 / 15e3;
constexpr double lag_30khz_s = 1.0 / 30e3;
constexpr double lag_wifi_s = 3.2e-6;
constexpr double lag_stf_s = 0.8e-6;
constexpr double lag_5ms_s = 5e-3;
constexpr double lag_10ms_s = 10e-3;
constexpr double min_wifi_rate_Hz = 5e6; // below it a guard interval is under 4 samples

// one phase of a WiFi symbol: 4.0 us in 8 and 3.6 us in 7
constexpr std::size_t long_phases = 8, short_phases = 7;
constexpr uint64_t long_phase_ns = 500;
constexpr uint64_t short_symbol_ns = 3600;

// a 0.5 ms slot holds 7 symbols at 15 kHz and 14 at 30 kHz; a prefix is 1/15.2 of one
constexpr uint64_t slot_ns = 500000;
constexpr std::size_t symbols_15khz = 7, symbols_30khz = 14;
constexpr std::size_t prefix_cols = 8;

constexpr std::size_t segments_per_ms = 256; // 3.90625 us each
constexpr std::size_t segment_ns = 1000000;  // over segments_per_ms
constexpr std::size_t dc_segments = 64;      // 250 us: what changes slower is DC
constexpr std::size_t symbol = 16;           // segments: 62.5 us
constexpr std::size_t cols = correlogram_cols;
constexpr std::size_t block = 1024; // lag products at a time: they stay in the cache

// where the tracks of a lag lie among d_tracks, and how far the repeats are searched
constexpr std::size_t track_stf = 0, track_5ms = 1, track_10ms = 4;
constexpr int max_shift_5ms = 1, max_shift_10ms = 2; // samples

const window_spec& checked(const window_spec& spec)
{
    spec.validate();
    return spec;
}

float to_dB(double ratio)
{
    const double floor = std::pow(10.0, correlogram::floor_dB / 10.0);
    return static_cast<float>(10.0 * std::log10(std::max(ratio, floor)));
}

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

correlogram::correlogram(double samp_rate, const window_spec& spec)
    : d_samp_rate(samp_rate),
      d_n_frames(checked(spec).n_frames),
      d_wifi(samp_rate >= min_wifi_rate_Hz),
      d_frames(samp_rate, 1000ULL * spec.frame_us),
      d_segments(samp_rate, segment_ns, segments_per_ms),
      d_prefix_15khz(frame_clock(samp_rate, slot_ns, symbols_15khz * cols),
                     cols,
                     d_frames.boundary(spec.n_frames) + 1),
      d_prefix_30khz(frame_clock(samp_rate, slot_ns, symbols_30khz * cols),
                     cols,
                     d_frames.boundary(spec.n_frames) + 1),
      d_long_symbols(
          frame_clock(samp_rate, long_phase_ns), long_phases, d_frames.min_len() + 1),
      d_short_symbols(frame_clock(samp_rate, short_symbol_ns, short_phases),
                      short_phases,
                      d_frames.min_len() + 1),
      d_product(block),
      d_power(block),
      d_long_gi(cols),
      d_short_gi(cols),
      d_trial(cols),
      d_best(cols)
{
    const std::size_t window = d_frames.boundary(spec.n_frames) + 1;
    for (std::size_t s = 0; d_segments.boundary(s) <= window; ++s) {
        d_bounds.push_back(d_segments.boundary(s));
    }
    d_energy.resize(d_bounds.size());
    d_symbols.resize(d_bounds.size());
    d_clean.resize(window);
    add_track(lag_stf_s, 0, d_wifi ? 1 : d_bounds.size());
    for (int shift = -max_shift_5ms; shift <= max_shift_5ms; ++shift) {
        add_track(lag_5ms_s, shift, 5 * segments_per_ms);
    }
    for (int shift = -max_shift_10ms; shift <= max_shift_10ms; ++shift) {
        add_track(lag_10ms_s, shift, segments_per_ms);
    }
}

std::size_t correlogram::lag_of(double lag_s) const
{
    return static_cast<std::size_t>(std::llround(lag_s * d_samp_rate));
}

void correlogram::add_track(double lag_s, int shift, std::size_t min_segments)
{
    lag_track track;
    track.lag = lag_of(lag_s) + shift;
    const double in_segments = track.lag * (1e3 * segments_per_ms) / d_samp_rate;
    track.lag_segments = static_cast<std::size_t>(in_segments);
    track.lag_rest = in_segments - track.lag_segments;
    track.min_segments = min_segments;
    track.n_segments = 0;
    track.sums.resize(d_bounds.size());
    d_tracks.push_back(std::move(track));
}

std::size_t correlogram::segments_within(std::size_t n) const
{
    const auto end = std::upper_bound(d_bounds.begin(), d_bounds.end(), n);
    return end == d_bounds.begin() ? 0 : end - d_bounds.begin() - 1;
}

std::size_t correlogram::take_off_dc(const cfloat* samples, std::size_t n, std::size_t at)
{
    const std::size_t segment = segments_within(at);
    const std::size_t last = std::min(segment + dc_segments, d_bounds.size() - 1);
    const std::size_t end = d_bounds[last] > at ? std::min(n, d_bounds[last]) : n;
    std::complex<double> sum = 0.0;
    for (std::size_t done = at; done < end; done += block) {
        const auto now = static_cast<unsigned int>(std::min(block, end - done));
        cfloat part = 0.0f;
        volk_32fc_accumulator_s32fc(&part, samples + done, now);
        sum += std::complex<double>(part);
    }
    const cfloat mean(sum / static_cast<double>(end - at));
    for (std::size_t k = at; k < end; ++k) {
        d_clean[k] = samples[k] - mean;
    }
    return end;
}

double correlogram::segment_energy(std::size_t first, std::size_t count) const
{
    const std::size_t end = std::min(first + count, d_n_segments);
    return d_energy[end] - d_energy[std::min(first, end)];
}

double correlogram::lagged_energy(const lag_track& track,
                                  std::size_t first,
                                  std::size_t count) const
{
    const double whole = segment_energy(first + track.lag_segments, count);
    const double next = segment_energy(first + track.lag_segments + 1, count);
    return whole + track.lag_rest * (next - whole);
}

void correlogram::correlate(const cfloat* samples, std::size_t n)
{
    const cfloat* x = d_clean.data();
    const std::size_t reach = d_tracks.back().lag + d_segments.min_len() + 1;
    for (auto& track : d_tracks) {
        const std::size_t within = n > track.lag ? segments_within(n - track.lag) : 0;
        track.n_segments = within >= track.min_segments ? within : 0;
    }
    d_prefix_15khz.clear();
    d_prefix_30khz.clear();
    std::fill(d_long_gi.begin(), d_long_gi.end(), 0.0);
    std::fill(d_short_gi.begin(), d_short_gi.end(), 0.0);
    // all lags in one pass, and the DC taken off just before it: samples are fetched from
    // memory once
    std::size_t segment = 0, clean = 0;
    for (std::size_t frame = 0; frame < d_n_frames; ++frame) {
        const std::size_t end = d_frames.boundary(frame + 1);
        while (clean < std::min(n, end + reach)) {
            clean = take_off_dc(samples, n, clean);
        }
        correlate_frame(x, n, frame);
        for (; segment < d_n_segments && d_bounds[segment] < end; ++segment) {
            correlate_segment(x, segment);
        }
    }
}

void correlogram::correlate_segment(const cfloat* x, std::size_t segment)
{
    const cfloat* first = x + d_bounds[segment];
    const auto len = static_cast<unsigned int>(d_bounds[segment + 1] - d_bounds[segment]);
    d_energy[segment + 1] = d_energy[segment] + energy_of(first, len);
    for (auto& track : d_tracks) {
        if (segment < track.n_segments) {
            volk_32fc_x2_conjugate_dot_prod_32fc(
                &track.sums[segment], first, first + track.lag, len);
        }
    }
}

void correlogram::fold(const cfloat* x,
                       std::size_t lag,
                       std::size_t at,
                       std::size_t n,
                       std::initializer_list<phase_fold*> folds)
{
    for (std::size_t done = 0; done < n; done += block) {
        const std::size_t now = std::min(block, n - done);
        const auto count = static_cast<unsigned int>(now);
        volk_32fc_x2_multiply_conjugate_32fc(
            d_product.data(), x + done, x + done + lag, count);
        volk_32fc_magnitude_squared_32f(d_power.data(), d_product.data(), count);
        for (auto* to : folds) {
            to->add(d_product.data(), d_power.data(), at + done, now);
        }
    }
}

void correlogram::correlate_frame(const cfloat* x, std::size_t n, std::size_t frame)
{
    const std::size_t begin = d_frames.boundary(frame);
    const std::size_t len = d_frames.boundary(frame + 1) - begin;
    const auto within = [&](std::size_t lag) {
        return begin + lag < n ? std::min(len, n - begin - lag) : 0;
    };
    const std::size_t lag_15khz = lag_of(lag_15khz_s), lag_30khz = lag_of(lag_30khz_s);
    fold(x + begin, lag_15khz, begin, within(lag_15khz), { &d_prefix_15khz });
    fold(x + begin, lag_30khz, begin, within(lag_30khz), { &d_prefix_30khz });

    const std::size_t lag_wifi = lag_of(lag_wifi_s);
    if (d_wifi && within(lag_wifi) == len) {
        d_long_symbols.clear();
        d_short_symbols.clear();
        fold(x + begin, lag_wifi, 0, len, { &d_long_symbols, &d_short_symbols });
        d_long_symbols.finish();
        d_short_symbols.finish();
        const std::size_t col = frame * cols / d_n_frames;
        d_long_gi[col] = std::max(d_long_gi[col], d_long_symbols.best());
        d_short_gi[col] = std::max(d_short_gi[col], d_short_symbols.best());
    }
}

void correlogram::cyclic_prefix(const phase_fold& phases, float* row)
{
    for (std::size_t phase = 0; phase < cols; ++phase) {
        row[phase] = to_dB(phases.ratio(phase, prefix_cols));
    }
}

void correlogram::short_training(const lag_track& track, float* row)
{
    std::fill(d_trial.begin(), d_trial.end(), 0.0);
    for (std::size_t s = 0; s < track.n_segments; ++s) {
        const double energies = segment_energy(s, 1) * lagged_energy(track, s, 1);
        double& col = d_trial[s * cols / (d_bounds.size() - 1)];
        col = std::max(
            col, over_noise(track.sums[s], d_bounds[s + 1] - d_bounds[s], energies));
    }
    std::transform(d_trial.begin(), d_trial.end(), row, to_dB);
}

double correlogram::fold_repeats(const lag_track& track, std::size_t period)
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

void correlogram::repetition(std::size_t first_track,
                             std::size_t n_tracks,
                             std::size_t period,
                             float* row)
{
    std::fill(d_best.begin(), d_best.end(), 0.0);
    double best = 0.0;
    for (std::size_t t = first_track; t < first_track + n_tracks; ++t) {
        const double peak = fold_repeats(d_tracks[t], period);
        if (peak > best) {
            best = peak;
            std::swap(d_best, d_trial);
        }
    }
    std::transform(d_best.begin(), d_best.end(), row, to_dB);
}

void correlogram::energy(float* row) const
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
        row[col] = scale > 0.0 ? to_dB(sums[col] / scale) : floor_dB;
    }
}

void correlogram::compute(const cfloat* samples, std::size_t n, float* out)
{
    d_n_segments = segments_within(n);
    correlate(samples, n);
    d_prefix_15khz.finish();
    d_prefix_30khz.finish();
    cyclic_prefix(d_prefix_15khz, out);
    cyclic_prefix(d_prefix_30khz, out + cols);
    std::transform(d_long_gi.begin(), d_long_gi.end(), out + 2 * cols, to_dB);
    std::transform(d_short_gi.begin(), d_short_gi.end(), out + 3 * cols, to_dB);
    short_training(d_tracks[track_stf], out + 4 * cols);
    repetition(track_5ms, 2 * max_shift_5ms + 1, 5 * segments_per_ms, out + 5 * cols);
    repetition(track_10ms, 2 * max_shift_10ms + 1, segments_per_ms, out + 6 * cols);
    energy(out + 7 * cols);
}

} // namespace lwmspectro
} // namespace gr
