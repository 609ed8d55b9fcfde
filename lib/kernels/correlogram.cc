// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/correlogram.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double lag_15khz_s = 1.0 / 15e3;
constexpr double lag_30khz_s = 1.0 / 30e3;
constexpr double lag_wifi_s = 3.2e-6;
constexpr double min_wifi_rate_Hz = 5e6; // below it a guard interval is under 4 samples

// one phase of a WiFi symbol: 4.0 us in 8 and 3.6 us in 7
constexpr std::size_t long_phases = 8, short_phases = 7;
constexpr uint64_t long_phase_ns = 500;
constexpr uint64_t short_symbol_ns = 3600;

// a 0.5 ms slot holds 7 symbols at 15 kHz and 14 at 30 kHz; a prefix is 1/15.2 of one
constexpr uint64_t slot_ns = 500000;
constexpr std::size_t symbols_15khz = 7, symbols_30khz = 14;
constexpr std::size_t prefix_cols = 8;

constexpr std::size_t dc_segments = 64; // 250 us: what changes slower is DC
constexpr std::size_t cols = correlogram_cols;
constexpr std::size_t block = 1024; // lag products at a time: they stay in the cache

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

} // namespace

correlogram::correlogram(double samp_rate, const window_spec& spec)
    : d_samp_rate(samp_rate),
      d_n_frames(checked(spec).n_frames),
      d_wifi(samp_rate >= min_wifi_rate_Hz),
      d_frames(samp_rate, 1000ULL * spec.frame_us),
      d_segments(samp_rate, d_frames.boundary(spec.n_frames) + 1, d_wifi),
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
      d_clean(d_frames.boundary(spec.n_frames) + 1),
      d_product(block),
      d_power(block),
      d_long_gi(cols),
      d_short_gi(cols)
{
}

std::size_t correlogram::lag_of(double lag_s) const
{
    return static_cast<std::size_t>(std::llround(lag_s * d_samp_rate));
}

std::size_t correlogram::take_off_dc(const cfloat* samples, std::size_t n, std::size_t at)
{
    const std::size_t segment = d_segments.segments_within(at);
    const std::size_t last = std::min(segment + dc_segments, d_segments.max_segments());
    const std::size_t bound = d_segments.bound(last);
    const std::size_t end = bound > at ? std::min(n, bound) : n;
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

void correlogram::correlate(const cfloat* samples, std::size_t n)
{
    d_segments.begin(n);
    d_prefix_15khz.clear();
    d_prefix_30khz.clear();
    std::fill(d_long_gi.begin(), d_long_gi.end(), 0.0);
    std::fill(d_short_gi.begin(), d_short_gi.end(), 0.0);
    // all lags in one pass, and the DC taken off just before it: samples are fetched from
    // memory once
    std::size_t clean = 0;
    for (std::size_t frame = 0; frame < d_n_frames; ++frame) {
        const std::size_t end = d_frames.boundary(frame + 1);
        while (clean < std::min(n, end + d_segments.reach())) {
            clean = take_off_dc(samples, n, clean);
        }
        correlate_frame(d_clean.data(), n, frame);
        d_segments.correlate(d_clean.data(), end);
    }
    d_prefix_15khz.finish();
    d_prefix_30khz.finish();
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

void correlogram::compute(const cfloat* samples, std::size_t n, float* out)
{
    correlate(samples, n);
    const auto put = [&out](const std::vector<double>& ratios) {
        out = std::transform(ratios.begin(), ratios.end(), out, to_dB);
    };
    put(d_prefix_15khz.ratios(prefix_cols));
    put(d_prefix_30khz.ratios(prefix_cols));
    put(d_long_gi);
    put(d_short_gi);
    put(d_segments.short_training());
    put(d_segments.repeats_5ms());
    put(d_segments.repeats_10ms());
    put(d_segments.energy());
}

} // namespace lwmspectro
} // namespace gr
