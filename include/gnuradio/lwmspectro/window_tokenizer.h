// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_WINDOW_TOKENIZER_H
#define INCLUDED_LWMSPECTRO_WINDOW_TOKENIZER_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/correlogram.h>
#include <gnuradio/lwmspectro/frame_clock.h>
#include <gnuradio/lwmspectro/spectrogram.h>
#include <gnuradio/lwmspectro/symbol_grid.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstdint>

namespace gr {
namespace lwmspectro {

struct sample_sums;

//! What is known of a window beside its tokens. Offsets count from the first sample
//! pushed.
struct LWMSPECTRO_API window_info {
    uint64_t sample_start = 0;
    uint64_t sample_count = 0;
    double valid_fraction = 0.0; //!< sample_count over the length of a whole window
    uint64_t nonfinite = 0;      //!< samples taken as zero
};

/*!
 * \brief A stream of samples to windows of tokens: C0, then C3, then symbol grids.
 *
 * Samples that are not finite, or beyond 1e8, are taken as zero and counted. The
 * result does not depend on how the stream is cut into calls of push(). C3 and the grids
 * are those of samples from which the mean of each frame was taken off: what changes
 * slower is DC.
 */
class LWMSPECTRO_API window_tokenizer
{
public:
    //! \p samp_rate in Hz. Throws std::invalid_argument on a rate or spec out of range.
    window_tokenizer(double samp_rate, const window_spec& spec);

    //! Samples in window \p index (it varies by one where the rate does not divide).
    std::size_t window_len(uint64_t index = 0) const;

    //! Takes at most up to the end of the open window; returns the samples taken.
    std::size_t push(const std::complex<float>* in, std::size_t n);

    //! The open window has all its samples: take() it before the next push().
    bool full() const { return d_fill == d_len; }

    //! Samples in the open window that no earlier window held.
    std::size_t fresh() const { return d_fill - d_reused; }

    //! Samples of the shortest frame.
    std::size_t frame_len() const { return d_clock.min_len(); }

    //! Forgets all samples: the next one pushed is the first of window 0.
    void reset();

    //! Writes spec.vlen() floats for what is in the open window, and opens the next one.
    window_info take(float* tokens);

    const window_spec& spec() const { return d_spec; }
    double samp_rate() const { return d_samp_rate; }

private:
    void open(uint64_t first_frame);
    //! Stores \p n samples, those that are bad as zero; these are counted.
    void copy_good(const std::complex<float>* in, std::size_t n, const sample_sums& sums);
    //! Samples \p begin to \p end of the open window are the next frame, which lies at
    //! \p frame and adds up to \p sum.
    void complete_frame(const std::complex<float>* frame,
                        std::size_t begin,
                        std::size_t end,
                        std::complex<float> sum);
    //! Stores samples less their mean; \p from may be where they are stored.
    void take_off_mean(const std::complex<float>* from,
                       std::size_t begin,
                       std::size_t end,
                       std::complex<float> sum);
    void pad_frames(float* c0) const;

    window_spec d_spec;
    double d_samp_rate;
    frame_clock d_clock;
    spectrogram d_spectrogram;
    correlogram d_correlogram;
    std::vector<symbol_grid> d_grids;
    uint64_t d_first_frame = 0;
    uint64_t d_start = 0;     // of the open window, in samples
    std::size_t d_len = 0;    // of the open window
    std::size_t d_fill = 0;   // samples in it
    std::size_t d_reused = 0; // of these, shared with the window before
    int d_rows = 0;           // frames of C0 done
    uint64_t d_nonfinite = 0;
    volk::vector<std::complex<float>> d_samples;
    volk::vector<float> d_c0;
};

} // namespace lwmspectro
} // namespace gr

#endif
