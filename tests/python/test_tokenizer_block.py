# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokenizer in flowgraphs: what its windows cover, and what it says of them."""

import threading
from fractions import Fraction
from itertools import repeat
from math import floor

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import kernels, tokenizer
from gnuradio.lwmspectro.window_info import WindowInfo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WINDOW_S = Fraction(256, 10_000)
SLACK_S = Fraction(2, 10**6)  # of the times that drivers give
TIMEOUT = 30.0


def noise(n, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=n) + 1j * rng.normal(size=n)).astype(np.complex64)


def rate_tag(offset, rate):
    return (offset, "rx_rate", pmt.from_double(rate))


def freq_tag(offset, freq):
    return (offset, "rx_freq", pmt.from_double(freq))


def time_tag(offset, seconds):
    whole = floor(seconds)
    value = pmt.make_tuple(pmt.from_uint64(whole), pmt.from_double(float(seconds - whole)))
    return (offset, "rx_time", value)


def flush_tag(offset):
    return (offset, "flush", pmt.PMT_T)


def expected_windows(iq, samp_rate, tags):
    """What the header of the block says, in Python: (start, count, rate, freq, time) of each.

    Times are exact fractions of a second.
    """
    windows = []
    start, rate, freq = 0, samp_rate, 0.0
    time_at, time = 0, Fraction(0)

    def close(stop, asked):
        if not kernels.min_samp_rate <= rate <= kernels.max_samp_rate:
            return
        length, at = int(WINDOW_S * int(rate)), start
        while stop - at > 0:
            count = min(length, stop - at)
            enough = 1 if asked else int(rate * 200e-6)
            if count == length or (asked is not None and count >= enough):
                when = time + Fraction(at - time_at) / int(rate)
                windows.append((at, count, rate, freq, when))
            at += count

    for offset in sorted({tag[0] for tag in tags}):
        now = time + Fraction(offset - time_at) / int(rate)
        changes = {key: value for at, key, value in tags if at == offset}
        asked = "flush" in changes
        told = changes.get("rx_time")
        breaks = (
            asked
            or changes.get("rx_rate", rate) != rate
            or changes.get("rx_freq", freq) != freq
            or (told is not None and abs(told - now) > SLACK_S + Fraction(3, 2) / int(rate))
        )
        if breaks:
            close(offset, asked)
            start = offset
        time_at, time = offset, now if told is None else told
        rate, freq = changes.get("rx_rate", rate), changes.get("rx_freq", freq)
    close(len(iq), None)
    return windows


def to_pmt_tags(tags):
    make = {"rx_rate": rate_tag, "rx_freq": freq_tag, "rx_time": time_tag}
    return [
        flush_tag(offset) if key == "flush" else make[key](offset, value)
        for offset, key, value in tags
    ]


def assert_windows(tokens, infos, iq, expected):
    got = [(i.sample_start, i.sample_count, i.sample_rate, i.center_freq) for i in infos]
    assert got == [window[:4] for window in expected]
    for vector, info, (start, count, rate, _, when) in zip(tokens, infos, expected, strict=True):
        kernel = kernels.window_tokenizer(rate)
        np.testing.assert_array_equal(vector, kernel.process(iq[start : start + count]))
        assert info.valid_fraction == count / kernel.window_len()
        seconds, fraction = info.rx_time
        assert 0 <= fraction < 1
        assert abs(seconds - floor(when) + fraction - float(when % 1)) < 1e-7


