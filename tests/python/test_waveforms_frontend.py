# SPDX-License-Identifier: GPL-3.0-or-later
"""Receiver imperfections and noise, each measured by other means than it was made."""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import frontend, zero_if
from gnuradio.lwmspectro.waveforms.common import (
    ReceiverBand,
    active_power,
    add_awgn,
    band_in_view,
    complex_noise,
    filter_band,
    loud_power,
    phasor,
    unit_power,
)
from gnuradio.lwmspectro.waveforms.frontend import FrontEnd
from scipy import signal

FS = 2.4e6
N = 61_440


def _tone(frequency_hz: float, n: int = N, rate: float = FS) -> np.ndarray:
    return np.exp(2j * np.pi * frequency_hz / rate * np.arange(n)).astype(np.complex64)


def _line(iq: np.ndarray, frequency_hz: float, rate: float = FS) -> complex:
    """Complex amplitude of a spectral line."""
    return complex(np.vdot(_tone(frequency_hz, iq.size, rate), iq) / iq.size)


def _db(power: float) -> float:
    return 10.0 * np.log10(power)


def test_phasor_is_exact_far_from_the_start() -> None:
    n, f = 1_500_000, 0.123456789
    expected = np.exp(2j * np.pi * np.mod(f * np.arange(n), 1.0) + 0.7j)
    np.testing.assert_allclose(phasor(n, f, 0.7), expected, atol=2e-6)


def test_cfo_moves_a_tone() -> None:
    moved = frontend.cfo(_tone(100e3), 12_345.0, FS)
    assert abs(_line(moved, 112_345.0)) == pytest.approx(1.0, abs=1e-4)
    same = _tone(1e5)
    assert frontend.cfo(same, 0.0, FS) is same


@pytest.mark.parametrize("ppm", [-80.0, -2.0, 5.0, 40.0])
def test_sro_resamples_about_the_middle(ppm: float) -> None:
    n, f = 512_000, 0.11
    iq = np.exp(2j * np.pi * f * np.arange(n)).astype(np.complex64)
    out = frontend.sro(iq, ppm)
    at = n / 2 + (np.arange(n) - n / 2) / (1.0 + ppm * 1e-6)
    expected = np.exp(2j * np.pi * np.mod(f * at, 1.0))
    edge = 100
    error = np.abs(out - expected)[edge:-edge]
    assert error.max() < 0.02
    assert out.shape == iq.shape


def test_small_sro_is_skipped() -> None:
    iq = _tone(1e5)
    assert frontend.sro(iq, 0.4) is iq


@pytest.mark.parametrize(("gain_db", "phase_deg"), [(1.5, 5.0), (-0.8, 0.0), (0.0, -3.0)])
def test_iq_imbalance_makes_the_image_of_its_formula(gain_db: float, phase_deg: float) -> None:
    out = frontend.iq_imbalance(_tone(200e3), gain_db, phase_deg)
    ratio = abs(_line(out, -200e3)) ** 2 / abs(_line(out, 200e3)) ** 2
    g, p = 10 ** (gain_db / 20), np.deg2rad(phase_deg)
    expected = (1 + g**2 - 2 * g * np.cos(p)) / (1 + g**2 + 2 * g * np.cos(p))
    assert _db(ratio) == pytest.approx(_db(expected), abs=0.2)


def test_dc_offset_has_its_level() -> None:
    out = zero_if.dc_offset(_tone(200e3), -20.0, 1.0, 0.3)
    assert _line(out, 0.0) == pytest.approx(0.1 * np.exp(0.3j), abs=1e-3)


@pytest.mark.parametrize("bits", [2, 4, 8, 12, 16])
def test_quantiser_levels(bits: int) -> None:
    iq = complex_noise(N, np.random.default_rng(0))
    out = frontend.quantise(iq, bits, 10.0, 1.0)
    steps = out.view(np.float32) * (1 << (bits - 1))
    np.testing.assert_array_equal(steps, np.rint(steps))
    assert steps.min() >= -(1 << (bits - 1))
    assert steps.max() <= (1 << (bits - 1)) - 1


