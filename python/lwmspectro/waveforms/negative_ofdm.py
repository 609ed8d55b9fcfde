# SPDX-License-Identifier: GPL-3.0-or-later
"""OFDM that is neither WiFi, LTE nor NR: broadcast standards and random numerologies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .common import Complex64, draw_symbols, fft_module, qam_points
from .resample import place, samples_needed

# useful symbol times of WiFi (11a/n/ac, 11p, 11ax) and of 3GPP (15 to 120 kHz), s
_RESERVED_S = (3.2e-6, 6.4e-6, 12.8e-6, 66.67e-6, 33.33e-6, 16.67e-6, 8.33e-6)
_KEEP_AWAY = 0.09


@dataclass(frozen=True)
class Numerology:
    """A multicarrier signal.

    Attributes:
        native_rate: Hz; the subcarriers are native_rate / fft apart.
        fft: samples of the useful symbol.
        used: subcarriers in use, around the centre.
        guard: guard interval as a share of the useful symbol.
        boost: amplitude of the scattered pilots; 0 is no pilots.
        pilot_every: subcarriers between pilots.
        null_every: symbols from one null symbol to the next; 0 is none.
    """

    native_rate: float
    fft: int
    used: int
    guard: float
    boost: float = 1.0
    pilot_every: int = 12
    null_every: int = 0

    @property
    def useful_s(self) -> float:
        """Useful symbol time, s."""
        return self.fft / self.native_rate


# EN 300 401 14.2, mode I: 1 kHz apart, guard 504 of 2048, a null symbol before every 76
DAB = Numerology(2.048e6, 2048, 1536, 504.0 / 2048.0, boost=0.0, null_every=77)


def is_reserved(useful_s: float) -> bool:
    """True within 9 % of a useful symbol time of WiFi or 3GPP."""
    return any(abs(useful_s / reserved - 1.0) < _KEEP_AWAY for reserved in _RESERVED_S)


def broadcast(rng: np.random.Generator) -> Numerology:
    """DVB-T (EN 300 744 4.4) 2k or 8k in 6, 7 or 8 MHz, DVB-T2 1k to 16k, or ISDB-T."""
    width = int(rng.choice([6, 7, 8]))
    fft, used = [(2048, 1705), (8192, 6817), (1024, 853), (4096, 3409), (16384, 13633)][
        int(rng.choice(5, p=[0.35, 0.35, 0.1, 0.1, 0.1]))
    ]
    guard = float(rng.choice([1 / 4, 1 / 8, 1 / 16, 1 / 32]))
    return Numerology(width * 8e6 / 7.0, fft, used, guard, boost=4.0 / 3.0)


def arbitrary(samp_rate: float, bandwidth_hz: float, rng: np.random.Generator) -> Numerology:
    """Any useful symbol time from 1 us to 5 ms but those of WiFi and 3GPP."""
    while True:
        fft = 1 << int(rng.integers(5, 14))
        used = max(int(fft * rng.uniform(0.4, 0.9)) | 1, 9)
        wanted = bandwidth_hz * fft / used
        native = samp_rate * max(round(wanted / samp_rate * 120), 1) / 120
        if 1e-6 < fft / native < 5e-3 and not is_reserved(fft / native):
            break
    guard = float(rng.choice([1 / 4, 1 / 8, 1 / 16, 1 / 32, rng.uniform(0.03, 0.3)]))
    boost = float(rng.choice([0.0, 1.0, rng.uniform(1.0, 2.0)]))
    return Numerology(native, fft, used, guard, boost, int(rng.integers(4, 25)))


def symbols(cfg: Numerology, n: int, rng: np.random.Generator) -> Complex64:
    """At least n native samples, unit power, from a random point of a symbol on."""
    guard = max(round(cfg.fft * cfg.guard), 1)
    length = cfg.fft + guard
    count = -(-n // length) + 1
    points = qam_points(int(rng.choice([2, 4, 16, 64, 256], p=[0.1, 0.3, 0.2, 0.3, 0.1])))
    cells = draw_symbols(points, (count, cfg.used), rng)
    if cfg.boost > 0.0:  # scattered pilots move by a quarter of their spacing each symbol
        signs = draw_symbols(qam_points(2), (cfg.used,), rng) * np.float32(cfg.boost)
        row = np.arange(count)[:, None] % 4 * max(cfg.pilot_every // 4, 1)
        pilot = (np.arange(cfg.used)[None, :] - row) % cfg.pilot_every == 0
        cells = np.where(pilot, signs[None, :], cells)
    half = cfg.used // 2
    grid = np.zeros((count, cfg.fft), np.complex64)
    grid[:, : cfg.used - half] = cells[:, half:]
    if half:
        grid[:, -half:] = cells[:, :half]
    if rng.random() < 0.6:
        grid[:, 0] = 0.0
    useful = np.asarray(fft_module.ifft(grid, axis=-1), np.complex64)
    useful *= np.float32(cfg.fft / np.sqrt(cfg.used))
    if cfg.null_every:
        useful[int(rng.integers(0, cfg.null_every)) :: cfg.null_every] = 0.0
    iq = np.concatenate([useful[:, cfg.fft - guard :], useful], axis=1).ravel()
    start = int(rng.integers(0, length))
    return iq[start:] if iq.size - start >= n else iq[iq.size - n :]


def ofdm(
    n: int, samp_rate: float, cfg: Numerology, centre_hz: float, rng: np.random.Generator
) -> Complex64:
    """A multicarrier signal as a receiver at samp_rate sees it, shape (n,)."""
    native = symbols(cfg, samples_needed(n, cfg.native_rate, samp_rate) + 2, rng)
    return place(native, cfg.native_rate, samp_rate, centre_hz, n, rng)
