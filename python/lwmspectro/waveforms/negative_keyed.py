# SPDX-License-Identifier: GPL-3.0-or-later
"""Frequency keying: FSK, hopping GFSK, Bluetooth LE packets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .common import Complex64, Float32, log_uniform
from .negative_analog import fm


def smooth(x: Float32, width: int, passes: int = 3) -> Float32:
    """Repeated moving average over width samples (near Gaussian), same length."""
    if width < 2:
        return x
    half = width // 2
    for _ in range(passes):
        total = np.cumsum(np.pad(x, (half + 1, width - half - 1), mode="edge"), dtype=np.float64)
        x = ((total[width:] - total[:-width]) / width).astype(np.float32)
    return x


def keyed_frequency(
    n: int, samp_rate: float, symbol_rate: float, levels: int, bt: float, rng: np.random.Generator
) -> Float32:
    """Frequency pulses of random symbols within +-1, Gaussian filtered when bt > 0, shape (n,)."""
    index = (np.arange(n) + rng.random() * samp_rate / symbol_rate) * (symbol_rate / samp_rate)
    index = index.astype(np.int64)
    symbols = rng.integers(0, levels, int(index[-1]) + 1) * (2.0 / (levels - 1)) - 1.0
    pulses = symbols.astype(np.float32)[index]
    if bt > 0.0:  # sigma = sqrt(ln 2) / (2 pi B); a moving average of w has sigma w / sqrt(12)
        sigma = 0.1325 / (bt * symbol_rate) * samp_rate
        pulses = smooth(pulses, round(sigma * 2.0))  # three passes of w = 2 sigma
    return pulses


def fsk(
    n: int, samp_rate: float, bandwidth_hz: float, centre_hz: float, rng: np.random.Generator
) -> Complex64:
    """2-, 4- or 8-level FSK or GFSK that fills about bandwidth_hz."""
    index = float(rng.choice([0.35, 0.5, 0.7, 1.0, 2.0, 4.0]))
    symbol_rate = bandwidth_hz / (1.0 + index)
    bt = float(rng.choice([0.0, 0.3, 0.5, 1.0]))
    levels = int(rng.choice([2, 2, 4, 8]))
    course = keyed_frequency(n, samp_rate, symbol_rate, levels, bt, rng)
    course = course * np.float32(0.5 * index * symbol_rate) + np.float32(centre_hz)
    return fm(course, samp_rate, float(rng.uniform(0.0, 6.28)))


def _bursts(
    n: int,
    samp_rate: float,
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    channels_hz: npt.NDArray[np.float64],
    symbol_rate: float,
    rng: np.random.Generator,
) -> Complex64:
    """GFSK bursts (h about 0.32 or 0.5, BT 0.5), each on its channel, hidden out of band."""
    index = float(rng.choice([0.32, 0.5]))
    course = keyed_frequency(n, samp_rate, symbol_rate, 2, 0.5, rng)
    course *= np.float32(0.5 * index * symbol_rate)
    envelope = np.zeros(n, np.float32)
    rise = max(int(2e-6 * samp_rate), 1)
    limit = 0.5 * (samp_rate - symbol_rate)
    for start, length, channel in zip(starts, lengths, channels_hz, strict=True):
        low, high = max(int(start), 0), min(int(start + length), n)
        if low >= high or abs(channel) > limit:
            continue
        course[low:high] += np.float32(channel)
        envelope[low:high] = 1.0
    return fm(course, samp_rate, 0.0) * smooth(envelope, rise, passes=2)


def hopping(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """Frequency hopping GFSK: Bluetooth slots of 625 us and 1 MHz channels, and relatives."""
    if rng.random() < 0.6:
        slot_s, spacing, symbol_rate = 625e-6, 1e6, 1e6
    else:
        slot_s = log_uniform(rng, 100e-6, 5e-3)
        symbol_rate = log_uniform(rng, 0.02, 0.12) * samp_rate
        spacing = symbol_rate * float(rng.uniform(0.8, 2.0))
    symbol_rate = min(symbol_rate, 0.5 * samp_rate)
    slot = slot_s * samp_rate
    count = int(n / slot) + 3
    starts = ((np.arange(count) - rng.random()) * slot).astype(np.int64)
    packet = rng.choice([366e-6 / 625e-6, rng.uniform(0.2, 0.98), 0.8])
    lengths = np.full(count, int(packet * slot))
    in_band = max(int(0.5 * (samp_rate - symbol_rate) / spacing), 0)
    reach = in_band if rng.random() < 0.7 else max(in_band, 39)
    channels = rng.integers(-reach, reach + 1, count) * spacing
    if in_band == 0:
        channels = np.clip(centre_hz, -0.49, 0.49) * (samp_rate - symbol_rate) * np.ones(count)
    used = rng.random(count) < rng.choice([1.0, rng.uniform(0.2, 1.0), 0.5])
    used[rng.integers(0, count)] = True
    return _bursts(
        n, samp_rate, starts[used], lengths[used], channels[used].astype(float), symbol_rate, rng
    )


def advertising(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """Bluetooth LE packets of 80 to 2,120 us on one channel, 150 us apart or rare."""
    symbol_rate = min(float(rng.choice([1e6, 2e6])), 0.5 * samp_rate)
    starts: list[int] = []
    lengths: list[int] = []
    now = -float(rng.uniform(0.0, 2e-3))
    while now < n / samp_rate or not starts:
        length = float(rng.choice([rng.uniform(80e-6, 376e-6), rng.uniform(80e-6, 2.12e-3)]))
        starts.append(int(now * samp_rate))
        lengths.append(int(length * samp_rate))
        now += length + float(rng.choice([150e-6, rng.uniform(0.3e-3, 3e-3), 7.5e-3]))
    limit = 0.49 * (samp_rate - symbol_rate)
    channels = np.full(len(starts), np.clip(centre_hz, -limit, limit))
    return _bursts(n, samp_rate, np.array(starts), np.array(lengths), channels, symbol_rate, rng)
