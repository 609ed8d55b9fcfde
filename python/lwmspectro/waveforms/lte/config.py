# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of a synthetic LTE cell, frame structures type 1 (FDD) and 2 (TDD)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ..ofdm import Numerology
from ..sequences import MODULATION_BITS
from ..traffic import Traffic
from . import mcs as mcs_tables
from .broadcast import PHICH_RESOURCES
from .frame import SPECIAL_EXTENDED, SPECIAL_NORMAL, TDD_CONFIGS, FrameKey

FFT_SIZES: dict[int, tuple[int, ...]] = {
    6: (128,),
    15: (256,),
    25: (512,),
    50: (1024,),
    75: (1536, 1024),
    100: (2048, 1536),
}
"""Useful symbol in samples by bandwidth in resource blocks; the first is the default."""


@lru_cache(maxsize=64)
def _frame_key(
    n_prb: int,
    pci: int,
    n_ports: int,
    extended_cp: bool,
    tdd_config: int | None,
    dwpts: int,
    mbsfn: tuple[int, ...],
) -> FrameKey:
    """One object for equal cells, which makes look-ups by it fast."""
    pattern = "D" * 10 if tdd_config is None else TDD_CONFIGS[tdd_config]
    return FrameKey(
        n_prb, pci, n_ports, extended_cp, pattern, dwpts, mbsfn, tdd=tdd_config is not None
    )


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
        modulation: of the shared channel, "qpsk", "16qam", "64qam", "256qam" or "mixed". A user
            whose blocks of a subframe cannot hold a transport block of this modulation is left
            out of it. System information is QPSK always.
        mcs: MCS index of all users, of 36.213 table 7.1.7.1-1A with "256qam" and of table
            7.1.7.1-1 otherwise; None draws one for each user.
        rntis: C-RNTIs of the first users; those of more users are drawn. With "mixed", users
            named here have no 256QAM, since their receivers would have to be told.
        cfi: control symbols 1..3 of each subframe (one more up to 10 blocks), 0 draws each.
            System information takes more where its message would not fit, special and MBSFN
            subframes take less.
        pdcch_load: share of control channel elements in use, 0..1: what the users of the shared
            channel do not need goes to uplink grants of other users.
        phich_resource: PHICH groups, 0..3 for N_g = 1/6, 1/2, 1 and 2.
        system_info: SIB1 in subframe 5 of every second frame.
        sib1_distributed: SIB1 in distributed virtual resource blocks.
        crs_boost_db: power of the reference signals over the shared channel, dB.
        power_offsets_db: offsets of the users' power, one is drawn per user, dB.
        two_layers: users may have closed-loop precoding with one or two spatial layers (two
            ports) instead of transmit diversity.
        mbsfn: subframes with an MBSFN region, which stays empty.
        repeat: "none", or what a test transmitter repeats: "frame" its assignments and transport
            blocks every 10 ms, "subframe" the same every 1 ms, "control" its control messages
            every 10 ms, with new transport blocks.
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
    mcs: int | None = None
    rntis: tuple[int, ...] = (0x1234,)
    cfi: int = 2
    pdcch_load: float = 0.5
    phich_resource: int = 2
    system_info: bool = True
    sib1_distributed: bool = False
    crs_boost_db: float = 0.0
    power_offsets_db: tuple[float, ...] = (0.0,)
    two_layers: bool = False
    mbsfn: tuple[int, ...] = ()
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
        self._check_mcs()
        if not all(0x003D <= rnti <= 0xFFF3 for rnti in self.rntis):  # 36.321 table 7.1-1
            raise ValueError(f"expected rntis in 0x003d..0xfff3, got {self.rntis}")
        if not 0 <= self.phich_resource < len(PHICH_RESOURCES):
            raise ValueError(f"expected phich_resource 0..3, got {self.phich_resource}")
        if self.cfi not in (0, 1, 2, 3) or not 0 <= self.pdcch_load <= 1:
            raise ValueError(
                f"expected cfi 0..3 and pdcch_load 0..1, got {self.cfi}, {self.pdcch_load}"
            )
        fixed = (0, 1, 5, 6) if self.tdd_config is not None else (0, 4, 5, 9)  # 36.331 6.3.7
        if any(n in fixed or not 0 <= n < 10 for n in self.mbsfn):
            raise ValueError(f"expected MBSFN subframes in 0..9 without {fixed}, got {self.mbsfn}")
        if self.repeat not in REPEATS:
            raise ValueError(f"repeat: expected one of {REPEATS}, got {self.repeat!r}")

    def _check_mcs(self) -> None:
        if self.mcs is None:
            return
        with_256qam = self.modulation == "256qam"
        allowed = range(len(mcs_tables.table(with_256qam)))
        if self.modulation != "mixed":
            allowed = mcs_tables.indices(MODULATION_BITS[self.modulation], with_256qam)
        if self.mcs not in allowed:
            raise ValueError(
                f"expected mcs {allowed[0]}..{allowed[-1]} with modulation {self.modulation!r}, "
                f"got {self.mcs}"
            )

    @property
    def label_modulation(self) -> str:
        """Modulation of the users' data: "QPSK", "16QAM", "64QAM", "256QAM" or "mixed"."""
        if self.mcs is not None:
            bits = mcs_tables.table(self.modulation == "256qam")[self.mcs][0]
            return {2: "QPSK", 4: "16QAM", 6: "64QAM", 8: "256QAM"}[bits]
        return "mixed" if self.modulation == "mixed" else self.modulation.upper()

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
        return _frame_key(
            self.n_prb,
            self.pci,
            len(self.port_gains),
            self.extended_cp,
            self.tdd_config,
            self._special_table[self.special_config][0],
            self.mbsfn,
        )

    @classmethod
    def random(cls, rng: np.random.Generator) -> LteConfig:
        """Draw a cell; every bandwidth, duplex mode and load is likely."""
        n_prb = int(rng.choice(list(FFT_SIZES), p=[0.12, 0.1, 0.16, 0.24, 0.13, 0.25]))
        sizes = FFT_SIZES[n_prb]
        size = sizes[0] if rng.random() < 0.75 else int(rng.choice(sizes))
        n_ports = int(rng.choice([1, 2, 4], p=[0.65, 0.25, 0.1]))
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
            rntis=(),
            cfi=int(rng.integers(4)),
            phich_resource=int(rng.integers(4)),
            sib1_distributed=bool(rng.random() < 0.5),
            pdcch_load=float(rng.choice([0.0, 1.0, rng.random(), rng.random()])),
            system_info=bool(rng.random() < 0.9),
            crs_boost_db=float(rng.choice([0.0, 0.0, 3.0, rng.uniform(0, 6)])),
            power_offsets_db=offsets[int(rng.integers(len(offsets)))],
            two_layers=bool(n_ports > 1 and rng.random() < 0.4),
            mbsfn=mbsfn,
            repeat=str(rng.choice(REPEATS, p=[0.75, 0.08, 0.07, 0.1])),
        )
