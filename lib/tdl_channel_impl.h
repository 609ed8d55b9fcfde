// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TDL_CHANNEL_IMPL_H
#define INCLUDED_LWMSPECTRO_TDL_CHANNEL_IMPL_H

#include <gnuradio/lwmspectro/tdl_channel.h>

namespace gr {
namespace lwmspectro {

class tdl_channel_impl : public tdl_channel
{
public:
    tdl_channel_impl(double samp_rate, const tdl_profile& profile, uint64_t seed);

    void set_profile(const tdl_profile& profile) override;

    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    const double d_samp_rate;
    const uint64_t d_seed;
    tdl_fading d_fading;
};

} // namespace lwmspectro
} // namespace gr

#endif
