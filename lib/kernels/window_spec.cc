// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/numerology.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace gr {
namespace lwmspectro {

namespace {

void expect(bool ok, const char* field, const char* expected, double got)
{
    if (ok) {
        return;
    }
    std::ostringstream text;
    text << field << ": expected " << expected << ", got " << got;
    throw std::invalid_argument(text.str());
}

} // namespace

void window_spec::validate() const
{
    expect(n_frames >= 1 && n_frames <= 1024, "n_frames", "1 to 1024", n_frames);
    // at the lowest sample rate a frame must hold one FFT of n_bins
    expect(frame_us >= 100 && frame_us <= 1000, "frame_us", "100 to 1000", frame_us);
    expect(n_bins == 64 || n_bins == 128, "n_bins", "64 or 128", n_bins);
    expect(frame_us * min_samp_rate_Hz * 1e-6 >= n_bins,
           "n_bins",
           "at most the samples of a frame at 1.92 MS/s",
           n_bins);
    expect(hop_frames >= 1 && hop_frames <= n_frames,
           "hop_frames",
           "1 to n_frames",
           hop_frames);
    expect(n_frames * frame_us >= 1000 && n_frames * frame_us <= 200000,
           "n_frames * frame_us",
           "1000 to 200000 us",
           static_cast<double>(n_frames) * frame_us);
    for (auto name = grids.begin(); name != grids.end(); ++name) {
        numerology_of(*name); // throws for one that is unknown
        if (std::find(grids.begin(), name, *name) != name) {
            throw std::invalid_argument("grids: expected different names, got " + *name +
                                        " twice");
        }
    }
}

void check_samp_rate(double samp_rate)
{
    expect(samp_rate >= min_samp_rate_Hz && samp_rate <= max_samp_rate_Hz,
           "samp_rate",
           "1.92e6 to 61.44e6 Hz",
           samp_rate);
}

} // namespace lwmspectro
} // namespace gr