RATES = [1.92e6, 2e6, 2.4e6]  # 25.6 ms is a whole number of samples
N = 190_000
OFFSETS = st.one_of(st.integers(0, N - 1), st.sampled_from([0, 1, 49_152, 51_200, 98_304, N - 1]))
EVENTS = st.one_of(
    st.tuples(OFFSETS, st.just("rx_rate"), st.sampled_from([*RATES, 1e6])),
    st.tuples(OFFSETS, st.just("rx_freq"), st.sampled_from([0.0, 1e9, 2.4e9])),
    st.tuples(OFFSETS, st.just("rx_time"), st.integers(0, 2000).map(lambda ms: Fraction(ms, 1000))),
    st.tuples(OFFSETS, st.just("flush"), st.just(True)),
)
IQ = noise(N)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    samp_rate=st.sampled_from(RATES),
    tags=st.lists(EVENTS, max_size=7, unique_by=lambda event: event[:2]),
    most=st.sampled_from([7_000, 60_000, 200_000]),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_window_straddles_a_break(tokenize, samp_rate, tags, most, seed):
    rng = np.random.default_rng(seed)
    sizes = iter(lambda: int(rng.integers(1, most)), 0)
    tokens, infos = tokenize(tokenizer(samp_rate), IQ, to_pmt_tags(tags), sizes)
    assert_windows(tokens, infos, IQ, expected_windows(IQ, samp_rate, tags))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    offsets=st.lists(st.integers(1, N - 1), max_size=6),
    seed=st.integers(0, 2**32 - 1),
)
def test_times_that_continue_break_nothing(tokenize, offsets, seed):
    rng = np.random.default_rng(seed)
    start = Fraction(1_700_000_000)
    tags = [(0, "rx_time", start)]
    for offset in sorted(set(offsets)):
        jitter = Fraction(int(rng.integers(-7, 8)), 10)  # samples
        tags.append((offset, "rx_time", start + (offset + jitter) / 2_000_000))
    _, infos = tokenize(tokenizer(2e6), IQ, to_pmt_tags(tags))
    assert [info.sample_start for info in infos] == [0, 51_200, 102_400]
    for info in infos:
        seconds, fraction = info.rx_time
        assert seconds - 1_700_000_000 + fraction == pytest.approx(
            info.sample_start / 2e6, abs=2e-6
        )


def test_windows_of_a_rate_that_does_not_divide_never_drift(tokenize):
    samp_rate, n_windows = 2.048e6, 61  # 52428.8 samples
    iq = noise(int(n_windows * WINDOW_S * int(samp_rate)) + 1, 3)
    tokens, infos = tokenize(tokenizer(samp_rate), iq)
    assert len(infos) == n_windows
    for index, info in enumerate(infos):
        assert info.sample_start == floor(index * WINDOW_S * int(samp_rate))
        assert info.sample_count in (52_428, 52_429)
        assert sum(info.rx_time) == pytest.approx(info.sample_start / samp_rate, abs=1e-9)
    np.testing.assert_array_equal(tokens, kernels.window_tokenizer(samp_rate).push(iq))


def test_several_windows_in_one_buffer(tokenize):
    iq = noise(3 * 49_152 + 10)
    block = tokenizer(1.92e6)
    tokens, infos = tokenize(block, iq, sizes=repeat(len(iq)))
    np.testing.assert_array_equal(tokens, kernels.window_tokenizer(1.92e6).push(iq))
    assert [info.sample_start for info in infos] == [0, 49_152, 98_304]
    assert block.windows() == 3


@pytest.mark.parametrize("hop_frames", [1, 32, 64])
def test_overlap(tokenize, hop_frames):
    spec = kernels.window_spec(hop_frames=hop_frames)
    hop = hop_frames * 384
    iq = noise(49_152 + 5 * hop + 1)
    tokens, infos = tokenize(tokenizer(1.92e6, spec), iq)
    assert [info.sample_start for info in infos] == [k * hop for k in range(6)]
    kernel = kernels.window_tokenizer(1.92e6)
    for vector, info in zip(tokens, infos, strict=True):
        want = kernel.process(iq[info.sample_start :][:49_152])
        np.testing.assert_array_equal(vector, want)


def test_a_flush_gives_what_is_new_once(tokenize):
    spec = kernels.window_spec(hop_frames=64)
    iq = noise(49_152 + 5_000)
    tags = [flush_tag(49_152), flush_tag(54_151)]
    _, infos = tokenize(tokenizer(1.92e6, spec), iq, tags)
    # the second window held nothing that the first did not when the first flush came
    assert [(i.sample_start, i.sample_count) for i in infos] == [(0, 49_152), (49_152, 4_999)]


