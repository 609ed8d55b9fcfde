// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane_loops.h"
#include <gnuradio/lwmspectro/symbol_transform.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double pi = 3.14159265358979323846;

constexpr std::size_t n_fractions = 128; // of a sample
constexpr double ripple_dB = 60.0;
constexpr double kaiser_beta = 5.653;        // of that ripple
constexpr double flat_band = 0.42;           // of the sample rate: filters end beyond it
constexpr std::size_t rotated_at_once = 512; // the phase of a rotator drifts

constexpr std::size_t block = 8; // taps that filter_points takes at once

//! The useful length in samples, if it is a whole number and short.
std::size_t whole_length(double samp_rate, const numerology& kind)
{
    const double useful = samp_rate * kind.useful_s();
    const double whole = std::round(useful);
    const bool taken = std::fabs(useful - whole) < 1e-6 * useful &&
                       whole <= 2.0 * static_cast<double>(kind.n_subcarriers);
    return taken ? static_cast<std::size_t>(whole) : 0;
}

std::size_t points_for(double samp_rate, const numerology& kind)
{
    const std::size_t whole = whole_length(samp_rate, kind);
    return whole > 0 ? whole : 2 * kind.n_subcarriers;
}

double bessel_i0(double x)
{
    double sum = 1.0, term = 1.0;
    for (int k = 1; term > 1e-12 * sum; ++k) {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
    }
    return sum;
}

std::complex<float> unit(double turns)
{
    return std::complex<float>(std::polar(1.0, 2.0 * pi * (turns - std::floor(turns))));
}

} // namespace

symbol_transform::symbol_transform(double samp_rate, const numerology& kind)
    : d_samp_rate(samp_rate),
      d_kind(kind),
      d_useful(samp_rate * kind.useful_s()),
      d_fft(points_for(samp_rate, kind)),
      d_view_Hz(samp_rate / 2.0)
{
    if (whole_length(samp_rate, kind) == 0) {
        design_filter();
    }
    d_turned.resize(n_points());
}

void symbol_transform::design_filter()
{
    // pass the subcarriers; stop what the points fold onto them, and images of the
    // samples
    const double half_band = d_kind.n_subcarriers * d_kind.subcarrier_spacing_Hz / 2.0;
    const double pass = std::min(half_band, flat_band * d_samp_rate);
    const double stop = std::min(3.0 * half_band, d_samp_rate - pass);
    const double width = (stop - pass) / d_samp_rate, cut = (stop + pass) / d_samp_rate;
    d_view_Hz = pass;
    d_n_taps =
        static_cast<std::size_t>(std::ceil((ripple_dB - 8.0) / (14.36 * width))) + 2;
    d_n_taps += d_n_taps % 2; // as many before the instant as after it
    d_blocks = (d_n_taps + block - 1) / block;
    d_taps.assign((n_fractions + 1) * d_blocks * 2 * block, 0.0f);
    const double half = d_n_taps / 2.0;
    for (std::size_t f = 0; f <= n_fractions; ++f) {
        const double fraction = static_cast<double>(f) / n_fractions;
        float* taps = &d_taps[f * d_blocks * 2 * block];
        double sum = 0.0;
        std::vector<double> exact(d_n_taps);
        for (std::size_t k = 0; k < d_n_taps; ++k) {
            const double t = static_cast<double>(k) - (half - 1.0) - fraction; // samples
            const double inside = 1.0 - (t / half) * (t / half);
            const double angle = pi * cut * t;
            const double sinc = std::fabs(angle) < 1e-9 ? 1.0 : std::sin(angle) / angle;
            exact[k] =
                inside > 0.0 ? sinc * bessel_i0(kaiser_beta * std::sqrt(inside)) : 0.0;
            sum += exact[k];
        }
        for (std::size_t k = 0; k < d_n_taps; ++k) {
            taps[2 * k] = taps[2 * k + 1] = static_cast<float>(exact[k] / sum);
        }
    }
    const double guard = 0.5 * d_kind.prefix_s / d_kind.useful_s() * n_points();
    d_n_guard = static_cast<std::size_t>(guard);
}

