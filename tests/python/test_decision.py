# SPDX-License-Identifier: GPL-3.0-or-later
import dataclasses

import numpy as np
import pytest
from gnuradio.lwmspectro import Thresholds, kernels
from gnuradio.lwmspectro.decision import (
    NOISE_DB,
    Verdict,
    decide,
    energy_excess_db,
    evidence_db,
    repeats_db,
    softmax,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

LABELS = ("wifi", "lte", "nr", "none")
LIMITS = Thresholds(
    protocol_p=0.7, partial_p=0.9, energy_db=6.0, evidence_db=-200.0, temperature=2.0
)
NO_REPEATS = np.zeros((len(kernels.correlogram_rows), 128), np.float32)
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


def row(name, level_db):
    """C3 with one value in the row of that name."""
    c3 = NO_REPEATS.copy()
    c3[kernels.correlogram_rows.index(name), 70] = level_db
    return c3


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
    ],
)
def test_verdicts(logits, c0, valid, expected):
    verdict = decide(logits, c0, NO_REPEATS, LABELS, LIMITS, valid)
    assert (verdict.status, verdict.protocol) == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("c0", [noise(), np.full((128, 128), -200, np.float32)])
def test_logits_that_are_not_finite_are_no_verdict(c0, value):
    with pytest.raises(ValueError, match="model: expected finite logits, got"):
        decide(np.float32([0, value, 50, 0]), c0, NO_REPEATS, LABELS, LIMITS)


@pytest.mark.parametrize(
    ("c3", "expected"),
    [
        (row("cp_15khz", 19.9), "no_signal"),
        (row("cp_15khz", 20.1), "unknown"),
        (row("repeat_10ms", 40.0), "unknown"),
        (row("lte_pss", 10.5), "unknown"),
        (row("lte_pss", 9.5), "no_signal"),
        (row("energy_1ms", 40.0), "no_signal"),  # that is power, not repetition
    ],
)
def test_a_steady_signal_that_fills_the_band_shows_by_its_repetitions(c3, expected):
    assert decide(UNSURE, noise(), c3, LABELS, LIMITS).status == expected
    assert decide(SURE_NR, noise(), c3, LABELS, LIMITS).status == "ok"
    assert decide(UNSURE, noise(), c3, LABELS, LIMITS, 0.5).status == "partial"


@pytest.mark.parametrize("rate", [1.92e6, 15.36e6])
def test_noise_repeats_nothing_and_a_cyclic_prefix_does(rng, rate):
    """OFDM of 15 kHz over the whole band, each symbol new: C0 is as flat as that of noise."""
    tokenizer = kernels.window_tokenizer(rate)
    n, fft = tokenizer.window_len(), round(rate / 15e3)
    symbols = rng.normal(size=(n // fft + 1, fft, 2)).astype(np.float32).view(np.complex64)[..., 0]
    first, other = fft * 10 // 128, fft * 9 // 128  # prefixes of a slot of LTE
    parts = [
        part
        for number, body in enumerate(symbols)
        for part in (body[-(other if number % 7 else first) :], body)
    ]
    ofdm = np.concatenate(parts)[:n]
    for iq, low, high in ((symbols.ravel()[:n], 0.0, 14.0), (ofdm, 25.0, 90.0)):
        tokens = tokenizer.process(iq)
        assert energy_excess_db(tokens[:16384].reshape(128, 128)) < LIMITS.energy_db
        assert low < repeats_db(tokens[16384:].reshape(NO_REPEATS.shape)) < high


def test_temperature_and_probability():
    verdict = decide(LIKELY_NR, noise(), NO_REPEATS, LABELS, LIMITS)
    assert verdict == Verdict("ok", "nr", pytest.approx(np.exp(2.5) / (np.exp(2.5) + 3)))


def test_labels_in_any_order():
    labels = ("none", "x")
    assert decide(np.float32([9, 0]), noise(), NO_REPEATS, labels, LIMITS).protocol is None
    assert decide(np.float32([0, 9]), noise(), NO_REPEATS, labels, LIMITS).protocol == "x"


def test_energy():
    assert energy_excess_db(noise()) < 2.0
    assert energy_excess_db(carrier(20)) == pytest.approx(20, abs=0.5)
    assert energy_excess_db(burst(10)) == pytest.approx(10, abs=0.5)


def test_dc_is_not_a_signal():
    c0 = noise()
    c0[:, 63:66] = 40.0
    assert energy_excess_db(c0) < 2.0


@given(
    arrays(np.float32, 4, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
    arrays(np.float32, (4, 8), elements=st.floats(-200, 300, width=32)),
    arrays(np.float32, (len(kernels.correlogram_rows), 4), elements=st.floats(-200, 300, width=32)),
    st.floats(0, 1),
)
def test_any_numbers_have_a_verdict(logits, c0, c3, valid):
    verdict = decide(logits, c0, c3, LABELS, LIMITS, valid)
    assert 0.0 <= verdict.protocol_p <= 1.0
    assert (verdict.protocol is not None) == (verdict.status == "ok")


@given(arrays(np.float32, 4, elements=st.floats(-1024, 1024, width=32)))
def test_softmax(logits):
    assert softmax(logits, 0.5).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("name", NOISE_DB)
def test_nothing_is_named_without_evidence(name):
    limits = dataclasses.replace(LIMITS, evidence_db=0.0)

    def said(c0, c3):
        return decide(SURE_NR, c0, c3, LABELS, limits).status

    assert said(noise(), NO_REPEATS) == "no_signal"
    assert said(noise(), row(name, NOISE_DB[name] - 0.1)) != "ok"
    assert said(noise(), row(name, NOISE_DB[name] + 0.1)) == "ok"
    assert said(carrier(20.0), NO_REPEATS) == "ok"


def test_noise_gives_no_evidence():
    rng = np.random.default_rng(4)
    for samp_rate in (1.92e6, 20e6):
        kernel = kernels.window_tokenizer(samp_rate)
        found = 0
        for _ in range(20):
            iq = rng.normal(size=2 * kernel.window_len()).astype(np.float32).view(np.complex64)
            found += evidence_db(kernel.process(iq)[16384:].reshape(NO_REPEATS.shape)) > 0
        assert found <= 2
