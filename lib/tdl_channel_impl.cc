// SPDX-License-Identifier: GPL-3.0-or-later
#include "tdl_channel_impl.h"
#include "tdl_command.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/lwmspectro/message_keys.h>
#include <stdexcept>

namespace gr {
namespace lwmspectro {

namespace {

bool same_paths(const tdl_profile& a, const tdl_profile& b)
{
    return a.delays_s == b.delays_s && a.powers_dB == b.powers_dB &&
           a.k_factors_dB == b.k_factors_dB &&
           a.los_doppler_ratios == b.los_doppler_ratios;
}

} // namespace

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
      d_fading(samp_rate, profile, seed)
{
    declare_sample_delay(tdl_fading::group_delay);
    const pmt::pmt_t port = pmt::mp(keys::COMMAND);
    message_port_register_in(port);
    set_msg_handler(port, [this](const pmt::pmt_t& message) { handle_command(message); });
}

void tdl_channel_impl::take(const tdl_profile& profile)
{
    if (same_paths(profile, d_fading.profile())) {
        d_fading.set_doppler(profile.doppler_Hz);
    } else {
        d_fading.set_profile(profile);
    }
}

void tdl_channel_impl::set_profile(const tdl_profile& profile)
{
    gr::thread::scoped_lock lock(d_fading_mutex);
    take(profile);
}

void tdl_channel_impl::set_doppler(double doppler_Hz)
{
    gr::thread::scoped_lock lock(d_fading_mutex);
    d_fading.set_doppler(doppler_Hz);
}

tdl_profile tdl_channel_impl::profile() const
{
    gr::thread::scoped_lock lock(d_fading_mutex);
    return d_fading.profile();
}

void tdl_channel_impl::handle_command(const pmt::pmt_t& message)
{
    try {
        gr::thread::scoped_lock lock(d_fading_mutex); // nothing may change in between
        const auto command =
            tdl_command::parse(message, d_fading.profile(), d_center_freq);
        d_center_freq = command.center_freq;
        take(command.profile);
    } catch (const std::invalid_argument& error) {
        d_logger->error("{}", error.what());
    }
}

int tdl_channel_impl::work(int noutput_items,
                           gr_vector_const_void_star& input_items,
                           gr_vector_void_star& output_items)
{
    gr::thread::scoped_lock lock(d_fading_mutex);
    d_fading.process(static_cast<const gr_complex*>(input_items[0]),
                     static_cast<gr_complex*>(output_items[0]),
                     noutput_items);
    return noutput_items;
}

} // namespace lwmspectro
} // namespace gr
