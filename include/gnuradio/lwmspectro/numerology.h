// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_NUMEROLOGY_H
#define INCLUDED_LWMSPECTRO_NUMEROLOGY_H

#include <gnuradio/lwmspectro/api.h>
#include <array>
#include <cstddef>
#include <string>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Symbols of one kind of OFDM, as a receiver sees them that knows nothing else.
 *
 * Cellular symbols follow one another without end, symbols_per_period of them every
 * 0.5 ms, of which the first has a longer prefix. Those of WiFi come in bursts.
 */
struct LWMSPECTRO_API numerology {
    const char* name; //!< that of the row of C3 which shows its prefix
    double subcarrier_spacing_Hz;
    std::size_t n_subcarriers;        //!< taken into the symbol grid
    std::size_t coherent_subcarriers; //!< to either side, for which a channel is the same
    std::size_t symbols_per_period;
    double prefix_s;
    double first_prefix_s; //!< of the first symbol of each period
    bool bursts;
    double min_samp_rate_Hz; //!< below it the grid is absent

    double useful_s() const { return 1.0 / subcarrier_spacing_Hz; }
    double symbol_s() const { return prefix_s + useful_s(); }
    double period_s() const
    {
        return symbols_per_period * symbol_s() + first_prefix_s - prefix_s;
    }
    //! Start of the useful part of a symbol, after the start of its period.
    double useful_start_s(std::size_t symbol) const
    {
        return first_prefix_s + symbol * symbol_s();
    }
};

/*!
 * The numerologies of which a symbol grid can be asked.
 *
 * Cellular prefixes: TS 36.211 6.12 and TS 38.211 5.3.1, normal, in units of 1/30.72 us.
 * LTE and NR at 15 kHz share theirs. WiFi: IEEE 802.11-2020 17.3.2.4 and 19.3.6.
 */
constexpr double cellular_unit_s = 1.0 / 30.72e6;
constexpr std::array<numerology, 4> numerologies = { {
    { "cp_15khz",
      15e3,
      128,
      3,
      7,
      144 * cellular_unit_s,
      160 * cellular_unit_s,
      false,
      1.92e6 },
    { "cp_30khz",
      30e3,
      128,
      3,
      14,
      72 * cellular_unit_s,
      88 * cellular_unit_s,
      false,
      1.92e6 },
    { "wifi_long_gi", 312.5e3, 64, 1, 1, 0.8e-6, 0.8e-6, true, 10e6 },
    { "wifi_short_gi", 312.5e3, 64, 1, 1, 0.4e-6, 0.4e-6, true, 10e6 },
} };

//! Throws std::invalid_argument for a name that none of numerologies has.
LWMSPECTRO_API const numerology& numerology_of(const std::string& name);

} // namespace lwmspectro
} // namespace gr

#endif
