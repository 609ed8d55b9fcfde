// SPDX-License-Identifier: GPL-3.0-or-later
#include "tdl_channel_impl.h"
#include <gnuradio/io_signature.h>

namespace gr {
namespace lwmspectro {

tdl_channel::sptr
tdl_channel::make(double samp_rate, const tdl_profile& profile, uint64_t seed)
{
    return gnuradio::make_block_sptr<tdl_channel_impl>(samp_rate, profile, seed);
}

tdl_channel_impl::tdl_channel_impl(double samp_rate,
                                   const tdl_profile& profile,
                                   uint64_t seed)
    : gr::sync_block("tdl_channel",
                     gr::io_signature::make(1, 1, sizeof(gr_complex)),
                     gr::io_signature::make(1, 1, sizeof(gr_complex))),
      d_samp_rate(samp_rate),
      d_seed(seed),
      d_fading(samp_rate, profile, seed)
{
    declare_sample_delay(tdl_fading::group_delay);
}

void tdl_channel_impl::set_profile(const tdl_profile& profile)
{
    tdl_fading fading(d_samp_rate, profile, d_seed);
    gr::thread::scoped_lock lock(d_setlock);
    d_fading = std::move(fading);
}

int tdl_channel_impl::work(int noutput_items,
                           gr_vector_const_void_star& input_items,
                           gr_vector_void_star& output_items)
{
    gr::thread::scoped_lock lock(d_setlock);
    d_fading.process(static_cast<const gr_complex*>(input_items[0]),
                     static_cast<gr_complex*>(output_items[0]),
                     noutput_items);
    return noutput_items;
}

} // namespace lwmspectro
} // namespace gr
