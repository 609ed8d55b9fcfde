# SPDX-License-Identifier: GPL-3.0-or-later
"""Downlink control information, 3GPP TS 36.212 5.3.3.1.

A message is an integer of a known number of bits; the first field is the highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..resource_indication import riv_bits
from .allocation import group_count

SI_RNTI = 0xFFFF  # 36.321 7.1

_AMBIGUOUS = (12, 14, 16, 20, 24, 26, 32, 40, 44, 56)  # 36.212 table 5.3.3.1.2-1
_PRECODING_BITS = {2: 3, 4: 6}  # 36.212 table 5.3.3.1.5-3


def _pack(fields: list[tuple[int, int]]) -> tuple[int, int]:
    """Value and width of (value, width) fields in order."""
    value = width = 0
    for item, bits in fields:
        if item >> bits:
            raise ValueError(f"DCI field: expected at most {bits} bits, got {item}")
        value = value << bits | item
        width += bits
    return value, width


@dataclass(frozen=True)
class Formats:
    """The messages of one carrier.

    Attributes:
        n_prb: resource blocks, downlink and uplink alike.
        tdd: frame structure type 2, whose messages are longer.
        n_ports: antenna ports (format 2).
    """

    n_prb: int
    tdd: bool
    n_ports: int = 1

    @cached_property
    def compact_bits(self) -> int:
        """Size of formats 0 and 1A, 36.212 5.3.3.1.1 and 5.3.3.1.3."""
        bits = riv_bits(self.n_prb) + (18 if self.tdd else 15)
        return bits + (bits in _AMBIGUOUS)

    @cached_property
    def format1_bits(self) -> int:
        """Size of format 1, 36.212 5.3.3.1.2."""
        bits = (self.n_prb > 10) + group_count(self.n_prb) + (16 if self.tdd else 13)
        while bits in _AMBIGUOUS or bits == self.compact_bits:
            bits += 1
        return bits

    @cached_property
    def format2_bits(self) -> int:
        """Size of format 2, 36.212 5.3.3.1.5."""
        bits = (self.n_prb > 10) + group_count(self.n_prb) + (25 if self.tdd else 22)
        bits += _PRECODING_BITS.get(self.n_ports, 0)
        return bits + (bits in _AMBIGUOUS)

    def _padded(self, fields: list[tuple[int, int]], size: int) -> tuple[int, int]:
        value, width = _pack(fields)
        return value << (size - width), size

    def _groups(self, groups: int) -> list[tuple[int, int]]:
        """Header and bitmap of resource allocation type 0, 36.213 7.1.6.1."""
        header = [(0, 1)] if self.n_prb > 10 else []
        return [*header, (groups, group_count(self.n_prb))]

    def format0(
        self, riv: int, mcs: int, new_data: int, power: int, shift: int, index: int
    ) -> tuple[int, int]:
        """Uplink grant: RIV, MCS, new data indicator, TPC, DMRS shift and TDD's UL index or DAI.

        Returns:
            (message, bits).
        """
        fields = [(0, 1), (0, 1), (riv, riv_bits(self.n_prb)), (mcs, 5), (new_data, 1)]
        fields += [(power, 2), (shift, 3)]
        fields += [(index, 2)] if self.tdd else []
        return self._padded([*fields, (0, 1)], self.compact_bits)

    def format1a(
        self,
        riv: int,
        mcs: int,
        process: int = 0,
        new_data: int = 0,
        version: int = 0,
        power: int = 0,
        distributed: bool = False,
    ) -> tuple[int, int]:
        """Compact downlink assignment, resource allocation type 2.

        Args:
            riv: resource indication value.
            mcs: MCS index.
            process: HARQ process, 0 to 7 (TDD: 15).
            new_data: new data indicator.
            version: redundancy version.
            power: TPC command; for SI-RNTI, its low bit picks the column of the TBS table.
            distributed: distributed virtual blocks.

        Returns:
            (message, bits).
        """
        fields = [(1, 1), (int(distributed), 1), (riv, riv_bits(self.n_prb)), (mcs, 5)]
        fields += [(process, 4 if self.tdd else 3), (new_data, 1), (version, 2), (power, 2)]
        fields += [(0, 2)] if self.tdd else []
        return self._padded(fields, self.compact_bits)

    def format1(
        self, groups: int, mcs: int, process: int, new_data: int, version: int = 0, power: int = 1
    ) -> tuple[int, int]:
        """Downlink assignment, resource allocation type 0; the first group is the highest bit.

        Returns:
            (message, bits).
        """
        fields = [*self._groups(groups), (mcs, 5), (process, 4 if self.tdd else 3)]
        fields += [(new_data, 1), (version, 2), (power, 2)]
        fields += [(0, 2)] if self.tdd else []
        return self._padded(fields, self.format1_bits)

    def format2(
        self,
        groups: int,
        blocks: list[tuple[int, int, int]],
        process: int,
        precoding: int,
        power: int = 1,
    ) -> tuple[int, int]:
        """Assignment for closed-loop spatial multiplexing, resource allocation type 0.

        Args:
            groups: bitmap of resource block groups.
            blocks: (MCS index, new data indicator, redundancy version) of the one or two
                transport blocks.
            process: HARQ process.
            precoding: precoding information field.
            power: TPC command.

        Returns:
            (message, bits).
        """
        fields = [*self._groups(groups), (power, 2)]
        fields += [(0, 2)] if self.tdd else []
        fields += [(process, 4 if self.tdd else 3), (0, 1)]
        off = [(0, 0, 1)] * (2 - len(blocks))  # 36.213 7.1.7.2: MCS 0 and version 1 switch off
        for mcs, new_data, version in [*blocks, *off]:
            fields += [(mcs, 5), (new_data, 1), (version, 2)]
        fields.append((precoding, _PRECODING_BITS[self.n_ports]))
        return self._padded(fields, self.format2_bits)
