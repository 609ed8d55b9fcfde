# SPDX-License-Identifier: GPL-3.0-or-later
"""The resampler against analytic tones and against scipy's polyphase filter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import resample
from gnuradio.lwmspectro.waveforms.common import ReceiverBand, complex_noise, smooth_length
from gnuradio.lwmspectro.waveforms.resample import (
    place,
    place_many,
    rate_ratio,
    samples_needed,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

NATIVE = 20e6


def _tone(frequency_hz: float, rate: float, n: int) -> np.ndarray:
    return np.exp(2j * np.pi * frequency_hz / rate * np.arange(n)).astype(np.complex64)


def _middle(x: np.ndarray, share: float = 0.1) -> np.ndarray:
    edge = int(share * x.size)
    return x[edge : x.size - edge]


def _fit(x: np.ndarray, frequency_hz: float, rate: float) -> tuple[float, float]:
    """Amplitude of a tone and the rms of all the rest."""
    reference = _tone(frequency_hz, rate, x.size)
    amplitude = np.vdot(reference, x) / x.size
    return float(abs(amplitude)), float(np.sqrt(np.mean(np.abs(x - amplitude * reference) ** 2)))


@pytest.mark.parametrize("target", [1.92e6, 2.4e6, 7.68e6, 20e6, 30.72e6, 61.44e6, 13.37e6])
@pytest.mark.parametrize("offset", [0.0, 12_345.678, -301_000.0])
def test_a_tone_keeps_level_and_gets_its_frequency(target: float, offset: float) -> None:
    n_out = round(2e-3 * target)
    iq = _tone(200e3, NATIVE, samples_needed(n_out, NATIVE, target))
    out = place(iq, NATIVE, target, offset, n_out, np.random.default_rng(0))
    assert out.dtype == np.complex64
    assert out.shape == (n_out,)
    amplitude, rest = _fit(_middle(out), 200e3 + offset, target)
    assert amplitude == pytest.approx(1.0, abs=2e-3)
    assert rest < 5e-3


@pytest.mark.parametrize(("target", "frequency"), [(1.92e6, 1.5e6), (7.68e6, 5e6)])
def test_nothing_folds_into_a_slice(target: float, frequency: float) -> None:
    n_out = round(2e-3 * target)
    iq = _tone(frequency, NATIVE, samples_needed(n_out, NATIVE, target))
    out = place(iq, NATIVE, target, 0.0, n_out, np.random.default_rng(0))
    assert np.sqrt(np.mean(np.abs(_middle(out)) ** 2)) < 3e-3


def test_an_offset_brings_a_far_part_into_view() -> None:
    target = 1.92e6
    iq = _tone(7e6, NATIVE, 200_000)
    out = place(iq, NATIVE, target, -6.9e6, 19_200, np.random.default_rng(0))
    amplitude, _ = _fit(_middle(out), 100e3, target)
    assert amplitude == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize(("up", "down"), [(12, 125), (192, 125), (48, 125)])
def test_noise_agrees_with_a_polyphase_filter(up: int, down: int) -> None:
    n = 125 * 160
    rng = np.random.default_rng(1)
    # keep the input away from the edge of either band, where filters may differ
    taps = signal.firwin(401, 0.7 * min(up / down, 1.0)).astype(np.float32)
    iq = signal.lfilter(taps, 1.0, complex_noise(n, rng)).astype(np.complex64)
    n_out = n * up // down
    seed = 4
    out = place(iq, NATIVE, NATIVE * up / down, 0.0, n_out, np.random.default_rng(seed))
    expected = signal.resample_poly(iq, up, down, window=("kaiser", 12.0))
    # the resampler reads a known fraction of a native sample late
    delay = np.random.default_rng(seed).random() * up / down
    turn = np.exp(2j * np.pi * np.fft.fftfreq(expected.size) * delay)
    expected = np.fft.ifft(np.fft.fft(expected) * turn)[:n_out]
    error = _middle(out - expected, 0.2)
    level = np.sqrt(np.mean(np.abs(_middle(expected, 0.2)) ** 2))
    assert np.sqrt(np.mean(np.abs(error) ** 2)) < 2e-3 * level


def test_many_is_the_sum_of_each() -> None:
    rng = np.random.default_rng(2)
    a, b = complex_noise(5000, rng), complex_noise(5000, rng)
    target, n_out = 30.72e6, 7680
    both = place_many(
        [(a, 1.23456e6), (b, -3.21e6)], NATIVE, target, n_out, np.random.default_rng(3)
    )
    draws = np.random.default_rng(3)
    each = place(a, NATIVE, target, 1.23456e6, n_out, draws)
    each = each + place(b, NATIVE, target, -3.21e6, n_out, draws)
    error = _middle(both - each)
    assert np.sqrt(np.mean(np.abs(error) ** 2)) < 0.02
    with pytest.raises(ValueError, match="native samples: expected one length"):
        place_many([(a, 0.0), (b[:-1], 0.0)], NATIVE, target, n_out, draws)


def test_numpy_alone_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    iq = complex_noise(5000, np.random.default_rng(6))
    args = (iq, NATIVE, 7.68e6, 1e5, 1900)
    expected = place(*args, np.random.default_rng(0), 0.1)
    monkeypatch.setattr(resample, "fft_module", np.fft)
    out = place(*args, np.random.default_rng(0), 0.1)
    assert out.dtype == np.complex64
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_rolloff_falls_towards_the_edge() -> None:
    iq = complex_noise(512_000, np.random.default_rng(3))
    n_out = 49_152
    rolloff = 0.15
    out = place(iq, NATIVE, 1.92e6, 0.0, n_out, np.random.default_rng(0), rolloff)
    power = (np.abs(np.fft.fft(out.reshape(-1, 256), axis=1)) ** 2).mean(axis=0)
    f = np.abs(np.fft.fftfreq(256)) * 2
    flat = power[f < 0.8].mean()
    assert power[f > 0.99].mean() < 0.02 * flat
    assert power[np.argmin(np.abs(f - 0.925))] == pytest.approx(0.25 * flat, rel=0.4)


def test_a_receiver_band_shapes_the_signal() -> None:
    iq = complex_noise(512_000, np.random.default_rng(3))
    band = ReceiverBand(tilt_db=6.0)
    out = place(iq, NATIVE, 20e6, 0.0, 512_000, np.random.default_rng(0), band)
    power = (np.abs(np.fft.fft(out.reshape(-1, 500), axis=1)) ** 2).mean(axis=0)
    upper, lower = power[225:245].mean(), power[255:275].mean()
    assert 10 * np.log10(upper / lower) == pytest.approx(6.0 * 0.94, abs=0.4)


def test_a_longer_block_is_cut_about_its_middle() -> None:
    iq = np.zeros(3000, np.complex64)
    iq[1000:2000] = _tone(1e5, NATIVE, 1000)
    out = place(iq, NATIVE, NATIVE, 0.0, 1000, np.random.default_rng(0))
    assert np.mean(np.abs(out) ** 2) == pytest.approx(1.0, abs=0.02)


def test_density_is_kept() -> None:
    iq = complex_noise(100_000, np.random.default_rng(5))
    slice_power = np.mean(
        np.abs(place(iq, NATIVE, 2.4e6, 1e6, 12_000, np.random.default_rng(0))) ** 2
    )
    assert slice_power == pytest.approx(2.4 / 20, rel=0.05)


def test_short_blocks_and_odd_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="expected one length >= 1000"):
        place(np.zeros(999, np.complex64), 1e6, 1e6, 0.0, 1000, np.random.default_rng(0))
    with pytest.raises(ValueError, match="rates: expected > 0"):
        rate_ratio(0.0, 1e6)
    with pytest.raises(ValueError, match="rate ratio"):
        rate_ratio(1.0, 1e-6)


def test_usual_rates_are_exact() -> None:
    assert rate_ratio(20e6, 1.92e6) == Fraction(12, 125)
    assert rate_ratio(30.72e6, 2.048e6) == Fraction(1, 15)
    assert rate_ratio(64e6 / 7, 20e6) == Fraction(35, 16)


@given(st.integers(1, 300_000))
def test_smooth_lengths_have_small_factors_only(minimum: int) -> None:
    best = smooth_length(minimum)
    assert minimum <= best < 2 * minimum
    for factor in (2, 3, 5):
        while best % factor == 0:
            best //= factor
    assert best == 1


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1.92e6, 61.44e6),
    st.floats(-20e6, 20e6),
    st.integers(1, 3000),
)
def test_any_rate_and_offset_give_finite_samples(target: float, offset: float, n_out: int) -> None:
    iq = complex_noise(samples_needed(n_out, NATIVE, target), np.random.default_rng(0))
    out = place(iq, NATIVE, target, offset, n_out, np.random.default_rng(1))
    assert out.shape == (n_out,)
    assert np.isfinite(out.view(np.float32)).all()
