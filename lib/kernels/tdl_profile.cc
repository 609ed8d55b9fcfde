// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/tdl_profile.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double speed_of_light = 299792458.0; // m/s
constexpr double none_dB = -300.0;
constexpr double max_dB = 100.0;

//! Throws unless \p ok; \p got is told with the digits that it takes to see why.
void expect(bool ok, const char* what, double got)
{
    if (!ok) {
        char text[32];
        std::snprintf(text, sizeof text, "%g", got);
        throw std::invalid_argument(std::string("tdl_profile: expected ") + what +
                                    ", got " + text);
    }
}

void expect_size(std::size_t size, std::size_t paths, const char* what, bool may_be_empty)
{
    if (size != paths && !(may_be_empty && size == 0)) {
        throw std::invalid_argument("tdl_profile: expected as many " + std::string(what) +
                                    " as delays" + (may_be_empty ? " or none" : "") +
                                    ", got " + std::to_string(size) + " and " +
                                    std::to_string(paths) + " delays");
    }
}

struct path {
    double delay; // over the RMS delay spread
    double power_dB;
};

struct model {
    const char* name;
    double los_dB; // line of sight beside the first path; none below none_dB
    std::vector<path> paths;
};

constexpr double no_los_dB = -std::numeric_limits<double>::infinity();

// clang-format off
const std::vector<model>& models()
{
    static const std::vector<model> all = {
        { "TDL-A", no_los_dB, { // table 7.7.2-1
            { 0.0000, -13.4 }, { 0.3819, 0.0 },   { 0.4025, -2.2 },  { 0.5868, -4.0 },
            { 0.4610, -6.0 },  { 0.5375, -8.2 },  { 0.6708, -9.9 },  { 0.5750, -10.5 },
            { 0.7618, -7.5 },  { 1.5375, -15.9 }, { 1.8978, -6.6 },  { 2.2242, -16.7 },
            { 2.1718, -12.4 }, { 2.4942, -15.2 }, { 2.5119, -10.8 }, { 3.0582, -11.3 },
            { 4.0810, -12.7 }, { 4.4579, -16.2 }, { 4.5695, -18.3 }, { 4.7966, -18.9 },
            { 5.0066, -16.6 }, { 5.3043, -19.9 }, { 9.6586, -29.7 } } },
        { "TDL-B", no_los_dB, { // table 7.7.2-2
            { 0.0000, 0.0 },   { 0.1072, -2.2 },  { 0.2155, -4.0 },  { 0.2095, -3.2 },
            { 0.2870, -9.8 },  { 0.2986, -1.2 },  { 0.3752, -3.4 },  { 0.5055, -5.2 },
            { 0.3681, -7.6 },  { 0.3697, -3.0 },  { 0.5700, -8.9 },  { 0.5283, -9.0 },
            { 1.1021, -4.8 },  { 1.2756, -5.7 },  { 1.5474, -7.5 },  { 1.7842, -1.9 },
            { 2.0169, -7.6 },  { 2.8294, -12.2 }, { 3.0219, -9.8 },  { 3.6187, -11.4 },
            { 4.1067, -14.9 }, { 4.2790, -9.2 },  { 4.7834, -11.3 } } },
        { "TDL-C", no_los_dB, { // table 7.7.2-3
            { 0.0000, -4.4 },  { 0.2099, -1.2 },  { 0.2219, -3.5 },  { 0.2329, -5.2 },
            { 0.2176, -2.5 },  { 0.6366, 0.0 },   { 0.6448, -2.2 },  { 0.6560, -3.9 },
            { 0.6584, -7.4 },  { 0.7935, -7.1 },  { 0.8213, -10.7 }, { 0.9336, -11.1 },
            { 1.2285, -5.1 },  { 1.3083, -6.8 },  { 2.1704, -8.7 },  { 2.7105, -13.2 },
            { 4.2589, -13.9 }, { 4.6003, -13.9 }, { 5.4902, -15.8 }, { 5.6077, -17.1 },
            { 6.3065, -16.0 }, { 6.6374, -15.7 }, { 7.0427, -21.6 }, { 8.6523, -22.8 } } },
        { "TDL-D", -0.2, { // table 7.7.2-4
            { 0.0000, -13.5 },  { 0.0350, -18.8 }, { 0.6120, -21.0 }, { 1.3630, -22.8 },
            { 1.4050, -17.9 }, { 1.8040, -20.1 }, { 2.5960, -21.9 }, { 1.7750, -22.9 },
            { 4.0420, -27.8 }, { 7.9370, -23.6 }, { 9.4240, -24.8 }, { 9.7080, -30.0 },
            { 12.5250, -27.7 } } },
        { "TDL-E", -0.03, { // table 7.7.2-5
            { 0.0000, -22.03 }, { 0.5133, -15.8 }, { 0.5440, -18.1 }, { 0.5630, -19.8 },
            { 0.5440, -22.9 }, { 0.7112, -22.4 }, { 1.9092, -18.6 }, { 1.9293, -20.8 },
            { 1.9589, -22.6 }, { 2.6426, -22.3 }, { 3.7136, -25.6 }, { 5.4524, -20.2 },
            { 12.0034, -29.8 }, { 20.6519, -29.2 } } },
    };
    return all;
}
// clang-format on

} // namespace

