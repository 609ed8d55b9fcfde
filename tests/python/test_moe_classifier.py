# SPDX-License-Identifier: GPL-3.0-or-later
"""The block in flowgraphs: messages, order, both policies, and models that fail or are slow."""

import threading
import time

import numpy as np
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import Bundle, BundleError, kernels, keys, message, moe_classifier
from token_stream import build, window_tag

VLEN = kernels.window_spec().vlen
TIMEOUT = 30.0


def make_tokens(rng, n):
    return rng.normal(size=(n, VLEN)).astype(np.float32)


def test_the_router_reads_what_comes_before_the_grids(make_bundle, rng):
    grids = ["cp_15khz", "wifi_long_gi"]
    block = moe_classifier(make_bundle(spec={"grids": grids}), policy="block")
    assert block.bundle.spec.vlen == kernels.window_spec(grids=grids).vlen > VLEN
    plain = moe_classifier(make_bundle(), policy="block")
    tokens = make_tokens(rng, 5)
    rest = np.full((5, block.bundle.spec.vlen - VLEN), np.nan, np.float32)
    answers = []
    for made, given in ((plain, tokens), (block, np.hstack([tokens, rest]))):
        graph, heard = build(made, given)
        graph.run()
        assert made.error is None
        answers.append([(m[keys.STATUS], m[keys.PROTOCOL_P]) for m in heard])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 5


def wait_for_windows(block, n, waiter):
    """Returns when so many have come; the flowgraph must still be running then."""
    deadline = time.monotonic() + TIMEOUT
    while block.windows_in() < n:
        waiter.join(0.005)
        assert waiter.is_alive()
        assert time.monotonic() < deadline


class Slow:
    """A router that waits to be let through."""

    def __init__(self):
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, tokens):
        self.entered.release()
        assert self.open.wait(TIMEOUT)
        return np.zeros((len(tokens), 4), np.float32)


def test_every_window_is_answered_in_order(make_bundle, rng):
    block = moe_classifier(make_bundle(gain=10.0), policy="block", batch=3)
    debug = blocks.message_debug()
    tokens = make_tokens(rng, 20)
    graph, heard = build(block, tokens)
    graph.msg_connect((block, keys.CLASSIFICATION), (debug, "store"))
    graph.run()
    assert [answer[keys.SAMPLE_START] for answer in heard] == [1000 * n for n in range(20)]
    logits = 10.0 * tokens[:, :4].astype(np.float64)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for answer, expected in zip(heard, p[:, :3], strict=True):
        assert answer[keys.PROTOCOL_P] == pytest.approx(expected.max(), rel=1e-4)
        if expected.max() > 0.7:
            assert answer[keys.STATUS] == keys.STATUS_OK
            assert answer[keys.PROTOCOL] == ("wifi", "lte", "nr")[int(expected.argmax())]
        else:
            assert keys.PROTOCOL not in answer
    posted = [message.from_pmt(debug.get_message(n)) for n in range(debug.num_messages())]
    assert posted == heard
    assert (block.windows_in(), block.classified()) == (20, 20)
    assert (block.dropped(), block.failed()) == (0, 0)
    assert block.error is None


def test_message_has_all_keys_that_are_known(lte_bundle, rng):
    block = moe_classifier(Bundle.load(lte_bundle), policy="block")
    graph, heard = build(block, make_tokens(rng, 1), [window_tag(0, start=2**40)])
    graph.run()
    answer = heard[0]
    latency = answer.pop(keys.LATENCY_S)
    assert latency > 0.0  # the tag says that the window was complete at boot
    assert answer == {
        keys.STATUS: keys.STATUS_OK,
        keys.PROTOCOL: "lte",
        keys.PROTOCOL_P: pytest.approx(0.8, abs=1e-3),
        keys.SAMPLE_START: 2**40,
        keys.SAMPLE_COUNT: 1000,
        keys.RX_TIME: (0, 0.5),
        keys.SAMPLE_RATE: 2e6,
        keys.CENTER_FREQ: 1e9,
        keys.DROPPED_WINDOWS: 0,
        keys.MODEL: "tiny-1",
    }


def test_latency_is_measured_on_the_steady_clock(lte_bundle, rng):
    begun = time.monotonic()
    block = moe_classifier(lte_bundle, policy="block")
    graph, heard = build(block, make_tokens(rng, 1), [window_tag(0, completed_at=begun)])
    graph.run()
    assert 0.0 < heard[0][keys.LATENCY_S] <= time.monotonic() - begun


