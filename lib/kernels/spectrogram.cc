// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_loops.h"
#include "decibels.h"
#include <gnuradio/lwmspectro/frame_clock.h>
#include <gnuradio/lwmspectro/spectrogram.h>
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace gr {
namespace lwmspectro {

namespace {

constexpr std::size_t dense_below = 2048; // samples in a frame
constexpr double pi = 3.14159265358979323846;

std::size_t frame_samples(double samp_rate, const window_spec& spec)
{
    spec.validate();
    return frame_clock(samp_rate, 1000ULL * spec.frame_us).min_len();
}

} // namespace

welch_grid welch_grid::of(std::size_t frame_len, std::size_t n_bins)
{
    if (n_bins < 2 || frame_len < n_bins) {
        throw std::invalid_argument("welch_grid: expected 2 bins or more and at least as "
                                    "many samples, got " +
                                    std::to_string(n_bins) + " bins and " +
                                    std::to_string(frame_len) + " samples");
    }
    welch_grid grid;
    const bool dense = frame_len < dense_below;
    grid.n_fft = dense ? n_bins : 2 * n_bins;
    grid.hop = dense ? grid.n_fft / 2 : grid.n_fft;
    grid.n_segments = (frame_len - grid.n_fft) / grid.hop + 1;
    return grid;
}

spectrogram::spectrogram(double samp_rate, const window_spec& spec)
    : d_n_bins(spec.n_bins),
      d_grid(welch_grid::of(frame_samples(samp_rate, spec), spec.n_bins)),
      d_fft(d_grid.n_fft),
      d_window(2 * d_grid.n_fft),
      d_sum(d_grid.n_fft)
{
    double energy = 0.0;
    for (std::size_t k = 0; k < d_grid.n_fft; ++k) {
        const double w = 0.5 - 0.5 * std::cos(2.0 * pi * k / d_grid.n_fft);
        d_window[2 * k] = d_window[2 * k + 1] = static_cast<float>(w);
        energy += w * w;
    }
    const double pool = static_cast<double>(d_grid.n_fft) / d_n_bins;
    d_scale = static_cast<float>(1.0 / (energy * d_grid.n_segments * pool));
}

void spectrogram::frame(const std::complex<float>* frame, float* out_dB)
{
    std::fill(d_sum.begin(), d_sum.end(), 0.0f);
    for (std::size_t s = 0; s < d_grid.n_segments; ++s) {
        multiply_weights(
            frame + s * d_grid.hop, d_window.data(), d_fft.input(), d_grid.n_fft);
        d_fft.execute();
        add_power(d_fft.output(), d_sum.data(), d_grid.n_fft);
    }
    const std::size_t pool = d_grid.n_fft / d_n_bins;
    static const float floor = std::pow(10.0f, floor_dB / 10.0f);
    for (std::size_t bin = 0; bin < d_n_bins; ++bin) {
        const std::size_t first = (bin * pool + d_grid.n_fft / 2) % d_grid.n_fft;
        float power = 0.0f;
        for (std::size_t k = 0; k < pool; ++k) {
            power += d_sum[first + k];
        }
        out_dB[bin] = std::max(power * d_scale, floor);
    }
    to_decibels(out_dB, out_dB, d_n_bins);
}

} // namespace lwmspectro
} // namespace gr
