// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_SEGMENT_CORRELATOR_H
#define INCLUDED_LWMSPECTRO_SEGMENT_CORRELATOR_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/frame_clock.h>
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
 * see correlogram.
 */
class LWMSPECTRO_API segment_correlator
{
public:
    //! \p max_len: samples of the longest window. \p wifi: look for its training field.
    segment_correlator(double samp_rate, std::size_t max_len, bool wifi);

    //! First sample of segment \p index.
    std::size_t bound(std::size_t index) const { return d_bounds[index]; }
    //! Whole segments in the longest window.
    std::size_t max_segments() const { return d_bounds.size() - 1; }
    //! Whole segments in the first \p n samples.
    std::size_t segments_within(std::size_t n) const;
    //! Samples beyond the start of a segment that correlating it may read.
    std::size_t reach() const;

    //! A window of \p n samples begins.
    void begin(std::size_t n);
    //! Correlates the segments not done yet that start before sample \p end.
    void correlate(const std::complex<float>* x, std::size_t end);

    //! Short training field: best segment of each column of the window.
    const std::vector<double>& short_training();
    //! Symbols that come again after 5 ms, folded on 5 ms.
    const std::vector<double>& repeats_5ms();
    //! Symbols that come again after 10 ms, folded on 1 ms.
    const std::vector<double>& repeats_10ms();
    //! Power folded on 1 ms, over its mean.
    const std::vector<double>& energy();

private:
    //! Correlation of every segment with the samples a lag later.
    struct lag_track {
        std::size_t lag;          // samples
        std::size_t lag_segments; // the same in segments, whole
        double lag_rest;          // and the rest
        std::size_t min_segments; // fewer than these are not worth correlating
        std::size_t n_segments;   // of the window at hand
        std::vector<std::complex<float>> sums; // one a segment
    };

    void add_track(double lag_s, int shift, std::size_t min_segments);
    double segment_energy(std::size_t first, std::size_t count) const;
    double
    lagged_energy(const lag_track& track, std::size_t first, std::size_t count) const;
    const std::vector<double>&
    repetition(std::size_t first_track, std::size_t n_tracks, std::size_t period);
    double fold_repeats(const lag_track& track, std::size_t period);

    double d_samp_rate;
    std::vector<std::size_t> d_bounds; // of the segments, in samples
    std::vector<lag_track> d_tracks;

    // of the window at hand
    std::size_t d_n_segments = 0;
    std::size_t d_done = 0;                      // segments correlated
    std::vector<double> d_energy;                // running sum over segments
    std::vector<std::complex<double>> d_symbols; // correlation over whole symbols
    std::vector<double> d_trial;                 // a row that may be taken
    std::vector<double> d_row;
};

} // namespace lwmspectro
} // namespace gr

#endif
