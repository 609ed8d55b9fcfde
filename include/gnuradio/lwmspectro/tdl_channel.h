// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TDL_CHANNEL_H
#define INCLUDED_LWMSPECTRO_TDL_CHANNEL_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/tdl_fading.h>
#include <gnuradio/sync_block.h>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Tapped-delay-line fading channel (TR 38.901 7.7.2).
 * \ingroup lwmspectro
 *
 * Input and output: complex baseband at \p samp_rate. Mean power is kept. The output
 * lags the input by tdl_fading::group_delay samples beside the profile's own delays;
 * tags are delayed alike.
 *
 * Message port \c command, in: a PMT dict of what changes from the next buffer on. Speed:
 * \c doppler_hz (double, maximum shift in Hz), or \c speed_kmh (double) on a carrier of
 * \c center_freq (double, Hz, remembered); gains go on where they are. Paths: \c model
 * (symbol, TDL-A to TDL-E) with \c delay_spread_s (double), or \c delays_s, \c powers_db,
 * \c k_factors_db and \c los_doppler_ratios (vectors of numbers, one a path; the last two
 * are empty after delays_s unless given with it); paths get new gains, and the line
 * keeps what it holds. A message that is wrong is logged and changes
 * nothing.
 */
class LWMSPECTRO_API tdl_channel : virtual public gr::sync_block
{
public:
    typedef std::shared_ptr<tdl_channel> sptr;

    //! Throws std::invalid_argument that says what was expected and what came.
    static sptr make(double samp_rate, const tdl_profile& profile, uint64_t seed = 0);

    //! Another profile from the next buffer on. A change of its Doppler shift alone lets
    //! gains go on where they are.
    virtual void set_profile(const tdl_profile& profile) = 0;
    //! Another maximum Doppler shift in Hz, likewise.
    virtual void set_doppler(double doppler_Hz) = 0;
    //! What is in force.
    virtual tdl_profile profile() const = 0;
};

} // namespace lwmspectro
} // namespace gr

#endif