def test_grids_come_last(tokenize, rng):
    spec = kernels.window_spec(grids=["cp_15khz", "wifi_long_gi"])
    length = kernels.window_tokenizer(10e6).window_len()
    iq = rng.normal(size=2 * length).astype(np.float32).view(np.complex64)
    (got,), _ = tokenize(tokenizer(10e6, spec), iq)
    np.testing.assert_array_equal(got, kernels.window_tokenizer(10e6, spec).process(iq))
    plain = kernels.window_tokenizer(10e6).process(iq)
    np.testing.assert_array_equal(got[: len(plain)], plain)
    assert len(got) == spec.vlen == len(plain) + 2 * 5 * 128 * 128


def test_the_end_of_the_stream_closes_nothing(tokenize):
    assert tokenize(tokenizer(1.92e6), noise(49_151))[1] == []


def test_samples_that_are_not_finite_are_counted(tokenize):
    iq = noise(2 * 49_152 + 1)
    clean = iq.copy()
    bad = [0, 5, 49_151, 49_152, 60_000]
    values = [np.nan, np.inf, complex(0, -np.inf), 1e30, complex(np.nan, np.nan)]
    iq[bad], clean[bad] = values, 0
    block = tokenizer(1.92e6)
    tokens, infos = tokenize(block, iq)
    assert [info.nonfinite for info in infos] == [3, 2]
    assert block.nonfinite() == 5
    np.testing.assert_array_equal(tokens, kernels.window_tokenizer(1.92e6).push(clean))


@pytest.mark.parametrize("level", [0.0, 1e-20, 1e7])
def test_tokens_are_finite_at_any_level(tokenize, level):
    tokens, _ = tokenize(tokenizer(1.92e6), noise(49_153) * np.float32(level))
    assert np.isfinite(tokens).all()


def test_an_unsupported_rate_drops_samples_and_says_so(tokenize, capfd):
    tags = [(10_000, "rx_rate", 1e6), (70_000, "rx_freq", 5e8), (80_000, "rx_rate", 2.4e6)]
    tokens, infos = tokenize(tokenizer(1.92e6), IQ, to_pmt_tags(tags))
    assert_windows(tokens, infos, IQ, expected_windows(IQ, 1.92e6, tags))
    assert [(i.sample_start, i.center_freq) for i in infos] == [(0, 0.0), (80_000, 5e8)]
    said = "".join(capfd.readouterr())
    assert "dropping samples from 10000 on: samp_rate: expected 1.92e6 to 61.44e6 Hz" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rx_rate", pmt.intern("fast")),
        ("rx_freq", pmt.PMT_NIL),
        ("rx_time", pmt.from_double(3.0)),
        ("rx_time", pmt.make_tuple(pmt.from_uint64(1))),
        ("rx_time", pmt.make_tuple(pmt.from_long(-1), pmt.from_double(0.0))),
        ("rx_time", pmt.make_tuple(pmt.from_uint64(1), pmt.from_double(float("nan")))),
        ("rx_time", pmt.make_tuple(pmt.intern("a"), pmt.intern("b"))),
        ("window", pmt.PMT_T),
    ],
)
def test_tags_that_mean_nothing_change_nothing(tokenize, key, value):
    _, infos = tokenize(tokenizer(2e6), IQ, [(1_000, key, value)])
    assert [info.sample_start for info in infos] == [0, 51_200, 102_400]


def test_rates_of_nothing_or_nonsense_recover(tokenize):
    tags = [rate_tag(1_000, rate) for rate in (0.0, -2e6, float("nan"), float("inf"))]
    tags = [(offset + k, key, value) for k, (offset, key, value) in enumerate(tags)]
    _, infos = tokenize(tokenizer(2e6), IQ, [*tags, rate_tag(2_000, 2.4e6)])
    assert [info.sample_start for info in infos] == [0, 2_000, 63_440, 124_880]
    assert all(0 <= info.rx_time[0] < 2 and 0 <= info.rx_time[1] < 1 for info in infos)


def test_whole_numbers_do_as_rate_and_frequency(tokenize):
    tags = [
        (0, "rx_rate", pmt.from_long(2_400_000)),
        (0, "rx_freq", pmt.from_long(800_000_000)),
        (0, "rx_time", pmt.make_tuple(pmt.from_long(7), pmt.from_double(0.5))),
    ]
    _, infos = tokenize(tokenizer(2e6), IQ, tags)
    assert [info.sample_rate for info in infos] == [2.4e6] * 3
    assert infos[0].center_freq == 8e8
    assert infos[0].rx_time == (7, 0.5)


