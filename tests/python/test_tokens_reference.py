# SPDX-License-Identifier: GPL-3.0-or-later
"""C0 against SciPy in double precision, for any way of cutting the stream."""

from fractions import Fraction

import numpy as np
import pytest
from gnuradio import lwmspectro
from gnuradio.lwmspectro import kernels
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

RATES = [1.92e6, 2.4e6, 20e6, 30.72e6]
ODD_RATES = [2.048e6, 20e6 / 9, 12_345_678.9]
N_FRAMES, N_BINS = 128, 128
FRAME_S = Fraction(200, 10**6)
SPAN_DB = 60.0
TOLERANCE_DB = 0.01


def frame_starts(samp_rate, n_frames):
    """Exact boundaries of frames, in samples; the rate counts in whole millihertz."""
    rate = Fraction(round(samp_rate * 1000), 1000)
    return [int(k * FRAME_S * rate) for k in range(n_frames + 1)]


def reference_c0(iq, samp_rate, window=0):
    """Welch by SciPy: float64, shape (frames, bins), lowest frequency first, dB."""
    starts = frame_starts(samp_rate, (window + 1) * N_FRAMES)[window * N_FRAMES : -1]
    length = frame_starts(samp_rate, 1)[1]
    frames = np.stack([iq[start : start + length] for start in starts]).astype(complex)
    dense = length < 2048
    n_fft = N_BINS if dense else 2 * N_BINS
    _, power = signal.welch(
        frames,
        window=signal.windows.hann(n_fft, sym=False),
        nperseg=n_fft,
        noverlap=n_fft // 2 if dense else 0,
        detrend=False,
        return_onesided=False,
        scaling="density",
    )
    pooled = np.fft.fftshift(power, axes=-1).reshape(N_FRAMES, N_BINS, -1).mean(axis=-1)
    return 10 * np.log10(np.maximum(pooled, 1e-30))


def scene(rng, n, samp_rate):
    """Noise, tones, and bursts 80 dB above it."""
    t = np.arange(n)
    iq = rng.normal(size=n) + 1j * rng.normal(size=n)
    for level_db in (20, 50, 80):
        frequency = rng.uniform(-0.5, 0.5)
        tone = 10 ** (level_db / 20) * np.exp(2j * np.pi * frequency * t)
        start, length = rng.integers(n), rng.integers(1, n)
        iq[start : start + length] += tone[start : start + length]
    for _ in range(5):
        start, length = rng.integers(n), int(rng.uniform(20e-6, 2e-3) * samp_rate)
        iq[start : start + length] *= 10 ** (rng.uniform(-40, 40) / 20)
    return (iq * 10 ** rng.uniform(-4, 1)).astype(np.complex64)


def assert_matches(tokens, iq, samp_rate, window=0):
    want = reference_c0(iq, samp_rate, window)
    got = tokens[: N_FRAMES * N_BINS].reshape(N_FRAMES, N_BINS)
    compared = want > want.max() - SPAN_DB
    worst = np.abs(got - want)[compared].max()
    assert worst < TOLERANCE_DB, f"expected within {TOLERANCE_DB} dB, got {worst:.4f} dB off"


def random_sizes(rng, most):
    while True:
        yield int(rng.integers(1, most))


def push_in_pieces(samp_rate, iq, sizes):
    kernel = kernels.window_tokenizer(samp_rate)
    windows, at = [], 0
    while at < len(iq):
        n = next(sizes)
        windows += kernel.push(iq[at : at + n])
        at += n
    return windows


@pytest.mark.parametrize("samp_rate", RATES + ODD_RATES)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), most=st.sampled_from([100, 5_000, 400_000]))
def test_kernel_matches_scipy(samp_rate, seed, most):
    rng = np.random.default_rng(seed)
    n = frame_starts(samp_rate, 2 * N_FRAMES)[-1]
    iq = scene(rng, n, samp_rate)
    windows = push_in_pieces(samp_rate, iq, random_sizes(rng, most))
    assert len(windows) == 2
    for index, tokens in enumerate(windows):
        assert_matches(tokens, iq, samp_rate, index)


@pytest.mark.parametrize("samp_rate", [*RATES, 2.048e6])
def test_block_matches_scipy(samp_rate, tokenize, rng):
    iq = scene(rng, int(2.3 * 25.6e-3 * samp_rate), samp_rate)
    tokens, infos = tokenize(lwmspectro.tokenizer(samp_rate), iq, sizes=random_sizes(rng, 90_000))
    assert len(tokens) == 2
    starts = frame_starts(samp_rate, 2 * N_FRAMES)
    for index, info in enumerate(infos):
        assert info.sample_start == starts[index * N_FRAMES]
        assert_matches(tokens[index], iq, samp_rate, index)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), most=st.integers(1, 30_000))
def test_pieces_change_nothing(seed, most):
    rng = np.random.default_rng(seed)
    iq = scene(rng, 120_000, 1.92e6)
    whole = kernels.window_tokenizer(1.92e6).push(iq)
    pieces = push_in_pieces(1.92e6, iq, random_sizes(rng, most + 100))
    np.testing.assert_array_equal(whole, pieces)


def test_levels_are_those_of_the_header():
    rng = np.random.default_rng(1)
    n = kernels.window_tokenizer(20e6).window_len()
    noise = (rng.normal(size=n) + 1j * rng.normal(size=n)).astype(np.complex64) / np.sqrt(2)
    c0 = kernels.window_tokenizer(20e6).process(noise)[: N_FRAMES * N_BINS]
    assert 10 * np.log10(np.mean(10 ** (c0 / 10))) == pytest.approx(0, abs=0.02)
    silence = kernels.window_tokenizer(20e6).process(np.zeros(n, np.complex64))
    assert set(silence[: N_FRAMES * N_BINS]) == {-200.0}
