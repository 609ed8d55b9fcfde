// SPDX-License-Identifier: GPL-3.0-or-later
#include "float_environment.h"
#include <gnuradio/lwmspectro/window_tokenizer.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr float largest = 1e8f; // its fourth power, summed over a window, fits a float

//! Copies \p n floats, those that are not finite or too large as zero; counts these.
uint64_t copy_finite(const float* in, float* out, unsigned int n)
{
    std::copy_n(in, n, out);
    float energy = 0.0f;
    volk_32f_x2_dot_prod_32f(&energy, out, out, n);
    if (energy <= largest * largest) { // so is each of them
        return 0;
    }
    uint32_t bad = 0;
    for (unsigned int k = 0; k < n; ++k) {
        const bool ok = std::fabs(in[k]) <= largest; // false for NaN
        out[k] = ok ? in[k] : 0.0f;
        bad += ok ? 0u : 1u;
    }
    return bad;
}

} // namespace

window_tokenizer::window_tokenizer(double samp_rate, const window_spec& spec)
    : d_spec(spec),
      d_samp_rate(samp_rate),
      d_clock(samp_rate, 1000ULL * spec.frame_us),
      d_spectrogram(samp_rate, spec),
      d_correlogram(samp_rate, spec),
      d_samples(d_clock.boundary(spec.n_frames) + 1),
      d_c0(spec.spectrogram_size())
{
    for (const auto& name : spec.grids) {
        d_grids.emplace_back(samp_rate, numerology_of(name));
    }
    open(0);
}

std::size_t window_tokenizer::window_len(uint64_t index) const
{
    const uint64_t first = index * d_spec.hop_frames;
    return d_clock.boundary(first + d_spec.n_frames) - d_clock.boundary(first);
}

void window_tokenizer::open(uint64_t first_frame)
{
    d_first_frame = first_frame;
    d_start = d_clock.boundary(first_frame);
    d_len = d_clock.boundary(first_frame + d_spec.n_frames) - d_start;
}

void window_tokenizer::reset()
{
    d_fill = 0;
    d_reused = 0;
    d_rows = 0;
    d_nonfinite = 0;
    open(0);
}

std::size_t window_tokenizer::push(const std::complex<float>* in, std::size_t n)
{
    const float_environment caller;
    const std::size_t taken = std::min(n, d_len - d_fill);
    const auto* from = reinterpret_cast<const float*>(in);
    auto* to = reinterpret_cast<float*>(d_samples.data() + d_fill);
    const uint64_t bad = copy_finite(from, to, static_cast<unsigned int>(2 * taken));
    if (bad > 0) { // a sample with one bad part is bad whole
        for (std::size_t k = 0; k < taken; ++k) {
            if (!(std::fabs(from[2 * k]) <= largest) ||
                !(std::fabs(from[2 * k + 1]) <= largest)) {
                d_samples[d_fill + k] = 0.0f;
                ++d_nonfinite;
            }
        }
    }
    d_fill += taken;
    complete_frames();
    return taken;
}

void window_tokenizer::complete_frames()
{
    while (d_rows < d_spec.n_frames) {
        const uint64_t frame = d_first_frame + d_rows;
        const std::size_t begin = d_clock.boundary(frame) - d_start;
        const std::size_t end = d_clock.boundary(frame + 1) - d_start;
        if (end > d_fill) {
            break;
        }
        // both while the frame is in the cache
        d_spectrogram.frame(&d_samples[begin],
                            &d_c0[static_cast<std::size_t>(d_rows) * d_spec.n_bins]);
        take_off_mean(begin, end);
        ++d_rows;
    }
}

void window_tokenizer::take_off_mean(std::size_t begin, std::size_t end)
{
    const auto* first = &d_samples[begin];
    const auto* last = &d_samples[end];
    if (std::all_of(first, last, [first](const auto& x) { return x == *first; })) {
        // rounding would leave a constant, and a constant repeats at every lag
        std::fill(d_samples.begin() + begin, d_samples.begin() + end, 0.0f);
        return;
    }
    std::complex<float> sum = 0.0f;
    const auto n = static_cast<unsigned int>(end - begin);
    volk_32fc_accumulator_s32fc(&sum, &d_samples[begin], n);
    const std::complex<float> mean = sum / static_cast<float>(n);
    for (std::size_t k = begin; k < end; ++k) {
        d_samples[k] -= mean;
    }
}

void window_tokenizer::pad_frames(float* c0) const
{
    const std::size_t bins = d_spec.n_bins;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        double sum = 0.0;
        for (int row = 0; row < d_rows; ++row) {
            sum += std::pow(10.0, c0[row * bins + bin] / 10.0);
        }
        const auto mean = static_cast<float>(10.0 * std::log10(sum / d_rows));
        for (int row = d_rows; row < d_spec.n_frames; ++row) {
            c0[row * bins + bin] = mean;
        }
    }
}

window_info window_tokenizer::take(float* tokens)
{
    const float_environment caller;
    window_info info;
    info.sample_start = d_start;
    info.sample_count = d_fill;
    info.valid_fraction = static_cast<double>(d_fill) / d_len;
    info.nonfinite = d_nonfinite;
    std::copy(d_c0.begin(), d_c0.end(), tokens);
    const uint64_t rest = d_clock.boundary(d_first_frame + d_rows) - d_start;
    if (d_rows == 0) { // not one frame: what is there, and silence
        std::fill(d_samples.begin() + d_fill, d_samples.end(), 0.0f);
        d_spectrogram.frame(d_samples.data(), tokens);
        d_rows = 1;
    }
    if (d_rows < d_spec.n_frames) {
        pad_frames(tokens);
    }
    if (rest < d_fill) {
        take_off_mean(rest, d_fill);
    }
    d_correlogram.compute(d_samples.data(), d_fill, tokens + d_spec.spectrogram_size());
    float* grids = tokens + d_spec.spectrogram_size() + window_spec::correlogram_size();
    for (auto& grid : d_grids) {
        grid.compute(d_samples.data(), d_fill, grids);
        grids += symbol_grid_size;
    }

    const bool whole = full();
    const uint64_t old_start = d_start;
    const std::size_t old_fill = d_fill;
    const int kept_rows = whole ? d_spec.n_frames - d_spec.hop_frames : 0;
    open(d_first_frame + d_spec.hop_frames);
    d_fill = whole ? old_start + old_fill - d_start : 0;
    std::copy(d_samples.begin() + (old_fill - d_fill),
              d_samples.begin() + old_fill,
              d_samples.begin());
    std::copy(d_c0.end() - static_cast<std::size_t>(kept_rows) * d_spec.n_bins,
              d_c0.end(),
              d_c0.begin());
    d_rows = kept_rows;
    d_reused = d_fill;
    d_nonfinite = 0;
    return info;
}

} // namespace lwmspectro
} // namespace gr
