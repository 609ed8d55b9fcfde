# SPDX-License-Identifier: GPL-3.0-or-later
"""Fading against theory: level crossings, fades, paths that are independent, continuity."""

import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from scipy import signal, stats
from scipy.special import j0

RATE = 2e6
STRIDE = 100
GROUP_DELAY = kernels.tdl_fading.group_delay
LINE = kernels.tdl_profile([0.0], [0.0])


def gains(profile, seed, n=2_000_000, stride=STRIDE):
    """Gain of a channel of one path over time, every ``stride`` samples."""
    fading = kernels.tdl_fading(RATE, profile, seed)
    return fading.process(np.ones(n, np.complex64))[20::stride].astype(complex)


@pytest.fixture(scope="module")
def rayleigh():
    """Envelopes of 60 Rayleigh paths of 200 Hz over a second, over their RMS of 1."""
    profile = kernels.tdl_profile([0.0], [0.0], doppler_hz=200.0)
    return np.abs([gains(profile, seed) for seed in range(60)])


@pytest.mark.parametrize("rho", [0.1, 0.3, 1.0, 1.5])
def test_level_crossings_and_fades(rayleigh, rho):
    below = rayleigh < rho
    seconds = rayleigh.size * STRIDE / RATE
    crossings = np.count_nonzero(below[:, :-1] & ~below[:, 1:])
    # Rice: N = sqrt(2 pi) f_d rho exp(-rho^2); fades last (exp(rho^2) - 1) / (rho f_d sqrt(2 pi))
    expected = np.sqrt(2 * np.pi) * 200.0 * rho * np.exp(-(rho**2))
    assert crossings / seconds == pytest.approx(expected, rel=0.1)
    duration = np.count_nonzero(below) * STRIDE / RATE / crossings
    expected = (np.exp(rho**2) - 1) / (rho * 200.0 * np.sqrt(2 * np.pi))
    assert duration == pytest.approx(expected, rel=0.1)


def test_envelope_is_rayleigh(rayleigh):
    apart = rayleigh[:, ::500].ravel()  # 25 ms, 5 cycles
    assert stats.kstest(apart, stats.rayleigh(scale=np.sqrt(0.5)).cdf).statistic < 0.04


def test_one_path_alone_keeps_the_jakes_autocorrelation():
    """Over time, not over many seeds: the sum of sinusoids is sound for each."""
    fd = 100.0
    h = gains(kernels.tdl_profile([0.0], [0.0], doppler_hz=fd), 5, 20_000_000, 1000)
    lags = np.arange(0, 40)
    got = [np.mean(h[: len(h) - k] * h[k:].conj()) for k in lags]
    got = np.real(got) / np.real(got[0])
    np.testing.assert_allclose(got, j0(2 * np.pi * fd * lags * 1000 / RATE), atol=0.1)


def test_paths_are_independent():
    profile = kernels.tdl_profile([0.0, 10e-6], [0.0, 0.0], doppler_hz=300.0)
    impulses = np.zeros(4_000_000, np.complex64)
    impulses[::100] = 1
    first, second = [], []
    for seed in range(6):
        out = kernels.tdl_fading(RATE, profile, seed).process(impulses)
        first.append(out[GROUP_DELAY::100])
        second.append(out[GROUP_DELAY + 20 :: 100])
    first, second = np.concatenate(first), np.concatenate(second)
    correlation = np.mean(first * second.conj())
    assert np.abs(correlation) < 0.06  # of powers 1/2 each
    assert np.mean(np.abs(first) ** 2) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("path", [0, 1])
def test_any_path_may_have_a_line_of_sight(path):
    k_factors = [-np.inf, -np.inf]
    k_factors[path] = 10.0
    profile = kernels.tdl_profile([0.0, 10e-6], [0.0, 0.0], 300.0, k_factors, [0.5, 0.5])
    impulses = np.zeros(4_000_000, np.complex64)
    impulses[::100] = 1
    out = kernels.tdl_fading(RATE, profile, 3).process(impulses)
    ratios = []
    for start in (GROUP_DELAY, GROUP_DELAY + 20):
        power = np.abs(out[start::100]) ** 2
        # Rician K from the moments: E r^4 / (E r^2)^2 = (K^2 + 4 K + 2) / (K + 1)^2
        ratios.append(np.mean(power**2) / np.mean(power) ** 2)
    assert ratios[path] == pytest.approx((100 + 40 + 2) / 121, rel=0.05)
    assert ratios[1 - path] == pytest.approx(2, rel=0.15)


