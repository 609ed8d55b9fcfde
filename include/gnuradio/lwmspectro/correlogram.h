// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_CORRELOGRAM_H
#define INCLUDED_LWMSPECTRO_CORRELOGRAM_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/frame_clock.h>
#include <gnuradio/lwmspectro/phase_fold.h>
#include <gnuradio/lwmspectro/pss_search.h>
#include <gnuradio/lwmspectro/segment_correlator.h>
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
 * Every row but the last two is a lag correlation of products p = x[n] conj(x[n+lag]),
 * stored as 10 log10 of a ratio that has mean 1 over white noise, at any sample rate and
 * any amplitude from 1e-8 to 1e8, and is N rho^2 for N products of coherence rho, N at
 * most. Rows that keep the best of several ratios have a higher mean. The magnitude is
 * blind to the carrier offset. Values are limited to floor_dB from below; a row that the
 * sample rate or the length cannot hold is all floor_dB. The DC of a receiver, spike or
 * drift, repeats at every lag: samples come without it. Rows are listed in window_spec.h:
 *
 * - cp_15khz, cp_30khz: cyclic prefix, TS 36.211 6.12 and TS 38.211 5.3.1. Folded on
 *   1/7 and 1/14 of the 0.5 ms slot, the mean length of a symbol, in 128 phases;
 *   |sum p|^2 / sum |p|^2 over the 8 phases from each one on, about one prefix.
 * - wifi_long_gi, wifi_short_gi: guard interval, IEEE 802.11-2020 17.3.5 and 19.3.11.
 *   The same ratio over the best of 8 (7) phases of a 4.0 (3.6) us symbol, in each
 *   frame alone, because bursts keep no common timing.
 * - wifi_stf: short training field, 17.3.3: N |sum p|^2 / (E_x E_y), E the energies of
 *   the two factors, over the best segment of 3.9 us of each frame.
 * - repeat_5ms, in the same form over 62.5 us, powers averaged over the window: primary
 *   synchronisation signal, TS 36.211 6.11.1.
 * - repeat_10ms: cell-specific and demodulation reference signals, which repeat every
 *   radio frame, TS 36.211 6.10.1 and TS 38.211 7.4.1.1. Both repeat rows look for the
 *   lag within a few samples of nominal, since the two clocks differ.
 * - lte_pss: the matched filter of pss_search. From 4 MS/s on the row is all floor_dB
 *   unless cp_15khz exceeds 9 dB: a carrier that fills a good part of the band shows
 *   its prefixes at any SNR at which the filter finds it. A cell of 1.4 MHz does not
 *   below -4 dB at 20 MS/s, nor below 1 dB at 61.44 MS/s.
 *
 * At high rates a part of the products is enough. The prefix rows take runs of 512 of
 * them, the next run r * 512 + 37 samples after the last for r = floor(samp_rate / 5
 * MS/s) from 2 on, or a little more where runs would miss phases of a symbol; the guard
 * interval rows likewise in each frame, for 10 MS/s; the repeat rows, see
 * segment_correlator.
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

    std::size_t lag_of(double lag_s) const;

    void correlate(const cfloat* samples, std::size_t n);
    //! Fills d_product and d_power.
    void multiply(const cfloat* x, std::size_t lag, std::size_t n);
    //! Runs of a frame of \p x, a window of \p n samples.
    void fold_prefixes(
        const cfloat* x, std::size_t n, std::size_t frame, double lag_s, phase_fold& to);
    void fold_guards(const cfloat* x, std::size_t n, std::size_t frame);

    double d_samp_rate;
    std::size_t d_n_frames;
    bool d_wifi; // the sample rate can hold its guard interval
    frame_clock d_frames;
    std::size_t d_prefix_stride; // samples from one run of lag products to the next
    std::size_t d_guard_stride;
    segment_correlator d_segments;
    pss_search d_pss;
    phase_fold d_prefix_15khz;
    phase_fold d_prefix_30khz;
    phase_fold d_long_symbols; // of WiFi, by their guard interval
    phase_fold d_short_symbols;

    volk::vector<cfloat> d_product; // a run of lag products
    volk::vector<float> d_power;    // their squared magnitudes
    std::vector<double> d_long_gi;  // best phase of each column
    std::vector<double> d_short_gi; // likewise
};

} // namespace lwmspectro
} // namespace gr

#endif
