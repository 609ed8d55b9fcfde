// SPDX-License-Identifier: GPL-3.0-or-later
#include "stream_clock.h"
#include <boost/test/unit_test.hpp>

using gr::lwmspectro::stream_clock;
using gr::lwmspectro::stream_time;

BOOST_AUTO_TEST_CASE(time_starts_with_the_stream)
{
    const stream_clock clock;
    const stream_time time = clock.at(3000000, 2e6);
    BOOST_TEST(time.seconds == 1u);
    BOOST_TEST(time.fraction == 0.5);
}

BOOST_AUTO_TEST_CASE(time_runs_from_the_newest_tag)
{
    stream_clock clock;
    clock.set(1000, { 1700000000, 0.75 });
    const stream_time later = clock.at(1000 + 1000000, 2e6);
    BOOST_TEST(later.seconds == 1700000001u);
    BOOST_TEST(later.fraction == 0.25);
    const stream_time earlier = clock.at(0, 1000.0); // a second before the tag
    BOOST_TEST(earlier.seconds == 1699999999u);
    BOOST_TEST(earlier.fraction == 0.75);
}

BOOST_AUTO_TEST_CASE(a_gap_is_more_than_the_slack_of_drivers)
{
    stream_clock clock;
    const double rate = 2e6;
    clock.set(0, { 100, 0.9999995 });
    const auto continues = [&](double samples_late) {
        stream_time time = clock.at(10, rate);
        time.fraction += samples_late / rate;
        return clock.continues(10, time, rate);
    };
    BOOST_TEST(continues(0.0));
    const double slack = 1.5 + stream_clock::slack_s * rate;
    BOOST_TEST(continues(slack - 0.1));
    BOOST_TEST(continues(0.1 - slack));
    BOOST_TEST(!continues(slack + 0.1));
    BOOST_TEST(!continues(-slack - 0.1));
    BOOST_TEST(!continues(2e6)); // a second
    // the same instant, its second written the other way
    const stream_time due = clock.at(10, rate);
    BOOST_TEST(clock.continues(10, { due.seconds - 1, due.fraction + 1.0 }, rate));
}

BOOST_AUTO_TEST_CASE(time_stands_still_where_there_is_no_rate)
{
    stream_clock clock;
    clock.set(10, { 5, 0.25 });
    for (const double rate : { 0.0, -1.0, double(NAN) }) {
        const stream_time time = clock.at(1000, rate);
        BOOST_TEST(time.seconds == 5u);
        BOOST_TEST(time.fraction == 0.25);
    }
}
