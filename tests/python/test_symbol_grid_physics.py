# SPDX-License-Identifier: GPL-3.0-or-later
"""The constellation is in the symbol grid, and not in the spectrogram.

Whole windows of the generators over static channels of several paths, at 25 dB: a nearest
centroid on a few moments names the modulation from the grid, and guesses from C0.
"""

from dataclasses import dataclass
from functools import partial

import exact_ofdm
import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import lte, nr, wifi
from gnuradio.lwmspectro.waveforms.traffic import Traffic

SNR_DB = 25
WINDOW_S = 25.6e-3
N_TRAIN, N_TEST = 8, 6  # windows a class
FULL = Traffic(1.0, 1.0)
LATTICES = (2, 10, 42, 170)  # 4-, 16-, 64- and 256-QAM have odd multiples of 1 / sqrt of it


@dataclass(frozen=True)
class Link:
    """A grid, and what makes a configuration of each modulation."""

    grid: str
    physical_layer: object
    configs: dict
    delay_spread_s: float


def wifi_config(rate, mbps, rng):
    """One standard for all, and frames as long, so that neither tells the rate."""
    size = round(mbps * 1e6 * rng.uniform(150e-6, 500e-6) / 8)
    options = {"traffic": "stream", "duty": 0.9, "answered": False, "sizes": (size,)}
    return wifi.WifiConfig(standard="11ac", rates=(rate,), **options)


def lte_config(modulation, rng):
    return lte.LteConfig(
        n_prb=25, fft_size=512, modulation=modulation, traffic=FULL, pdcch_load=1.0, cfi=1
    )


def nr_config(modulation, rng):
    return nr.NrConfig(
        n_rb=24,
        fft_size=512,
        modulation=modulation,
        traffic=FULL,
        pdsch_rb=(0, 24),
        coreset_rb=(0, 24),
        coreset_symbols=1,
        pdcch_load=1.0,
        carrier_hz=2.6e9,
    )


QAMS = ("qpsk", "16qam", "64qam", "256qam")
LINKS = {
    "wifi": Link(
        "wifi_long_gi",
        wifi,
        {
            "bpsk": partial(wifi_config, 0, 6.5),
            "qpsk": partial(wifi_config, 1, 13),
            "16qam": partial(wifi_config, 3, 26),
            "64qam": partial(wifi_config, 5, 52),
            "256qam": partial(wifi_config, 8, 78),
        },
        50e-9,
    ),
    "lte": Link("cp_15khz", lte, {name: partial(lte_config, name) for name in QAMS}, 100e-9),
    "nr": Link("cp_30khz", nr, {name: partial(nr_config, name) for name in QAMS}, 100e-9),
}


def received(link, cfg, rng):
    """A window through a channel that stands still, with noise, gain and carrier offset."""
    iq = link.physical_layer.waveform(cfg, WINDOW_S, rng)
    profile = kernels.tdl_model("TDL-B", link.delay_spread_s)
    fading = kernels.tdl_fading(cfg.samp_rate, profile, int(rng.integers(1 << 32)))
    iq = fading.process(iq).astype(complex)
    on_air = np.abs(iq) > 0.05 * np.sqrt(np.mean(np.abs(iq) ** 2))
    iq /= np.sqrt(np.mean(np.abs(iq[on_air]) ** 2))
    iq += exact_ofdm.noise(rng, len(iq), 10 ** (-SNR_DB / 10))
    turn = np.exp(2j * np.pi * rng.uniform(-3e3, 3e3) / cfg.samp_rate * np.arange(len(iq)))
    return (iq * turn * 10 ** rng.uniform(-2, 0)).astype(np.complex64)


def grid_moments(planes):
    """Means of phases and of powers, and how well the parts fit the lattices."""
    there = planes[0] > -200
    strong = there & (planes[0] > np.median(planes[0][there]) - 25)
    cos2, cos4, larger, smaller = planes[1:, strong]
    power = larger**2 + smaller**2
    parts = np.concatenate([larger, smaller])
    lattices = [np.mean(np.cos(np.pi * (np.sqrt(q) * parts - 1))) for q in LATTICES]
    return [cos2.mean(), cos4.mean(), np.mean(power**2), np.mean(power**3), *lattices]


def spectrogram_moments(c0):
    """Moments of dB over the bins and frames in which something is on the air, and around."""
    busy = c0[c0 > c0.max() - 20]
    scaled = (busy - busy.mean()) / busy.std()
    over_time = np.diff(c0, axis=0)
    return [
        busy.std(),
        np.mean(scaled**3),
        np.mean(scaled**4),
        *np.quantile(busy - busy.mean(), [0.01, 0.1, 0.5, 0.9, 0.99]),
        np.mean(np.abs(over_time)),
        over_time.std(),
    ]


def accuracy(features, labels):
    """Of a nearest centroid; the first N_TRAIN of each class train it."""
    train = np.tile(np.arange(N_TRAIN + N_TEST) < N_TRAIN, len(set(labels)))
    scaled = (features - features[train].mean(axis=0)) / (features[train].std(axis=0) + 1e-9)
    classes = sorted(set(labels))
    centroids = np.array([scaled[train & (labels == c)].mean(axis=0) for c in classes])
    away = np.linalg.norm(scaled[~train, np.newaxis] - centroids, axis=2)
    return np.mean(np.array(classes)[away.argmin(axis=1)] == labels[~train])


@pytest.mark.parametrize("protocol", LINKS)
def test_grid_shows_the_modulation_and_spectrogram_does_not(protocol, rng):
    link = LINKS[protocol]
    from_grid, from_c0, labels = [], [], []
    for modulation, config in link.configs.items():
        samp_rate = config(rng).samp_rate
        grid = kernels.symbol_grid(samp_rate, link.grid)
        tokenizer = kernels.window_tokenizer(samp_rate)
        for _ in range(N_TRAIN + N_TEST):
            iq = received(link, config(rng), rng)
            planes, symbols = grid.compute(iq)
            assert symbols > 100
            from_grid.append(grid_moments(planes))
            c0 = tokenizer.process(iq[: tokenizer.window_len()])[: 128 * 128]
            from_c0.append(spectrogram_moments(c0.reshape(128, 128)))
            labels.append(modulation)
    labels = np.array(labels)
    chance = 1 / len(link.configs)
    right = accuracy(np.array(from_grid), labels)
    guessed = accuracy(np.array(from_c0), labels)
    assert right >= 0.9, f"expected the modulation in the grid, got {right:.2f}"
    spread = 3 * np.sqrt(chance * (1 - chance) / (N_TEST * len(link.configs)))
    assert guessed <= chance + spread, f"expected chance from C0, got {guessed:.2f}"
