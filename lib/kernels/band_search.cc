// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/band_search.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr std::size_t n_bins = 256;
constexpr std::size_t n_pieces = 64;

} // namespace

band_search::band_search(double samp_rate, double width_Hz)
    : d_samp_rate(samp_rate),
      d_reach(static_cast<std::size_t>(std::ceil(width_Hz / 2.0 / samp_rate * n_bins))),
      d_fft(n_bins),
      d_window(n_bins),
      d_power(n_bins),
      d_sum(n_bins)
{
    for (std::size_t k = 0; k < n_bins; ++k) {
        d_window[k] = static_cast<float>(0.5 - 0.5 * std::cos(2.0 * pi * k / n_bins));
    }
    for (std::size_t k = 0; k <= 2 * d_reach; ++k) {
        const double x = (static_cast<double>(k) - d_reach) / (d_reach + 1.0);
        d_weights.push_back(static_cast<float>(1.0 - 0.5 * x * x));
    }
}

double band_search::center_Hz(const std::complex<float>* x, std::size_t n)
{
    const std::size_t pieces = std::min(n_pieces, n / n_bins);
    if (2 * d_reach >= n_bins || pieces == 0) {
        return 0.0;
    }
    std::fill(d_sum.begin(), d_sum.end(), 0.0f);
    for (std::size_t p = 0; p < pieces; ++p) {
        const std::size_t at = pieces > 1 ? p * (n - n_bins) / (pieces - 1) : 0;
        volk_32fc_32f_multiply_32fc(d_fft.input(), x + at, d_window.data(), n_bins);
        d_fft.execute();
        volk_32fc_magnitude_squared_32f(d_power.data(), d_fft.output(), n_bins);
        volk_32f_x2_add_32f(d_sum.data(), d_sum.data(), d_power.data(), n_bins);
    }
    const float total = std::accumulate(d_sum.begin(), d_sum.end(), 0.0f);
    for (std::size_t k = 0; k < n_bins; ++k) { // from the lowest frequency on
        const float power = d_sum[(k + n_bins / 2) % n_bins];
        d_power[k] = std::log10(std::max(power, 1e-12f * total + 1e-30f));
    }
    std::size_t best = n_bins / 2;
    float most = -1e30f;
    // filters of receivers end before the band in view does
    const std::size_t edge = std::min(n_bins / 20, (n_bins - 1) / 2 - d_reach);
    for (std::size_t c = d_reach + edge; c + d_reach + edge < n_bins; ++c) {
        float sum = 0.0f;
        const auto count = static_cast<unsigned int>(d_weights.size());
        volk_32f_x2_dot_prod_32f(&sum, &d_power[c - d_reach], d_weights.data(), count);
        if (sum > most) {
            most = sum;
            best = c;
        }
    }
    return (static_cast<double>(best) - n_bins / 2.0) / n_bins * d_samp_rate;
}

} // namespace lwmspectro
} // namespace gr
