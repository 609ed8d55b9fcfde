// SPDX-License-Identifier: GPL-3.0-or-later
#include "vector_clones.h"
#include <gnuradio/lwmspectro/pss_search.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double subcarrier_Hz = 15e3;
constexpr double period_s = 5e-3;
constexpr std::size_t symbols_a_block = 8;
constexpr std::size_t band = 512;    // bins under a sequence: 0.945 MHz of 1.875 kHz
constexpr double spur_limit = 8.0;   // times the median bin
constexpr double empty_limit = 1e-6; // of the mean bin: a median below is no noise
constexpr double silence = 1e-2;     // of the mean energy: less is no signal
constexpr double offset_step_Hz = 3750;

//! Roots of the sequences, table 6.11.1.1-1, and at which carrier offsets each is tried.
struct trial {
    int root;
    std::array<int, 6> offsets; // offset_step_Hz
};
constexpr std::array<trial, 3> trials = { {
    { 25, { -67, -49, -12, 18, 35, 73 } },
    { 29, { -60, -21, -19, 19, 21, 60 } },
    { 34, { -60, -21, -19, 19, 21, 60 } },
} };

//! Largest number with no prime factor above 5 that is not above \p n: FFTs are fast.
std::size_t smooth(std::size_t n)
{
    for (;; --n) {
        std::size_t rest = n;
        for (std::size_t prime : { 2, 3, 5 }) {
            while (rest % prime == 0) {
                rest /= prime;
            }
        }
        if (rest == 1) {
            return n;
        }
    }
}

//! The sequence of a root on its 62 subcarriers, one useful symbol, 6.11.1.1-2.
void synthesise(int root, double rate, std::size_t n, std::complex<float>* out)
{
    for (std::size_t k = 0; k < n; ++k) {
        std::complex<double> sum = 0.0;
        for (int m = 0; m < 63; ++m) {
            if (m != 31) { // DC carries nothing
                const double chirp = -pi * ((root * m * (m + 1)) % 126) / 63.0;
                const double turn = 2.0 * pi * subcarrier_Hz * (m - 31) * k / rate;
                sum += std::polar(1.0, chirp + turn);
            }
        }
        out[k] = std::complex<float>(sum);
    }
}

LWMSPECTRO_VECTOR_CLONES
void divide(float* x, const float* counts, std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        x[k] = counts[k] > 0.0f ? x[k] / counts[k] : 0.0f;
    }
}

} // namespace

pss_search::pss_search(double samp_rate, std::size_t max_len)
    : d_decimation(static_cast<std::size_t>(samp_rate / min_samp_rate_Hz + 1e-9)),
      d_rate(samp_rate / d_decimation),
      d_symbol(std::llround(d_rate / subcarrier_Hz)),
      d_n_fft(smooth(std::llround(symbols_a_block * d_rate / subcarrier_Hz))),
      d_n_outputs((d_n_fft - d_symbol) * band / d_n_fft),
      d_period(std::llround(period_s * d_rate * band / d_n_fft)),
      d_forward(d_n_fft),
      d_whole_inverse(d_n_fft, fft_plan::direction::inverse),
      d_band_inverse(band, fft_plan::direction::inverse),
      d_low(max_len / d_decimation + d_n_fft),
      d_power(d_n_fft),
      d_fold(d_period),
      d_counts(d_period),
      d_row(correlogram_cols)
{
    std::size_t blocks = 1;
    while (block_start(blocks) + d_symbol <= max_len / d_decimation) {
        ++blocks;
    }
    d_spectra.resize(blocks * d_n_fft);
    d_weights.resize(blocks * d_n_outputs);
    make_filters();
}

