# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthetic LTE downlink, 3GPP TS 36.211, frame structures type 1 (FDD) and 2 (TDD).

The standard's grid, reference and synchronisation signals are exact; channel coding is replaced
by random bits, which changes nothing that a receiver without keys to the cell can see. The
antenna ports are summed through one complex gain each, as one receive antenna would see them
over a flat channel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .grid import downlink_grid
from .frame import SPECIAL_EXTENDED, SPECIAL_NORMAL, TDD_CONFIGS, FrameKey
from ..ofdm import Numerology, modulate
from ..sequences import MODULATION_BITS
from ..traffic import Traffic
from ..uplink import uplink_symbols

FFT_SIZES: dict[int, tuple[int, ...]] = {
    6: (128,),
    15: (256,),
    25: (512,),
    50: (1024,),
    75: (1536, 1024),
    100: (2048, 1536),
}
"""Useful symbol in samples by bandwidth in resource blocks; the first is the default."""

REPEATS = ("none", "frame", "subframe", "control")


@dataclass(frozen=True)
class LteConfig:
    """One LTE cell as seen by one receive antenna.

    Attributes:
        n_prb: downlink bandwidth, 6, 15, 25, 50, 75 or 100 resource blocks.
        fft_size: samples of the useful symbol; sets ``samp_rate``.
        pci: physical cell identity, 0..503.
        port_gains: complex gain of each antenna port, 1, 2 or 4 of them.
        extended_cp: extended cyclic prefix.
        tdd_config: uplink-downlink configuration 0..6, None for FDD.
        special_config: special subframe configuration (TDD only).
        uplink_db: power of the uplink of a near user in dB over a downlink resource element
            of 0 dB, None for silence (TDD only).
        traffic: how the shared channel is filled.
        modulation: of the shared channel, "qpsk", "16qam", "64qam", "256qam" or "mixed".
        cfi: control symbols 1..3 of each subframe (one more up to 10 blocks), 0 draws each.
        pdcch_load: share of control resource element groups in use, 0..1.
        system_info: broadcast messages in subframe 5 of every second frame.
        crs_boost_db: power of the reference signals over the shared channel, dB.
        power_offsets_db: offsets of the users' power, one is drawn per user, dB.
        two_layers: users may have two spatial layers (two or four ports).
        mbsfn: subframes with an MBSFN region, where reference signals stop after two symbols.
        mbsfn_blank: the MBSFN regions stay empty instead of carrying data.
        repeat: "none", or what a test transmitter repeats: "frame" or "subframe" all its data,
            "control" the control symbols of each frame.
    """

    n_prb: int = 50
    fft_size: int = 1024
    pci: int = 0
    port_gains: tuple[complex, ...] = (1.0 + 0.0j,)
    extended_cp: bool = False
    tdd_config: int | None = None
    special_config: int = 7
    uplink_db: float | None = None
    traffic: Traffic = field(default_factory=Traffic)
    modulation: str = "mixed"
    cfi: int = 2
    pdcch_load: float = 0.5
    system_info: bool = True
    crs_boost_db: float = 0.0
    power_offsets_db: tuple[float, ...] = (0.0,)
    two_layers: bool = False
    mbsfn: tuple[int, ...] = ()
    mbsfn_blank: bool = False
    repeat: str = "none"

    def __post_init__(self) -> None:
        if self.n_prb not in FFT_SIZES or self.fft_size <= 12 * self.n_prb:
            raise ValueError(
                f"expected n_prb in {sorted(FFT_SIZES)} and fft_size > 12 n_prb, "
                f"got {self.n_prb} and {self.fft_size}"
            )
        if not 0 <= self.pci < 504 or len(self.port_gains) not in (1, 2, 4):
            raise ValueError(
                f"expected 0 <= pci < 504 and 1, 2 or 4 port gains, "
                f"got {self.pci} and {len(self.port_gains)}"
            )
        if self.tdd_config not in (None, *range(len(TDD_CONFIGS))):
            raise ValueError(f"expected tdd_config None or 0..6, got {self.tdd_config}")
        if not 0 <= self.special_config < len(self._special_table):
            raise ValueError(
                f"expected special_config 0..{len(self._special_table) - 1}, "
                f"got {self.special_config}"
            )
        if self.modulation not in (*MODULATION_BITS, "mixed"):
            raise ValueError(f"unknown modulation {self.modulation!r}")
        if self.cfi not in (0, 1, 2, 3) or not 0 <= self.pdcch_load <= 1:
            raise ValueError(
                f"expected cfi 0..3 and pdcch_load 0..1, got {self.cfi}, {self.pdcch_load}"
            )
        fixed = (0, 1, 5, 6) if self.tdd_config is not None else (0, 4, 5, 9)  # 36.331 6.3.7
        if any(n in fixed or not 0 <= n < 10 for n in self.mbsfn):
            raise ValueError(f"expected MBSFN subframes in 0..9 without {fixed}, got {self.mbsfn}")
        if self.repeat not in REPEATS:
            raise ValueError(f"repeat: expected one of {REPEATS}, got {self.repeat!r}")

    @property
    def _special_table(self) -> tuple[tuple[int, int], ...]:
        return SPECIAL_EXTENDED if self.extended_cp else SPECIAL_NORMAL

    @property
    def numerology(self) -> Numerology:
        """Symbol timing at the native rate."""
        return Numerology(self.fft_size, 15000, self.extended_cp)

    @property
    def samp_rate(self) -> float:
        """Native rate in samples per second."""
        return self.numerology.samp_rate

    @property
    def occupied_bw_hz(self) -> float:
        """Bandwidth from the lowest to the highest subcarrier, in Hz."""
        return (12 * self.n_prb + 1) * 15e3

    @property
    def frame_key(self) -> FrameKey:
        """The part of the configuration that fixes the repeating signals."""
        tdd = self.tdd_config is not None
        return FrameKey(
            n_prb=self.n_prb,
            pci=self.pci,
            n_ports=len(self.port_gains),
            extended_cp=self.extended_cp,
            pattern="D" * 10 if self.tdd_config is None else TDD_CONFIGS[self.tdd_config],
            dwpts=self._special_table[self.special_config][0],
            mbsfn=self.mbsfn,
            tdd=tdd,
        )

    @classmethod
    def random(cls, rng: np.random.Generator) -> LteConfig:
        """Draw a cell; every bandwidth, duplex mode and load is likely."""
        n_prb = int(rng.choice(list(FFT_SIZES), p=[0.12, 0.1, 0.16, 0.24, 0.13, 0.25]))
        sizes = FFT_SIZES[n_prb]
        size = sizes[0] if rng.random() < 0.75 else int(rng.choice(sizes))
        n_ports = int(rng.choice([1, 2, 4], p=[0.35, 0.45, 0.2]))
        gains = rng.normal(size=(n_ports, 2)) @ np.array([1, 1j]) * np.sqrt(0.5)
        gains /= np.sqrt(np.mean(np.abs(gains) ** 2))
        tdd = rng.random() < 0.35
        extended = bool(rng.random() < 0.04)
        mbsfn: tuple[int, ...] = ()
        if rng.random() < 0.08:
            allowed = (3, 4, 8, 9) if tdd else (1, 2, 3, 6, 7, 8)
            picked = rng.permutation(allowed)[: int(rng.integers(1, 4))]
            mbsfn = tuple(sorted(int(v) for v in picked))
        offsets = [(0.0,), (-3.0,), (-3.0, 0.0), (-6.0, -4.77, -3.0, -1.77, 0.0, 1.0, 2.0, 3.0)]
        return cls(
            n_prb=n_prb,
            fft_size=size,
            pci=int(rng.integers(504)),
            port_gains=tuple(complex(g) for g in gains),
            extended_cp=extended,
            tdd_config=int(rng.integers(7)) if tdd else None,
            special_config=int(rng.integers(8 if extended else 10)),
            uplink_db=float(rng.uniform(-30, 5)) if tdd and rng.random() < 0.4 else None,
            traffic=Traffic.random(rng),
            modulation=str(rng.choice(["mixed", *MODULATION_BITS])),
            cfi=int(rng.integers(4)),
            pdcch_load=float(rng.choice([0.0, 1.0, rng.random(), rng.random()])),
            system_info=bool(rng.random() < 0.9),
            crs_boost_db=float(rng.choice([0.0, 0.0, 3.0, rng.uniform(0, 6)])),
            power_offsets_db=offsets[int(rng.integers(len(offsets)))],
            two_layers=bool(n_ports > 1 and rng.random() < 0.4),
            mbsfn=mbsfn,
            mbsfn_blank=bool(rng.random() < 0.5),
            repeat=str(rng.choice(REPEATS, p=[0.75, 0.08, 0.07, 0.1])),
        )


