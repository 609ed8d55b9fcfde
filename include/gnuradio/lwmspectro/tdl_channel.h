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
 */
class LWMSPECTRO_API tdl_channel : virtual public gr::sync_block
{
public:
    typedef std::shared_ptr<tdl_channel> sptr;

    //! Throws std::invalid_argument that says what was expected and what came.
    static sptr make(double samp_rate, const tdl_profile& profile, uint64_t seed = 0);

    //! Another profile from the next buffer on; the delay line is emptied.
    virtual void set_profile(const tdl_profile& profile) = 0;
};

} // namespace lwmspectro
} // namespace gr

#endif
