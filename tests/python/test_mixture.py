# SPDX-License-Identifier: GPL-3.0-or-later
"""Which expert reads which windows, and what becomes of its answers. No flowgraph."""

import numpy as np
import pytest
from gnuradio.lwmspectro import Bundle, kernels
from gnuradio.lwmspectro.inference import Router, open_experts
from gnuradio.lwmspectro.mixture import Mixture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_models import MOBILITIES, MODULATIONS, PARTS, SNR_LEVELS

PROTOCOLS = ("wifi", "lte", "nr")
GRIDS = ("cp_30khz",)
VLEN = kernels.window_spec(grids=GRIDS).vlen
NONE = 3


@pytest.fixture(scope="module")
def bundle(make_bundle):
    return Bundle.load(make_bundle(experts=PROTOCOLS, spec={"grids": list(GRIDS)}))


def window(label, number=0.0):
    """Tokens that the tiny router takes for the label of that index; a number to know them by."""
    tokens = np.zeros(VLEN, np.float32)
    tokens[:1000:7] = -3.0  # no silence
    tokens[:13] = 0.0
    if label is not None:
        tokens[label] = 20.0
    tokens[PARTS["snr_db"]] = number
    tokens[PARTS["modulation"].start + int(number) % 5] = 20.0
    tokens[PARTS["mobility"].start + int(number) % 3] = 20.0
    tokens[PARTS["embedding"]] = number
    tokens[-1] = number  # of the grid: experts get the whole vector
    return tokens


class Spy:
    """The experts of a bundle, with a record of the batches that each of them was given."""

    def __init__(self, bundle):
        self.batches = {protocol: [] for protocol in bundle.experts}
        self.experts = {
            protocol: self._spied(protocol, expert)
            for protocol, expert in open_experts(bundle).items()
        }

    def _spied(self, protocol, expert):
        def run(tokens):
            self.batches[protocol].append(tokens[:, -1].tolist())
            return expert(tokens)

        return run


def describe(mixture, windows):
    return mixture(windows, [1.0] * len(windows))


def test_each_window_is_read_by_the_expert_of_its_protocol_alone(bundle):
    spy = Spy(bundle)
    mixture = Mixture(bundle, Router(bundle), spy.experts)
    labels = [1, 0, NONE, 2, 1, None, 1]  # lte, wifi, ..., and one of which the router is unsure
    said = describe(mixture, [window(label, n) for n, label in enumerate(labels)])
    assert spy.batches == {"wifi": [[1.0]], "lte": [[0.0, 4.0, 6.0]], "nr": [[3.0]]}
    for number, (label, result) in enumerate(zip(labels, said, strict=True)):
        if label in (NONE, None):
            assert result.verdict.protocol is None
            assert result.answer is None
            continue
        protocol = PROTOCOLS[label]
        assert result.verdict.protocol == protocol
        assert result.answer.snr_db == SNR_LEVELS[protocol] + number
        assert result.answer.modulation == MODULATIONS[number % 5]
        assert result.answer.mobility == MOBILITIES[number % 3]
        np.testing.assert_array_equal(result.answer.embedding, np.full(128, number))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.sampled_from([0, 1, 2, NONE, None]), min_size=1, max_size=6))
def test_a_window_is_described_alike_alone_and_among_others(bundle, labels):
    mixture = Mixture(bundle, Router(bundle), open_experts(bundle))
    windows = [window(label, n) for n, label in enumerate(labels)]
    for one, result in zip(windows, describe(mixture, windows), strict=True):
        alone = describe(mixture, [one])[0]
        assert alone.verdict == result.verdict
        assert (alone.answer is None) == (result.answer is None)
        if alone.answer is not None:
            assert alone.answer.snr_db == result.answer.snr_db
            np.testing.assert_array_equal(alone.answer.embedding, result.answer.embedding)


def test_a_short_window_is_read_where_its_protocol_is_named(bundle):
    spy = Spy(bundle)
    mixture = Mixture(bundle, Router(bundle), spy.experts)
    unsure = window(2, 1)
    unsure[2] = 3.0  # p = 0.87: enough for a whole window, and not for this one
    said = mixture([window(2, 0), unsure], [0.5, 0.5])
    assert [result.verdict.status for result in said] == ["ok", "partial"]
    assert spy.batches["nr"] == [[0.0]]


def test_silence_is_read_by_no_expert(bundle):
    spy = Spy(bundle)
    tokens = np.full(VLEN, -200.0, np.float32)
    said = describe(Mixture(bundle, lambda _: np.float32([[50, 0, 0, 0]]), spy.experts), [tokens])
    assert said[0].verdict.status == "no_signal"
    assert not any(spy.batches.values())


def test_a_protocol_without_an_expert_is_named_all_the_same(make_bundle):
    bundle = Bundle.load(make_bundle(experts=("lte",), spec={"grids": list(GRIDS)}))
    mixture = Mixture(bundle, Router(bundle), open_experts(bundle))
    wifi, lte = describe(mixture, [window(0), window(1)])
    assert (wifi.verdict.protocol, wifi.answer) == ("wifi", None)
    assert lte.answer.snr_db == SNR_LEVELS["lte"]


def test_an_expert_that_fails_fails_its_windows_alone(bundle):
    def broken(tokens):
        raise ArithmeticError("broken")

    mixture = Mixture(bundle, Router(bundle), {**open_experts(bundle), "lte": broken})
    said = describe(mixture, [window(1), window(0, 1), window(NONE), window(1)])
    assert [isinstance(result, ArithmeticError) for result in said] == [True, False, False, True]
    assert said[1].answer.snr_db == SNR_LEVELS["wifi"] + 1


def test_a_window_with_an_answer_that_is_not_finite_fails_alone(bundle):
    mixture = Mixture(bundle, Router(bundle), open_experts(bundle))
    spoilt = window(1, 1)
    spoilt[PARTS["snr_db"]] = np.nan
    said = describe(mixture, [window(1, 0), spoilt, window(1, 2)])
    assert [isinstance(result, ValueError) for result in said] == [False, True, False]
    assert "expected finite snr_db, got [nan]" in str(said[1])


def test_an_expert_that_answers_too_few_windows_fails(bundle):
    expert = open_experts(bundle)["lte"]
    mixture = Mixture(bundle, Router(bundle), {"lte": lambda tokens: expert(tokens[:1])})
    said = describe(mixture, [window(1), window(1)])
    assert all("expected {'modulation': (2, 5)" in str(result) for result in said)


def test_experts_that_the_bundle_does_not_know_are_refused(make_bundle):
    bundle = Bundle.load(make_bundle())
    with pytest.raises(ValueError, match=r"experts: expected some of \[\], got \['lte'\]"):
        Mixture(bundle, Router(bundle), {"lte": lambda tokens: {}})