def waveform(
    cfg: LteConfig, duration_s: float, rng: np.random.Generator, start_s: float | None = None
) -> NDArray[np.complex64]:
    """Generate the downlink of one cell, centred on its 0 Hz subcarrier.

    The mean power over the OFDM symbols in which the cell transmits anything is 1, whatever the
    load: an idle cell is not weaker than a busy one, only sparser. Uplink is left out of the mean.

    Args:
        cfg: the cell.
        duration_s: seconds to generate.
        rng: source of randomness.
        start_s: time of the first sample in seconds after the start of an even frame; drawn
            within 20 ms when None.

    Returns:
        complex64 samples at ``cfg.samp_rate``, shape (round(duration_s * samp_rate),).

    Raises:
        ValueError: the duration or the start is negative.
    """
    if duration_s < 0 or (start_s is not None and start_s < 0):
        raise ValueError(f"expected times >= 0, got {duration_s} and {start_s}")
    numerology = cfg.numerology
    count = round(duration_s * cfg.samp_rate)
    begin = round((20e-3 * rng.random() if start_s is None else start_s) * cfg.samp_rate)
    per_subframe = 2 * numerology.half_ms_samples
    first = begin // per_subframe
    subframes = np.arange(first, max(first + 1, -(-(begin + count) // per_subframe)))
    grid = downlink_grid(cfg, subframes, rng)  # (subframes, symbols, subcarriers)
    power = np.einsum("ijk,ijk->ij", grid.real, grid.real)
    power += np.einsum("ijk,ijk->ij", grid.imag, grid.imag)
    active = power[power > 0]
    scale = np.float32(1.0 / np.sqrt(active.mean(dtype=np.float64)) if active.size else 1.0)
    if cfg.uplink_db is not None and cfg.tdd_config is not None:
        amplitude = 10 ** (cfg.uplink_db / 20)
        pattern = cfg.frame_key.pattern
        for row in np.flatnonzero([pattern[n] == "U" for n in subframes % 10]):
            grid[row] = uplink_symbols(grid.shape[1], cfg.n_prb, amplitude, rng)
    samples = modulate(grid.reshape(-1, grid.shape[2]), numerology, skip_dc=True)
    offset = begin - first * per_subframe
    return samples[offset : offset + count] * scale
