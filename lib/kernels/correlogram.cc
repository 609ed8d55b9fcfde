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
constexpr double lag_stf_s = 0.8e-6;
constexpr double gi_phase_s = 0.5e-6;    // one phase of a WiFi symbol
constexpr double min_wifi_rate_Hz = 5e6; // below it a guard interval is under 4 samples

constexpr std::size_t segments_per_ms = 256;      // 3.90625 us each
constexpr std::size_t segment_ns = 1000000;       // over segments_per_ms
constexpr std::size_t slot = segments_per_ms / 2; // 0.5 ms
constexpr std::size_t symbol = 16;                // segments: 62.5 us
constexpr std::size_t cols = correlogram_cols;

float to_dB(double ratio)
{
    const double floor = std::pow(10.0, correlogram::floor_dB / 10.0);
    return static_cast<float>(10.0 * std::log10(std::max(ratio, floor)));
}

//! N |c|^2 / (E_x E_y): mean 1 over white noise.
double over_noise(std::complex<double> c, double n, double energy_product)
{
    return energy_product > 0.0 ? n * std::norm(c) / energy_product : 0.0;
}

} // namespace

correlogram::correlogram(double samp_rate, const window_spec& spec)
    : d_samp_rate(samp_rate),
      d_n_frames(spec.n_frames),
      d_frames(samp_rate, 1000ULL * spec.frame_us),
      d_segments(samp_rate, segment_ns, segments_per_ms)
{
    spec.validate();
    const std::size_t window = d_frames.boundary(spec.n_frames) + 1;
    for (std::size_t s = 0; d_segments.boundary(s) <= window; ++s) {
        d_bounds.push_back(d_segments.boundary(s));
    }
    d_energy.resize(d_bounds.size());
    d_corr.resize(d_bounds.size());
    d_clean.resize(window);
    d_product.resize(d_frames.min_len() + 1);
    d_trial.resize(cols);
}

std::size_t correlogram::lag_samples(double lag_s) const
{
    return static_cast<std::size_t>(std::llround(lag_s * d_samp_rate));
}

std::size_t correlogram::segments_within(std::size_t n) const
{
    const auto end = std::upper_bound(d_bounds.begin(), d_bounds.end(), n);
    return end == d_bounds.begin() ? 0 : end - d_bounds.begin() - 1;
}

void correlogram::correlate(const cfloat* x, std::size_t n_seg, std::size_t lag)
{
    for (std::size_t s = 0; s < n_seg; ++s) {
        const std::size_t first = d_bounds[s];
        const auto len = static_cast<unsigned int>(d_bounds[s + 1] - first);
        volk_32fc_x2_conjugate_dot_prod_32fc(&d_corr[s], x + first, x + first + lag, len);
    }
}

double
correlogram::lagged_energy(std::size_t first, std::size_t count, std::size_t lag) const
{
    // the lag in whole segments: energy changes slowly against one of them
    const double segment = d_samp_rate / (1e3 * segments_per_ms);
    const auto shift = static_cast<std::size_t>(std::llround(lag / segment));
    const std::size_t end = std::min(first + count + shift, d_n_segments);
    const std::size_t begin = std::min(first + shift, end);
    return d_energy[end] - d_energy[begin];
}

void correlogram::cyclic_prefix(const cfloat* x, std::size_t n, double lag_s, float* row)
{
    const std::size_t lag = lag_samples(lag_s);
    const std::size_t n_seg = n > lag ? segments_within(n - lag) : 0;
    std::fill_n(row, cols, floor_dB);
    if (n_seg < slot) {
        return;
    }
    correlate(x, n_seg, lag);
    for (std::size_t phase = 0; phase < slot; ++phase) {
        std::complex<double> sum = 0.0;
        double count = 0.0, near = 0.0, far = 0.0;
        for (std::size_t s = phase; s < n_seg; s += slot) {
            sum += std::complex<double>(d_corr[s]);
            count += d_bounds[s + 1] - d_bounds[s];
            near += d_energy[s + 1] - d_energy[s];
            far += lagged_energy(s, 1, lag);
        }
        row[phase] = to_dB(over_noise(sum, count, near * far));
    }
}