void pss_search::make_filters()
{
    const double bin_Hz = d_rate / d_n_fft;
    for (const trial& each : trials) {
        std::fill_n(d_forward.input(), d_n_fft, 0.0f);
        synthesise(each.root, d_rate, d_symbol, d_forward.input());
        d_forward.execute();
        volk::vector<cfloat> conjugate(band);
        double energy = 0.0;
        for (std::size_t k = 0; k < band; ++k) {
            const std::size_t bin = (k + d_n_fft - band / 2) % d_n_fft;
            conjugate[k] = std::conj(d_forward.output()[bin]);
            energy += std::norm(conjugate[k]);
        }
        // both inverse transforms multiply by d_n_fft: |<x, p>|^2 <= E_x as they come out
        const auto scale = static_cast<float>(std::sqrt(d_n_fft / energy));
        for (auto& value : conjugate) {
            value *= scale;
        }
        for (int offset : each.offsets) {
            d_filters.push_back(
                { d_sequences.size(),
                  static_cast<int>(std::lround(offset * offset_step_Hz / bin_Hz)) });
        }
        d_sequences.push_back(std::move(conjugate));
    }
}

std::size_t pss_search::block_start(std::size_t block) const
{
    return block * d_n_outputs * d_n_fft / band;
}

std::size_t pss_search::fold_at(std::size_t block) const
{
    const double periods = block_start(block) / (d_rate * period_s);
    const double phase = periods - std::floor(periods);
    return static_cast<std::size_t>(std::llround(phase * d_period)) % d_period;
}

std::size_t pss_search::decimate(const cfloat* samples, std::size_t n)
{
    const std::size_t n_low = n / d_decimation;
    for (std::size_t k = 0; k < n_low; ++k) {
        cfloat sum = 0.0f;
        for (std::size_t j = 0; j < d_decimation; ++j) {
            sum += samples[k * d_decimation + j];
        }
        d_low[k] = sum;
    }
    return n_low;
}

void pss_search::transform_blocks(std::size_t n_low, std::size_t n_blocks)
{
    const std::size_t half = d_n_fft / 2;
    for (std::size_t block = 0; block < n_blocks; ++block) {
        const std::size_t start = block_start(block);
        const std::size_t len = std::min(d_n_fft, n_low - start);
        std::copy_n(&d_low[start], len, d_forward.input());
        std::fill(d_forward.input() + len, d_forward.input() + d_n_fft, 0.0f);
        d_forward.execute();
        const auto* out = d_forward.output();
        std::rotate_copy(
            out, out + (d_n_fft - half), out + d_n_fft, &d_spectra[block * d_n_fft]);
    }
}

void pss_search::limit_spurs(std::size_t n_blocks)
{
    std::vector<float> mean(d_n_fft, 0.0f);
    const auto bins = static_cast<unsigned int>(d_n_fft);
    for (std::size_t block = 0; block < n_blocks; ++block) {
        volk_32fc_magnitude_squared_32f(
            d_power.data(), &d_spectra[block * d_n_fft], bins);
        volk_32f_x2_add_32f(mean.data(), mean.data(), d_power.data(), bins);
    }
    std::copy(mean.begin(), mean.end(), d_power.begin());
    auto middle = d_power.begin() + d_n_fft / 2;
    std::nth_element(d_power.begin(), middle, d_power.end());
    double total = 0.0;
    for (float power : mean) {
        total += power;
    }
    const double limit =
        spur_limit * std::max<double>(*middle, empty_limit * total / d_n_fft);
    for (std::size_t k = 0; k < d_n_fft; ++k) {
        d_power[k] =
            mean[k] > limit ? static_cast<float>(std::sqrt(limit / mean[k])) : 1.0f;
    }
    for (std::size_t block = 0; block < n_blocks; ++block) {
        auto* spectrum = &d_spectra[block * d_n_fft];
        volk_32fc_32f_multiply_32fc(spectrum, spectrum, d_power.data(), bins);
    }
}

