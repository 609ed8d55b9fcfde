// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TOKENIZER_IMPL_H
#define INCLUDED_LWMSPECTRO_TOKENIZER_IMPL_H

#include "stream_clock.h"
#include <gnuradio/lwmspectro/tokenizer.h>
#include <gnuradio/lwmspectro/window_tokenizer.h>
#include <gnuradio/tags.h>
#include <atomic>
#include <memory>
#include <vector>

namespace gr {
namespace lwmspectro {

class tokenizer_impl : public tokenizer
{
public:
    tokenizer_impl(double samp_rate, const window_spec& spec, double center_freq);

    double samp_rate() const override { return d_samp_rate; }
    double center_freq() const override { return d_center_freq; }
    void set_samp_rate(double samp_rate) override;
    void set_center_freq(double center_freq) override;
    uint64_t windows() const override { return d_windows; }
    uint64_t nonfinite() const override { return d_nonfinite; }

    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    using tag_iterator = std::vector<gr::tag_t>::const_iterator;

    bool worth_flushing(bool asked) const;
    bool breaks_stream(const gr::tag_t& tag) const;
    void apply(const gr::tag_t& tag);
    void restart(uint64_t offset);
    void put_out(float* tokens, uint64_t item);
    //! Tags of one sample: closes the open window if one of them says so; true if put
    //! out.
    bool handle_tags(tag_iterator begin, tag_iterator end, float* tokens);
    pmt::pmt_t describe(const window_info& info, double completed_at) const;

    const window_spec d_spec;
    std::atomic<double> d_samp_rate;
    std::atomic<double> d_center_freq;
    // set from other threads, for the next sample
    std::atomic<bool> d_rate_set{ false }, d_freq_set{ false };
    std::atomic<double> d_next_samp_rate{ 0.0 }, d_next_center_freq{ 0.0 };
    std::atomic<uint64_t> d_windows{ 0 };
    std::atomic<uint64_t> d_nonfinite{ 0 };

    std::unique_ptr<window_tokenizer> d_windower; // none while the rate is unsupported
    double d_refused_rate = 0.0;                  // unsupported, and said so
    stream_clock d_clock;
    uint64_t d_epoch = 0;     // input offset of the windower's first sample
    uint64_t d_tags_done = 0; // tags below this offset were handled
};

} // namespace lwmspectro
} // namespace gr

#endif