def test_a_padded_window_is_judged_on_its_own_frames(lte_bundle, rng):
    """The rest is padding: silence in the valid frames is silence."""
    tokens = make_tokens(rng, 2)
    tokens[0, : 64 * 128] = -200.0
    tags = [window_tag(0, valid=0.5), window_tag(1, valid=0.5)]
    graph, heard = build(moe_classifier(lte_bundle, policy="block"), tokens, tags)
    graph.run()
    assert [answer[keys.STATUS] for answer in heard] == ["no_signal", "partial"]


def test_drop_never_holds_up_the_stream(lte_bundle, rng):
    slow = Slow()
    block = moe_classifier(lte_bundle, policy="drop", queue_depth=2, batch=1, router=slow)
    graph, heard = build(block, make_tokens(rng, 30))
    graph.start()
    assert slow.entered.acquire(timeout=TIMEOUT)
    waiter = threading.Thread(target=graph.wait)
    waiter.start()
    wait_for_windows(block, 30, waiter)  # the source is through although nothing was answered
    slow.open.set()
    waiter.join(TIMEOUT)
    counts = block.counts
    assert counts.submitted == 30
    assert counts.dropped >= 27  # one in the model, two in the queue
    assert counts.done + counts.dropped == 30
    starts = [answer[keys.SAMPLE_START] for answer in heard]
    assert len(starts) == counts.done
    assert starts == sorted(set(starts))


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("n", [1, 2, 25])
def test_under_drop_every_window_is_a_message_or_told(lte_bundle, rng, n, delay_s):
    """Those at the end of the stream, too, which the model reads after all samples have come."""

    def slow(tokens):
        time.sleep(delay_s)
        return np.zeros((len(tokens), 4), np.float32)

    block = moe_classifier(lte_bundle, policy="drop", queue_depth=4, batch=2, router=slow)
    graph, heard = build(block, make_tokens(rng, n))
    debug = blocks.message_debug()
    graph.msg_connect(block, "classification", debug, "store")
    graph.run()
    assert debug.num_messages() == len(heard) == block.classified()
    assert block.classified() + block.dropped() == n


def test_dropped_windows_are_told(lte_bundle, rng):
    slow = Slow()
    block = moe_classifier(lte_bundle, policy="drop", queue_depth=1, batch=1, router=slow)
    graph, heard = build(block, make_tokens(rng, 10))
    graph.start()
    assert slow.entered.acquire(timeout=TIMEOUT)
    waiter = threading.Thread(target=graph.wait)
    waiter.start()
    wait_for_windows(block, 10, waiter)
    dropped = block.dropped()
    slow.open.set()
    waiter.join(TIMEOUT)
    assert dropped >= 8
    assert heard[0][keys.DROPPED_WINDOWS] == dropped


def test_windows_are_batched_when_behind(lte_bundle, rng):
    sizes, queued = [], threading.Semaphore(0)

    def router(tokens):
        if not sizes:  # the first call waits until there are enough for a batch
            for _ in range(5):
                assert queued.acquire(timeout=TIMEOUT)
        sizes.append(len(tokens))
        return np.zeros((len(tokens), 4), np.float32)

    block = moe_classifier(lte_bundle, policy="block", batch=4, queue_depth=16, router=router)
    block.add_arrival_listener(lambda _: queued.release())
    graph, heard = build(block, make_tokens(rng, 64))
    graph.run()
    assert sum(sizes) == len(heard) == 64
    assert 1 < max(sizes) <= 4


def test_a_model_that_fails_is_told_and_counted(lte_bundle, rng):
    def router(tokens):
        raise ArithmeticError("broken")

    block = moe_classifier(lte_bundle, policy="block", router=router)
    graph, heard = build(block, make_tokens(rng, 9))
    graph.run()
    assert heard == []
    assert block.failed() == 9
    assert str(block.error) == "broken"


