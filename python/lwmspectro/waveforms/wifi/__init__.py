# SPDX-License-Identifier: GPL-3.0-or-later
"""802.11 OFDM traffic at 20 MS/s: frames of an access point and its stations on one channel."""

from __future__ import annotations

import numpy as np

from ..common import Complex64, db_to_amplitude, db_to_power, phasor
from .config import Station, WifiConfig
from .frame import SAMP_RATE, Antennas, Format, data_field, header
from .traffic import Frame, schedule

__all__ = ["SAMP_RATE", "Station", "WifiConfig", "compress", "render", "schedule", "waveform"]


def waveform(cfg: WifiConfig, duration_s: float, rng: np.random.Generator) -> Complex64:
    """Samples of the channel at 20 MS/s, shape (round(duration_s * 20e6),), complex64.

    The strongest station has unit mean power while transmitting, gaps are zero.
    """
    n = round(duration_s * SAMP_RATE)
    return render(cfg, schedule(cfg, n, rng), n, rng)


def compress(iq: Complex64, saturation_db: float) -> Complex64:
    """Rapp amplifier, smoothness 2, of unit-power samples; mean power is about kept."""
    if not np.isfinite(saturation_db):
        return iq
    power = iq.real**2 + iq.imag**2
    ratio = power * np.float32(1.0 / db_to_power(saturation_db))
    return iq / np.sqrt(np.sqrt(1.0 + ratio * ratio))


def render(cfg: WifiConfig, frames: list[Frame], n: int, rng: np.random.Generator) -> Complex64:
    """Samples 0..n-1 of given frames; frames of one format share one transform."""
    out = np.zeros(n, np.complex64)
    strongest = max(station.level_db for station in cfg.stations)
    by_format: dict[Format, list[Frame]] = {}
    for frame in frames:
        by_format.setdefault(frame.fmt, []).append(frame)
    for fmt, group in by_format.items():
        sizes = [frame.n_symbols for frame in group]
        antennas = Antennas.random(fmt.streams, rng)
        symbols, tails = data_field(fmt, sizes, antennas, rng)
        symbols_of = {frame.n_bytes: frame.n_symbols for frame in group}
        heads = {
            n_bytes: header(fmt, size, n_bytes, antennas, rng)
            for n_bytes, size in symbols_of.items()
        }
        last = np.cumsum(sizes)
        for frame, size, stop in zip(group, sizes, last.tolist(), strict=True):
            body = np.zeros(fmt.n_samples(size) + fmt.ramp, np.complex64)
            body[fmt.header_len : body.size - fmt.ramp] = symbols[stop - size : stop].reshape(-1)
            head = heads[frame.n_bytes]
            body[: head.size] += head
            body[body.size - fmt.ramp :] = tails[stop - 1]
            low, high = max(frame.start, 0), min(frame.start + body.size, n)
            station = cfg.stations[frame.sender]
            sent = _transmit(body[low - frame.start : high - frame.start], station, rng)
            out[low:high] += sent * np.float32(db_to_amplitude(station.level_db - strongest))
    return out


def _transmit(iq: Complex64, station: Station, rng: np.random.Generator) -> Complex64:
    """Amplifier, carrier leakage, carrier offset and phase of a station."""
    iq = compress(iq, station.saturation_db)
    if np.isfinite(station.leakage_db):
        leak = db_to_amplitude(station.leakage_db) * np.exp(2j * np.pi * rng.random())
        iq = iq + np.complex64(leak)
    phase = float(rng.uniform(0.0, 2.0 * np.pi))
    return iq * phasor(iq.size, station.cfo_hz / SAMP_RATE, phase)
