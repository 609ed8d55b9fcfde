// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TDL_PROFILE_H
#define INCLUDED_LWMSPECTRO_TDL_PROFILE_H

#include <gnuradio/lwmspectro/api.h>
#include <string>
#include <vector>

namespace gr {
namespace lwmspectro {

//! Largest delay of a path, in seconds.
constexpr double max_path_delay_s = 21e-6;
//! Largest Doppler shift, in Hz.
constexpr double max_doppler_Hz = 1e4;
//! LOS Doppler over the maximum where a profile does not say (TR 38.901 7.5, 7.7.2).
constexpr double default_los_doppler_ratio = 0.7;

/*!
 * \brief A tapped delay line: what each path of a channel is on average.
 *
 * Vectors have one value a path; \p k_factors_dB and \p los_doppler_ratios may be empty.
 */
struct LWMSPECTRO_API tdl_profile {
    std::vector<double> delays_s{ 0.0 };    //!< 0 to max_path_delay_s
    std::vector<double> powers_dB{ 0.0 };   //!< mean powers, scaled to a sum of one
    double doppler_Hz = 0.0;                //!< maximum shift; 0 freezes the channel
    std::vector<double> k_factors_dB;       //!< Rician K; empty or below -300: Rayleigh
    std::vector<double> los_doppler_ratios; //!< of the line of sight over doppler_Hz

    //! Throws std::invalid_argument that says what was expected and what came.
    void validate() const;
};

/*!
 * \brief TDL-A to TDL-E of TR 38.901, tables 7.7.2-1 to 7.7.2-5.
 *
 * \p name: "TDL-A" ... "TDL-E". \p delay_spread_s: RMS delay spread, which the normalised
 * delays are multiplied by (7.7.3). TDL-D and TDL-E have a line of sight in their first
 * path, of K = 13.3 and 22 dB. Throws std::invalid_argument on another name, or a spread
 * below 0 or so large that a delay exceeds max_path_delay_s.
 */
LWMSPECTRO_API tdl_profile tdl_model(const std::string& name,
                                     double delay_spread_s,
                                     double doppler_Hz = 0.0);

//! Names that tdl_model() knows.
LWMSPECTRO_API std::vector<std::string> tdl_model_names();

//! Maximum Doppler shift in Hz at \p speed_kmh on a carrier of \p center_freq_Hz.
LWMSPECTRO_API double doppler_of(double speed_kmh, double center_freq_Hz);

} // namespace lwmspectro
} // namespace gr

#endif
