// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TOKENIZER_H
#define INCLUDED_LWMSPECTRO_TOKENIZER_H

#include <gnuradio/block.h>
#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/window_spec.h>

namespace gr {
namespace lwmspectro {

/*!
 * \brief I/Q samples to windows of tokens for a model.
 * \ingroup lwmspectro
 *
 * Input: complex baseband at \p samp_rate (1.92 to 61.44 MS/s).
 * Output: one vector of spec.vlen() floats a window: the spectrogram C0 (n_frames x
 * n_bins, dB), then the numerology correlogram C3 (9 x 128, dB over noise).
 *
 * Tags read: \c rx_rate (double, Hz) and \c rx_freq (double, Hz) when they change,
 * \c rx_time (tuple of uint64 seconds and double fraction) when it does not continue
 * the clock, and \c flush (any value) close the open window before their sample: it is
 * put out padded if it holds a frame or more of new samples (after flush: any), and a
 * new one starts. No window straddles a retune, a rate change or a gap. After a change
 * of rate the block goes on at the new one; at a rate that it does not support it drops
 * samples until the next change, and says so once.
 *
 * Tag written: \c window on every output item, a dict of \c sample_start (uint64,
 * counted from the start of the stream), \c sample_count (uint64, samples that are
 * not padding), \c rx_time (tuple, of the first sample; counted from the start of the
 * stream where no rx_time came in), \c sample_rate (double, Hz), \c center_freq
 * (double, Hz), \c valid_fraction (double, 0 to 1), \c nonfinite (uint64, samples
 * taken as zero) and \c completed_at (double, seconds of the monotonic clock). Input
 * tags are not passed on: their offsets mean nothing at the output.
 */
class LWMSPECTRO_API tokenizer : virtual public gr::block
{
public:
    typedef std::shared_ptr<tokenizer> sptr;

    //! Throws std::invalid_argument on a rate or spec out of range.
    static sptr make(double samp_rate,
                     const window_spec& spec = window_spec(),
                     double center_freq = 0.0);

    //! Sample rate in force, Hz: the newest rx_rate tag, or what make() was given.
    virtual double samp_rate() const = 0;
    //! As an rx_rate tag would: takes effect with the next sample that comes, wherever
    //! the source has changed. A source that sends the tag needs no call. Throws
    //! std::invalid_argument on a rate out of range.
    virtual void set_samp_rate(double samp_rate) = 0;
    //! Centre frequency in force, Hz.
    virtual double center_freq() const = 0;
    //! As an rx_freq tag would: takes effect with the next sample.
    virtual void set_center_freq(double center_freq) = 0;
    //! Windows put out so far, padded ones among them.
    virtual uint64_t windows() const = 0;
    //! Samples taken as zero so far.
    virtual uint64_t nonfinite() const = 0;
};

} // namespace lwmspectro
} // namespace gr

#endif
