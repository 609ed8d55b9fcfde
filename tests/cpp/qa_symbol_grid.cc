// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/window_tokenizer.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>
#include <limits>

using namespace gr::lwmspectro;

namespace {

const std::size_t plane = symbol_grid_rows * symbol_grid_cols;

std::vector<float> tokens_of(double rate, const window_spec& spec, const samples& x)
{
    window_tokenizer kernel(rate, spec);
    std::vector<float> tokens(spec.vlen());
    kernel.push(x.data(), x.size());
    kernel.take(tokens.data());
    return tokens;
}

window_spec with_grids(const std::vector<std::string>& names)
{
    window_spec spec;
    spec.grids = names;
    return spec;
}

} // namespace

BOOST_AUTO_TEST_CASE(grids_follow_the_other_tokens_in_the_order_asked)
{
    const double rate = 10e6;
    const auto x = noise(256000);
    const window_spec plain;
    const auto base = tokens_of(rate, plain, x);
    const auto one = tokens_of(rate, with_grids({ "cp_15khz" }), x);
    const auto both = tokens_of(rate, with_grids({ "cp_30khz", "cp_15khz" }), x);
    BOOST_TEST(one.size() == base.size() + symbol_grid_size);
    BOOST_TEST(both.size() == base.size() + 2 * symbol_grid_size);
    BOOST_TEST(std::equal(base.begin(), base.end(), one.begin()));
    BOOST_TEST(std::equal(base.begin(), base.end(), both.begin()));
    BOOST_TEST(std::equal(one.begin() + base.size(),
                          one.end(),
                          both.begin() + base.size() + symbol_grid_size));
}

BOOST_AUTO_TEST_CASE(a_spec_names_grids_that_exist_and_none_twice)
{
    BOOST_CHECK_NO_THROW(with_grids({ "cp_15khz", "wifi_short_gi" }).validate());
    BOOST_CHECK_THROW(with_grids({ "lte" }).validate(), std::invalid_argument);
    BOOST_CHECK_THROW(with_grids({ "cp_15khz", "cp_15khz" }).validate(),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(noise_of_unit_power_reads_0_dB_at_any_rate)
{
    for (const double rate : { 1.92e6, 2.4e6, 5e6, 12345678.9, 20e6, 61.44e6 }) {
        for (const char* name : { "cp_15khz", "cp_30khz" }) {
            symbol_grid grid(rate, numerology_of(name));
            const auto x = noise(static_cast<std::size_t>(rate * 25.6e-3));
            std::vector<float> out(symbol_grid_size);
            BOOST_TEST(grid.compute(x.data(), x.size(), out.data()) == 128u);
            double sum = 0.0;
            std::size_t count = 0;
            for (std::size_t k = 0; k < plane; ++k) {
                if (out[k] > element_planes::floor_dB) {
                    sum += std::pow(10.0, out[k] / 10.0);
                    ++count;
                }
            }
            BOOST_TEST(std::fabs(10.0 * std::log10(sum / count)) < 0.3);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_held_is_absent)
{
    const auto x = noise(51200);
    std::vector<float> out(symbol_grid_size, 7.0f);
    symbol_grid wifi(2e6, numerology_of("wifi_long_gi"));
    BOOST_TEST(!wifi.available());
    BOOST_TEST(wifi.compute(x.data(), x.size(), out.data()) == 0u);
    for (std::size_t k = 0; k < out.size(); ++k) {
        BOOST_REQUIRE(out[k] == (k < plane ? element_planes::floor_dB : 0.0f));
    }
    BOOST_CHECK_THROW(symbol_grid(1e6, numerology_of("cp_15khz")), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_grid_remembers_nothing)
{
    symbol_grid grid(5e6, numerology_of("cp_30khz"));
    const auto x = noise(128000, 1), y = noise(128000, 2);
    std::vector<float> first(symbol_grid_size), other(symbol_grid_size),
        again(symbol_grid_size);
    grid.compute(x.data(), x.size(), first.data());
    grid.compute(y.data(), 9000, other.data());
    grid.compute(x.data(), x.size(), again.data());
    BOOST_TEST((first == again));
}

BOOST_AUTO_TEST_CASE(subnormal_numbers_survive_the_grid)
{
    const volatile float least = std::numeric_limits<float>::min();
    symbol_grid grid(20e6, numerology_of("cp_15khz"));
    const auto x = noise(512000);
    std::vector<float> out(symbol_grid_size);
    grid.compute(x.data(), x.size(), out.data());
    BOOST_TEST(least / 2.0f > 0.0f);
}
