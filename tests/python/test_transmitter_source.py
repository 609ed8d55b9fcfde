# SPDX-License-Identifier: GPL-3.0-or-later
"""The block under all transmitters, over a transmitter whose samples are known."""

import threading
import time

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro.transmitters.piece_worker import PieceWorker
from gnuradio.lwmspectro.transmitters.sample_stream import MIN_PIECE, SampleStream
from gnuradio.lwmspectro.transmitters.source_block import transmitter_source

RATE = 2e6


class Counter:
    """Samples 0, 1, 2, ... in pieces of 1000; may be slow, wrong or failing."""

    def __init__(self, fail_after=None, delay_s=0.0, make=None):
        self.samp_rate, self.occupied_bw_hz = RATE, 1e6
        self.made, self.fail_after, self.delay_s, self.make = 0, fail_after, delay_s, make
        self.threads = set()

    def next_piece(self):
        self.threads.add(threading.current_thread())
        time.sleep(self.delay_s)
        if self.fail_after is not None and self.made >= self.fail_after:
            raise ValueError("pci: expected 0..503, got 504")
        if self.make is not None:
            return self.make()
        start = 1000 * self.made
        self.made += 1
        return np.arange(start, start + 1000).astype(np.complex64)


def source(transmitter, samp_rate=0.0, amplitude=1.0, repeat_s=0.0):
    return transmitter_source("counter_source", transmitter, samp_rate, amplitude, repeat_s)


def play(block, n):
    sink = blocks.vector_sink_c()
    graph = gr.top_block()
    graph.connect(block, blocks.head(gr.sizeof_gr_complex, n), sink)
    graph.run()
    return np.array(sink.data(), np.complex64), sink.tags()


def test_samples_come_once_and_in_order():
    n = 300_123
    got, tags = play(source(Counter()), n)
    np.testing.assert_array_equal(got, np.arange(n))
    assert [(tag.offset, str(tag.key), pmt.to_python(tag.value)) for tag in tags] == [
        (0, "rx_rate", RATE)
    ]


def test_amplitude_and_its_setter():
    block = source(Counter(make=lambda: np.ones(1000, np.complex64)), amplitude=0.25)
    assert block.amplitude == 0.25
    got, _ = play(block, 5000)
    np.testing.assert_array_equal(got, np.full(5000, 0.25))
    block.set_amplitude(0.5)
    got, _ = play(block, 5000)
    np.testing.assert_array_equal(got, np.full(5000, 0.5))


def test_a_flowgraph_that_is_started_again_goes_on():
    block = source(Counter())
    sink, head = blocks.vector_sink_c(), blocks.head(gr.sizeof_gr_complex, 50_000)
    graph = gr.top_block()
    graph.connect(block, head, sink)
    graph.run()
    first = len(sink.data())
    head.reset()
    graph.run()
    got = np.array(sink.data(), np.complex64)
    assert first == 50_000
    assert got.size == 100_000
    steps = np.diff(got.real)
    # what was in GNU Radio's buffer when it stopped is gone with that; nothing is out of order
    assert np.count_nonzero(steps != 1) <= 1
    assert steps.min() > 0


def test_its_own_sample_rate_and_a_wanted_one():
    def tone(n=[0]):  # noqa: B006 - remembers where it is
        at = np.arange(n[0], n[0] + 4000)
        n[0] += 4000
        return np.exp(2j * np.pi * 0.1 * at).astype(np.complex64)

    block = source(Counter(make=tone), samp_rate=3e6)
    assert block.samp_rate == 3e6
    assert block.occupied_bw_hz == 1e6
    got, tags = play(block, 30_000)
    expected = np.exp(2j * np.pi * 0.1 * RATE / 3e6 * np.arange(30_000))
    np.testing.assert_allclose(got[1000:], expected[1000:], atol=1e-3)
    assert pmt.to_python(tags[0].value) == 3e6


@pytest.mark.parametrize("length", [2500, MIN_PIECE + 1, 100_000])
def test_a_loop(length):
    transmitter = Counter()
    got, _ = play(source(transmitter, repeat_s=length / RATE), 4 * length)
    np.testing.assert_array_equal(got, np.tile(np.arange(length), 4))
    assert 1000 * transmitter.made < length + 2 * MIN_PIECE


def test_an_error_ends_the_stream_and_is_kept():
    transmitter = Counter(fail_after=100)
    block = source(transmitter)
    got, _ = play(block, 10_000_000)
    assert got.size <= 100_000
    np.testing.assert_array_equal(got, np.arange(got.size))
    assert str(block.error) == "pci: expected 0..503, got 504"
    again, _ = play(block, 1000)
    assert again.size == 0


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.ones(10, np.complex128), "expected complex64 samples of shape"),
        (np.ones((2, 5), np.complex64), "expected complex64 samples of shape"),
        (np.full(10, np.nan, np.complex64), "expected finite samples"),
    ],
)
def test_wrong_samples_are_an_error(bad, said):
    block = source(Counter(make=lambda: bad))
    got, _ = play(block, 1000)
    assert got.size == 0
    assert said in str(block.error)


@pytest.mark.parametrize("repeat_s", [0.0, 60.0])
def test_a_slow_transmitter_lets_the_flowgraph_stop(repeat_s):
    transmitter = Counter(delay_s=0.02)
    block = source(transmitter, repeat_s=repeat_s)
    graph = gr.top_block()
    graph.connect(block, blocks.null_sink(gr.sizeof_gr_complex))
    graph.start()
    begun = time.monotonic()
    graph.stop()
    graph.wait()
    # a piece that is being made is waited for: MIN_PIECE samples of 1000 each 20 ms
    assert time.monotonic() - begun < 3.0
    assert all(not thread.is_alive() for thread in transmitter.threads)


def test_no_thread_lives_without_a_running_flowgraph():
    transmitter = Counter()
    block = source(transmitter)
    assert not transmitter.threads
    play(block, 1000)
    assert transmitter.threads
    assert all(not thread.is_alive() for thread in transmitter.threads)


def test_the_worker_loses_nothing_when_it_is_stopped():
    made = iter(range(10_000))
    worker = PieceWorker(lambda: np.full(1, next(made), np.complex64), depth=2)
    got = []
    for _ in range(20):
        worker.start()
        while (piece := worker.get(1.0)) is not None and len(got) % 7 != 6:
            got.append(int(piece[0].real))
        got.append(int(piece[0].real))
        worker.stop()
    assert got == list(range(len(got)))


def test_the_worker_stays_only_so_far_ahead():
    transmitter = Counter()
    worker = PieceWorker(transmitter.next_piece, depth=3)
    worker.start()
    worker.get(1.0)
    while not worker._ready.full():
        pass
    worker.stop()
    assert transmitter.made <= 5


def test_short_pieces_are_put_together():
    stream = SampleStream(Counter())
    assert stream.next_piece().size >= MIN_PIECE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"samp_rate": -1.0}, "samp_rate: expected Hz, or 0"),
        ({"samp_rate": float("nan")}, "samp_rate: expected Hz, or 0"),
        ({"repeat_s": -1.0}, "repeat_s: expected seconds, or 0"),
        ({"repeat_s": 1e-9}, "repeat_s: expected 1 to"),
        ({"repeat_s": 1e6}, "repeat_s: expected 1 to"),
        ({"amplitude": -1.0}, "amplitude: expected 0 to 1e"),
        ({"amplitude": float("nan")}, "amplitude: expected 0 to 1e"),
    ],
)
def test_wrong_arguments_are_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        source(Counter(), **arguments)
