// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/window_tokenizer.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <limits>
#include <random>

using namespace gr::lwmspectro;

namespace {

struct window {
    window_info info;
    std::vector<float> tokens;
};

window take(window_tokenizer& kernel)
{
    window result;
    result.tokens.resize(kernel.spec().vlen());
    result.info = kernel.take(result.tokens.data());
    return result;
}

//! Pushes all of it in chunks that \p chunk() sizes; returns the whole windows.
template <typename F>
std::vector<window> push_all(window_tokenizer& kernel, const samples& x, F&& chunk)
{
    std::vector<window> windows;
    for (std::size_t at = 0; at < x.size();) {
        const std::size_t n = std::min<std::size_t>(chunk(), x.size() - at);
        for (std::size_t done = 0; done < n;) {
            done += kernel.push(x.data() + at + done, n - done);
            if (kernel.full()) {
                windows.push_back(take(kernel));
            }
        }
        at += n;
    }
    return windows;
}

std::vector<window> push_all(window_tokenizer& kernel, const samples& x)
{
    return push_all(kernel, x, [&x] { return x.size(); });
}

const double rates[] = { 1.92e6, 2.048e6, 5e6 + 0.123 };

} // namespace

BOOST_DATA_TEST_CASE(chunks_change_nothing, boost::unit_test::data::make(rates), rate)
{
    const window_spec spec;
    window_tokenizer whole(rate, spec), pieces(rate, spec), sips(rate, spec);
    const auto x = noise(2 * whole.window_len() + 5000);
    std::mt19937 engine(7);
    const auto random = [&engine] { return 1 + engine() % 9973; };
    const auto a = push_all(whole, x);
    const auto b = push_all(pieces, x, random);
    const auto c = push_all(sips, x, [] { return 17; });
    BOOST_TEST(a.size() == 2u);
    BOOST_REQUIRE(b.size() == a.size());
    BOOST_REQUIRE(c.size() == a.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
        BOOST_TEST((a[k].tokens == b[k].tokens));
        BOOST_TEST((a[k].tokens == c[k].tokens));
        BOOST_TEST(b[k].info.sample_start == a[k].info.sample_start);
    }
    BOOST_TEST(pieces.fresh() == whole.fresh());
    BOOST_TEST((take(pieces).tokens == take(whole).tokens)); // the partial ones
}

BOOST_AUTO_TEST_CASE(windows_follow_one_another)
{
    window_tokenizer kernel(2.048e6, window_spec()); // 52428.8 samples
    uint64_t next = 0;
    for (const auto& window : push_all(kernel, noise(11 * 52429))) {
        BOOST_TEST(window.info.sample_start == next);
        BOOST_TEST(window.info.valid_fraction == 1.0);
        next += window.info.sample_count;
    }
    BOOST_TEST(next == 11 * 262144u / 5);
}

BOOST_AUTO_TEST_CASE(overlapping_windows_share_rows)
{
    const double rate = 2.048e6;
    const window_spec apart, overlap{ 128, 200, 128, 64 };
    const std::size_t half = 64 * apart.n_bins;
    window_tokenizer plain(rate, apart), overlapped(rate, overlap);
    const auto x = noise(3 * plain.window_len() + 10);
    const auto a = push_all(plain, x), b = push_all(overlapped, x);
    BOOST_REQUIRE(a.size() == 3u);
    BOOST_REQUIRE(b.size() == 5u);
    for (std::size_t k = 0; k < a.size(); ++k) {
        BOOST_TEST(b[2 * k].info.sample_start == a[k].info.sample_start);
        BOOST_TEST((b[2 * k].tokens == a[k].tokens));
    }
    for (std::size_t k = 0; k + 1 < b.size(); ++k) { // second half, then first half
        BOOST_TEST(std::equal(b[k].tokens.begin() + half,
                              b[k].tokens.begin() + 2 * half,
                              b[k + 1].tokens.begin()));
    }
}

