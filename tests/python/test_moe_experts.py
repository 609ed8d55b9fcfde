# SPDX-License-Identifier: GPL-3.0-or-later
"""The experts in flowgraphs: fields of messages, embeddings, failures, drops, real tokens."""

import threading

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import (
    Bundle,
    BundleError,
    classifier,
    kernels,
    keys,
    message,
    moe_classifier,
)
from gnuradio.lwmspectro.inference import open_experts
from gnuradio.lwmspectro.window_message import EMBEDDING_KEYS
from tiny_models import MOBILITIES, MODULATIONS, PARTS, SNR_LEVELS
from token_stream import build, window_tag

VLEN = kernels.window_spec().vlen
TIMEOUT = 30.0
PROTOCOLS = ("wifi", "lte", "nr")
LABELS = (1, 0, 3, 2, 1)  # lte, wifi, none, nr, lte


@pytest.fixture
def tokens(rng):
    """Windows of LABELS; their logits are 1, their SNR and their embedding their number."""
    made = np.zeros((len(LABELS), VLEN), np.float32)
    made[:, 200:] = rng.normal(size=(len(LABELS), VLEN - 200))
    for number, label in enumerate(LABELS):
        made[number, label] = 9.0
        made[number, PARTS["modulation"].start + number % 5] = 3.0
        made[number, PARTS["mobility"].start + number % 3] = 2.0
        made[number, PARTS["snr_db"]] = number
        made[number, PARTS["embedding"]] = number
    return made


def test_messages_in_order_with_the_answers_of_their_experts(make_bundle, tokens):
    block = moe_classifier(make_bundle(experts=PROTOCOLS), policy="block", batch=5)
    debug = blocks.message_debug()
    graph, heard = build(block, tokens)
    graph.msg_connect((block, keys.CLASSIFICATION), (debug, "store"))
    graph.run()
    assert block.error is None
    assert [answer[keys.SAMPLE_START] for answer in heard] == [1000 * n for n in range(5)]
    assert [answer.get(keys.PROTOCOL) for answer in heard] == ["lte", "wifi", None, "nr", "lte"]
    for number, answer in enumerate(heard):
        if keys.PROTOCOL not in answer:
            assert not set(keys.EXPERT_KEYS) & set(answer)
            continue
        assert answer[keys.MODULATION] == MODULATIONS[number % 5]
        assert answer[keys.MODULATION_P] == pytest.approx(np.exp(3) / (np.exp(3) + 4))
        assert answer[keys.MOBILITY] == MOBILITIES[number % 3]
        assert answer[keys.MOBILITY_P] == pytest.approx(np.exp(2) / (np.exp(2) + 2))
        assert answer[keys.SNR_DB] == SNR_LEVELS[answer[keys.PROTOCOL]] + number
    posted = [message.from_pmt(debug.get_message(n)) for n in range(debug.num_messages())]
    assert posted == heard


def test_what_is_not_probable_enough_is_left_out_with_its_probability_given(make_bundle, tokens):
    block = moe_classifier(make_bundle(experts=PROTOCOLS, least_p=0.8), policy="block")
    graph, heard = build(block, tokens[:1])
    graph.run()
    answer = heard[0]
    assert answer[keys.MODULATION] == "BPSK"  # p = 0.83
    assert keys.MOBILITY not in answer
    assert answer[keys.MOBILITY_P] == pytest.approx(0.787, abs=1e-3)
    record = message.to_record(answer)
    assert record[keys.MOBILITY] is None
    assert list(record) == list(keys.MESSAGE_KEYS)


def test_a_router_alone_says_nothing_of_the_rest(make_bundle, tokens):
    graph, heard = build(moe_classifier(make_bundle(), policy="block"), tokens)
    graph.run()
    assert not any(set(keys.EXPERT_KEYS) & set(answer) for answer in heard)
    assert [message.to_record(heard[0])[key] for key in keys.EXPERT_KEYS] == [None] * 5


def embeddings_of(block, tokens, tags=None):
    debug = blocks.message_debug()
    graph, heard = build(block, tokens, tags)
    graph.msg_connect((block, keys.EMBEDDING), (debug, "store"))
    graph.run()
    assert block.error is None
    return [debug.get_message(n) for n in range(debug.num_messages())], heard


def test_embeddings_are_pdus(make_bundle, tokens):
    block = moe_classifier(make_bundle(experts=("lte", "nr")), policy="block", embeddings=True)
    pdus, heard = embeddings_of(block, tokens)
    assert len(heard) == 5
    read = [0, 3, 4]  # WiFi has no expert here
    assert len(pdus) == len(read)
    for number, pdu in zip(read, pdus, strict=True):
        assert pmt.is_pair(pdu)
        assert pmt.is_dict(pmt.car(pdu))
        assert pmt.is_f32vector(pmt.cdr(pdu))
        np.testing.assert_array_equal(pmt.f32vector_elements(pmt.cdr(pdu)), [number] * 128)
        about = message.from_pmt(pmt.car(pdu))
        assert about == {key: heard[number][key] for key in EMBEDDING_KEYS}
        assert list(about) == list(EMBEDDING_KEYS)