def test_center_freq_before_the_start(tokenize):
    block = tokenizer(2e6, center_freq=1e9)
    assert (block.samp_rate(), block.center_freq()) == (2e6, 1e9)
    block.set_center_freq(2e9)
    _, infos = tokenize(block, IQ)
    assert [info.center_freq for info in infos] == [2e9] * 3
    assert block.center_freq() == 2e9


class PausingSource(gr.sync_block):
    """Samples; before sample ``pause`` it waits for ``go``."""

    def __init__(self, iq, pause):
        gr.sync_block.__init__(self, name="pausing", in_sig=None, out_sig=[np.complex64])
        self.iq, self.pause, self.go = iq, pause, threading.Event()

    def work(self, _, output_items):
        at = self.nitems_written(0)
        if at == self.pause:
            assert self.go.wait(TIMEOUT)
        stop = self.pause if at < self.pause else len(self.iq)
        chunk = self.iq[at:stop][: len(output_items[0])]
        output_items[0][: len(chunk)] = chunk
        return len(chunk) if len(chunk) else int(gr.WORK_DONE)


class Windows(gr.sync_block):
    """Keeps what the tokenizer says of its windows, and tells when one has come."""

    def __init__(self, vlen):
        gr.sync_block.__init__(self, name="windows", in_sig=[(np.float32, vlen)], out_sig=None)
        self.infos, self.came = [], threading.Semaphore(0)

    def work(self, input_items, _):
        n = len(input_items[0])
        for tag in self.get_tags_in_window(0, 0, n):
            self.infos.append(WindowInfo.from_pmt(tag.value))
            self.came.release()
        return n


def test_center_freq_while_running():
    source, block, sink = (
        PausingSource(IQ, 51_200),
        tokenizer(2e6),
        Windows(kernels.window_spec().vlen),
    )
    graph = gr.top_block()
    graph.connect(source, block, sink)
    graph.start()
    assert sink.came.acquire(timeout=TIMEOUT)
    block.set_center_freq(1e9)  # nothing is under way: it holds from sample 51,200 on
    source.go.set()
    graph.wait()
    got = [(info.sample_start, info.center_freq) for info in sink.infos]
    assert got == [(0, 0.0), (51_200, 1e9), (102_400, 1e9)]


def test_samp_rate_while_running():
    source = PausingSource(IQ, 51_200)
    block, sink = tokenizer(2e6), Windows(kernels.window_spec().vlen)
    graph = gr.top_block()
    graph.connect(source, block, sink)
    graph.start()
    assert sink.came.acquire(timeout=TIMEOUT)
    block.set_samp_rate(4e6)
    source.go.set()
    graph.wait()
    got = [(info.sample_start, info.sample_rate, info.sample_count) for info in sink.infos]
    assert got[:2] == [(0, 2e6, 51_200), (51_200, 4e6, 102_400)]
    assert block.samp_rate() == 4e6
    with pytest.raises(ValueError, match=r"samp_rate: expected 1\.92e6"):
        block.set_samp_rate(1e6)


def test_a_long_stream_at_the_highest_rate():
    n_windows, length = 40, 1_572_864
    block, sink = tokenizer(61.44e6), Windows(kernels.window_spec().vlen)
    graph = gr.top_block()
    head = blocks.head(gr.sizeof_gr_complex, n_windows * length)
    graph.connect(blocks.null_source(gr.sizeof_gr_complex), head, block, sink)
    graph.run()
    assert [i.sample_start for i in sink.infos] == [k * length for k in range(n_windows)]
    assert block.windows() == n_windows
    completed = [info.completed_at for info in sink.infos]
    assert completed == sorted(completed)


@pytest.mark.parametrize("samp_rate", [0.0, 1e6, 62e6, float("nan")])
def test_constructor_refuses_rates_out_of_range(samp_rate):
    with pytest.raises(ValueError, match=r"samp_rate: expected 1\.92e6 to 61\.44e6 Hz, got"):
        tokenizer(samp_rate)
