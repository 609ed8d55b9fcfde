// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/tdl_fading.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <random>
#include <stdexcept>

using namespace gr::lwmspectro;

namespace {

const double rate = 4e6;

tdl_profile vehicular()
{
    tdl_profile profile;
    profile.delays_s = { 0.0, 0.31e-6, 0.71e-6, 2.51e-6 };
    profile.powers_dB = { 0.0, -1.0, -9.0, -20.0 };
    profile.doppler_Hz = 300.0;
    return profile;
}

samples run(tdl_fading& channel, const samples& x)
{
    samples y(x.size());
    channel.process(x.data(), y.data(), x.size());
    return y;
}

double power(const samples& x)
{
    double sum = 0.0;
    for (const auto& value : x) {
        sum += std::norm(value);
    }
    return sum / static_cast<double>(x.size());
}

} // namespace

BOOST_AUTO_TEST_CASE(chunks_change_nothing)
{
    tdl_fading whole(rate, vehicular(), 3), pieces(rate, vehicular(), 3);
    const auto x = noise(50000);
    const auto want = run(whole, x);
    std::mt19937 engine(11);
    samples got(x.size());
    for (std::size_t at = 0; at < x.size();) {
        const std::size_t n = std::min<std::size_t>(1 + engine() % 5000, x.size() - at);
        pieces.process(x.data() + at, got.data() + at, n);
        at += n;
    }
    BOOST_TEST((got == want)); // bit for bit
}

BOOST_AUTO_TEST_CASE(the_seed_decides)
{
    tdl_fading a(rate, vehicular(), 3), b(rate, vehicular(), 3), c(rate, vehicular(), 4);
    const auto x = noise(1000);
    const auto first = run(a, x);
    BOOST_TEST((first == run(b, x)));
    BOOST_TEST((first != run(c, x)));
}

BOOST_AUTO_TEST_CASE(mean_power_is_kept)
{
    const auto x = noise(4000);
    double sum = 0.0;
    const int n_seeds = 400;
    for (int seed = 0; seed < n_seeds; ++seed) {
        tdl_fading channel(rate, vehicular(), seed);
        sum += power(run(channel, x));
    }
    BOOST_TEST(sum / n_seeds == 1.0, boost::test_tools::tolerance(0.1));
}

BOOST_AUTO_TEST_CASE(profiles_that_cannot_be_are_refused)
{
    const auto refused = [](auto&& change) {
        auto profile = vehicular();
        change(profile);
        BOOST_CHECK_THROW(tdl_fading(rate, profile, 0), std::invalid_argument);
    };
    refused([](auto& p) { p.powers_dB.pop_back(); });
    refused([](auto& p) { p.delays_s[1] = -1e-9; });
    refused([](auto& p) { p.delays_s[1] = 22e-6; });
    refused([](auto& p) { p.doppler_Hz = -1.0; });
    refused([](auto& p) { p.doppler_Hz = NAN; });
    refused([](auto& p) { p.k_factors_dB = { 0.0 }; });
    refused([](auto& p) { p.powers_dB[0] = NAN; });
    refused([](auto& p) { p.powers_dB[0] = INFINITY; });
    refused([](auto& p) { p.k_factors_dB.assign(4, NAN); });
    refused([](auto& p) { p.los_doppler_ratios.assign(4, NAN); });
}
