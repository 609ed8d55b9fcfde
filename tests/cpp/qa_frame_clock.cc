// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/frame_clock.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>

using gr::lwmspectro::frame_clock;

namespace {

const double rates[] = { 1.92e6,         1.92e6 + 0.001, 2.048e6,        2.4e6,
                         30.72e6 / 7,    20e6,           12345678.901,   30.72e6,
                         61.44e6 - 0.25, 61.44e6,        10e6 / 3 - 1e-3 };

struct tick_length {
    uint64_t ns;
    uint64_t divisor;
};
const tick_length ticks[] = { { 200000, 1 }, { 1000000, 256 }, { 500000, 7 * 128 } };

// floor(k * tick * rate), the rate in whole millihertz, with nothing cancelled
uint64_t expected(double rate, const tick_length& tick, uint64_t k)
{
    const auto rate_mHz = static_cast<unsigned __int128>(std::llround(rate * 1e3));
    const auto divisor =
        static_cast<unsigned __int128>(1000000000000ULL) * tick.divisor; // mHz times ns
    return static_cast<uint64_t>(rate_mHz * tick.ns * k / divisor);
}

} // namespace

BOOST_DATA_TEST_CASE(boundaries_are_exact, boost::unit_test::data::make(rates), rate)
{
    for (const auto& tick : ticks) {
        const frame_clock clock(rate, tick.ns, tick.divisor);
        BOOST_TEST(clock.boundary(0) == 0u);
        BOOST_TEST(clock.min_len() == expected(rate, tick, 1));
        // dense at the start, then over days and years, up to 10^12 ticks
        for (uint64_t k = 1; k <= 1000000000000ULL; k = k < 2000 ? k + 1 : k * 3 + 1) {
            BOOST_REQUIRE(clock.boundary(k) == expected(rate, tick, k));
        }
    }
}

BOOST_DATA_TEST_CASE(frames_never_drift, boost::unit_test::data::make(rates), rate)
{
    const frame_clock clock(rate, 200000);
    for (const uint64_t k : { 1000000000ULL, 999999999999ULL, 1000000000000ULL }) {
        const long double ideal =
            static_cast<long double>(k) * 200e-6L * (std::llround(rate * 1e3) / 1000.0L);
        const long double late = ideal - static_cast<long double>(clock.boundary(k));
        BOOST_TEST(late > -1e-2L); // what a long double resolves there
        BOOST_TEST(late < 1.0L + 1e-2L);
        const uint64_t len = clock.boundary(k + 1) - clock.boundary(k);
        BOOST_TEST(len >= clock.min_len());
        BOOST_TEST(len <= clock.min_len() + 1);
    }
}

BOOST_DATA_TEST_CASE(boundaries_repeat_after_a_cycle,
                     boost::unit_test::data::make(rates),
                     rate)
{
    const frame_clock clock(rate, 500000, 7);
    const uint64_t cycle = clock.cycle(), samples = clock.boundary(cycle);
    for (uint64_t k = 0; k < 1000; ++k) {
        BOOST_REQUIRE(clock.boundary(k + cycle) == clock.boundary(k) + samples);
    }
}

BOOST_AUTO_TEST_CASE(rates_out_of_range_are_refused)
{
    for (const double rate : { 0.0, -2.4e6, 1.9199e6, 61.45e6, double(NAN) }) {
        BOOST_CHECK_THROW(frame_clock(rate, 200000), std::invalid_argument);
    }
}