void symbol_transform::mix(const cfloat* x,
                           std::size_t n,
                           const symbol_run& run,
                           double carrier_Hz)
{
    const double guard = 0.5 * d_kind.prefix_s * d_samp_rate;
    const double last = run.symbols.back().start + d_useful + guard + margin();
    const auto first = static_cast<std::size_t>(run.symbols.front().start);
    d_begin = first - std::min(first, margin());
    const std::size_t count = std::min(n, static_cast<std::size_t>(last) + 1) - d_begin;
    d_mixed.resize(count + block); // taps are padded to whole blocks
    std::fill_n(d_mixed.begin() + count, block, cfloat(0.0f));
    const double turns = -carrier_Hz / d_samp_rate;
    for (std::size_t at = 0; at < count; at += rotated_at_once) {
        const std::size_t now = std::min(rotated_at_once, count - at);
        cfloat phase = unit(turns * at);
        volk_32fc_s32fc_x2_rotator_32fc(&d_mixed[at],
                                        x + d_begin + at,
                                        unit(turns),
                                        &phase,
                                        static_cast<unsigned int>(now));
    }
}

void symbol_transform::points_of(double start, cfloat* points) const
{
    const double step = d_useful / n_points(), from = start - d_begin;
    if (!interpolates()) {
        const auto at = &d_mixed[static_cast<std::size_t>(std::llround(start)) - d_begin];
        std::copy_n(at, n_points(), points);
        return;
    }
    filter_points(reinterpret_cast<const float*>(d_mixed.data()),
                  from - (d_n_taps / 2 - 1.0),
                  step,
                  n_points() + d_n_guard,
                  d_taps.data(),
                  n_fractions,
                  d_blocks,
                  reinterpret_cast<float*>(points));
}

void symbol_transform::transform_points(
    const cfloat* points, double turns, double phase, float scale, cfloat* out)
{
    const std::size_t n = n_points(), wanted = d_kind.n_subcarriers;
    cfloat start = unit(phase);
    volk_32fc_s32fc_x2_rotator_32fc(
        d_fft.input(), points, unit(turns), &start, static_cast<unsigned int>(n));
    d_fft.execute();
    const std::size_t half = wanted / 2;
    for (std::size_t k = 0; k < wanted; ++k) { // subcarrier k - half
        const bool in_view = k + n / 2 >= half && k < half + n / 2;
        out[k] = in_view ? d_fft.output()[(k + n - half) % n] * scale : 0.0f;
    }
}

void symbol_transform::straighten(cfloat* elements, double late) const
{
    const std::size_t n = d_kind.n_subcarriers;
    if (std::fabs(late) * n > 1e-6) {
        cfloat phase = unit(late * (n / 2.0)); // of the lowest one
        volk_32fc_s32fc_x2_rotator_32fc(
            elements, elements, unit(-late), &phase, static_cast<unsigned int>(n));
    }
}

void symbol_transform::transform(const cfloat* x,
                                 std::size_t n,
                                 const std::vector<symbol_run>& runs,
                                 double center_Hz,
                                 float scale,
                                 cfloat* out)
{
    const std::size_t n_all = n_points() + d_n_guard, wanted = d_kind.n_subcarriers;
    std::size_t symbols = 0;
    for (const auto& run : runs) {
        symbols += run.symbols.size();
    }
    d_points.resize(symbols * n_all);
    std::vector<std::complex<double>> prefixes(runs.size());
    cfloat* to = d_points.data();
    for (std::size_t r = 0; r < runs.size(); ++r) {
        mix(x, n, runs[r], center_Hz + runs[r].offset_Hz);
        for (const auto& symbol : runs[r].symbols) {
            points_of(symbol.start, to);
            cfloat sum = 0.0f;
            const auto count = static_cast<unsigned int>(d_n_guard);
            if (count > 0 && symbol.usable) {
                volk_32fc_x2_conjugate_dot_prod_32fc(&sum, to + n_points(), to, count);
            }
            prefixes[r] += std::complex<double>(sum);
            to += n_all;
        }
    }
    if (!d_kind.bursts) { // one carrier
        std::complex<double> all = 0.0;
        for (const auto& prefix : prefixes) {
            all += prefix;
        }
        std::fill(prefixes.begin(), prefixes.end(), all);
    }
    const auto unit_noise = static_cast<float>(scale * std::sqrt(d_useful) / n_points());
    const cfloat* from = d_points.data();
    for (std::size_t r = 0; r < runs.size(); ++r) {
        const double turns = std::arg(prefixes[r]) / (2.0 * pi); // a useful length
        const double origin = runs[r].symbols.front().start;
        for (const auto& symbol : runs[r].symbols) {
            const double elapsed = (symbol.start - origin) / d_useful;
            transform_points(
                from, -turns / n_points(), -turns * elapsed, unit_noise, out);
            if (!interpolates()) { // its window lies on a whole sample
                straighten(out, (std::round(symbol.start) - symbol.start) / d_useful);
            }
            from += n_all;
            out += wanted;
        }
    }
}

} // namespace lwmspectro
} // namespace gr
