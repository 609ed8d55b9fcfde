// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/spectrogram.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace gr::lwmspectro;

namespace {

const double rates[] = { 1.92e6, 2.4e6, 20e6, 61.44e6 };

double dB(double ratio) { return 10.0 * std::log10(ratio); }

// a tone in the middle of an FFT bin, at an even one: its power over that of unit noise
double expected_tone(const welch_grid& grid, std::size_t n_bins)
{
    // Hann: amplitude n/2 in its bin and n/4 beside it; sum of squares 3n/8
    const double n = static_cast<double>(grid.n_fft);
    const double pool = n / static_cast<double>(n_bins);
    const double inside = n * n / 4.0 + (pool > 1.0 ? n * n / 16.0 : 0.0);
    return dB(inside / (3.0 * n / 8.0 * pool));
}

} // namespace

BOOST_AUTO_TEST_CASE(grid_is_dense_for_short_frames)
{
    const auto slow = welch_grid::of(384, 128); // 1.92 MS/s
    BOOST_TEST(slow.n_fft == 128u);
    BOOST_TEST(slow.hop == 64u);
    BOOST_TEST(slow.n_segments == 5u);
    const auto fast = welch_grid::of(4000, 128); // 20 MS/s
    BOOST_TEST(fast.n_fft == 256u);
    BOOST_TEST(fast.hop == 256u);
    BOOST_TEST(fast.n_segments == 15u);
}

BOOST_DATA_TEST_CASE(a_tone_stands_in_its_bin, boost::unit_test::data::make(rates), rate)
{
    const window_spec spec;
    spectrogram kernel(rate, spec);
    const auto frame = static_cast<std::size_t>(rate * 200e-6);
    for (const int bin : { -60, -1, 1, 37 }) {
        const auto x = tone(frame, bin / 128.0);
        std::vector<float> out(128);
        kernel.frame(x.data(), out.data());
        const auto peak = std::max_element(out.begin(), out.end()) - out.begin();
        BOOST_TEST(peak == 64 + bin);
        BOOST_TEST(out[peak] == expected_tone(kernel.grid(), 128),
                   boost::test_tools::tolerance(1e-4));
        BOOST_TEST(out[(peak + 64) % 128] < -60.0f);
    }
}

BOOST_DATA_TEST_CASE(noise_of_unit_power_reads_0_dB,
                     boost::unit_test::data::make(rates),
                     rate)
{
    const window_spec spec;
    spectrogram kernel(rate, spec);
    const auto frame = static_cast<std::size_t>(rate * 200e-6);
    const std::size_t n_frames = 200;
    const auto x = noise(frame * n_frames);
    std::vector<float> out(128);
    double sum = 0.0;
    for (std::size_t k = 0; k < n_frames; ++k) {
        kernel.frame(x.data() + k * frame, out.data());
        for (const float value : out) {
            sum += std::pow(10.0, value / 10.0);
        }
    }
    BOOST_TEST(std::fabs(dB(sum / (128.0 * n_frames))) < 0.1);
}

BOOST_AUTO_TEST_CASE(silence_reads_the_floor)
{
    spectrogram kernel(2.4e6, window_spec());
    const samples x(480);
    std::vector<float> out(128);
    kernel.frame(x.data(), out.data());
    for (const float value : out) {
        BOOST_TEST(value == spectrogram::floor_dB);
    }
}
