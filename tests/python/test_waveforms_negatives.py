# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that are no protocol: every kind at every rate, and what defines each."""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import negative_ofdm, negatives
from gnuradio.lwmspectro.waveforms.common import active_power
from gnuradio.lwmspectro.waveforms.negative_linear import BARKER
from gnuradio.lwmspectro.waveforms.negatives import KINDS, NegativeConfig, waveform

WINDOW_S = 25.6e-3


def _spectrum(iq: np.ndarray, rate: float, size: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (Hz) and mean power, lowest first."""
    blocks = iq[: iq.size // size * size].reshape(-1, size) * np.hanning(size)
    power = (np.abs(np.fft.fft(blocks, axis=1)) ** 2).mean(axis=0)
    return np.fft.fftshift(np.fft.fftfreq(size, 1 / rate)), np.fft.fftshift(power)


def _share_within(iq: np.ndarray, rate: float, low_hz: float, high_hz: float) -> float:
    f, power = _spectrum(iq, rate)
    return float(power[(f >= low_hz) & (f <= high_hz)].sum() / power.sum())


def _correlation(iq: np.ndarray, lag: int) -> float:
    """Largest normalised autocorrelation at a lag, over pieces of a millisecond."""
    product = iq[lag:] * np.conj(iq[:-lag])
    return float(abs(product.mean()) / np.mean(np.abs(iq) ** 2))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("rate", [1.92e6, 5e6, 20e6])
def test_every_kind_at_any_rate(kind: str, rate: float) -> None:
    for seed in range(3):
        cfg = NegativeConfig.random(np.random.default_rng(seed), rate, kind)
        iq = waveform(cfg, 8e-3, np.random.default_rng(seed))
        assert iq.dtype == np.complex64
        assert iq.shape == (round(8e-3 * rate),)
        assert np.isfinite(iq.view(np.float32)).all()
        assert iq.any()
        assert cfg.kind == kind
        again = waveform(cfg, 8e-3, np.random.default_rng(seed))
        np.testing.assert_array_equal(iq, again)
        assert (
            not np.array_equal(iq, waveform(cfg, 8e-3, np.random.default_rng(99))) or kind == "dc"
        )


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("impulses", "pulses", "ble")])
def test_power_is_one_while_transmitting(kind: str) -> None:
    for seed in range(3):
        cfg = NegativeConfig.random(np.random.default_rng(seed), 5e6, kind)
        assert active_power(waveform(cfg, 8e-3, np.random.default_rng(seed))) == pytest.approx(
            1.0, rel=0.01
        )


def test_random_covers_all_kinds_and_gates() -> None:
    rng = np.random.default_rng(0)
    drawn = [NegativeConfig.random(rng, 20e6) for _ in range(1500)]
    assert {cfg.kind for cfg in drawn} == set(KINDS)
    assert {cfg.gate for cfg in drawn} == set(negatives.GATES)
    assert any(cfg.also is not None for cfg in drawn)
    assert any(cfg.bandwidth_hz > cfg.samp_rate for cfg in drawn)
    assert all(cfg.occupied_bw_hz > 0 for cfg in drawn)


def test_white_noise_is_white_and_gaussian() -> None:
    iq = waveform(NegativeConfig("white", 20e6), WINDOW_S, np.random.default_rng(0))
    _, power = _spectrum(iq, 20e6, 128)
    assert 10 * np.log10(power.max() / power.min()) < 1.0
    assert np.mean(np.abs(iq) ** 4) / np.mean(np.abs(iq) ** 2) ** 2 == pytest.approx(2.0, abs=0.02)


def test_coloured_noise_bends() -> None:
    spans = []
    for seed in range(8):
        cfg = NegativeConfig("coloured", 7.68e6)
        iq = waveform(cfg, WINDOW_S, np.random.default_rng(seed))
        _, power = _spectrum(iq, 7.68e6, 128)
        spans.append(10 * np.log10(np.percentile(power, 95) / np.percentile(power, 5)))
    assert max(spans) > 8.0
    assert min(spans) < 30.0


@pytest.mark.parametrize("kind", ["band_noise", "scheduled_noise"])
def test_band_limited_noise_looks_like_a_carrier_but_repeats_nothing(kind: str) -> None:
    rate = 20e6
    cfg = NegativeConfig(kind, rate, bandwidth_hz=9e6, centre_hz=2e6)
    iq = waveform(cfg, WINDOW_S, np.random.default_rng(0))
    assert _share_within(iq, rate, -2.6e6, 6.6e6) > 0.98
    for useful_s in (66.67e-6, 33.33e-6, 3.2e-6):
        assert _correlation(iq, round(useful_s * rate)) < 0.02


@pytest.mark.parametrize("gate", ["bursts", "periodic"])
def test_gates_have_their_duty(gate: str) -> None:
    cfg = NegativeConfig("white", 5e6, gate=gate, burst_s=100e-6, duty=0.3)
    iq = waveform(cfg, 0.1, np.random.default_rng(0))
    assert np.mean(np.abs(iq) > 0) == pytest.approx(0.3, abs=0.07)


def test_carriers_are_lines() -> None:
    cfg = NegativeConfig("dc", 2e6)
    assert _share_within(waveform(cfg, WINDOW_S, np.random.default_rng(0)), 2e6, -3e4, 3e4) > 0.99
    for seed in range(5):
        iq = waveform(NegativeConfig("cw", 20e6, centre_hz=3e6), 5e-3, np.random.default_rng(seed))
        f, power = _spectrum(iq, 20e6)
        assert np.sort(power)[-80:].sum() > 0.95 * power.sum()
        assert power[np.abs(f - 3e6) < 0.6e6].sum() > 0.2 * power.sum()


@pytest.mark.parametrize("kind", ["fm", "video_fm", "fsk", "css", "chirp"])
def test_constant_envelope(kind: str) -> None:
    cfg = NegativeConfig(kind, 5e6, bandwidth_hz=0.5e6, centre_hz=0.3e6)
    for seed in range(4):
        iq = waveform(cfg, 5e-3, np.random.default_rng(seed))
        envelope = np.abs(iq)[np.abs(iq) > 0.1]
        np.testing.assert_allclose(envelope, np.median(envelope), rtol=1e-3)


def test_broadcast_fm_has_its_pilot_and_deviation() -> None:
    rate = 2e6
    iq = waveform(NegativeConfig("broadcast_fm", rate), 50e-3, np.random.default_rng(2))
    # the station at 0 of several: take a narrow look at it
    spectrum = np.fft.fft(iq)
    spectrum[np.abs(np.fft.fftfreq(iq.size, 1 / rate)) > 100e3] = 0.0
    station = np.fft.ifft(spectrum)
    course = np.angle(station[1:] * np.conj(station[:-1])) * rate / (2 * np.pi)
    lines = np.abs(np.fft.rfft(course * np.hanning(course.size)))
    f = np.fft.rfftfreq(course.size, 1 / rate)
    pilot = lines[np.abs(f - 19e3) < 100].max()
    assert pilot > 5 * np.median(lines[np.abs(f - 17e3) < 1e3])
    assert np.percentile(np.abs(course), 99) < 100e3


def test_hopping_moves_between_channels() -> None:
    rate = 20e6
    seen = set()
    for seed in range(4):
        iq = waveform(NegativeConfig("hopping", rate), WINDOW_S, np.random.default_rng(seed))
        slots = iq[: iq.size // 4096 * 4096].reshape(-1, 4096)
        peak = np.abs(np.fft.fft(slots, axis=1)).argmax(axis=1)
        loud = np.mean(np.abs(slots) ** 2, axis=1) > 0.5
        seen |= set(np.round(np.fft.fftfreq(4096, 1 / rate)[peak[loud]] / 1e6).tolist())
    assert len(seen) >= 8


def test_dsss_correlates_with_the_barker_code() -> None:
    rate = 22e6
    peaks = []
    for seed in range(6):
        iq = waveform(NegativeConfig("dsss", rate), 2e-3, np.random.default_rng(seed))
        code = np.repeat(BARKER, 2)
        matched = np.abs(np.convolve(iq, code[::-1], "valid"))
        folded = matched[: matched.size // 22 * 22].reshape(-1, 22).mean(axis=0)
        peaks.append(folded.max() / np.median(folded))
    assert max(peaks) > 3.0  # the Barker modes
    assert min(peaks) < 2.0  # the CCK modes


def test_o_qpsk_chips_are_half_sines() -> None:
    rate = 8e6
    iq = waveform(NegativeConfig("zigbee", rate), 2e-3, np.random.default_rng(0))
    middle = np.abs(iq)[100:-100]
    assert middle.std() < 0.1 * middle.mean()  # offset half-sines have a constant envelope
    step = np.abs(np.angle(iq[1:] * np.conj(iq[:-1])))[100:-100]
    # MSK at 2 Mchip/s turns by a quarter in 500 ns
    assert np.median(step) == pytest.approx(0.5 * np.pi / (rate * 0.5e-6), rel=0.05)


def test_wcdma_and_gsm_have_their_widths() -> None:
    shares = []
    for seed in range(6):  # some draw a neighbour 5 MHz away
        iq = waveform(NegativeConfig("wcdma", 20e6), WINDOW_S, np.random.default_rng(seed))
        shares.append(_share_within(iq, 20e6, -2.36e6, 2.36e6))
        assert _share_within(iq, 20e6, -1.7e6, 1.7e6) < 0.97
    assert max(shares) > 0.99
    shares = []
    for seed in range(6):
        iq = waveform(NegativeConfig("gsm", 1e6), WINDOW_S, np.random.default_rng(seed))
        shares.append(_share_within(iq, 1e6, -0.1e6, 0.1e6))
    assert max(shares) > 0.9


def test_spread_chirps_collapse_when_dechirped() -> None:
    rate, width = 2e6, 500e3
    best = 0.0
    for seed in range(12):  # draws of the spreading factor and the width
        iq = waveform(NegativeConfig("css", rate), WINDOW_S, np.random.default_rng(seed))
        for factor in range(5, 13):
            symbol = round(2**factor / width * rate)
            t = np.arange(symbol) / rate
            down = np.exp(-1j * np.pi * width**2 / 2**factor * t**2)
            pieces = iq[: iq.size // symbol * symbol].reshape(-1, symbol)
            if not len(pieces):
                continue
            lines = np.abs(np.fft.fft(pieces * down, axis=1)) / symbol
            best = max(best, float(lines.max(axis=1).mean()))
    assert best > 0.5  # a symbol out of step with the pieces splits in two lines


@pytest.mark.parametrize("fft", [2048, 8192])
def test_broadcast_ofdm_repeats_after_its_useful_symbol(fft: int) -> None:
    rate = 64e6 / 7
    cfg = negative_ofdm.Numerology(rate, fft, fft * 5 // 6, 1 / 4, boost=4 / 3)
    iq = negative_ofdm.ofdm(228_571, rate, cfg, 0.0, np.random.default_rng(0))
    assert _correlation(iq, fft) == pytest.approx(0.2, abs=0.05)  # guard over symbol
    assert _correlation(iq, round(66.67e-6 * rate)) < 0.05


def test_random_numerologies_keep_away_from_the_protocols() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        cfg = negative_ofdm.arbitrary(20e6, float(rng.uniform(1e6, 30e6)), rng)
        for useful_s in (3.2e-6, 33.33e-6, 66.67e-6):
            assert abs(cfg.useful_s / useful_s - 1.0) > 0.08


def test_pulses_are_rare_and_impulses_wide() -> None:
    rate = 20e6
    pulses = waveform(
        NegativeConfig("pulses", rate, bandwidth_hz=2e6), WINDOW_S, np.random.default_rng(1)
    )
    assert np.mean(np.abs(pulses) > 0) < 0.7
    impulses = waveform(NegativeConfig("impulses", rate), WINDOW_S, np.random.default_rng(1))
    kurtosis = np.mean(np.abs(impulses) ** 4) / np.mean(np.abs(impulses) ** 2) ** 2
    assert kurtosis > 5.0


def test_a_second_signal_is_added_at_its_level() -> None:
    second = NegativeConfig("dc", 5e6)
    plain = NegativeConfig("white", 5e6)
    both = NegativeConfig("white", 5e6, also=second, also_db=0.0)
    a = waveform(plain, WINDOW_S, np.random.default_rng(0))
    b = waveform(both, WINDOW_S, np.random.default_rng(0))
    assert abs((b - a).mean()) == pytest.approx(1.0, abs=0.3)


def test_wrong_configurations_are_refused() -> None:
    with pytest.raises(ValueError, match="kind: expected one of"):
        NegativeConfig("lte", 2e6)
    with pytest.raises(ValueError, match="gate: expected one of"):
        NegativeConfig("white", 2e6, gate="random")
    with pytest.raises(ValueError, match="samp_rate and bandwidth_hz"):
        NegativeConfig("white", 0.0)
