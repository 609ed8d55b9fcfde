// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/symbol_timing.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace gr::lwmspectro;

namespace {

//! Symbols of noise, each behind a copy of its end: a period's prefixes in samples.
samples prefixed(const std::vector<std::size_t>& prefixes,
                 std::size_t useful,
                 std::size_t periods,
                 unsigned seed = 1)
{
    const auto x = noise(periods * prefixes.size() * useful, seed);
    samples out;
    std::size_t at = 0;
    for (std::size_t period = 0; period < periods; ++period) {
        for (const std::size_t prefix : prefixes) {
            out.insert(
                out.end(), x.begin() + at + useful - prefix, x.begin() + at + useful);
            out.insert(out.end(), x.begin() + at, x.begin() + at + useful);
            at += useful;
        }
    }
    return out;
}

samples turned(samples x, double cycles_a_sample)
{
    const auto turn = tone(x.size(), cycles_a_sample);
    for (std::size_t k = 0; k < x.size(); ++k) {
        x[k] *= turn[k];
    }
    return x;
}

const double rate = 15.36e6; // 1024 samples a symbol at 15 kHz
const std::vector<std::size_t> slot = { 80, 72, 72, 72, 72, 72, 72 };

} // namespace

BOOST_AUTO_TEST_CASE(names_are_those_of_rows_and_others_are_refused)
{
    BOOST_TEST(numerology_of("cp_30khz").symbols_per_period == 14u);
    BOOST_TEST(std::fabs(numerology_of("cp_15khz").period_s() - 0.5e-3) < 1e-12);
    BOOST_TEST(std::fabs(numerology_of("cp_30khz").period_s() - 0.5e-3) < 1e-12);
    BOOST_TEST(std::fabs(numerology_of("wifi_short_gi").period_s() - 3.6e-6) < 1e-12);
    BOOST_CHECK_THROW(numerology_of("lte"), std::invalid_argument);
}

BOOST_DATA_TEST_CASE(a_carrier_is_found_wherever_it_starts,
                     boost::unit_test::data::make({ 0, 1, 1000, 5000, 7679 }),
                     skipped)
{
    const double offset_Hz = 4321.0;
    auto x = turned(prefixed(slot, 1024, 40), offset_Hz / rate);
    x.erase(x.begin(), x.begin() + skipped);
    symbol_timing timing(rate, numerology_of("cp_15khz"));
    const auto runs = timing.find(x.data(), x.size(), 10, 20);
    BOOST_REQUIRE(runs.size() == 10u);
    double last = -1.0;
    for (const auto& run : runs) {
        BOOST_TEST(run.symbols.size() == symbol_timing::cellular_run + 1);
        BOOST_TEST(std::fabs(run.offset_Hz - offset_Hz) < 20.0);
        BOOST_TEST(run.symbols.front().start >= last); // in the order of time
        last = run.symbols.back().start;
        for (std::size_t k = 1; k < run.symbols.size(); ++k) {
            const bool first = (k - 1) % 7 == 0;
            BOOST_TEST(run.symbols[k].first == first);
            BOOST_TEST(run.symbols[k].usable);
            BOOST_TEST(std::fabs(run.symbols[k].start - run.symbols[k - 1].start -
                                 (first ? 1104.0 : 1096.0)) < 1e-6);
        }
        // the useful part of a slot's first symbol stands 80 samples into the slot
        const double slots = (run.symbols[1].start + 36.0 + skipped - 80.0) / 7680.0;
        BOOST_TEST(std::fabs(slots - std::round(slots)) < 1.01 / 7680.0);
    }
}

BOOST_AUTO_TEST_CASE(the_strongest_runs_are_taken)
{
    auto x = prefixed(slot, 1024, 40);
    for (std::size_t k = 20 * 7680; k < 24 * 7680; ++k) {
        x[k] *= 3.0f;
    }
    symbol_timing timing(rate, numerology_of("cp_15khz"));
    const auto runs = timing.find(x.data(), x.size(), 1, 20);
    BOOST_REQUIRE(runs.size() == 1u);
    BOOST_TEST(runs[0].symbols[1].start >= 20 * 7680.0);
    BOOST_TEST(runs[0].symbols.back().start < 24 * 7680.0);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_not_found)
{
    const auto x = prefixed(slot, 1024, 4);
    symbol_timing timing(rate, numerology_of("cp_15khz"));
    BOOST_TEST(timing.find(x.data(), 0, 10, 20).empty());
    BOOST_TEST(timing.find(x.data(), 7000, 10, 20).empty());
    for (const std::size_t n : { 9000u, 20000u, 30000u }) {
        for (const auto& run : timing.find(x.data(), n, 10, 20)) {
            BOOST_TEST(run.symbols.front().start >= 20.0);
            BOOST_TEST(run.symbols.back().start + 1024.0 + 20.0 <= n);
        }
    }
}

BOOST_AUTO_TEST_CASE(bursts_are_found_and_silence_and_training_are_not)
{
    const double wifi_rate = 20e6, offset_Hz = -50e3;
    samples x(40000, 0.0f);
    const auto field = noise(16, 7);
    for (std::size_t k = 0; k < 320; ++k) { // twenty periods of 0.8 us
        x[10000 + k] = field[k % 16];
    }
    const auto data = prefixed({ 16 }, 64, 60, 3);
    std::copy(data.begin(), data.end(), x.begin() + 10320);
    x = turned(std::move(x), offset_Hz / wifi_rate);
    symbol_timing timing(wifi_rate, numerology_of("wifi_long_gi"));
    const auto runs = timing.find(x.data(), x.size(), 16, 20);
    BOOST_REQUIRE(runs.size() >= 3u);
    std::size_t usable = 0;
    for (const auto& run : runs) {
        BOOST_TEST(std::fabs(run.offset_Hz - offset_Hz) < 5e3);
        for (std::size_t k = 1; k < run.symbols.size(); ++k) {
            const auto& symbol = run.symbols[k];
            usable += symbol.usable ? 1 : 0;
            const bool data_here =
                symbol.start > 10310.0 && symbol.start < 10320.0 + 4800.0;
            BOOST_TEST((data_here || !symbol.usable));
        }
    }
    BOOST_TEST(usable >= 45u);
    symbol_timing other(wifi_rate, numerology_of("wifi_short_gi"));
    std::size_t mistaken = 0;
    for (const auto& run : other.find(x.data(), x.size(), 16, 20)) {
        for (std::size_t k = 1; k < run.symbols.size(); ++k) {
            mistaken += run.symbols[k].usable ? 1 : 0;
        }
    }
    BOOST_TEST(mistaken < usable);
}
