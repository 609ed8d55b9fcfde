# SPDX-License-Identifier: GPL-3.0-or-later
"""Measured signal to noise ratios, against plain sums and against the received samples."""

import dataclasses
import math

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import lte, wifi
from gnuradio.lwmspectro.waveforms.channels import TdlModel
from gnuradio.lwmspectro.waveforms.common import ReceiverBand, complex_noise
from gnuradio.lwmspectro.waveforms.frontend import FrontEnd
from gnuradio.lwmspectro.waveforms.scene import NONE, Scene, render_measured
from gnuradio.lwmspectro.waveforms.snr import Band, SignalPower, band_power, ratio, signal_power
from gnuradio.lwmspectro.waveforms.traffic import Traffic
from hypothesis import given
from hypothesis import strategies as st

FS = 7.68e6


def tone(f_hz: float, n: int, power: float = 1.0) -> np.ndarray:
    phase = 2j * np.pi * f_hz / FS * np.arange(n)
    return (np.sqrt(power) * np.exp(phase)).astype(np.complex64)


@given(st.integers(1, 20_000), st.integers(0, 1000))
def test_whole_band_holds_the_mean_power(n: int, seed: int) -> None:
    iq = 3.0 * complex_noise(n, np.random.default_rng(seed))
    expected = float(np.mean(np.abs(iq) ** 2))
    assert band_power(iq, FS, Band(-FS / 2, FS / 2)) == pytest.approx(expected, rel=1e-4)


def test_a_tone_is_in_its_band_alone() -> None:
    iq = tone(1.0e6, 100_000, power=4.0)
    assert band_power(iq, FS, Band(0.5e6, 1.5e6)) == pytest.approx(4.0, rel=2e-2)
    assert band_power(iq, FS, Band(-1.5e6, -0.5e6)) < 0.01


@given(st.floats(-FS / 2, FS / 2), st.floats(0.05e6, FS))
def test_noise_in_a_band_is_as_wide_as_the_band(low_hz: float, width_hz: float) -> None:
    band = Band(low_hz, min(low_hz + width_hz, FS / 2))
    noise = complex_noise(1 << 18, np.random.default_rng(3))
    expected = band.width_hz / FS
    deviation = np.sqrt(expected / noise.size)  # of the mean of so many exponential variables
    assert band_power(noise, FS, band) == pytest.approx(expected, abs=5.0 * deviation + 1e-5)


def test_band_in_view_is_cut_by_the_receiver() -> None:
    assert Band.in_view(4e6, FS, 3e6) == Band(1e6, FS / 2)
    assert Band.in_view(1e6, FS, 9e6).width_hz == 0.0


def test_bursts_are_counted_apart_from_gaps() -> None:
    iq = tone(0.0, 64 * 1000, power=2.0)
    iq[64 * 250 :] = 0.0
    power = signal_power(iq, FS, Band(-FS / 2, FS / 2))
    assert power.window == pytest.approx(0.5, rel=1e-3)
    assert power.active == pytest.approx(2.0, rel=1e-3)
    assert power.share == pytest.approx(0.25)
    found = ratio(power, 0.5)
    assert found.window_db == pytest.approx(0.0, abs=0.01)
    assert found.active_db == pytest.approx(6.02, abs=0.01)


def test_silence_has_no_ratio() -> None:
    power = signal_power(np.zeros(1000, np.complex64), FS, Band(-1e6, 1e6))
    assert power == SignalPower(0.0, 0.0, 0.0)
    assert math.isnan(ratio(power, 1.0).window_db)
    assert math.isnan(ratio(SignalPower(1.0, 1.0, 1.0), 0.0).active_db)


@pytest.mark.parametrize("snr_db", [-5.0, 10.0, 25.0])
@pytest.mark.parametrize(
    "transmitter",
    [
        lte.LteConfig(n_prb=25, fft_size=512, traffic=Traffic(1.0, 0.4)),
        wifi.WifiConfig(duty=0.3),
    ],
)
def test_label_is_near_what_was_drawn(transmitter: object, snr_db: float) -> None:
    band = ReceiverBand(rolloff=0.1, edge_db=-20.0, tilt_db=2.0, ripple_db=3.0)
    for seed in range(3):
        scene = Scene(
            transmitter=transmitter,
            samp_rate=FS,
            offset_hz=1.5e6,
            snr_db=snr_db,
            fading=TdlModel("A", 300e-9, 90.0),
            front_end=FrontEnd(band=band),
        )
        _, found = render_measured(scene, 100_000, np.random.default_rng(seed))
        assert found.snr_db == pytest.approx(snr_db, abs=0.3)
        assert found.band == Band.in_view(transmitter.occupied_bw_hz, FS, 1.5e6)  # type: ignore[attr-defined]
        chosen = found.ratio.active_db if scene.over_active else found.ratio.window_db
        assert found.snr_db == chosen
        assert found.ratio.active_db >= found.ratio.window_db - 0.1


def test_drawn_ratio_may_refer_to_either() -> None:
    sparse = lte.LteConfig(n_prb=25, fft_size=512, traffic=Traffic(0.2, 1.0), system_info=False)
    for over, name in (("window", "window_db"), ("active", "active_db"), ("label", "window_db")):
        scene = Scene(transmitter=sparse, samp_rate=FS, snr_db=12.0, snr_over=over)
        _, found = render_measured(scene, 196_608, np.random.default_rng(2))
        assert getattr(found.ratio, name) == pytest.approx(12.0, abs=0.2)
        assert found.ratio.active_db > found.ratio.window_db + 1.0
        assert found.snr_db == found.ratio.window_db
    with pytest.raises(ValueError, match="snr_over: expected one of"):
        Scene(transmitter=sparse, samp_rate=FS, snr_over="peak")


def test_label_is_what_the_samples_hold() -> None:
    """Signal and noise of the received samples, told apart by an empty band beside the carrier."""
    cell = lte.LteConfig(n_prb=15, fft_size=256, traffic=Traffic(1.0, 1.0))
    scene = Scene(transmitter=cell, samp_rate=FS, snr_db=7.0, fading=TdlModel("C", 200e-9, 5.0))
    iq, found = render_measured(scene, 196_608, np.random.default_rng(4))
    half = cell.occupied_bw_hz / 2
    noise = band_power(iq, FS, Band(half + 0.2e6, FS / 2)) / (FS / 2 - half - 0.2e6)
    both = band_power(iq, FS, Band(-half, half)) / (2 * half)
    assert 10 * np.log10(both / noise - 1.0) == pytest.approx(found.snr_db, abs=0.15)


def test_silent_transmitter_has_no_label() -> None:
    idle = lte.LteConfig(traffic=Traffic(0.0, 0.0), system_info=False, pdcch_load=0.0)
    away = Scene(transmitter=idle, samp_rate=1.92e6, offset_hz=20e6)
    _, found = render_measured(away, 20_000, np.random.default_rng(0))
    assert (found.label, found.layer) == (NONE, NONE)
    assert math.isnan(found.snr_db)
    _, found = render_measured(
        dataclasses.replace(away, offset_hz=0.0), 20_000, np.random.default_rng(0)
    )
    assert found.label == "lte"
