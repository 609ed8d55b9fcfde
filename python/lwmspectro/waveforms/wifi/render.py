# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of several stations as the samples of one channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..common import Complex64, db_to_amplitude, db_to_power, phasor
from .config import Station, WifiConfig
from .data_bits import Payload
from .format import SAMP_RATE, Format
from .frames import assemble, check
from .header import Signalling
from .symbols import Antennas
from .traffic import Frame


def compress(iq: Complex64, saturation_db: float) -> Complex64:
    """Rapp amplifier, smoothness 2, of unit-power samples; mean power is about kept."""
    if not np.isfinite(saturation_db):
        return iq
    power = iq.real**2 + iq.imag**2
    ratio = power * np.float32(1.0 / db_to_power(saturation_db))
    return iq / np.sqrt(np.sqrt(1.0 + ratio * ratio))


@dataclass
class Air:
    """What lies between the stations and the receiver, the same for all frames of a stream.

    Attributes:
        phases: of each station's carrier at sample 0, rad.
        leakage_phases: of each station's carrier leakage, rad.
        two: gains of the antennas of formats with two streams.
        one: gain of a single antenna.
    """

    phases: list[float]
    leakage_phases: list[float]
    two: Antennas
    one: Antennas = field(default_factory=lambda: Antennas.random(1, np.random.default_rng(0)))

    @classmethod
    def random(cls, cfg: WifiConfig, rng: np.random.Generator) -> Air:
        """Draw phases and gains."""
        count = len(cfg.stations)
        phases, leakage = rng.uniform(0.0, 2.0 * np.pi, (2, count)).tolist()
        return cls(phases, leakage, Antennas.random(2, rng))

    def antennas(self, fmt: Format) -> Antennas:
        """Gains for a format."""
        return self.two if fmt.streams == 2 else self.one

    def transmit(self, iq: Complex64, station: Station, index: int, start: int) -> Complex64:
        """Amplifier, carrier leakage, and the station's free-running carrier from sample start."""
        iq = compress(iq, station.saturation_db)
        if np.isfinite(station.leakage_db):
            leak = db_to_amplitude(station.leakage_db) * np.exp(1j * self.leakage_phases[index])
            iq = iq + np.complex64(leak)
        cycles = station.cfo_hz / SAMP_RATE
        phase = self.phases[index] + 2.0 * np.pi * (start * cycles % 1.0)
        return iq * phasor(iq.size, cycles, phase)


def render(
    cfg: WifiConfig,
    frames: Sequence[Frame],
    n: int,
    rng: np.random.Generator,
    air: Air | None = None,
    first: int = 0,
) -> Complex64:
    """Samples 0..n-1 of given frames; frames of one format share their transforms.

    Args:
        cfg: the stations.
        frames: their starts count from sample 0 of the result.
        n: samples wanted.
        rng: source of carrier phases and antenna gains, where air is None.
        air: phases and gains that outlive this call.
        first: samples sent before, for the phase of the carriers.

    Raises:
        ValueError: a frame cannot carry its octets.
    """
    air = Air.random(cfg, rng) if air is None else air
    out = np.zeros(n, np.complex64)
    strongest = max(station.level_db for station in cfg.stations)
    by_format: dict[Format, list[Frame]] = {}
    for frame in frames:
        by_format.setdefault(frame.fmt, []).append(frame)
    for fmt, group in by_format.items():
        carried = []
        for frame in group:
            signalling = Signalling(
                frame.n_bytes, frame.aggregated, frame.group_id, frame.partial_aid
            )
            check(fmt, frame.psdu, frame.seed, signalling)
            carried.append((Payload(frame.psdu, frame.seed), signalling))
        for frame, body in zip(group, assemble(fmt, carried, air.antennas(fmt)), strict=True):
            low, high = max(frame.start, 0), min(frame.start + body.size, n)
            station = cfg.stations[frame.sender]
            part = body[low - frame.start : high - frame.start]
            sent = air.transmit(part, station, frame.sender, first + low)
            sent *= np.float32(db_to_amplitude(station.level_db - strongest))
            out[low:high] += sent
    return out
