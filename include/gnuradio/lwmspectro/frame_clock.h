// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_FRAME_CLOCK_H
#define INCLUDED_LWMSPECTRO_FRAME_CLOCK_H

#include <gnuradio/lwmspectro/api.h>
#include <cstdint>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Sample index at which tick k of a regular clock falls: floor(k * tick *
 * samp_rate).
 *
 * The sample rate is held in whole millihertz and the tick in whole nanoseconds times
 * a divisor, so that the boundary is an exact rational number: it never drifts, and
 * does not depend on how the stream was cut into buffers.
 */
class LWMSPECTRO_API frame_clock
{
public:
    //! \p tick_ns / \p divisor is the tick in nanoseconds, \p samp_rate in Hz.
    frame_clock(double samp_rate, uint64_t tick_ns, uint64_t divisor = 1);

    uint64_t boundary(uint64_t tick) const
    {
        const auto product = static_cast<unsigned __int128>(tick) * d_num;
        return static_cast<uint64_t>(product / d_den);
    }

    //! Samples in the shortest tick.
    uint64_t min_len() const { return d_num / d_den; }

    //! Ticks after which the boundaries repeat: they fall on a whole sample again.
    uint64_t cycle() const { return d_den; }

private:
    uint64_t d_num; // samples per tick = d_num / d_den, in lowest terms
    uint64_t d_den;
};

} // namespace lwmspectro
} // namespace gr

#endif
