# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples in, messages out: the hier block, with the real tokenizer."""

import itertools
import threading
import time

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import Bundle, InputError, classifier, keys, message

RATE = 1.92e6
WINDOW = 49152
TIMEOUT = 30.0


def tag(offset, key, value):
    made = gr.tag_t()
    made.offset, made.key, made.value = offset, pmt.intern(key), value
    return made


def run(block, samples, tags=()):
    source = blocks.vector_source_c(samples.tolist(), False, 1, list(tags))
    debug = blocks.message_debug()
    heard = []
    block.add_listener(heard.append)
    graph = gr.top_block()
    graph.connect(source, block)
    graph.msg_connect((block, keys.CLASSIFICATION), (debug, "store"))
    graph.run()
    posted = [message.from_pmt(debug.get_message(n)) for n in range(debug.num_messages())]
    assert posted == heard
    return heard


@pytest.fixture
def noise(rng):
    def make(n):
        return (rng.normal(size=2 * n).astype(np.float32) * 0.1).view(np.complex64)

    return make


def test_windows_of_a_stream(lte_bundle, noise):
    block = classifier(RATE, 1e9, lte_bundle, "block")
    heard = run(block, noise(5 * WINDOW + 100))
    assert [answer[keys.SAMPLE_START] for answer in heard] == [n * WINDOW for n in range(5)]
    for answer in heard:
        assert answer[keys.STATUS] == keys.STATUS_OK
        assert answer[keys.SAMPLE_COUNT] == WINDOW
        assert answer[keys.SAMPLE_RATE] == RATE
        assert answer[keys.CENTER_FREQ] == 1e9
        assert 0.0 < answer[keys.LATENCY_S] < 60.0
    assert heard[2][keys.RX_TIME] == (0, pytest.approx(2 * 25.6e-3))
    assert block.counts.done == 5
    assert block.error is None


def test_noise_is_no_signal_and_a_carrier_is_unknown(make_bundle, noise):
    """With a model that never names anything."""
    bundle = Bundle.load(make_bundle(gain=0.0))
    samples = noise(3 * WINDOW)
    samples[WINDOW : 2 * WINDOW] += np.exp(2j * np.pi * 0.1 * np.arange(WINDOW)).astype(
        np.complex64
    )
    samples[2 * WINDOW :] = np.nan
    heard = run(classifier(RATE, 0.0, bundle, "block"), samples)
    assert [answer[keys.STATUS] for answer in heard] == ["no_signal", "unknown", "no_signal"]


def test_a_new_rate_and_frequency_start_a_new_window(lte_bundle, noise):
    tags = [
        tag(WINDOW // 2, keys.RX_FREQ, pmt.from_double(2e9)),
        tag(WINDOW // 2, keys.RX_RATE, pmt.from_double(2 * RATE)),
        tag(WINDOW // 2 + 2 * WINDOW, keys.FLUSH, pmt.PMT_T),
    ]
    heard = run(
        classifier(RATE, 1e9, lte_bundle, "block"), noise(WINDOW // 2 + 2 * WINDOW + 1), tags
    )
    shape = [
        (answer[keys.SAMPLE_START], answer[keys.SAMPLE_COUNT], answer[keys.SAMPLE_RATE])
        for answer in heard
    ]
    assert shape == [(0, WINDOW // 2, RATE), (WINDOW // 2, 2 * WINDOW, 2 * RATE)]
    assert [answer[keys.CENTER_FREQ] for answer in heard] == [1e9, 2e9]
    assert [answer[keys.STATUS] for answer in heard] == ["partial", "ok"]


@pytest.mark.parametrize("rate", [1e6, 1e8, float("nan")])
def test_rate_out_of_range(lte_bundle, rate):
    with pytest.raises(ValueError, match=r"samp_rate: expected 1.92e\+06 to 6.144e\+07 Hz"):
        classifier(rate, 0.0, lte_bundle)


def test_windows_at_a_rate_that_the_bundle_does_not_know_fail(make_bundle, noise):
    bundle = Bundle.load(make_bundle(spec={"samp_rate_max": 3e6}))
    block = classifier(RATE, 0.0, bundle, "block")
    tags = [
        tag(WINDOW, keys.RX_RATE, pmt.from_double(2 * RATE)),
        tag(3 * WINDOW, keys.RX_RATE, pmt.from_double(RATE)),
    ]
    heard = run(block, noise(4 * WINDOW), tags)
    assert [answer[keys.SAMPLE_START] for answer in heard] == [0, 3 * WINDOW]
    assert (block.counts.done, block.counts.failed) == (2, 1)
    assert "samp_rate: expected 1.92e+06 to 3e+06 Hz, got 3.84e+06" in str(block.error)


def test_retuning_all_the_time(lte_bundle, noise):
    """From another thread, while samples run: each window says one frequency, all in order."""
    block = classifier(RATE, 1e9, lte_bundle, "block")
    over = threading.Event()
    asked = {1e9}

    def retune():
        for number in itertools.count():
            freq = 1e9 + number % 1000
            asked.add(freq)
            block.set_center_freq(freq)
            if over.is_set():
                return

    hammer = threading.Thread(target=retune)
    hammer.start()
    try:
        heard = run(block, noise(40 * WINDOW))
    finally:
        over.set()
        hammer.join()
    assert block.error is None
    assert len({answer[keys.CENTER_FREQ] for answer in heard}) > 1
    assert {answer[keys.CENTER_FREQ] for answer in heard} <= asked
    end = 0
    for answer in heard:
        assert answer[keys.SAMPLE_START] >= end
        end = answer[keys.SAMPLE_START] + answer[keys.SAMPLE_COUNT]
    assert end <= 40 * WINDOW


def test_set_center_freq(lte_bundle, noise):
    block = classifier(RATE, 1e9, lte_bundle, "block")
    block.set_center_freq(3e9)
    assert run(block, noise(WINDOW))[0][keys.CENTER_FREQ] == 3e9


def test_set_samp_rate(lte_bundle, noise):
    block = classifier(RATE, 0.0, lte_bundle, "block")
    block.set_samp_rate(2 * RATE)
    assert run(block, noise(2 * WINDOW))[0][keys.SAMPLE_RATE] == 2 * RATE
    with pytest.raises(InputError, match=r"expected 1\.92e"):
        block.set_samp_rate(1e6)


def test_the_tokenizer_goes_on_while_the_model_works(lte_bundle, noise):
    made = threading.Event()

    def router(tokens):
        """Waits for the second window, which is made while the first one is read."""
        assert made.wait(TIMEOUT)
        return np.zeros((len(tokens), 4), np.float32)

    block = classifier(RATE, 0.0, lte_bundle, "block", router=router)
    token_maker = block._tokenizer
    source = blocks.vector_source_c(noise(3 * WINDOW).tolist())
    graph = gr.top_block()
    graph.connect(source, block)
    graph.start()
    deadline = time.monotonic() + TIMEOUT
    while token_maker.nitems_written(0) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    at_once = token_maker.nitems_written(0)
    made.set()
    graph.wait()
    assert at_once >= 2
    assert block.counts.done == 3
    assert block.error is None
