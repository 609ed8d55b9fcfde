# SPDX-License-Identifier: GPL-3.0-or-later
"""One NR cell in frequency range 1, 15 and 30 kHz, FDD and TDD."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..ofdm import Numerology
from ..sequences import MODULATION_BITS
from ..traffic import Traffic
from .coreset import Coreset
from .random_cell import random_fields
from .signals import MAX_RB, SSB_WIDTH
from .system import fitting_rows
from .tbs import MCS, modulation_indices


@dataclass(frozen=True)
class NrConfig:
    """One NR cell as seen by one receive antenna.

    Attributes:
        n_rb: resource blocks of the carrier, 1..275.
        scs_hz: subcarrier spacing, 15000 or 30000 Hz.
        fft_size: samples of the useful symbol; sets ``samp_rate``.
        pci: physical cell identity, 0..1007.
        crb_offset: common resource block of the carrier's lowest block.
        carrier_hz: carrier frequency whose phase is reset at each symbol (38.211 5.4), Hz.
        pattern: slots that repeat, letters D, S (special), U; "D" for FDD.
        special_symbols: downlink symbols of a special slot.
        uplink_db: power of the uplink of a near user in dB over a downlink resource element
            of 0 dB, None for silence.
        ssb: indices of the blocks sent in a half frame, empty for none.
        ssb_l_max: candidates in a half frame, 4 or 8.
        ssb_case: "A" for blocks of 15 kHz, "B" or "C" for 30 kHz, whatever ``scs_hz``.
        ssb_period_ms: 5, 10, 20, 40, 80 or 160.
        ssb_half: half frame of the blocks, 0 or 1.
        ssb_subcarrier: first subcarrier of the block, in steps of ``ssb_scs_hz`` from the
            lowest one of the carrier.
        ssb_db: power of the SSS over a 0 dB resource element, dB.
        pss_db: power of the PSS over the SSS, dB.
        coreset_symbols: symbols 1..3 of the control region, 3 only where ``dmrs_first`` is 3.
        coreset_rb: first block and number of blocks of the control region. Whole groups of six
            are used (with the rb-Offset of release 16 where they are off the raster of six).
        coreset_interleaver: bundle size 2, 3 or 6, rows 2, 3 or 6 and shift of the mapping of
            control channel elements, None for no interleaving.
        pdcch_load: mean share of the control region in use in slots with data, 0..1: what data
            do not need carries uplink grants. 0 sends no control information at all, and the
            data are scheduled semi-persistently.
        dci_format: of the control information for data, "1_1", or "1_0", which needs DM-RS type
            1 in two groups with two additional positions, one layer, contiguous allocations
            (``traffic.scattered`` off) and table 1.
        traffic: how the shared channel is filled.
        modulation: of the shared channel, "qpsk", "16qam", "64qam", "256qam" or "mixed".
        mcs_table: 1 (up to 64-QAM) or 2 (256-QAM), 38.214 tables 5.1.3.1-1 and -2.
        mcs: index in that table for every user, of ``modulation`` or, where that is "mixed", of
            any; None to draw one for each.
        pdsch_rb: first block and number of blocks of the part used by the shared channel.
        pdsch_start: first symbol of the shared channel, 0..``dmrs_first``; the control region
            overwrites what it overlaps.
        dmrs_type: 1 or 2.
        dmrs_first: first DM-RS symbol, 2 or 3.
        dmrs_additional: further DM-RS positions, 0..3.
        dmrs_groups: CDM groups without data, 1..2 (type 1) or 1..3 (type 2).
        dmrs_identity: N_ID of the DM-RS, None for the cell identity.
        power_offsets_db: offsets of the users' power, one is drawn per user, dB.
        two_layers: users may have two spatial layers.
        precoders: random precoders that a user's blocks take turns in, 1..4.
        system_info: SIB1 every 20 ms, where CORESET 0 fits into the carrier beside everything
            else.
        coreset_zero: row of its table of 38.213 13, None for the first that fits.
        trs_period_ms: period of the tracking reference signal, 0 for none.
        csi_period_ms: period of a two-port CSI-RS, 0 for none.
        repeat: "none", or what a test transmitter repeats: "frame", "subframe" or "slot" all its
            data, "control" the control region of each frame.
    """

    n_rb: int = 51
    scs_hz: int = 30000
    fft_size: int = 1024
    pci: int = 0
    crb_offset: int = 0
    carrier_hz: float = 0.0
    pattern: str = "D"
    special_symbols: int = 6
    uplink_db: float | None = None
    ssb: tuple[int, ...] = (0,)
    ssb_l_max: int = 8
    ssb_case: str = "C"
    ssb_period_ms: int = 20
    ssb_half: int = 0
    ssb_subcarrier: int = 0
    ssb_db: float = 0.0
    pss_db: float = 0.0
    coreset_symbols: int = 2
    coreset_rb: tuple[int, int] = (0, 48)
    coreset_interleaver: tuple[int, int, int] | None = None
    pdcch_load: float = 0.5
    dci_format: str = "1_1"
    traffic: Traffic = field(default_factory=Traffic)
    modulation: str = "mixed"
    mcs_table: int = 2
    mcs: int | None = None
    pdsch_rb: tuple[int, int] = (0, 51)
    pdsch_start: int = 2
    dmrs_type: int = 1
    dmrs_first: int = 2
    dmrs_additional: int = 1
    dmrs_groups: int = 2
    dmrs_identity: int | None = None
    power_offsets_db: tuple[float, ...] = (0.0,)
    two_layers: bool = False
    precoders: int = 1
    system_info: bool = True
    coreset_zero: int | None = None
    trs_period_ms: int = 0
    csi_period_ms: int = 0
    repeat: str = "none"

    def __post_init__(self) -> None:
        wrong = [
            f"{name}: expected {expected}, got {getattr(self, name)!r}"
            for name, (good, expected) in self._checks().items()
            if not good
        ]
        if not wrong and self.coreset_zero is not None:
            rows = fitting_rows(self)
            if self.coreset_zero not in rows:
                wrong = [f"coreset_zero: expected one of {rows}, got {self.coreset_zero!r}"]
        if wrong:
            raise ValueError("; ".join(wrong))

    def _checks(self) -> dict[str, tuple[bool, str]]:
        """By field, whether its value is right, and what it has to be."""
        spare = 12 * self.n_rb * self.scs_hz // self.ssb_scs_hz - SSB_WIDTH
        inside = f"a part of {self.n_rb} blocks"
        most_symbols = min(3, self.dmrs_first)
        most_groups = self.dmrs_type + 1
        indices = self._mcs_indices
        checks: dict[str, tuple[bool, str]] = {
            "n_rb": self._within("n_rb", 1, MAX_RB - self.crb_offset),
            "scs_hz": self._one_of("scs_hz", 15000, 30000),
            "fft_size": (self.fft_size >= 12 * self.n_rb, f"{12 * self.n_rb} or more"),
            "pci": self._within("pci", 0, 1007),
            "pattern": (bool(self.pattern) and set(self.pattern) <= set("DSU"), "letters D, S, U"),
            "special_symbols": self._within("special_symbols", 0, 14),
            "ssb": (
                all(0 <= i < self.ssb_l_max for i in self.ssb),
                f"indices 0..{self.ssb_l_max - 1}",
            ),
            "ssb_l_max": self._one_of("ssb_l_max", 4, 8),
            "ssb_case": self._one_of("ssb_case", "A", "B", "C"),
            "ssb_period_ms": self._one_of("ssb_period_ms", 5, 10, 20, 40, 80, 160),
            "coreset_symbols": self._within("coreset_symbols", 1, most_symbols),
            "coreset_rb": (self._inside(self.coreset_rb), inside),
            "coreset_interleaver": (self._interleaves(), "sizes that divide the control region"),
            "pdcch_load": self._within("pdcch_load", 0, 1),
            "dci_format": (
                self.dci_format == "1_1" or (self.dci_format == "1_0" and self.fallback_fits),
                "'1_1', or '1_0' with what that can say",
            ),
            "modulation": self._one_of("modulation", *MODULATION_BITS, "mixed"),
            "mcs_table": (
                self.mcs_table == 2 or (self.mcs_table == 1 and self.modulation != "256qam"),
                "1 or 2, with 256qam 2",
            ),
            "pdsch_rb": (self._inside(self.pdsch_rb), inside),
            "pdsch_start": self._within("pdsch_start", 0, self.dmrs_first),
            "dmrs_type": self._one_of("dmrs_type", 1, 2),
            "dmrs_first": self._one_of("dmrs_first", 2, 3),
            "dmrs_additional": self._within("dmrs_additional", 0, 3),
            "dmrs_groups": self._within("dmrs_groups", 1, most_groups),
            "precoders": self._within("precoders", 1, 4),
            "repeat": self._one_of("repeat", "none", "frame", "subframe", "slot", "control"),
        }
        if self.ssb:
            checks["ssb_subcarrier"] = (
                0 <= self.ssb_subcarrier <= spare,
                f"0..{spare}" if spare >= 0 else f"a carrier of {SSB_WIDTH} subcarriers",
            )
        if self.mcs is not None and indices:
            checks["mcs"] = (
                self.mcs in indices,
                f"{indices[0]}..{indices[-1]} for {self.modulation} in table {self.mcs_table}",
            )
        return checks

    def _within(self, name: str, low: int, high: int) -> tuple[bool, str]:
        return low <= getattr(self, name) <= high, f"{low}..{high}"

    def _one_of(self, name: str, *values: object) -> tuple[bool, str]:
        return getattr(self, name) in values, f"one of {values}"

    def _inside(self, blocks: tuple[int, int]) -> bool:
        return blocks[0] >= 0 and blocks[1] >= 0 and sum(blocks) <= self.n_rb

    def _interleaves(self) -> bool:
        if self.coreset_interleaver is None:
            return True
        size, rows, shift = self.coreset_interleaver
        sizes = (3, 6) if self.coreset_symbols == 3 else (2, 6)  # 38.211 7.3.2.2
        groups = self.coreset_rb[1] // 6 * 6 * self.coreset_symbols
        return (
            size in sizes
            and rows in (2, 3, 6)
            and 0 <= shift < MAX_RB
            and groups % (size * rows) == 0
        )

    @property
    def _mcs_indices(self) -> list[int]:
        """Those of the table that the modulation allows."""
        if self.modulation in MODULATION_BITS and self.mcs_table in MCS:
            return modulation_indices(self.mcs_table, self.modulation)
        return list(range(len(MCS.get(self.mcs_table, ()))))

    @property
    def fallback_fits(self) -> bool:
        """True when format 1_0 can say everything there is to say about the data."""
        return (
            (self.dmrs_type, self.dmrs_groups, self.dmrs_additional) == (1, 2, 2)
            and self.mcs_table == 1
            and not self.two_layers
            and not self.traffic.scattered
        )

    @property
    def coreset(self) -> Coreset:
        """The control region."""
        first, width = self.coreset_rb
        return Coreset(
            first, width // 6 * 6, self.coreset_symbols, self.n_rb, self.coreset_interleaver
        )

    @property
    def time_allocations(self) -> tuple[tuple[int, int], ...]:
        """(first symbol, symbols) of the shared channel that users are configured with."""
        out = [(self.pdsch_start, 14 - self.pdsch_start)]
        short = self.special_symbols
        if "S" in self.pattern and short < 14 and self.carries_data(short):
            out.append((self.pdsch_start, self.special_symbols - self.pdsch_start))
        return tuple(out)

    def carries_data(self, length: int) -> bool:
        """True where a slot with this many downlink symbols can have a shared channel.

        38.214 5.1.2.1: mapping type A needs three symbols and the first DM-RS.
        """
        return length >= max(self.dmrs_first + 1, self.pdsch_start + 3)

    @property
    def label_modulation(self) -> str:
        """Modulation of the data as labels spell it: "QPSK", "16QAM", ... or "mixed"."""
        if self.modulation == "mixed" and self.mcs is not None:
            names = {bits: name for name, bits in MODULATION_BITS.items()}
            return names[MCS[self.mcs_table][self.mcs][0]].upper()
        return self.modulation if self.modulation == "mixed" else self.modulation.upper()

    def downlink_lengths(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Downlink symbols of slots, which are counted from the start of frame 0."""
        length = {"D": 14, "S": self.special_symbols, "U": 0}
        return np.array([length[letter] for letter in self.pattern])[slots % len(self.pattern)]

    @property
    def numerology(self) -> Numerology:
        """Symbol timing at the native rate."""
        return Numerology(self.fft_size, self.scs_hz)

    @property
    def samp_rate(self) -> float:
        """Native rate in samples per second."""
        return self.numerology.samp_rate

    @property
    def ssb_scs_hz(self) -> int:
        """Subcarrier spacing of the synchronisation blocks in Hz, 38.213 4.1."""
        return 15000 if self.ssb_case == "A" else 30000

    @property
    def slots_per_ms(self) -> int:
        """Slots in a subframe."""
        return self.scs_hz // 15000

    @property
    def occupied_bw_hz(self) -> float:
        """Bandwidth of all resource blocks, in Hz."""
        return float(12 * self.n_rb * self.scs_hz)

    @classmethod
    def random(cls, rng: np.random.Generator) -> NrConfig:
        """Draw a cell; both spacings, both duplex modes and every load are likely."""
        return cls(**random_fields(rng))
