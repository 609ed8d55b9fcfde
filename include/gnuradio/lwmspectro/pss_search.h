// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_PSS_SEARCH_H
#define INCLUDED_LWMSPECTRO_PSS_SEARCH_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/fft_plan.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Matched filter for LTE's primary synchronisation signal, TS 36.211 6.11.1.
 *
 * The middle of the band is taken at a rate from 1.92 to 3.84 MS/s. Bins whose mean power
 * exceeds 8 times the median are attenuated to that: spurs and drifting DC would drown
 * what a matched filter can still see 6 dB below the noise. The three sequences are
 * tried at six carrier offsets each. A Zadoff-Chu sequence that is off by some
 * subcarriers still correlates, at another time; the six are chosen so that any
 * offset up to 300 kHz costs at most 4.2 dB, and 2.4 dB on average.
 *
 * For N samples of a useful symbol the ratio is N |<x, p>|^2 / (E_x E_p), where 1 % of
 * the mean energy of a symbol is added to E_x, or what filters leave in silence would
 * count: just under 1 on average over noise, and under N where the symbol is the sequence
 * alone. Ratios are averaged over the half frames of a window, the signal being sent
 * every 5 ms; what lies beyond the window counts as 0.
 *
 * Samples are added up to the lower rate, and correlated in blocks of eight useful
 * symbols, or the next length below with no prime factor above 5. A sequence takes 512
 * bins of a block, which gives 512 outputs to each block.
 */
class LWMSPECTRO_API pss_search
{
public:
    //! \p max_len: samples of the longest window.
    pss_search(double samp_rate, std::size_t max_len);

    //! The largest ratio of each 1/128 of 5 ms, correlogram_cols of them, over \p n
    //! samples.
    const std::vector<double>& compute(const std::complex<float>* samples, std::size_t n);

private:
    using cfloat = std::complex<float>;

    struct filter {
        std::size_t sequence; // of d_sequences
        int shift;            // carrier offset, bins
    };

    void make_filters();
    //! Sums of d_decimation samples; how many there are.
    std::size_t decimate(const cfloat* samples, std::size_t n);
    std::size_t block_start(std::size_t block) const;
    void transform_blocks(std::size_t n_low, std::size_t n_blocks);
    void limit_spurs(std::size_t n_blocks);
    //! Fills d_weights: N over the energy of the symbol that begins at each output.
    void measure_energy(std::size_t n_blocks);
    void correlate(const filter& with, std::size_t n_blocks);
    void take_maxima();
    //! First position in the fold of a block's outputs.
    std::size_t fold_at(std::size_t block) const;

    std::size_t d_decimation;
    double d_rate;           // after it
    std::size_t d_symbol;    // samples of a useful symbol
    std::size_t d_n_fft;     // samples of a block
    std::size_t d_n_outputs; // of each filter from a block
    std::size_t d_period;    // outputs in 5 ms
    fft_plan d_forward;
    fft_plan d_whole_inverse;
    fft_plan d_band_inverse;
    std::vector<volk::vector<cfloat>> d_sequences; // conjugate spectra, unit energy
    std::vector<filter> d_filters;

    // of the window at hand
    volk::vector<cfloat> d_low;     // decimated samples
    volk::vector<cfloat> d_spectra; // of blocks, lowest frequency first
    volk::vector<float> d_weights;  // d_n_outputs a block
    volk::vector<float> d_power;
    volk::vector<float> d_fold;  // sums of ratios, d_period of them
    std::vector<float> d_counts; // how many ratios went into each
    std::vector<double> d_row;
};

} // namespace lwmspectro
} // namespace gr

#endif