void correlogram::short_training(const cfloat* x, std::size_t n, float* row)
{
    const std::size_t lag = lag_samples(lag_stf_s);
    std::fill_n(row, cols, floor_dB);
    if (d_samp_rate < min_wifi_rate_Hz || n <= lag) {
        return;
    }
    const std::size_t n_seg = segments_within(n - lag);
    correlate(x, n_seg, lag);
    for (std::size_t s = 0; s < n_seg; ++s) {
        const std::size_t col = s * cols / (d_bounds.size() - 1);
        const double near = d_energy[s + 1] - d_energy[s];
        const float value = to_dB(over_noise(
            d_corr[s], d_bounds[s + 1] - d_bounds[s], near * lagged_energy(s, 1, lag)));
        row[col] = std::max(row[col], value);
    }
}

void correlogram::guard_interval(const cfloat* x,
                                 std::size_t n,
                                 float* long_gi,
                                 float* short_gi)
{
    constexpr std::size_t long_phases = 8; // 4.0 us in steps of 0.5 us
    const std::size_t lag = lag_samples(lag_wifi_s);
    std::fill_n(long_gi, cols, floor_dB);
    std::fill_n(short_gi, cols, floor_dB);
    if (d_samp_rate < min_wifi_rate_Hz) {
        return;
    }
    const auto fold = [&](std::size_t len, std::size_t phases, double period_s) {
        const double step = period_s * d_samp_rate / phases;
        double best = 0.0;
        for (std::size_t p = 0; p < phases; ++p) {
            cfloat sum = 0.0f;
            std::size_t count = 0;
            for (std::size_t rep = 0;; ++rep) {
                const double at = (rep * phases + p) * step;
                const auto begin = static_cast<std::size_t>(at);
                const auto end = static_cast<std::size_t>(at + step);
                if (end > len) {
                    break;
                }
                for (std::size_t k = begin; k < end; ++k) {
                    sum += d_product[k];
                }
                count += end - begin;
            }
            if (count > 0) {
                best = std::max(best, std::norm(std::complex<double>(sum)) / count);
            }
        }
        return best;
    };
    for (int frame = 0; frame < d_n_frames; ++frame) {
        const std::size_t begin = d_frames.boundary(frame);
        const std::size_t len = d_frames.boundary(frame + 1) - begin;
        if (begin + len + lag > n) {
            break;
        }
        const std::size_t col = frame * cols / d_n_frames;
        volk_32fc_x2_multiply_conjugate_32fc(
            d_product.data(), x + begin, x + begin + lag, static_cast<unsigned int>(len));
        cfloat power = 0.0f;
        volk_32fc_x2_conjugate_dot_prod_32fc(
            &power, x + begin, x + begin, static_cast<unsigned int>(len));
        const double mean = power.real() / static_cast<double>(len);
        const double scale = mean > 0.0 ? 1.0 / (mean * mean) : 0.0;
        long_gi[col] =
            std::max(long_gi[col],
                     to_dB(scale * fold(len, long_phases, long_phases * gi_phase_s)));
        short_gi[col] = std::max(short_gi[col], to_dB(scale * fold(len, 7, 3.6e-6)));
    }
}

double correlogram::fold_repeats(std::size_t n_seg,
                                 std::size_t lag,
                                 std::size_t period,
                                 float* row)
{
    std::fill_n(row, cols, floor_dB);
    const std::size_t per_col = period / cols;
    double peak = 0.0;
    for (std::size_t phase = 0; phase < period; ++phase) {
        double sum = 0.0;
        int repeats = 0;
        for (std::size_t s = phase; s + symbol <= n_seg; s += period) {
            // over one symbol the channel stands still: add phases there, powers beyond
            std::complex<double> c = 0.0;
            for (std::size_t k = 0; k < symbol; ++k) {
                c += std::complex<double>(d_corr[s + k]);
            }
            const double near = d_energy[s + symbol] - d_energy[s];
            const double count = d_bounds[s + symbol] - d_bounds[s];
            sum += over_noise(c, count, near * lagged_energy(s, symbol, lag));
            ++repeats;
        }
        const double mean = repeats > 0 ? sum / repeats : 0.0;
        row[phase / per_col] = std::max(row[phase / per_col], to_dB(mean));
        peak = std::max(peak, mean);
    }
    return peak;
}