def test_a_model_that_gives_too_little_fails(lte_bundle, rng):
    block = moe_classifier(lte_bundle, policy="block", router=lambda tokens: np.zeros((0, 4)))
    graph, _ = build(block, make_tokens(rng, 1))
    graph.run()
    assert "expected 1 rows of logits, got 0" in str(block.error)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_not_finite_are_a_failure(lte_bundle, rng, value):
    def router(tokens):
        logits = np.zeros((len(tokens), 4), np.float32)
        logits[tokens[:, 0] > 100.0, 2] = value
        return logits

    tokens = make_tokens(rng, 3)
    tokens[1, 0] = 101.0
    block = moe_classifier(lte_bundle, policy="block", router=router)
    graph, heard = build(block, tokens)
    graph.run()
    assert [answer[keys.SAMPLE_START] for answer in heard] == [0, 2000]
    assert (block.classified(), block.failed()) == (2, 1)
    assert "model: expected finite logits, got [0.0, 0.0, " in str(block.error)


@pytest.mark.parametrize("kind", [ArithmeticError, OSError, SystemExit])
def test_a_listener_that_fails_is_not_the_model(lte_bundle, rng, kind):
    block = moe_classifier(lte_bundle, policy="block")

    def listener(answer):
        raise kind("listener")

    block.add_listener(listener)
    block.add_arrival_listener(listener)
    graph, heard = build(block, make_tokens(rng, 9))
    graph.run()
    assert len(heard) == 9
    assert (block.classified(), block.failed()) == (9, 0)
    assert isinstance(block.error, kind)


def test_arrivals_are_told_in_order_dropped_or_not(lte_bundle, rng):
    slow = Slow()
    block = moe_classifier(lte_bundle, policy="drop", queue_depth=1, batch=1, router=slow)
    come = []
    block.add_arrival_listener(lambda info: come.append(info.sample_start))
    graph, heard = build(block, make_tokens(rng, 10))
    graph.start()
    waiter = threading.Thread(target=graph.wait)
    waiter.start()
    wait_for_windows(block, 10, waiter)
    slow.open.set()
    waiter.join(TIMEOUT)
    assert come == [1000 * n for n in range(10)]
    assert len(heard) < 10


def test_a_bundle_for_other_tokens_is_refused(make_bundle):
    with pytest.raises(BundleError, match=f"features: expected {kernels.features_version}"):
        moe_classifier(make_bundle(spec={"features": kernels.features_version + 1}))


def test_vectors_without_the_tag_are_refused(lte_bundle, rng):
    block = moe_classifier(lte_bundle, policy="block")
    graph, heard = build(block, make_tokens(rng, 3), [])
    graph.run()
    assert heard == []
    assert "expected a 'window' tag" in str(block.error)


def test_cancel_lets_a_blocked_flowgraph_stop(lte_bundle, rng):
    slow = Slow()
    block = moe_classifier(lte_bundle, policy="block", queue_depth=1, batch=1, router=slow)
    graph, _ = build(block, make_tokens(rng, 20))
    graph.start()
    assert slow.entered.acquire(timeout=TIMEOUT)
    block.cancel()
    graph.stop()
    slow.open.set()
    graph.wait()
    counts = block.counts
    assert counts.submitted == counts.done + counts.dropped
    assert counts.done == 1


def test_stops_and_starts_again(lte_bundle, rng):
    block = moe_classifier(lte_bundle, policy="block")
    graph = gr.top_block()
    source = blocks.vector_source_f(
        make_tokens(rng, 2).ravel().tolist(), True, VLEN, [window_tag(0), window_tag(1)]
    )
    heard = threading.Semaphore(0)
    block.add_listener(lambda answer: heard.release())
    graph.connect(source, block)
    for _ in range(3):
        before = block.classified()
        while heard.acquire(blocking=False):
            pass
        graph.start()
        assert heard.acquire(timeout=TIMEOUT)
        graph.stop()
        graph.wait()
        assert block.classified() > before
    assert block.windows_in() == block.classified()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": "maybe"}, "policy: expected one of"),
        ({"queue_depth": 0}, "depth: expected 1 or more"),
        ({"batch": 0}, "batch: expected 1 or more"),
        ({"threads": 0}, "threads: expected 1 or more"),
        ({"provider": "cuda"}, "provider: expected one of"),
    ],
)
def test_arguments_that_are_wrong(lte_bundle, arguments, message):
    with pytest.raises(ValueError, match=message):
        moe_classifier(lte_bundle, **arguments)


def test_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="No such file"):
        moe_classifier(str(tmp_path))