def test_quantisation_noise_is_that_of_the_step() -> None:
    iq = complex_noise(N, np.random.default_rng(0))
    out = frontend.quantise(iq, 8, 20.0, 1.0)
    error = out - iq / 10.0
    assert np.mean(np.abs(error) ** 2) == pytest.approx(2 * (1 / 128) ** 2 / 12, rel=0.03)


def test_quantiser_clips_and_sees_few_levels() -> None:
    iq = complex_noise(N, np.random.default_rng(0))
    clipped = frontend.quantise(iq, 8, -4.0, 1.0)
    assert np.mean(clipped.real <= -1.0) > 0.1
    weak = frontend.quantise(iq, 8, 38.0, 1.0)
    assert np.unique(weak.real).size < 12
    for kwargs in ({"bits": 1, "rms": 1.0}, {"bits": 17, "rms": 1.0}, {"bits": 8, "rms": 0.0}):
        with pytest.raises(ValueError, match="expected"):
            frontend.quantise(iq, backoff_db=10.0, **kwargs)


@pytest.mark.parametrize("profile", frontend.PROFILES)
def test_profiles_stay_in_their_range(profile: str) -> None:
    rng = np.random.default_rng(1)
    limits = {
        "rtl-sdr": (8, 80.0, 1.5, 5.0),
        "hackrf": (8, 20.0, 0.8, 3.0),
        "usrp": (16, 2.5, 0.2, 1.0),
        "ideal": (0, 0.0, 0.0, 0.0),
    }
    bits, ppm, gain_db, phase_deg = limits[profile]
    for _ in range(100):
        cfg = FrontEnd.random(rng, profile)
        assert cfg.bits <= bits
        assert abs(cfg.ppm) <= ppm
        assert abs(cfg.iq_gain_db) <= gain_db
        assert abs(cfg.iq_phase_deg) <= phase_deg
        assert cfg.profile == profile
    with pytest.raises(ValueError, match="profile: expected one of"):
        FrontEnd("bladerf")


def test_apply_is_what_its_configuration_says() -> None:
    cfg = FrontEnd("rtl-sdr", bits=8, backoff_db=12.0, dc_db=-10.0, ppm=10.0)
    iq = _tone(300e3)
    out = frontend.apply(iq, cfg, FS, np.random.default_rng(0), center_freq_hz=1e9)
    level = 10 ** (-12.0 / 20)
    # the clock error moves the carrier by -10 kHz, and the baseband tone by -3 Hz
    assert abs(_line(out, 290e3 - 3.0)) == pytest.approx(level, rel=0.02)
    assert abs(_line(out, 0.0)) == pytest.approx(level * 10 ** (-10 / 20), rel=0.05)
    again = frontend.apply(iq, cfg, FS, np.random.default_rng(0), center_freq_hz=1e9)
    np.testing.assert_array_equal(out, again)


def test_apply_leaves_its_input_alone_and_survives_silence() -> None:
    iq = _tone(300e3)
    before = iq.copy()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        out = frontend.apply(iq, FrontEnd.random(rng), FS, rng)
        assert out.dtype == np.complex64
        assert np.isfinite(out.view(np.float32)).all()
    np.testing.assert_array_equal(iq, before)
    silent = frontend.apply(np.zeros(N, np.complex64), FrontEnd(bits=8), FS, rng)
    assert not silent.any()


def _bursts(duty: float, n: int = 240_000) -> np.ndarray:
    on = (np.arange(n) % 24_000) < duty * 24_000
    return complex_noise(n, np.random.default_rng(3)) * on


def test_active_power_ignores_gaps_and_weak_stations() -> None:
    assert active_power(_bursts(0.1)) == pytest.approx(1.0, rel=0.05)
    weak = np.roll(_bursts(0.3), 12_000) * np.float32(0.1)
    assert active_power(_bursts(0.3) + weak) == pytest.approx(1.0, rel=0.05)
    assert active_power(np.zeros(100, np.complex64)) == 0.0
    assert loud_power(_bursts(0.05)) == pytest.approx(1.0, rel=0.3)
    scaled = unit_power(_bursts(0.5) * np.float32(7.0))
    assert active_power(scaled) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("snr_db", [-5.0, 10.0, 25.0])
