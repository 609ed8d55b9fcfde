// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TDL_CHANNEL_IMPL_H
#define INCLUDED_LWMSPECTRO_TDL_CHANNEL_IMPL_H

#include <gnuradio/lwmspectro/tdl_channel.h>
#include <gnuradio/thread/thread.h>

namespace gr {
namespace lwmspectro {

class tdl_channel_impl : public tdl_channel
{
public:
    tdl_channel_impl(double samp_rate, const tdl_profile& profile, uint64_t seed);

    void set_profile(const tdl_profile& profile) override;
    void set_doppler(double doppler_Hz) override;
    tdl_profile profile() const override;

    int work(int noutput_items,
             gr_vector_const_void_star& input_items,
             gr_vector_void_star& output_items) override;

private:
    void take(const tdl_profile& profile); // under the lock
    void handle_command(const pmt::pmt_t& message);

    mutable gr::thread::mutex d_fading_mutex;
    tdl_fading d_fading;
    double d_center_freq = 0.0; // that speeds in messages refer to, Hz
};

} // namespace lwmspectro
} // namespace gr

#endif
