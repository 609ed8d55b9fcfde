// SPDX-License-Identifier: GPL-3.0-or-later
// The loops that stand in for calls of VOLK, against the plain ones in double precision.
#include <kernels/complex_loops.h>
#include <kernels/decibels.h>
#include <kernels/lane_sums.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace gr::lwmspectro;
using cfloat = std::complex<float>;
using cdouble = std::complex<double>;

namespace {

constexpr std::size_t longest = 70;
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

std::vector<cfloat> noise(std::size_t n, unsigned int seed)
{
    std::mt19937 engine(seed);
    std::normal_distribution<float> draw;
    std::vector<cfloat> x(n);
    for (auto& value : x) {
        value = { draw(engine), draw(engine) };
    }
    return x;
}

cdouble lag_sum(const cfloat* x, const cfloat* y, std::size_t n)
{
    cdouble sum = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
        sum += cdouble(x[k]) * std::conj(cdouble(y[k]));
    }
    return sum;
}

void check_close(cdouble got, cdouble expected, double scale)
{
    BOOST_TEST(std::abs(got - expected) <= 1e-5 * scale);
}

} // namespace

BOOST_AUTO_TEST_CASE(sums_of_any_length)
{
    const auto x = noise(longest, 1);
    for (std::size_t n = 0; n <= longest; ++n) {
        cdouble sum = 0.0;
        double energy = 0.0;
        for (std::size_t k = 0; k < n; ++k) {
            sum += cdouble(x[k]);
            energy += std::norm(cdouble(x[k]));
        }
        const sample_sums got = sum_samples(x.data(), n);
        check_close(got.sum, sum, 1.0 + n);
        BOOST_TEST(std::fabs(got.energy - energy) <= 1e-5 * (1.0 + energy));
    }
}

BOOST_AUTO_TEST_CASE(sums_show_what_is_not_finite)
{
    for (std::size_t at = 0; at < longest; ++at) {
        auto x = noise(longest, 2);
        x[at] = cfloat(0.0f, not_a_number);
        BOOST_TEST(std::isnan(sum_samples(x.data(), longest).energy));
    }
}

BOOST_AUTO_TEST_CASE(lag_products_of_any_length)
{
    for (const bool room : { false, true }) {
        for (std::size_t n = 0; n <= longest; ++n) {
            // what lies behind must not count, and without room must not be read
            const std::size_t behind = room ? spare_samples : 0;
            auto x = noise(n + behind, 3), y = noise(n + behind, 4);
            const lag_sums got = sum_lag_products(x.data(), y.data(), n, room);
            check_close(got.product, lag_sum(x.data(), y.data(), n), 1.0 + n);
            const double energy = lag_sum(x.data(), x.data(), n).real();
            BOOST_TEST(std::fabs(got.energy - energy) <= 1e-5 * (1.0 + energy));
        }
    }
}

BOOST_AUTO_TEST_CASE(neighbouring_lags)
{
    for (const bool room : { false, true }) {
        for (std::size_t n_lags = 1; n_lags <= 6; ++n_lags) {
            for (std::size_t n = 0; n <= longest; ++n) {
                const std::size_t behind = room ? spare_samples : 0;
                const auto x = noise(n + behind, 5);
                const auto y = noise(n + n_lags - 1 + behind, 6);
                std::vector<cfloat> sums(n_lags);
                sum_neighbours(x.data(), y.data(), n, room, n_lags, sums.data());
                for (std::size_t j = 0; j < n_lags; ++j) {
                    check_close(sums[j], lag_sum(x.data(), y.data() + j, n), 1.0 + n);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(products_and_powers)
{
    for (std::size_t n = 0; n <= longest; ++n) {
        const auto x = noise(n, 7), y = noise(n, 8);
        std::vector<cfloat> product(n), sum(n, 1.0f), difference(n);
        std::vector<float> power(n), powers(n, 1.0f), weights(2 * n, 3.0f), own(n, 2.0f);
        lag_products(x.data(), y.data(), product.data(), power.data(), n);
        add_products(product.data(), power.data(), sum.data(), powers.data(), n);
        add_power(x.data(), own.data(), n);
        subtract(x.data(), cfloat(0.5f, -2.0f), difference.data(), n);
        for (std::size_t k = 0; k < n; ++k) {
            const cdouble p = cdouble(x[k]) * std::conj(cdouble(y[k]));
            check_close(product[k], p, 10.0);
            check_close(power[k], std::norm(p), 100.0);
            check_close(sum[k], 1.0 + p, 10.0);
            check_close(powers[k], 1.0 + std::norm(p), 100.0);
            check_close(own[k], 2.0 + std::norm(cdouble(x[k])), 10.0);
            check_close(difference[k], cdouble(x[k]) - cdouble(0.5, -2.0), 1.0);
        }
        std::vector<cfloat> weighted(n);
        multiply_weights(x.data(), weights.data(), weighted.data(), n);
        for (std::size_t k = 0; k < n; ++k) {
            check_close(weighted[k], 3.0 * cdouble(x[k]), 10.0);
        }
    }
}

BOOST_AUTO_TEST_CASE(decibels_over_the_whole_range)
{
    std::vector<float> x;
    for (double power = 1.2e-38; power < 3.4e38; power *= 1.000973) {
        x.push_back(static_cast<float>(power));
    }
    std::vector<float> got(x.size());
    to_decibels(x.data(), got.data(), x.size());
    for (std::size_t k = 0; k < x.size(); ++k) {
        const double expected = 10.0 * std::log10(static_cast<double>(x[k]));
        // 300 dB is a float to 1.5e-5
        BOOST_TEST(std::fabs(got[k] - expected) <= 3e-5);
    }
    float one = 1.0f;
    to_decibels(&one, &one, 1);
    BOOST_TEST(one == 0.0f);
}
