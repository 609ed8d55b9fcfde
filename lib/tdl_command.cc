// SPDX-License-Identifier: GPL-3.0-or-later
#include "tdl_command.h"
#include <gnuradio/lwmspectro/message_keys.h>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace gr {
namespace lwmspectro {

namespace {

[[noreturn]] void
refuse(const std::string& key, const char* expected, const pmt::pmt_t& got)
{
    throw std::invalid_argument("command: " + key + ": expected " + expected + ", got " +
                                pmt::write_string(got));
}

double number(const std::string& key, const pmt::pmt_t& value)
{
    if (pmt::is_uint64(value)) {
        return static_cast<double>(pmt::to_uint64(value));
    }
    if (!pmt::is_real(value) && !pmt::is_integer(value)) {
        refuse(key, "a number", value);
    }
    const double result = pmt::to_double(value);
    if (std::isnan(result)) { // minus infinity is a Rician K
        refuse(key, "a number", value);
    }
    return result;
}

std::vector<double> numbers(const std::string& key, const pmt::pmt_t& value)
{
    std::vector<double> result;
    if (pmt::is_f64vector(value)) {
        return pmt::f64vector_elements(value);
    }
    if (pmt::is_f32vector(value)) {
        for (float each : pmt::f32vector_elements(value)) {
            result.push_back(each);
        }
        return result;
    }
    if (!pmt::is_vector(value) && !pmt::is_tuple(value)) {
        refuse(key, "a vector of numbers", value);
    }
    for (std::size_t k = 0; k < pmt::length(value); ++k) {
        result.push_back(number(key,
                                pmt::is_tuple(value) ? pmt::tuple_ref(value, k)
                                                     : pmt::vector_ref(value, k)));
    }
    return result;
}

//! The values of a dict, each of which is to be asked for.
class reader
{
public:
    explicit reader(const pmt::pmt_t& dict) : d_dict(dict)
    {
        if (!pmt::is_dict(dict)) {
            refuse("message", "a dict", dict);
        }
        const pmt::pmt_t keys = pmt::dict_keys(dict);
        for (std::size_t k = 0; k < pmt::length(keys); ++k) {
            const pmt::pmt_t key = pmt::nth(k, keys);
            d_left.insert(pmt::is_symbol(key) ? pmt::symbol_to_string(key)
                                              : pmt::write_string(key));
        }
    }

    //! Null where there is none.
    pmt::pmt_t take(const std::string& key)
    {
        return d_left.erase(key) ? pmt::dict_ref(d_dict, pmt::mp(key), pmt::PMT_NIL)
                                 : pmt::pmt_t();
    }

    //! Whether there is one.
    bool take_number(const std::string& key, double& to)
    {
        const pmt::pmt_t value = take(key);
        if (value) {
            to = number(key, value);
        }
        return static_cast<bool>(value);
    }

    //! Whether there are any.
    bool take_numbers(const std::string& key, std::vector<double>& to)
    {
        const pmt::pmt_t value = take(key);
        if (value) {
            to = numbers(key, value);
        }
        return static_cast<bool>(value);
    }

    void expect_nothing_left() const
    {
        if (!d_left.empty()) {
            throw std::invalid_argument("command: unknown key " + *d_left.begin());
        }
    }

private:
    pmt::pmt_t d_dict;
    std::set<std::string> d_left;
};

} // namespace

tdl_command
tdl_command::parse(const pmt::pmt_t& message, const tdl_profile& now, double center_freq)
{
    reader from(message);
    tdl_command result{ now, center_freq };
    tdl_profile& profile = result.profile;

    const pmt::pmt_t model = from.take(keys::MODEL);
    double delay_spread_s = 0.0;
    const bool spread = from.take_number(keys::DELAY_SPREAD_S, delay_spread_s);
    if (model || spread) {
        if (!model || !spread || !pmt::is_symbol(model)) {
            throw std::invalid_argument("command: expected model (a symbol) and "
                                        "delay_spread_s together");
        }
        profile =
            tdl_model(pmt::symbol_to_string(model), delay_spread_s, profile.doppler_Hz);
    }
    if (from.take_numbers(keys::DELAYS_S, profile.delays_s)) {
        profile.k_factors_dB.clear(); // they were of other paths
        profile.los_doppler_ratios.clear();
    }
    from.take_numbers(keys::POWERS_DB, profile.powers_dB);
    from.take_numbers(keys::K_FACTORS_DB, profile.k_factors_dB);
    from.take_numbers(keys::LOS_DOPPLER_RATIOS, profile.los_doppler_ratios);

    const pmt::pmt_t center_given = from.take(keys::CENTER_FREQ);
    if (center_given) {
        result.center_freq = number(keys::CENTER_FREQ, center_given);
        if (!(result.center_freq > 0.0 && std::isfinite(result.center_freq))) {
            refuse(keys::CENTER_FREQ, "a frequency above 0 Hz", center_given);
        }
    }
    double speed_kmh = 0.0;
    const bool by_speed = from.take_number(keys::SPEED_KMH, speed_kmh);
    if (from.take_number(keys::DOPPLER_HZ, profile.doppler_Hz) && by_speed) {
        throw std::invalid_argument(
            "command: expected doppler_hz or speed_kmh, got both");
    }
    if (by_speed) {
        if (result.center_freq <= 0.0) {
            throw std::invalid_argument(
                "command: expected center_freq (Hz) with speed_kmh");
        }
        profile.doppler_Hz = doppler_of(speed_kmh, result.center_freq);
    }
    from.expect_nothing_left();
    profile.validate();
    return result;
}

} // namespace lwmspectro
} // namespace gr