def test_embeddings_are_sent_on_request_alone(make_bundle):
    bundle = make_bundle(experts=PROTOCOLS)
    ports = {
        asked: pmt.to_python(moe_classifier(bundle, embeddings=asked).message_ports_out())
        for asked in (False, True)
    }
    assert keys.EMBEDDING not in list(ports[False])
    assert keys.EMBEDDING in list(ports[True])


def test_embeddings_of_a_router_alone_are_refused(make_bundle):
    with pytest.raises(BundleError, match="expected a bundle with experts, got tiny-1"):
        moe_classifier(make_bundle(), embeddings=True)


def test_an_expert_that_fails_costs_its_windows_alone(make_bundle, tokens):
    def broken(rows):
        raise ArithmeticError("broken")

    bundle = Bundle.load(make_bundle(experts=PROTOCOLS))
    experts = {**open_experts(bundle), "lte": broken}
    block = moe_classifier(bundle, policy="block", experts=experts)
    graph, heard = build(block, tokens)
    graph.run()
    assert [answer[keys.SAMPLE_START] for answer in heard] == [1000, 2000, 3000]
    assert (block.windows_in(), block.classified(), block.failed()) == (5, 3, 2)
    assert str(block.error) == "broken"


def test_answers_that_are_not_finite_are_a_failure(make_bundle, tokens):
    tokens[0, PARTS["snr_db"]] = np.inf
    block = moe_classifier(make_bundle(experts=PROTOCOLS), policy="block")
    graph, heard = build(block, tokens)
    graph.run()
    assert (block.classified(), block.failed()) == (4, 1)
    assert all(np.isfinite(answer.get(keys.SNR_DB, 0.0)) for answer in heard)
    assert "expected finite snr_db, got [inf]" in str(block.error)


def test_a_slow_expert_never_holds_up_the_stream(make_bundle, tokens):
    entered, let_through = threading.Semaphore(0), threading.Event()
    bundle = Bundle.load(make_bundle(experts=PROTOCOLS))
    experts = open_experts(bundle)

    def slow(rows):
        entered.release()
        assert let_through.wait(TIMEOUT)
        return experts["lte"](rows)

    block = moe_classifier(
        bundle, policy="drop", queue_depth=2, batch=1, experts={**experts, "lte": slow}
    )
    come = threading.Semaphore(0)
    block.add_arrival_listener(lambda _: come.release())
    graph, heard = build(block, np.repeat(tokens[:1], 20, axis=0))
    graph.start()
    assert entered.acquire(timeout=TIMEOUT)
    for _ in range(20):  # all of them are through although nothing was answered
        assert come.acquire(timeout=TIMEOUT)
    assert heard == []
    let_through.set()
    graph.wait()
    counts = block.counts
    assert counts.submitted == 20
    assert counts.dropped >= 17  # one in the expert, two in the queue
    assert counts.done == len(heard) == 20 - counts.dropped


def test_windows_at_a_wrong_rate_are_read_by_no_model(make_bundle, tokens):
    sizes = []
    bundle = Bundle.load(make_bundle(experts=PROTOCOLS, spec={"samp_rate_max": 1.95e6}))

    def router(rows):
        sizes.append(len(rows))
        return np.zeros((len(rows), 4), np.float32)

    block = moe_classifier(bundle, policy="block", router=router)
    graph, heard = build(block, tokens, [window_tag(n) for n in range(5)])  # at 2 MS/s
    graph.run()
    assert (sizes, heard, block.failed()) == ([], [], 5)
    assert "samp_rate: expected" in str(block.error)


@pytest.mark.parametrize("rate", [1.92e6, 15.36e6, 20e6])
def test_grids_of_the_spec_reach_the_expert(make_bundle, rng, rate):
    """Samples in, embeddings out: what the expert is given is what the kernel makes."""
    spec = {"grids": list(kernels.symbol_grids)}
    bundle = Bundle.load(
        make_bundle(gain=0.0, bias=(0, 9, 0, 0), experts=("lte",), spec=spec, name="grids")
    )
    given = []

    def expert(rows):
        given.extend(rows)
        return open_experts(bundle)["lte"](rows)

    kernel = kernels.window_tokenizer(rate, bundle.spec.kernel_spec())
    iq = rng.normal(size=4 * kernel.window_len()).astype(np.float32).view(np.complex64)
    block = classifier(rate, 1e9, bundle, "block", embeddings=True, experts={"lte": expert})
    debug = blocks.message_debug()
    heard = []
    block.add_listener(heard.append)
    graph = gr.top_block()
    graph.connect(blocks.vector_source_c(iq.tolist()), block)
    graph.msg_connect((block, keys.EMBEDDING), (debug, "store"))
    graph.run()
    assert block.error is None
    assert [answer[keys.PROTOCOL] for answer in heard] == ["lte", "lte"]
    assert bundle.spec.vlen == VLEN + 4 * 5 * 128 * 128
    np.testing.assert_array_equal(np.stack(given), np.stack(kernel.push(iq)))
    for number in range(2):
        row = pmt.f32vector_elements(pmt.cdr(debug.get_message(number)))
        np.testing.assert_array_equal(row, given[number][PARTS["embedding"]])