@pytest.mark.parametrize("centre_hz", [0.0, 0.4e6, 1.0e6])
@pytest.mark.parametrize("band", [None, ReceiverBand(tilt_db=3.0, ripple_db=2.0, rolloff=0.1)])
def test_snr_in_the_occupied_band_is_the_one_asked(
    snr_db: float, centre_hz: float, band: ReceiverBand | None
) -> None:
    n, width = 240_000, 0.9e6
    f = np.fft.fftfreq(n, 1 / FS)
    inside = np.abs(f - centre_hz) <= width / 2
    rng = np.random.default_rng(0)
    iq = np.fft.ifft(np.fft.fft(complex_noise(n, rng)) * inside).astype(np.complex64)
    out = add_awgn(iq, snr_db, width, FS, np.random.default_rng(1), centre_hz=centre_hz, band=band)
    noise = np.fft.fft(out.astype(np.complex128) - iq)[inside]
    measured = np.sum(np.abs(np.fft.fft(iq)[inside]) ** 2) / np.sum(np.abs(noise) ** 2)
    assert _db(measured) == pytest.approx(snr_db, abs=0.2)


def test_snr_counts_active_samples_only() -> None:
    iq = _bursts(0.2)
    out = add_awgn(iq, 10.0, FS, FS, np.random.default_rng(0))
    gaps = out[iq == 0]
    assert _db(np.mean(np.abs(gaps) ** 2)) == pytest.approx(-10.0, abs=0.2)
    known = add_awgn(iq, 10.0, FS, FS, np.random.default_rng(0), signal_power=100.0)
    assert _db(np.mean(np.abs(known[iq == 0]) ** 2)) == pytest.approx(10.0, abs=0.2)


def test_noise_alone_and_views() -> None:
    out = add_awgn(np.zeros(N, np.complex64), 10.0, FS, FS, np.random.default_rng(0))
    assert np.mean(np.abs(out) ** 2) == pytest.approx(1.0, rel=0.02)
    assert band_in_view(18e6, 1.92e6) == 1.92e6
    assert band_in_view(1e6, 2e6, 1e6) == pytest.approx(0.5e6)
    assert band_in_view(1e6, 2e6, 5e6) == 0.0


def test_a_flat_band_changes_nothing() -> None:
    iq = _tone(1e5)
    assert filter_band(iq, ReceiverBand()) is iq
    response = ReceiverBand(tilt_db=2.0, ripple_db=3.0).response(1000)
    assert np.mean(response**2) == pytest.approx(1.0, rel=1e-4)


def test_dc_drift_is_slow_and_of_its_level() -> None:
    rng = np.random.default_rng(4)
    samp_rate, rms = 1.92e6, 0.3
    drift = zero_if.dc_drift(np.zeros(960_000, np.complex64), -6.0, rms, 1000.0, samp_rate, rng)
    level_db = 10.0 * np.log10(np.mean(np.abs(drift) ** 2) / rms**2)
    assert level_db == pytest.approx(-6.0, abs=0.7)
    power = np.abs(np.fft.fft(drift)) ** 2
    slow = np.abs(np.fft.fftfreq(drift.size, 1.0 / samp_rate)) < 2000.0
    assert power[slow].sum() / power.sum() > 0.99


@pytest.mark.parametrize("exponent", [0.7, 1.0, 1.5])
def test_flicker_falls_by_its_exponent_on_both_sides(exponent: float) -> None:
    rng = np.random.default_rng(3)
    silence = np.zeros(N, np.complex64)
    density = np.zeros(4096)
    for _ in range(20):
        noise = zero_if.flicker(silence, -7.0, 2.0, exponent, rng)
        power = 10 * np.log10(np.mean(np.abs(noise) ** 2) / 4.0)
        assert power == pytest.approx(-7.0, abs=1e-3)
        frequency, welch = signal.welch(noise, FS, nperseg=4096, return_onesided=False)
        density += welch
    for side in (1, -1):
        low, high = (
            10 * np.log10(density[(side * frequency > f) & (side * frequency < 1.5 * f)].mean())
            for f in (10e3, 100e3)
        )
        assert low - high == pytest.approx(10 * exponent, abs=0.7)
