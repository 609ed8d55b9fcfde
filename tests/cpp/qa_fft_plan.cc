// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/fft_plan.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>

using namespace gr::lwmspectro;

namespace {

const std::size_t sizes[] = { 2, 128, 270, 1080 };

//! The sum that a transform is, term by term.
std::complex<double> slow_bin(const samples& x, std::size_t bin, double sign)
{
    std::complex<double> sum = 0.0;
    for (std::size_t k = 0; k < x.size(); ++k) {
        const double turns = static_cast<double>(k * bin % x.size()) / x.size();
        sum += std::complex<double>(x[k]) * std::polar(1.0, sign * 2.0 * M_PI * turns);
    }
    return sum;
}

void check(fft_plan::direction way, std::size_t n_fft, double sign)
{
    fft_plan plan(n_fft, way);
    BOOST_TEST(plan.size() == n_fft);
    const auto x = noise(n_fft);
    std::copy(x.begin(), x.end(), plan.input());
    plan.execute();
    for (std::size_t bin = 0; bin < n_fft; ++bin) {
        const auto off =
            std::complex<double>(plan.output()[bin]) - slow_bin(x, bin, sign);
        BOOST_TEST(std::abs(off) < 1e-5 * n_fft);
    }
}

} // namespace

BOOST_DATA_TEST_CASE(forward, boost::unit_test::data::make(sizes), n_fft)
{
    check(fft_plan::direction::forward, n_fft, -1.0);
}

BOOST_DATA_TEST_CASE(inverse_is_not_scaled, boost::unit_test::data::make(sizes), n_fft)
{
    check(fft_plan::direction::inverse, n_fft, 1.0);
}