@pytest.mark.parametrize("fraction", [0.0, 0.13, 0.5, 0.99])
def test_fractional_delay_error(fraction):
    """Noise in 80 % of the band against a delay by FFT."""
    rng = np.random.default_rng(1)
    n = 8192
    spectrum = np.fft.fft(rng.normal(size=n) + 1j * rng.normal(size=n))
    f = np.fft.fftfreq(n)
    spectrum[np.abs(f) > 0.4] = 0
    iq = np.fft.ifft(spectrum).astype(np.complex64)
    profile = kernels.tdl_profile([(7 + fraction) / RATE], [0.0])
    fading = kernels.tdl_fading(RATE, profile, 1)
    got = fading.process(np.tile(iq, 2))[n:]
    delay = 7 + fraction + GROUP_DELAY
    want = np.fft.ifft(np.fft.fft(iq) * np.exp(-2j * np.pi * f * delay))
    gain = np.vdot(want, got) / np.vdot(want, want)
    assert np.abs(gain) == pytest.approx(
        np.abs(kernels.tdl_fading(RATE, LINE, 1).process(np.ones(100, np.complex64))[50]), rel=0.01
    )
    error = np.mean(np.abs(got / gain - want) ** 2) / np.mean(np.abs(want) ** 2)
    assert 10 * np.log10(error) < -40


def test_no_jump_at_a_buffer_or_at_a_change_of_speed():
    fading = kernels.tdl_fading(RATE, kernels.tdl_profile([0.0], [0.0], doppler_hz=50.0), 2)
    parts = []
    for doppler_hz in (50.0, 400.0, 0.0, 10.0, 400.0):
        fading.set_doppler(doppler_hz)
        parts += [fading.process(np.ones(n, np.complex64)) for n in (4096, 1, 7777, 4095)]
    h = np.concatenate(parts)[20:]
    # 400 Hz turn by 2 pi 400 / 2e6 a sample at most, times the envelope
    step = np.abs(np.diff(h)).max()
    assert step < 2 * np.pi * 400 / RATE * 3


def test_speed_takes_effect():
    fading = kernels.tdl_fading(RATE, kernels.tdl_profile([0.0], [0.0], doppler_hz=0.0), 2)
    still = fading.process(np.ones(100_000, np.complex64))[20:]
    assert np.ptp(np.abs(still)) < 1e-6
    fading.set_doppler(400.0)
    moving = fading.process(np.ones(400_000, np.complex64))[::100]
    frequency, density = signal.welch(moving, RATE / 100, nperseg=2000, return_onesided=False)
    inside = density[np.abs(frequency) < 420].sum() / density.sum()
    assert inside > 0.99
    assert np.abs(frequency[density.argmax()]) > 50


# ------------------------------------------------------------------- TR 38.901 7.7.2


@pytest.mark.parametrize("name", kernels.tdl_model_names)
@pytest.mark.parametrize("spread_s", [30e-9, 300e-9])
def test_tdl_models_have_the_delay_spread_they_are_scaled_to(name, spread_s):
    profile = kernels.tdl_model(name, spread_s, 100.0)
    power = 10 ** (np.array(profile.powers_db) / 10)
    delay = np.array(profile.delays_s)
    mean = np.average(delay, weights=power)
    spread = np.sqrt(np.average((delay - mean) ** 2, weights=power))
    assert spread == pytest.approx(spread_s, rel=0.02)  # the tables are normalised to 1
    assert profile.doppler_hz == 100.0


def test_tdl_models_of_a_line_of_sight():
    for name, k_db in (("TDL-D", 13.3), ("TDL-E", 22.0)):
        profile = kernels.tdl_model(name, 100e-9)
        assert profile.k_factors_db[0] == pytest.approx(k_db)
        assert set(profile.k_factors_db[1:]) == {-np.inf}
        assert profile.delays_s[0] == 0.0
    assert kernels.tdl_model("TDL-A", 100e-9).k_factors_db == []
    counts = [len(kernels.tdl_model(name, 0.0).delays_s) for name in kernels.tdl_model_names]
    assert counts == [23, 23, 24, 13, 14]


def test_tdl_models_that_are_none():
    with pytest.raises(ValueError, match="expected TDL-A to TDL-E, got EPA"):
        kernels.tdl_model("EPA", 1e-7)
    with pytest.raises(ValueError, match="expected a delay spread of 0 s or more, got -1"):
        kernels.tdl_model("TDL-A", -1.0)
    with pytest.raises(ValueError, match="expected delays of 0 to 21e-6 s, got"):
        kernels.tdl_model("TDL-A", 3e-6)


def test_speed_to_doppler():
    assert kernels.doppler_of(30.0, 3.5e9) == pytest.approx(97.29, abs=0.01)
    assert kernels.doppler_of(3.0, 2.4e9) == pytest.approx(6.671, abs=0.001)
