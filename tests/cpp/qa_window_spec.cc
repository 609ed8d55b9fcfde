// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/window_spec.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

using namespace gr::lwmspectro;

namespace {

template <typename F>
std::string complaint(F&& refused)
{
    try {
        refused();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "nothing";
}

std::string complaint_of(const window_spec& spec)
{
    return complaint([&spec] { spec.validate(); });
}

} // namespace

BOOST_AUTO_TEST_CASE(the_default_is_the_first_edition)
{
    const window_spec spec;
    BOOST_CHECK_NO_THROW(spec.validate());
    BOOST_TEST(spec.spectrogram_size() == 16384u);
    BOOST_TEST(spec.vlen() == 17536u);
    BOOST_TEST(spec.n_frames * spec.frame_us == 25600); // 25.6 ms
}

BOOST_AUTO_TEST_CASE(errors_name_the_field_what_was_expected_and_what_came)
{
    BOOST_TEST(complaint_of({ 0 }) == "n_frames: expected 1 to 1024, got 0");
    BOOST_TEST(complaint_of({ 128, 99 }) == "frame_us: expected 100 to 1000, got 99");
    BOOST_TEST(complaint_of({ 128, 200, 100 }) == "n_bins: expected 64 or 128, got 100");
    BOOST_TEST(complaint_of({ 128, 200, 128, 0 }) ==
               "hop_frames: expected 1 to n_frames, got 0");
    BOOST_TEST(complaint_of({ 128, 200, 128, 129 }) ==
               "hop_frames: expected 1 to n_frames, got 129");
    BOOST_TEST(complaint_of({ 4, 200, 128, 4 }) ==
               "n_frames * frame_us: expected 1000 to 200000 us, got 800");
    BOOST_TEST(complaint_of({ 1000, 1000, 128, 4 }) ==
               "n_frames * frame_us: expected 1000 to 200000 us, got 1e+06");
}

BOOST_AUTO_TEST_CASE(the_sample_rate_has_a_range)
{
    BOOST_CHECK_NO_THROW(check_samp_rate(1.92e6));
    BOOST_CHECK_NO_THROW(check_samp_rate(61.44e6));
    BOOST_TEST(complaint([] { check_samp_rate(1e6); }) ==
               "samp_rate: expected 1.92e6 to 61.44e6 Hz, got 1e+06");
    BOOST_TEST(complaint([] { check_samp_rate(NAN); }) != "nothing");
    BOOST_TEST(complaint([] { check_samp_rate(INFINITY); }) != "nothing");
}