void pss_search::measure_energy(std::size_t n_blocks)
{
    std::vector<double> energy(d_n_fft + 1);
    double total = 0.0;
    for (std::size_t block = 0; block < n_blocks; ++block) {
        // the order of bins turns the phase of samples, not their power
        std::copy_n(&d_spectra[block * d_n_fft], d_n_fft, d_whole_inverse.input());
        d_whole_inverse.execute();
        volk_32fc_magnitude_squared_32f(
            d_power.data(), d_whole_inverse.output(), static_cast<unsigned int>(d_n_fft));
        for (std::size_t k = 0; k < d_n_fft; ++k) {
            energy[k + 1] = energy[k] + d_power[k];
        }
        for (std::size_t k = 0; k < d_n_outputs; ++k) {
            const std::size_t at = k * d_n_fft / band;
            const double here = energy[at + d_symbol] - energy[at];
            d_weights[block * d_n_outputs + k] = static_cast<float>(here);
            total += here;
        }
    }
    const std::size_t count = n_blocks * d_n_outputs;
    const auto least = static_cast<float>(silence * total / count);
    for (std::size_t k = 0; k < count; ++k) {
        d_weights[k] = d_weights[k] > 0.0f ? d_symbol / (d_weights[k] + least) : 0.0f;
    }
}

void pss_search::correlate(const filter& with, std::size_t n_blocks)
{
    std::fill(d_fold.begin(), d_fold.end(), 0.0f);
    const auto* sequence = d_sequences[with.sequence].data();
    const std::size_t first_bin = d_n_fft / 2 - band / 2 + with.shift;
    const auto outputs = static_cast<unsigned int>(d_n_outputs);
    for (std::size_t block = 0; block < n_blocks; ++block) {
        volk_32fc_x2_multiply_32fc(d_band_inverse.input(),
                                   &d_spectra[block * d_n_fft + first_bin],
                                   sequence,
                                   band);
        d_band_inverse.execute();
        volk_32fc_magnitude_squared_32f(d_power.data(), d_band_inverse.output(), outputs);
        volk_32f_x2_multiply_32f(
            d_power.data(), d_power.data(), &d_weights[block * d_n_outputs], outputs);
        const std::size_t at = fold_at(block);
        const std::size_t run = std::min(d_n_outputs, d_period - at);
        volk_32f_x2_add_32f(
            &d_fold[at], &d_fold[at], d_power.data(), static_cast<unsigned int>(run));
        volk_32f_x2_add_32f(&d_fold[0],
                            &d_fold[0],
                            &d_power[run],
                            static_cast<unsigned int>(d_n_outputs - run));
    }
    take_maxima();
}

void pss_search::take_maxima()
{
    divide(d_fold.data(), d_counts.data(), d_period);
    const auto first_of = [this](std::size_t col) {
        return (col * d_period + correlogram_cols - 1) / correlogram_cols;
    };
    for (std::size_t col = 0; col < correlogram_cols; ++col) {
        for (std::size_t k = first_of(col); k < first_of(col + 1); ++k) {
            d_row[col] = std::max<double>(d_row[col], d_fold[k]);
        }
    }
}

const std::vector<double>& pss_search::compute(const cfloat* samples, std::size_t n)
{
    std::fill(d_row.begin(), d_row.end(), 0.0);
    const std::size_t n_low = decimate(samples, n);
    std::size_t n_blocks = 0;
    while (block_start(n_blocks) + d_symbol <= n_low) {
        ++n_blocks;
    }
    transform_blocks(n_low, n_blocks);
    limit_spurs(n_blocks);
    measure_energy(n_blocks);
    std::fill(d_counts.begin(), d_counts.end(), 0.0f);
    for (std::size_t block = 0; block < n_blocks; ++block) {
        const std::size_t at = fold_at(block);
        for (std::size_t k = 0; k < d_n_outputs; ++k) {
            d_counts[(at + k) % d_period] += 1.0f;
        }
    }
    for (const filter& each : d_filters) {
        correlate(each, n_blocks);
    }
    return d_row;
}

} // namespace lwmspectro
} // namespace gr