void correlogram::repetition(const cfloat* x,
                             std::size_t n,
                             double lag_s,
                             int max_shift,
                             std::size_t period,
                             float* row)
{
    std::fill_n(row, cols, floor_dB);
    double best = 0.0;
    for (int shift = -max_shift; shift <= max_shift; ++shift) {
        const std::size_t lag = lag_samples(lag_s) + shift;
        const std::size_t n_seg = n > lag ? segments_within(n - lag) : 0;
        if (n_seg < period) {
            return;
        }
        correlate(x, n_seg, lag);
        const double peak = fold_repeats(n_seg, lag, period, d_trial.data());
        if (peak > best) {
            best = peak;
            std::copy(d_trial.begin(), d_trial.end(), row);
        }
    }
}

void correlogram::energy(float* row) const
{
    constexpr std::size_t per_col = segments_per_ms / cols;
    double total = 0.0;
    std::vector<double> sums(cols, 0.0), counts(cols, 0.0);
    for (std::size_t s = 0; s < d_n_segments; ++s) {
        const std::size_t col = (s % segments_per_ms) / per_col;
        sums[col] += d_energy[s + 1] - d_energy[s];
        counts[col] += d_bounds[s + 1] - d_bounds[s];
        total += d_energy[s + 1] - d_energy[s];
    }
    const double mean = d_n_segments > 0 ? total / d_bounds[d_n_segments] : 0.0;
    for (std::size_t col = 0; col < cols; ++col) {
        const double scale = mean * counts[col];
        row[col] = scale > 0.0 ? to_dB(sums[col] / scale) : floor_dB;
    }
}

const correlogram::cfloat* correlogram::without_dc(const cfloat* x, std::size_t n)
{
    std::complex<double> sum = 0.0;
    for (std::size_t s = 0; s < d_n_segments; ++s) {
        cfloat part = 0.0f;
        for (std::size_t k = d_bounds[s]; k < d_bounds[s + 1]; ++k) {
            part += x[k];
        }
        sum += std::complex<double>(part);
    }
    const std::size_t counted = d_bounds[d_n_segments];
    const cfloat mean(counted > 0 ? sum / static_cast<double>(counted) : 0.0);
    for (std::size_t k = 0; k < n; ++k) {
        d_clean[k] = x[k] - mean;
    }
    return d_clean.data();
}

void correlogram::compute(const cfloat* samples, std::size_t n, float* out)
{
    d_n_segments = segments_within(n);
    const cfloat* x = without_dc(samples, n);
    d_energy[0] = 0.0;
    for (std::size_t s = 0; s < d_n_segments; ++s) {
        const auto len = static_cast<unsigned int>(d_bounds[s + 1] - d_bounds[s]);
        cfloat power = 0.0f;
        volk_32fc_x2_conjugate_dot_prod_32fc(
            &power, x + d_bounds[s], x + d_bounds[s], len);
        d_energy[s + 1] = d_energy[s] + power.real();
    }
    cyclic_prefix(x, n, lag_15khz_s, out);
    cyclic_prefix(x, n, lag_30khz_s, out + cols);
    guard_interval(x, n, out + 2 * cols, out + 3 * cols);
    short_training(x, n, out + 4 * cols);
    repetition(x, n, 5e-3, 1, 5 * segments_per_ms, out + 5 * cols);
    repetition(x, n, 10e-3, 2, segments_per_ms, out + 6 * cols);
    energy(out + 7 * cols);
}

} // namespace lwmspectro
} // namespace gr
