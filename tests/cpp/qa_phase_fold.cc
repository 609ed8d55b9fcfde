// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/phase_fold.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace gr::lwmspectro;

namespace {

// whole cycles of many lengths, and none within the sequence
const double rates[] = { 5e6, 20e6, 30.72e6, 12345678.901, 61.44e6 };
const std::size_t n_phases = 7;

std::vector<float> squares(const samples& x)
{
    std::vector<float> power;
    for (const auto& value : x) {
        power.push_back(std::norm(value));
    }
    return power;
}

//! What the header says, sample by sample.
double slow_ratio(const frame_clock& cells, const samples& x, std::size_t phase)
{
    std::complex<double> sum = 0.0;
    double power = 0.0;
    for (uint64_t cell = 0; cells.boundary(cell) < x.size(); ++cell) {
        if (cell % n_phases != phase) {
            continue;
        }
        const auto end = std::min<uint64_t>(cells.boundary(cell + 1), x.size());
        for (auto k = cells.boundary(cell); k < end; ++k) {
            sum += std::complex<double>(x[k]);
            power += std::norm(x[k]);
        }
    }
    return std::norm(sum) / power;
}

} // namespace

BOOST_DATA_TEST_CASE(phases_hold_what_falls_into_them,
                     boost::unit_test::data::make(rates),
                     rate)
{
    const frame_clock cells(rate, 3600, n_phases);
    const auto x = noise(static_cast<std::size_t>(rate * 200e-6));
    const auto power = squares(x);
    phase_fold fold(cells, n_phases, x.size());
    fold.clear();
    for (std::size_t at = 0; at < x.size(); at += 311) {
        const std::size_t n = std::min<std::size_t>(311, x.size() - at);
        fold.add(&x[at], &power[at], at, n);
    }
    fold.finish();
    double best = 0.0;
    for (std::size_t phase = 0; phase < n_phases; ++phase) {
        const double want = slow_ratio(cells, x, phase);
        BOOST_TEST(fold.ratio(phase) == want, boost::test_tools::tolerance(1e-3));
        best = std::max(best, want);
    }
    BOOST_TEST(fold.best() == best, boost::test_tools::tolerance(1e-3));
}

BOOST_AUTO_TEST_CASE(products_that_agree_count_and_none_is_zero)
{
    const frame_clock cells(20e6, 3600, n_phases);
    phase_fold fold(cells, n_phases, 4000);
    fold.clear();
    fold.finish();
    BOOST_TEST(fold.best() == 0.0);
    const samples x(720, std::polar(0.1f, 1.0f)); // ten periods
    const auto power = squares(x);
    fold.add(x.data(), power.data(), 0, x.size());
    fold.finish();
    BOOST_TEST(fold.ratio(0, n_phases) == 720.0, boost::test_tools::tolerance(1e-4));
    BOOST_TEST(std::fabs(fold.ratio(3) - 720.0 / 7.0) < 10.0);
}