void tdl_profile::validate() const
{
    if (delays_s.empty()) {
        throw std::invalid_argument("tdl_profile: expected at least one delay, got none");
    }
    expect_size(powers_dB.size(), delays_s.size(), "powers", false);
    expect_size(k_factors_dB.size(), delays_s.size(), "k_factors", true);
    expect_size(los_doppler_ratios.size(), delays_s.size(), "los_doppler_ratios", true);
    for (double delay : delays_s) {
        expect(
            delay >= 0.0 && delay <= max_path_delay_s, "delays of 0 to 21e-6 s", delay);
    }
    for (double power : powers_dB) {
        expect(power >= none_dB && power <= max_dB, "powers of -300 to 100 dB", power);
    }
    for (double k_factor : k_factors_dB) {
        expect(k_factor <= max_dB, "k_factors of at most 100 dB", k_factor);
    }
    for (double ratio : los_doppler_ratios) {
        expect(std::fabs(ratio) <= 1.0, "los_doppler_ratios of -1 to 1", ratio);
    }
    expect(doppler_Hz >= 0.0 && doppler_Hz <= max_doppler_Hz,
           "a Doppler shift of 0 to 1e4 Hz",
           doppler_Hz);
}

tdl_profile tdl_model(const std::string& name, double delay_spread_s, double doppler_Hz)
{
    const auto& all = models();
    const auto found = std::find_if(
        all.begin(), all.end(), [&name](const model& m) { return name == m.name; });
    if (found == all.end()) {
        throw std::invalid_argument("tdl_model: expected TDL-A to TDL-E, got " + name);
    }
    expect(delay_spread_s >= 0.0, "a delay spread of 0 s or more", delay_spread_s);
    tdl_profile profile;
    profile.delays_s.clear();
    profile.powers_dB.clear();
    for (const path& each : found->paths) {
        profile.delays_s.push_back(each.delay * delay_spread_s);
        profile.powers_dB.push_back(each.power_dB);
    }
    if (found->los_dB > none_dB) {
        double& first_dB = profile.powers_dB[0];
        profile.k_factors_dB.assign(found->paths.size(), no_los_dB);
        profile.k_factors_dB[0] = found->los_dB - first_dB;
        first_dB = 10.0 * std::log10(std::pow(10.0, found->los_dB / 10.0) +
                                     std::pow(10.0, first_dB / 10.0));
    }
    profile.doppler_Hz = doppler_Hz;
    profile.validate();
    return profile;
}

std::vector<std::string> tdl_model_names()
{
    std::vector<std::string> names;
    for (const model& each : models()) {
        names.emplace_back(each.name);
    }
    return names;
}

double doppler_of(double speed_kmh, double center_freq_Hz)
{
    return std::fabs(speed_kmh) / 3.6 * center_freq_Hz / speed_of_light;
}

} // namespace lwmspectro
} // namespace gr
