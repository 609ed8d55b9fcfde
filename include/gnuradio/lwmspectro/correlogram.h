// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_CORRELOGRAM_H
#define INCLUDED_LWMSPECTRO_CORRELOGRAM_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/frame_clock.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief C3: which OFDM numerology, if any, the samples of a window follow.
 *
 * Every row but the last is a lag correlation c = sum x[n] conj(x[n+lag]) over short
 * segments, folded on a period of the numerology, and stored as
 * 10 log10(N |c|^2 / (E_x E_y)), N products, E the energies of the two factors: the
 * mean over white noise is 0 dB at any sample rate and any gain, and a coherence rho
 * reads about 10 log10(N rho^2). The magnitude is blind to the carrier offset. Values
 * are limited to floor_dB from below; a row that the sample rate or the length cannot
 * hold is all floor_dB. The mean of the window is taken off first: the DC spike of a
 * receiver repeats at every lag. Rows are listed in window_spec.h:
 *
 * - cp_15khz, cp_30khz: cyclic prefix, TS 36.211 6.12 and TS 38.211 5.3.1. A slot of
 *   0.5 ms holds a whole number of symbols in both.
 * - wifi_*: guard interval and short training field, IEEE 802.11-2020 17.3.3, 17.3.5.
 *   Folded in each frame alone, because bursts keep no common timing.
 * - repeat_5ms: primary synchronisation signal, TS 36.211 6.11.1.
 * - repeat_10ms: cell-specific and demodulation reference signals, which repeat every
 *   radio frame, TS 36.211 6.10.1 and TS 38.211 7.4.1.1. Both repeat rows look for the
 *   lag within a few samples of nominal, since the two clocks differ.
 */
class LWMSPECTRO_API correlogram
{
public:
    static constexpr float floor_dB = -10.0f;

    correlogram(double samp_rate, const window_spec& spec);

    //! \p samples: \p n of them. \p out: window_spec::correlogram_size() floats, row
    //! major.
    void compute(const std::complex<float>* samples, std::size_t n, float* out);

private:
    using cfloat = std::complex<float>;

    const cfloat* without_dc(const cfloat* x, std::size_t n);
    std::size_t lag_samples(double lag_s) const;
    std::size_t segments_within(std::size_t n) const;
    void correlate(const cfloat* x, std::size_t n_seg, std::size_t lag);
    double lagged_energy(std::size_t first, std::size_t count, std::size_t lag) const;

    void cyclic_prefix(const cfloat* x, std::size_t n, double lag_s, float* row);
    void short_training(const cfloat* x, std::size_t n, float* row);
    void guard_interval(const cfloat* x, std::size_t n, float* long_gi, float* short_gi);
    void repetition(const cfloat* x,
                    std::size_t n,
                    double lag_s,
                    int max_shift,
                    std::size_t period,
                    float* row);
    double
    fold_repeats(std::size_t n_seg, std::size_t lag, std::size_t period, float* row);
    void energy(float* row) const;

    double d_samp_rate;
    int d_n_frames;
    frame_clock d_frames;
    frame_clock d_segments;
    std::vector<std::size_t> d_bounds; // segment boundaries, in samples
    std::vector<double> d_energy;      // running sum of segment energies
    volk::vector<cfloat> d_clean;      // the window without its mean
    std::vector<cfloat> d_corr;        // one value a segment
    std::vector<cfloat> d_product;     // one frame of lag products
    std::vector<float> d_trial;
    std::size_t d_n_segments = 0; // whole segments in the window at hand
};

} // namespace lwmspectro
} // namespace gr

#endif
