// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_SEGMENT_CORRELATOR_H
#define INCLUDED_LWMSPECTRO_SEGMENT_CORRELATOR_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/frame_clock.h>
#include <gnuradio/lwmspectro/repeat_search.h>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Lag correlations of the segments of a window: what comes again after a lag?
 *
 * A segment is 1/256 ms. All lags are correlated in one pass over the samples; what is
 * said of them afterwards are rows of correlogram_cols ratios N |sum p|^2 / (E_x E_y),
 * see correlogram; E_y of a repeat is the energy of the segments that lie the nominal
 * lag later. Repeats are looked for in every k-th segment alone, k the largest of
 * 1, 2, 4 and 8 that leaves 5 MS/s.
 */
class LWMSPECTRO_API segment_correlator
{
public:
    //! \p max_len: samples of the longest window. \p wifi: look for its training field.
    segment_correlator(double samp_rate, std::size_t max_len, bool wifi);

    //! Whole segments in the longest window.
    std::size_t max_segments() const { return d_bounds->size() - 1; }
    //! Whole segments in the first \p n samples.
    std::size_t segments_within(std::size_t n) const;

    //! A window of \p n samples begins.
    void begin(std::size_t n);
    //! Correlates the segments not done yet that start before sample \p end.
    void correlate(const std::complex<float>* x, std::size_t end);
    //! The window is over: rows may be asked for.
    void end();

    //! Short training field: best segment of each column of the window.
    const std::vector<double>& short_training();
    //! Symbols that come again after 5 ms, folded on 5 ms.
    const std::vector<double>& repeats_5ms();
    //! Symbols that come again after 10 ms, folded on 1 ms.
    const std::vector<double>& repeats_10ms();
    //! Power folded on 1 ms, over its mean.
    const std::vector<double>& energy();

private:
    repeat_search::bounds d_bounds; // of the segments, in samples
    std::size_t d_step;             // segments, of repeats
    bool d_wifi;
    std::size_t d_stf_lag; // samples
    repeat_search d_5ms, d_10ms;

    // of the window at hand
    std::size_t d_n = 0; // samples
    std::size_t d_n_segments = 0;
    std::size_t d_n_stf = 0;                // segments whose partners are there
    std::size_t d_done = 0;                 // segments correlated
    std::vector<std::complex<float>> d_stf; // correlations, one a segment
    std::vector<double> d_energy;           // one a segment
    std::vector<double> d_energies; // of the symbol from each d_step-th segment on
    std::vector<double> d_counts;   // its samples
    std::vector<double> d_row;
};

} // namespace lwmspectro
} // namespace gr

#endif
