# SPDX-License-Identifier: GPL-3.0-or-later
"""How a frame is sent: the part of the TXVECTOR that its length on the air depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from . import tables

SAMP_RATE = 20e6
FFT = 64
GI = 16  # 0.8 us
SHORT_GI = 8  # 0.4 us
SERVICE_BITS, TAIL_BITS = 16, 6

STANDARDS = ("legacy", "ht", "vht")
_LONGEST_US = 5484  # aPPDUMaxTime, and what L_LENGTH can say (table 21-29)
_LONGEST_PSDU = {"legacy": 4095, "ht": 65535, "vht": 1048575}  # octets (tables 17-21, 19-25, 21-29)


@dataclass(frozen=True)
class Format:
    """How a frame is sent.

    Attributes:
        standard: "legacy" (11a/g), "ht" (11n mixed format) or "vht" (11ac).
        rate: Mb/s for legacy, otherwise the MCS index of each stream (0-7; VHT 0-8).
        short_gi: 0.4 us guard interval in the data field (HT and VHT).
        ramp: samples over which one symbol fades into the next (17.3.2.5; 0 is a hard switch).
        streams: spatial streams, each from an antenna of its own (HT and VHT: 1 or 2).
    """

    standard: str = "legacy"
    rate: int = 6
    short_gi: bool = False
    ramp: int = 1
    streams: int = 1

    def __post_init__(self) -> None:
        if self.standard not in STANDARDS:
            raise ValueError(f"standard: expected legacy, ht or vht, got {self.standard!r}")
        rates = sorted(tables.LEGACY_RATES if self.is_legacy else tables.HT_RATES)
        if self.standard == "ht":
            rates.remove(8)
        if self.rate not in rates:
            raise ValueError(f"rate of {self.standard}: expected one of {rates}, got {self.rate}")
        if self.short_gi and self.is_legacy:
            raise ValueError("short_gi: expected False for legacy, got True")
        if not 0 <= self.ramp <= SHORT_GI:
            raise ValueError(f"ramp: expected 0..{SHORT_GI} samples, got {self.ramp}")
        if self.streams not in (1, 2) or (self.streams > 1 and self.is_legacy):
            raise ValueError(f"streams of {self.standard}: expected 1 (or 2), got {self.streams}")

    @property
    def is_legacy(self) -> bool:
        """A frame of clause 17."""
        return self.standard == "legacy"

    @property
    def row(self) -> tables.Rate:
        """Constellation and code rate."""
        return (tables.LEGACY_RATES if self.is_legacy else tables.HT_RATES)[self.rate]

    @cached_property
    def n_dbps(self) -> int:
        """Data bits of a symbol, over all streams."""
        return self.row.data_bits(48 if self.is_legacy else 52) * self.streams

    @property
    def guard(self) -> int:
        """Samples of the data field's guard interval."""
        return SHORT_GI if self.short_gi else GI

    @property
    def symbol_len(self) -> int:
        """Samples of one data symbol."""
        return FFT + self.guard

    @property
    def header_len(self) -> int:
        """Samples before the first data symbol."""
        rows = {"legacy": 1, "ht": 5, "vht": 6}[self.standard]
        return 320 + 80 * (rows + self.streams - 1)  # one more LTF for the second stream

    @property
    def first_polarity(self) -> int:
        """Index of the first data symbol's pilot polarity (17.3.5.10, 19.3.11.10, 21.3.10.10)."""
        return {"legacy": 1, "ht": 3, "vht": 4}[self.standard]

    @property
    def max_bytes(self) -> int:
        """Longest PSDU in octets that fits aPPDUMaxTime and the length fields."""
        symbols = (_LONGEST_US * 20 - self.header_len) // self.symbol_len
        fitting = (symbols * self.n_dbps - SERVICE_BITS - TAIL_BITS) // 8
        return min(fitting, _LONGEST_PSDU[self.standard])

    def n_symbols(self, n_bytes: int) -> int:
        """Data symbols of a PSDU of n_bytes octets (17-11, 19-32, 21-62)."""
        return max(-(-(SERVICE_BITS + 8 * n_bytes + TAIL_BITS) // self.n_dbps), 1)

    def n_samples(self, n_symbols: int) -> int:
        """Samples of a frame, without the last ramp."""
        return self.header_len + n_symbols * self.symbol_len

    def duration_us(self, n_bytes: int) -> int:
        """Time on the air in whole microseconds, rounded up (TXTIME)."""
        return -(-self.n_samples(self.n_symbols(n_bytes)) // 20)

    def psdu_len(self, n_bytes: int) -> int:
        """Octets that the symbols of n_bytes have room for: what a VHT A-MPDU is padded to."""
        if self.standard != "vht":
            return n_bytes
        bits = self.n_symbols(n_bytes) * self.n_dbps  # (21-63)
        return (bits - SERVICE_BITS - TAIL_BITS) // 8


@lru_cache(maxsize=1024)
def format_of(standard: str, rate: int, short_gi: bool, ramp: int, streams: int) -> Format:
    """The format of these fields, the same object each time.

    Raises:
        ValueError: as ``Format``.
    """
    return Format(standard, rate, short_gi, ramp, streams)
