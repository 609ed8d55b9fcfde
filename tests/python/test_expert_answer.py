# SPDX-License-Identifier: GPL-3.0-or-later
import dataclasses
import re

import numpy as np
import pytest
from gnuradio.lwmspectro import AnswerThreshold, ExpertThresholds
from gnuradio.lwmspectro.expert_answer import check_outputs, expert_answer
from gnuradio.lwmspectro.thresholds import Correction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tiny_models import MOBILITIES, MODULATIONS


def limits(modulation_p=0.0, mobility_p=0.0, temperature=1.0):
    return ExpertThresholds(
        AnswerThreshold(temperature, modulation_p), AnswerThreshold(temperature, mobility_p)
    )


def outputs(**changes):
    made = {
        "modulation": np.float32([0, 0, 2, 0, 0]),
        "snr_db": np.float32([-3.5]),
        "mobility": np.float32([0, 1, 0]),
        "embedding": np.arange(128, dtype=np.float32),
    }
    return {**made, **{name: np.float32(value) for name, value in changes.items()}}


def answer(thresholds, **changes):
    return expert_answer(outputs(**changes), MODULATIONS, MOBILITIES, thresholds)


def test_the_likeliest_is_named():
    said = answer(limits())
    assert said.modulation == "16QAM"
    assert said.modulation_p == pytest.approx(np.exp(2) / (np.exp(2) + 4))
    assert said.mobility == "pedestrian"
    assert said.mobility_p == pytest.approx(np.e / (np.e + 2))
    assert said.snr_db == -3.5
    np.testing.assert_array_equal(said.embedding, np.arange(128))


def test_temperature_divides_the_logits():
    said = answer(limits(temperature=2.0))
    assert said.modulation_p == pytest.approx(np.e / (np.e + 4))


@pytest.mark.parametrize(
    ("said_db", "expected_db"),
    [(-20.0, -19.0), (-10.0, -9.0), (0.0, 0.25), (10.0, 9.5), (60.0, 59.5)],
)
def test_the_snr_is_corrected_by_what_is_said(said_db, expected_db):
    thresholds = dataclasses.replace(limits(), snr_db=Correction((-10.0, 10.0), (1.0, -0.5)))
    assert answer(thresholds, snr_db=[said_db]).snr_db == pytest.approx(expected_db)


@pytest.mark.parametrize(
    ("at_db", "add_db", "message"),
    [
        ((0.0,), (), "expected 1 values, as of at_db, got 0"),
        ((1.0, 1.0), (0.0, 0.0), "expected rising values, got [1.0, 1.0]"),
        ((0.0,), (np.nan,), "expected finite at_db and add_db, got (0.0,), (nan,)"),
    ],
)
def test_a_wrong_correction_is_refused(at_db, add_db, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Correction(at_db, add_db)


@pytest.mark.parametrize(("least_p", "named"), [(0.64, True), (0.65, False)])
def test_what_is_less_probable_than_its_threshold_is_left_out(least_p, named):
    """The modulation has p = 0.649 here, the mobility 0.576."""
    said = answer(limits(modulation_p=least_p))
    assert (said.modulation, said.mobility) == ("16QAM" if named else None, "pedestrian")
    assert said.modulation_p == pytest.approx(0.649, abs=1e-3)
    said = answer(limits(mobility_p=least_p))
    assert (said.modulation, said.mobility) == ("16QAM", None)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["modulation", "snr_db", "mobility", "embedding"])
def test_values_that_are_not_finite_are_no_answer(name, value):
    spoilt = outputs()[name]
    spoilt[-1] = value
    with pytest.raises(ValueError, match=f"expert: expected finite {name}, got"):
        answer(limits(), **{name: spoilt})


logits = st.floats(-(2.0**99), 2.0**99, width=32, allow_subnormal=False)


@given(arrays(np.float32, 5, elements=logits), arrays(np.float32, 3, elements=logits))
def test_any_logits_have_an_answer(modulation, mobility):
    said = answer(limits(temperature=1e-3), modulation=modulation, mobility=mobility)
    assert 0.2 <= said.modulation_p <= 1.0
    assert 1 / 3 <= said.mobility_p <= 1.0
    best = MODULATIONS.index(said.modulation)
    assert modulation[best] == pytest.approx(modulation.max(), abs=1e-9)  # of equals, any


@pytest.mark.parametrize(
    ("name", "shape"),
    [("modulation", (2, 4)), ("snr_db", (2,)), ("mobility", (1, 3)), ("embedding", (2, 64))],
)
def test_other_shapes_are_refused(name, shape):
    good = {key: np.stack([value, value]) for key, value in outputs().items()}
    check_outputs(good, 2, 5, 3)
    with pytest.raises(ValueError, match=r"expert: expected \{'modulation': \(2, 5\).*, got"):
        check_outputs({**good, name: np.zeros(shape)}, 2, 5, 3)
    del good[name]
    with pytest.raises(ValueError, match="expert: expected"):
        check_outputs(good, 2, 5, 3)
