# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
from gnuradio.lwmspectro import Thresholds
from gnuradio.lwmspectro.decision import Verdict, decide, energy_excess_db, softmax
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

LABELS = ("wifi", "lte", "nr", "none")
LIMITS = Thresholds(protocol_p=0.7, partial_p=0.9, energy_db=6.0, temperature=2.0)
SURE_NR = np.float32([0, 0, 20, 0])
LIKELY_NR = np.float32([0, 0, 5, 0])  # p = 0.80
UNSURE = np.float32([1, 1, 1, 1])


def noise(seed=1):
    """C0 of white noise, from 15 averaged spectra, (128, 128) dB."""
    rng = np.random.default_rng(seed)
    return (10 * np.log10(rng.gamma(15, 1 / 15, (128, 128)))).astype(np.float32)


def carrier(level_db):
    c0 = noise()
    c0[:, 30] = level_db
    return c0


def burst(level_db):
    c0 = noise()
    c0[40:44] += level_db
    return c0


@pytest.mark.parametrize(
    ("logits", "c0", "valid", "expected"),
    [
        (SURE_NR, noise(), 1.0, ("ok", "nr")),
        (LIKELY_NR, noise(), 1.0, ("ok", "nr")),
        (LIKELY_NR, noise(), 0.5, ("partial", None)),
        (SURE_NR, noise(), 0.5, ("ok", "nr")),
        (UNSURE, noise(), 1.0, ("no_signal", None)),
        (UNSURE, carrier(20), 1.0, ("unknown", None)),
        (UNSURE, burst(10), 1.0, ("unknown", None)),
        (UNSURE, carrier(20), 0.5, ("partial", None)),
        (np.float32([0, 0, 0, 20]), carrier(20), 1.0, ("unknown", None)),
        (SURE_NR, np.full((128, 128), -200, np.float32), 1.0, ("no_signal", None)),
        (SURE_NR, np.full((128, 128), -200, np.float32), 0.5, ("no_signal", None)),
        (np.float32([np.nan, 0, 50, 0]), carrier(20), 1.0, ("unknown", None)),
        (np.float32([np.inf, 0, 0, 0]), noise(), 1.0, ("no_signal", None)),
    ],
)
def test_verdicts(logits, c0, valid, expected):
    verdict = decide(logits, c0, LABELS, LIMITS, valid)
    assert (verdict.status, verdict.protocol) == expected


def test_temperature_and_probability():
    verdict = decide(LIKELY_NR, noise(), LABELS, LIMITS)
    assert verdict == Verdict("ok", "nr", pytest.approx(np.exp(2.5) / (np.exp(2.5) + 3)))


def test_labels_in_any_order():
    assert decide(np.float32([9, 0]), noise(), ("none", "x"), LIMITS).protocol is None
    assert decide(np.float32([0, 9]), noise(), ("none", "x"), LIMITS).protocol == "x"


def test_energy():
    assert energy_excess_db(noise()) < 2.0
    assert energy_excess_db(carrier(20)) == pytest.approx(20, abs=0.5)
    assert energy_excess_db(burst(10)) == pytest.approx(10, abs=0.5)


def test_dc_is_not_a_signal():
    c0 = noise()
    c0[:, 63:66] = 40.0
    assert energy_excess_db(c0) < 2.0


@given(
    arrays(np.float32, 4, elements=st.floats(width=32)),
    arrays(np.float32, (4, 8), elements=st.floats(-200, 300, width=32)),
    st.floats(0, 1),
)
def test_any_numbers_have_a_verdict(logits, c0, valid):
    verdict = decide(logits, c0, LABELS, LIMITS, valid)
    assert 0.0 <= verdict.protocol_p <= 1.0
    assert (verdict.protocol is not None) == (verdict.status == "ok")


@given(arrays(np.float32, 4, elements=st.floats(-1024, 1024, width=32)))
def test_softmax(logits):
    assert softmax(logits, 0.5).sum() == pytest.approx(1.0)
