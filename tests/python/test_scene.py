# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole links: transmitter, channel, noise and front end together."""

import dataclasses

import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import lte, nr, wifi
from gnuradio.lwmspectro.waveforms.scene import NONE, Fading, Scene, draw_scene, render
from gnuradio.lwmspectro.waveforms.traffic import Traffic

ROWS = kernels.correlogram_rows
FULL = Traffic(time_load=1.0, freq_load=1.0)


def row(tokens: np.ndarray, name: str) -> np.ndarray:
    c3 = tokens[kernels.window_spec().spectrogram_size :].reshape(len(ROWS), -1)
    return c3[ROWS.index(name)]


def tokens_of(scene: Scene, seed: int = 1) -> np.ndarray:
    kernel = kernels.window_tokenizer(scene.samp_rate)
    iq, _ = render(scene, kernel.window_len(), np.random.default_rng(seed))
    return kernel.process(iq)


@pytest.mark.parametrize("kind", ["wifi", "lte", "nr", "none"])
@pytest.mark.parametrize("samp_rate", [1.92e6, 2.4e6, 20e6])
def test_drawn_scenes_render(kind: str, samp_rate: float) -> None:
    for number in range(3):
        scene = draw_scene(kind, samp_rate, np.random.default_rng(number))
        n = round(samp_rate * 5e-3)
        iq, label = render(scene, n, np.random.default_rng(number))
        again, _ = render(scene, n, np.random.default_rng(number))
        assert iq.shape == (n,)
        assert iq.dtype == np.complex64
        assert np.isfinite(iq.view(np.float32)).all()
        assert label in (kind, NONE)
        np.testing.assert_array_equal(iq, again)


def test_silent_transmitter_is_none() -> None:
    """A slice of a carrier in which nothing is sent holds no protocol."""
    idle = lte.LteConfig(n_prb=50, traffic=Traffic(0.0, 0.0), system_info=False, pdcch_load=0.0)
    away = Scene(transmitter=idle, samp_rate=1.92e6, offset_hz=20e6)
    assert render(away, 20000, np.random.default_rng(0))[1] == NONE
    assert render(dataclasses.replace(away, offset_hz=0.0), 20000, np.random.default_rng(0))[1] == (
        "lte"
    )


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
def test_snr_is_that_of_the_occupied_band(snr_db: float) -> None:
    cell = lte.LteConfig(n_prb=25, fft_size=512, traffic=FULL, cfi=1)
    scene = Scene(transmitter=cell, samp_rate=15.36e6, snr_db=snr_db)
    c0 = tokens_of(scene)[: 128 * 128].reshape(128, 128)
    power = 10.0 ** (c0.mean(axis=0) / 10.0)
    bins = np.arange(128) - 63.5
    inside = np.abs(bins) * 0.12e6 < 0.8 * cell.occupied_bw_hz / 2.0
    outside = np.abs(bins) * 0.12e6 > 1.3 * cell.occupied_bw_hz / 2.0
    noise = power[outside].mean()
    measured = 10.0 * np.log10(power[inside].mean() / noise - 1.0)
    assert measured == pytest.approx(snr_db, abs=1.0)


def test_each_protocol_shows_its_numerology() -> None:
    cell = lte.LteConfig(n_prb=50, traffic=FULL)
    carrier = nr.NrConfig(n_rb=51, scs_hz=30000, fft_size=768, traffic=FULL)
    scenes = {
        "cp_15khz": Scene(transmitter=cell, samp_rate=1.92e6),
        "cp_30khz": Scene(transmitter=carrier, samp_rate=7.68e6),
        "wifi_long_gi": Scene(transmitter=wifi.WifiConfig(duty=0.9), samp_rate=20e6),
    }
    for name, scene in scenes.items():
        tokens = tokens_of(scene)
        peaks = {other: row(tokens, other).max() for other in scenes}
        assert peaks[name] > 20.0
        if scene.samp_rate > 5e6:
            assert max(peaks, key=peaks.__getitem__) == name


def test_slice_of_lte_shows_its_reference_signals() -> None:
    """Symbols 0, 4, 7 and 11 of a subframe come back after 10 ms, the others do not."""
    cell = lte.LteConfig(n_prb=100, fft_size=2048, traffic=FULL, port_gains=(1.0, 1.0j))
    repeat = row(tokens_of(Scene(transmitter=cell, samp_rate=2.4e6, offset_hz=5e6)), "repeat_10ms")
    series = np.abs(np.fft.rfft(10.0 ** (repeat / 10.0)))[1:]
    assert int(series.argmax()) + 1 == 4


def test_fading_keeps_mean_power() -> None:
    fading = Fading(delays_s=(0.0, 0.5e-6), powers_db=(0.0, -3.0), doppler_hz=200.0)
    rng = np.random.default_rng(0)
    iq = (rng.normal(size=(400000, 2)) @ [1, 1j]).astype(np.complex64)
    power = [np.mean(np.abs(fading.apply(iq, 1.92e6, seed)) ** 2) for seed in range(12)]
    assert np.mean(power) / np.mean(np.abs(iq) ** 2) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("kind", ["lte", "nr"])
def test_repeated_control_comes_back_after_a_frame(kind: str) -> None:
    """A laboratory's control region repeats every 10 ms, the data do not."""
    cell = lte.LteConfig(n_prb=25, fft_size=512, traffic=FULL, cfi=3, pdcch_load=1.0)
    carrier = nr.NrConfig(
        n_rb=52,
        scs_hz=15000,
        fft_size=1024,
        traffic=FULL,
        coreset_rb=(0, 48),
        pdsch_rb=(0, 52),
        pdcch_load=1.0,
    )
    config = cell if kind == "lte" else carrier
    shares = []
    for repeat in ("none", "control"):
        transmitter = dataclasses.replace(config, repeat=repeat)
        tokens = tokens_of(Scene(transmitter=transmitter, samp_rate=15.36e6, snr_db=30.0))
        repeats = row(tokens, "repeat_10ms")
        shares.append(np.mean(repeats > 22.0))
    assert shares[0] + 0.05 < shares[1] < 0.9