BOOST_AUTO_TEST_CASE(bad_samples_are_zero_and_counted)
{
    const float inf = std::numeric_limits<float>::infinity();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const window_spec spec;
    window_tokenizer good(2.4e6, spec), bad(2.4e6, spec);
    auto x = noise(good.window_len());
    auto y = x;
    const std::complex<float> values[] = {
        { nan, 0.0f },  { 0.0f, nan }, { inf, 1.0f },
        { 1.0f, -inf }, { nan, inf },  { 1e16f, 0.0f }
    };
    std::size_t at = 100;
    for (const auto& value : values) {
        x[at] = 0.0f;
        y[at] = value;
        at += 7001;
    }
    const auto a = push_all(good, x), b = push_all(bad, y, [] { return 1000; });
    BOOST_REQUIRE(b.size() == 1u);
    BOOST_TEST(a[0].info.nonfinite == 0u);
    BOOST_TEST(b[0].info.nonfinite == std::size(values));
    BOOST_TEST((a[0].tokens == b[0].tokens));
}

BOOST_AUTO_TEST_CASE(tokens_are_finite_for_any_samples)
{
    const window_spec spec;
    for (const float level : { 0.0f, 1e-30f, 1e-8f, 1.0f, 9e7f }) {
        for (const double rate : { 1.92e6, 20e6 }) {
            window_tokenizer kernel(rate, spec);
            auto x = noise(kernel.window_len());
            for (auto& value : x) {
                value = { std::clamp(value.real(), -1.0f, 1.0f) * level,
                          std::clamp(value.imag(), -1.0f, 1.0f) * level };
            }
            for (const float value : push_all(kernel, x).at(0).tokens) {
                BOOST_REQUIRE(std::isfinite(value));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_partial_window_is_padded_with_its_mean)
{
    const window_spec spec;
    window_tokenizer kernel(2.4e6, spec), whole(2.4e6, spec);
    const auto x = noise(kernel.window_len());
    const std::size_t frame = 480, rows = 5;
    const samples part(x.begin(), x.begin() + rows * frame + 100);
    BOOST_TEST(push_all(kernel, part).empty());
    BOOST_TEST(kernel.fresh() == part.size());
    const auto got = take(kernel);
    const auto want = push_all(whole, x).at(0).tokens;
    BOOST_TEST(got.info.sample_count == part.size());
    BOOST_TEST(got.info.valid_fraction == static_cast<double>(part.size()) / x.size());
    for (std::size_t bin = 0; bin < 128; ++bin) {
        double sum = 0.0;
        for (std::size_t row = 0; row < rows; ++row) {
            BOOST_TEST(got.tokens[row * 128 + bin] == want[row * 128 + bin]);
            sum += std::pow(10.0, got.tokens[row * 128 + bin] / 10.0);
        }
        const double mean = 10.0 * std::log10(sum / rows);
        BOOST_TEST(std::fabs(got.tokens[rows * 128 + bin] - mean) < 1e-4);
        BOOST_TEST(std::fabs(got.tokens[127 * 128 + bin] - mean) < 1e-4);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_refused)
{
    BOOST_CHECK_THROW(window_tokenizer(1e6, window_spec()), std::invalid_argument);
    BOOST_CHECK_THROW(window_tokenizer(2e6, window_spec{ -1 }), std::invalid_argument);
    BOOST_CHECK_THROW(window_tokenizer(2e6, window_spec{ 128, -200 }),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(subnormal_numbers_survive)
{
    // some kernels of VOLK leave the thread flushing them to zero
    const volatile float least = std::numeric_limits<float>::min();
    for (const double rate : { 1.92e6, 12345678.9, 20e6 }) {
        window_tokenizer windower(rate, window_spec());
        const std::vector<std::complex<float>> iq(windower.window_len(), { 0.5f, -0.5f });
        std::vector<float> tokens(windower.spec().vlen());
        windower.push(iq.data(), iq.size());
        windower.take(tokens.data());
        BOOST_TEST(least / 2.0f > 0.0f);
    }
}
