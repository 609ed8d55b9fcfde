// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_STREAM_CLOCK_H
#define INCLUDED_LWMSPECTRO_STREAM_CLOCK_H

#include <cmath>
#include <cstdint>

namespace gr {
namespace lwmspectro {

//! Whole seconds and the rest, as in an rx_time tag.
struct stream_time {
    uint64_t seconds = 0;
    double fraction = 0.0;
};

//! Time of a sample, from the newest rx_time and the sample rate.
class stream_clock
{
public:
    void set(uint64_t offset, const stream_time& time)
    {
        d_offset = offset;
        d_time = time;
    }

    //! Time stands still at a sample rate that is none.
    stream_time at(uint64_t offset, double samp_rate) const
    {
        const auto samples = static_cast<double>(static_cast<int64_t>(offset - d_offset));
        const double elapsed = samp_rate > 0.0 ? samples / samp_rate : 0.0;
        const double fraction = d_time.fraction + elapsed;
        const double whole = std::floor(fraction);
        return { d_time.seconds + static_cast<uint64_t>(static_cast<int64_t>(whole)),
                 fraction - whole };
    }

    //! \p time at \p offset is what the clock says, within slack_s and 1.5 samples.
    static constexpr double slack_s = 2e-6; // of drivers' stamps; an overflow loses more

    bool continues(uint64_t offset, const stream_time& time, double samp_rate) const
    {
        const stream_time due = at(offset, samp_rate);
        const double whole = static_cast<double>(static_cast<int64_t>(time.seconds) -
                                                 static_cast<int64_t>(due.seconds));
        return std::fabs(whole + time.fraction - due.fraction) <=
               slack_s + 1.5 / samp_rate;
    }

private:
    uint64_t d_offset = 0;
    stream_time d_time;
};

} // namespace lwmspectro
} // namespace gr

#endif
