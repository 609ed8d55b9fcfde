// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_loops.h"
#include <gnuradio/lwmspectro/correlogram.h>
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

constexpr std::size_t cols = correlogram_cols;

// Lag products are many more at high rates than a ratio needs: runs of them are taken
// until so many a second are there, as many as a receiver of that rate would have.
constexpr double prefix_products_Hz = 5e6, guard_products_Hz = 10e6;
constexpr std::size_t run = 512;
constexpr std::size_t first_slip = 37; // samples by which runs slip against whole strides
constexpr double least_share = 0.5;    // of the mean, of the products that a phase gets

// prefixes hold many samples from here on: where none is seen, the synchronisation signal
// is not searched for
constexpr double always_search_Hz = 4e6;
constexpr double worth_searching_dB = 9.0;

const window_spec& checked(const window_spec& spec)
{
    spec.validate();
    return spec;
}

//! Runs that meet the phase of a period which they meet least, over the mean.
double least_coverage(std::size_t stride, double period, std::size_t within)
{
    std::vector<double> runs(cols, 0.0);
    double mean = 0.0;
    for (std::size_t at = 0; at < within; at += stride) {
        const double first = std::fmod(at, period) / period * cols;
        const double width = run / period * cols; // in cells; full turns are even
        for (double cell = first; cell < first + width; cell += 1.0) {
            runs[static_cast<std::size_t>(cell) % cols] += 1.0;
            mean += 1.0 / cols;
        }
    }
    return *std::min_element(runs.begin(), runs.end()) / mean;
}

//! Samples from one run of products to the next.
std::size_t plain_stride(double samp_rate, double products_Hz)
{
    const auto share = static_cast<std::size_t>(samp_rate / products_Hz);
    return share > 1 ? share * run + first_slip : run;
}

//! The same over \p within samples, so that runs meet all phases of a symbol.
std::size_t prefix_stride(double samp_rate, std::size_t within)
{
    std::size_t stride = plain_stride(samp_rate, prefix_products_Hz);
    const double symbol_15khz = samp_rate * 1e-9 * slot_ns / symbols_15khz;
    const double symbol_30khz = samp_rate * 1e-9 * slot_ns / symbols_30khz;
    // a stride that fits the symbol would meet the same phases of it each time
    for (std::size_t tries = 0; tries < run && stride > run; ++tries, ++stride) {
        if (least_coverage(stride, symbol_15khz, within) >= least_share &&
            least_coverage(stride, symbol_30khz, within) >= least_share) {
            break;
        }
    }
    return stride;
}

float to_dB(double ratio)
{
    static const double floor = std::pow(10.0, correlogram::floor_dB / 10.0);
    return static_cast<float>(10.0 * std::log10(std::max(ratio, floor)));
}

} // namespace

correlogram::correlogram(double samp_rate, const window_spec& spec)
    : d_samp_rate(samp_rate),
      d_n_frames(checked(spec).n_frames),
      d_wifi(samp_rate >= min_wifi_rate_Hz),
      d_frames(samp_rate, 1000ULL * spec.frame_us),
      d_prefix_stride(prefix_stride(samp_rate, d_frames.boundary(spec.n_frames))),
      d_guard_stride(plain_stride(samp_rate, guard_products_Hz)),
      d_segments(samp_rate, d_frames.boundary(spec.n_frames) + 1, d_wifi),
      d_pss(samp_rate, d_frames.boundary(spec.n_frames) + 1),
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
      d_product(run),
      d_power(run),
      d_long_gi(cols),
      d_short_gi(cols)
{
}

std::size_t correlogram::lag_of(double lag_s) const
{
    return static_cast<std::size_t>(std::llround(lag_s * d_samp_rate));
}

void correlogram::correlate(const cfloat* samples, std::size_t n)
{
    d_segments.begin(n);
    d_prefix_15khz.clear();
    d_prefix_30khz.clear();
    std::fill(d_long_gi.begin(), d_long_gi.end(), 0.0);
    std::fill(d_short_gi.begin(), d_short_gi.end(), 0.0);
    // all lags in one pass: samples are fetched from memory once
    for (std::size_t frame = 0; frame < d_n_frames; ++frame) {
        fold_prefixes(samples, n, frame, lag_15khz_s, d_prefix_15khz);
        fold_prefixes(samples, n, frame, lag_30khz_s, d_prefix_30khz);
        fold_guards(samples, n, frame);
        d_segments.correlate(samples, d_frames.boundary(frame + 1));
    }
    d_segments.end();
    d_prefix_15khz.finish();
    d_prefix_30khz.finish();
}

void correlogram::multiply(const cfloat* x, std::size_t lag, std::size_t n)
{
    lag_products(x, x + lag, d_product.data(), d_power.data(), n);
}

void correlogram::fold_prefixes(
    const cfloat* x, std::size_t n, std::size_t frame, double lag_s, phase_fold& to)
{
    const std::size_t lag = lag_of(lag_s), stride = d_prefix_stride;
    const std::size_t begin = d_frames.boundary(frame),
                      end = d_frames.boundary(frame + 1);
    for (std::size_t at = (begin + stride - 1) / stride * stride; at < end;
         at += stride) {
        if (at + lag < n) {
            const std::size_t now = std::min(run, n - lag - at);
            multiply(x + at, lag, now);
            to.add(d_product.data(), d_power.data(), at, now);
        }
    }
}

void correlogram::fold_guards(const cfloat* x, std::size_t n, std::size_t frame)
{
    const std::size_t begin = d_frames.boundary(frame);
    const std::size_t len = d_frames.boundary(frame + 1) - begin;
    const std::size_t lag = lag_of(lag_wifi_s), stride = d_guard_stride;
    if (!d_wifi || begin + len + lag > n) {
        return;
    }
    d_long_symbols.clear();
    d_short_symbols.clear();
    for (std::size_t at = 0; at < len; at += stride) {
        const std::size_t now = std::min(run, len - at);
        multiply(x + begin + at, lag, now);
        d_long_symbols.add(d_product.data(), d_power.data(), at, now);
        d_short_symbols.add(d_product.data(), d_power.data(), at, now);
    }
    d_long_symbols.finish();
    d_short_symbols.finish();
    const std::size_t col = frame * cols / d_n_frames;
    d_long_gi[col] = std::max(d_long_gi[col], d_long_symbols.best());
    d_short_gi[col] = std::max(d_short_gi[col], d_short_symbols.best());
}

void correlogram::compute(const cfloat* samples, std::size_t n, float* out)
{
    correlate(samples, n);
    const auto put = [&out](const std::vector<double>& ratios) {
        out = std::transform(ratios.begin(), ratios.end(), out, to_dB);
    };
    const auto prefixes = d_prefix_15khz.ratios(prefix_cols);
    put(prefixes);
    put(d_prefix_30khz.ratios(prefix_cols));
    put(d_long_gi);
    put(d_short_gi);
    put(d_segments.short_training());
    put(d_segments.repeats_5ms());
    put(d_segments.repeats_10ms());
    put(d_segments.energy());
    const bool search =
        d_samp_rate < always_search_Hz ||
        to_dB(*std::max_element(prefixes.begin(), prefixes.end())) > worth_searching_dB;
    put(search ? d_pss.compute(samples, n) : std::vector<double>(cols, 0.0));
}

} // namespace lwmspectro
} // namespace gr
