// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_loops.h"
#include "float_environment.h"
#include "lane_sums.h"
#include <gnuradio/lwmspectro/window_tokenizer.h>
#include <algorithm>
#include <cmath>
#include <functional>

namespace gr {
namespace lwmspectro {

namespace {

constexpr float largest = 1e8f; // its fourth power, summed over a window, fits a float

//! All samples are finite, and none is too large, as far as their energy tells.
bool all_good(const sample_sums& sums) { return sums.energy <= largest * largest; }

bool is_good(const std::complex<float>& x) // false for NaN
{
    return std::fabs(x.real()) <= largest && std::fabs(x.imag()) <= largest;
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
    for (std::size_t done = 0; done < taken;) {
        const uint64_t frame = d_first_frame + d_rows;
        const std::size_t begin = d_clock.boundary(frame) - d_start;
        const std::size_t end = d_clock.boundary(frame + 1) - d_start;
        const std::size_t now = std::min(taken - done, end - d_fill);
        const bool whole = now == end - begin;
        const sample_sums sums = sum_samples(in + done, now);
        if (whole && all_good(sums)) { // read where it lies, and written once
            complete_frame(in + done, begin, end, sums.sum);
        } else {
            copy_good(in + done, now, sums);
            if (d_fill + now == end) {
                const auto* samples = &d_samples[begin];
                complete_frame(
                    samples, begin, end, sum_samples(samples, end - begin).sum);
            }
        }
        d_fill += now;
        done += now;
    }
    return taken;
}

void window_tokenizer::copy_good(const std::complex<float>* in,
                                 std::size_t n,
                                 const sample_sums& sums)
{
    const auto to = d_samples.begin() + d_fill;
    std::copy_n(in, n, to);
    if (!all_good(sums)) { // a sample with one bad part is bad whole
        d_nonfinite += std::count_if(to, to + n, std::not_fn(is_good));
        std::replace_if(to, to + n, std::not_fn(is_good), std::complex<float>());
    }
}

void window_tokenizer::complete_frame(const std::complex<float>* frame,
                                      std::size_t begin,
                                      std::size_t end,
                                      std::complex<float> sum)
{
    d_spectrogram.frame(frame, &d_c0[static_cast<std::size_t>(d_rows) * d_spec.n_bins]);
    take_off_mean(frame, begin, end, sum); // while the frame is in the cache
    ++d_rows;
}

void window_tokenizer::take_off_mean(const std::complex<float>* from,
                                     std::size_t begin,
                                     std::size_t end,
                                     std::complex<float> sum)
{
    const std::size_t n = end - begin;
    if (std::all_of(from, from + n, [from](const auto& x) { return x == *from; })) {
        // rounding would leave a constant, and a constant repeats at every lag
        std::fill_n(&d_samples[begin], n, 0.0f);
        return;
    }
    subtract(from, sum / static_cast<float>(n), &d_samples[begin], n);
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
        const auto* samples = &d_samples[rest];
        take_off_mean(samples, rest, d_fill, sum_samples(samples, d_fill - rest).sum);
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
