// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer_impl.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/lwmspectro/message_keys.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <stdexcept>

namespace gr {
namespace lwmspectro {

namespace {

constexpr uint64_t frames_a_piece = 8; // frames that may gather before this block

const pmt::pmt_t rx_rate_tag = pmt::mp(keys::RX_RATE);
const pmt::pmt_t rx_freq_tag = pmt::mp(keys::RX_FREQ);
const pmt::pmt_t rx_time_tag = pmt::mp(keys::RX_TIME);
const pmt::pmt_t flush_tag = pmt::mp(keys::FLUSH);
const pmt::pmt_t window_tag = pmt::mp(keys::WINDOW);

//! A finite number of any kind, or none.
std::optional<double> number(const pmt::pmt_t& value)
{
    if (pmt::is_uint64(value)) {
        return static_cast<double>(pmt::to_uint64(value));
    }
    if ((pmt::is_real(value) || pmt::is_integer(value)) &&
        std::isfinite(pmt::to_double(value))) {
        return pmt::to_double(value);
    }
    return std::nullopt;
}

const window_spec& checked(const window_spec& spec)
{
    spec.validate();
    return spec;
}

bool is_time(const pmt::pmt_t& value)
{
    if (!pmt::is_tuple(value) || pmt::length(value) < 2) {
        return false;
    }
    const pmt::pmt_t seconds = pmt::tuple_ref(value, 0);
    const pmt::pmt_t fraction = pmt::tuple_ref(value, 1);
    return (pmt::is_uint64(seconds) ||
            (pmt::is_integer(seconds) && pmt::to_long(seconds) >= 0)) &&
           pmt::is_real(fraction) && std::isfinite(pmt::to_double(fraction));
}

stream_time to_time(const pmt::pmt_t& value)
{
    return { pmt::to_uint64(pmt::tuple_ref(value, 0)),
             pmt::to_double(pmt::tuple_ref(value, 1)) };
}

gr::tag_t tag_of(uint64_t offset, const pmt::pmt_t& key, double value)
{
    gr::tag_t tag;
    tag.offset = offset;
    tag.key = key;
    tag.value = pmt::from_double(value);
    return tag;
}

double monotonic_seconds()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

} // namespace

tokenizer::sptr
tokenizer::make(double samp_rate, const window_spec& spec, double center_freq)
{
    return gnuradio::make_block_sptr<tokenizer_impl>(samp_rate, spec, center_freq);
}

tokenizer_impl::tokenizer_impl(double samp_rate,
                               const window_spec& spec,
                               double center_freq)
    : gr::block("tokenizer",
                gr::io_signature::make(1, 1, sizeof(gr_complex)),
                gr::io_signature::make(1, 1, checked(spec).vlen() * sizeof(float))),
      d_spec(spec),
      d_samp_rate(samp_rate),
      d_center_freq(center_freq),
      d_windower(std::make_unique<window_tokenizer>(samp_rate, spec))
{
    set_tag_propagation_policy(TPP_DONT);
    // The buffer before this block is sized by it. A thread wakes up for each piece of
    // the stream, which costs more than reading it where pieces are short.
    set_relative_rate(1, frames_a_piece * d_windower->frame_len());
}

void tokenizer_impl::set_samp_rate(double samp_rate)
{
    check_samp_rate(samp_rate);
    d_next_samp_rate = samp_rate;
    d_rate_set = true;
}

void tokenizer_impl::set_center_freq(double center_freq)
{
    d_next_center_freq = center_freq;
    d_freq_set = true;
}

void tokenizer_impl::forecast(int, gr_vector_int& ninput_items_required)
{
    // samples are buffered here, so that any number of them is welcome
    std::fill(ninput_items_required.begin(), ninput_items_required.end(), 1);
}

bool tokenizer_impl::worth_flushing(bool asked) const
{
    // who asks gets whatever there is; a radio that loses samples would be answered in
    // shreds
    const std::size_t least = asked || !d_windower ? 1 : d_windower->frame_len();
    return d_windower && d_windower->fresh() >= least;
}

bool tokenizer_impl::breaks_stream(const gr::tag_t& tag) const
{
    if (tag.key == flush_tag) {
        return true;
    }
    if (tag.key == rx_rate_tag) {
        return number(tag.value).value_or(d_samp_rate) != d_samp_rate;
    }
    if (tag.key == rx_freq_tag) {
        return number(tag.value).value_or(d_center_freq) != d_center_freq;
    }
    if (tag.key == rx_time_tag && is_time(tag.value)) {
        return !d_clock.continues(tag.offset, to_time(tag.value), d_samp_rate);
    }
    return false;
}

void tokenizer_impl::apply(const gr::tag_t& tag)
{
    if (tag.key == rx_time_tag && is_time(tag.value)) {
        d_clock.set(tag.offset, to_time(tag.value));
    } else if (tag.key == rx_freq_tag) {
        d_center_freq = number(tag.value).value_or(d_center_freq);
    } else if (tag.key == rx_rate_tag) {
        // time up to here ran at the old rate
        d_clock.set(tag.offset, d_clock.at(tag.offset, d_samp_rate));
        d_samp_rate = number(tag.value).value_or(d_samp_rate);
    }
}

void tokenizer_impl::restart(uint64_t offset)
{
    d_epoch = offset;
    if (d_windower && d_windower->samp_rate() == d_samp_rate) {
        d_windower->reset();
        return;
    }
    if (d_refused_rate == d_samp_rate) {
        return;
    }
    d_windower.reset();
    d_refused_rate = 0.0;
    try {
        d_windower = std::make_unique<window_tokenizer>(d_samp_rate, d_spec);
    } catch (const std::invalid_argument& error) {
        d_refused_rate = d_samp_rate;
        d_logger->error("dropping samples from {} on: {}", offset, error.what());
    }
}

pmt::pmt_t tokenizer_impl::describe(const window_info& info, double completed_at) const
{
    const uint64_t start = d_epoch + info.sample_start;
    const stream_time time = d_clock.at(start, d_samp_rate);
    pmt::pmt_t dict = pmt::make_dict();
    const auto add = [&dict](const char* key, pmt::pmt_t value) {
        dict = pmt::dict_add(dict, pmt::mp(key), value);
    };
    add(keys::SAMPLE_START, pmt::from_uint64(start));
    add(keys::SAMPLE_COUNT, pmt::from_uint64(info.sample_count));
    add(keys::RX_TIME,
        pmt::make_tuple(pmt::from_uint64(time.seconds), pmt::from_double(time.fraction)));
    add(keys::SAMPLE_RATE, pmt::from_double(d_samp_rate));
    add(keys::CENTER_FREQ, pmt::from_double(d_center_freq));
    add(keys::VALID_FRACTION, pmt::from_double(info.valid_fraction));
    add(keys::NONFINITE, pmt::from_uint64(info.nonfinite));
    add(keys::COMPLETED_AT, pmt::from_double(completed_at));
    return dict;
}

void tokenizer_impl::put_out(float* tokens, uint64_t item)
{
    const double completed_at = monotonic_seconds();
    const window_info info = d_windower->take(tokens);
    add_item_tag(0, item, window_tag, describe(info, completed_at), alias_pmt());
    d_nonfinite += info.nonfinite;
    ++d_windows;
}

bool tokenizer_impl::handle_tags(tag_iterator begin, tag_iterator end, float* tokens)
{
    bool flushed = false;
    const bool breaks = std::any_of(
        begin, end, [this](const gr::tag_t& tag) { return breaks_stream(tag); });
    const bool asked = std::any_of(
        begin, end, [](const gr::tag_t& tag) { return tag.key == flush_tag; });
    if (breaks && worth_flushing(asked)) {
        put_out(tokens, nitems_written(0)); // described by what held until here
        flushed = true;
    }
    std::for_each(begin, end, [this](const gr::tag_t& tag) { apply(tag); });
    if (breaks) {
        restart(begin->offset);
    }
    return flushed;
}

int tokenizer_impl::general_work(int,
                                 gr_vector_int& ninput_items,
                                 gr_vector_const_void_star& input_items,
                                 gr_vector_void_star& output_items)
{
    // at most one window a call: tens of milliseconds of samples make one
    const auto* in = static_cast<const gr_complex*>(input_items[0]);
    auto* out = static_cast<float*>(output_items[0]);
    const uint64_t first = nitems_read(0);
    const uint64_t last = first + ninput_items[0];
    uint64_t at = first;
    int produced = 0;

    std::vector<gr::tag_t> tags;
    get_tags_in_range(tags, 0, std::max(first, d_tags_done), last);
    if (d_rate_set.exchange(false)) {
        tags.push_back(tag_of(first, rx_rate_tag, d_next_samp_rate));
    }
    if (d_freq_set.exchange(false)) {
        tags.push_back(tag_of(first, rx_freq_tag, d_next_center_freq));
    }
    std::stable_sort(tags.begin(), tags.end(), gr::tag_t::offset_compare);

    auto next = tags.cbegin();
    while (at < last && produced == 0) {
        const auto due = std::find_if(
            next, tags.cend(), [at](const gr::tag_t& tag) { return tag.offset != at; });
        if (due != next) {
            produced = handle_tags(next, due, out) ? 1 : 0;
            d_tags_done = at + 1;
            next = due;
        }
        const uint64_t run_end = next == tags.cend() ? last : next->offset;
        if (!d_windower) {
            at = run_end;
        } else if (produced == 0) {
            at += d_windower->push(in + (at - first), run_end - at);
            if (d_windower->full()) {
                put_out(out, nitems_written(0));
                produced = 1;
            }
        }
    }
    consume_each(static_cast<int>(at - first));
    return produced;
}

} // namespace lwmspectro
} // namespace gr
