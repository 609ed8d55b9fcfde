// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TDL_COMMAND_H
#define INCLUDED_LWMSPECTRO_TDL_COMMAND_H

#include <gnuradio/lwmspectro/tdl_profile.h>
#include <pmt/pmt.h>

namespace gr {
namespace lwmspectro {

//! What a message on the port \c command asks of a channel.
struct tdl_command {
    tdl_profile profile; //!< the one in force, changed
    double center_freq;  //!< Hz, that speeds refer to; 0 where nobody has said

    /*!
     * Reads a PMT dict; see tdl_channel for its keys. \p now and \p center_freq are in
     * force. Throws std::invalid_argument that says what was expected and what came.
     */
    static tdl_command
    parse(const pmt::pmt_t& message, const tdl_profile& now, double center_freq);
};

} // namespace lwmspectro
} // namespace gr

#endif
