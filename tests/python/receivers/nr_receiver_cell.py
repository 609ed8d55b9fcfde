# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of one NR cell: reads SIB1 and its own data off a stream, told only what RRC would tell.

The stream starts with frame 0 and has no channel but noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import nr_receiver as cells
import nr_receiver_channels as channels
import numpy as np

LEVELS = {1: 4, 2: 4, 4: 3, 8: 2, 16: 1}
TYPE0 = {4: 4, 8: 2, 16: 1}  # 38.213 table 10.1-1
MONITORED = {0: 0, 2: 2, 4: 5, 6: 7}  # O of 38.213 table 13-11
LATER = {  # 38.211 table 7.4.1.1.2-3, by dmrs-AdditionalPosition and length of the slot
    0: {},
    1: {8: [7], 9: [7], 10: [9], 11: [9], 12: [9], 13: [11], 14: [11]},
    2: {8: [7], 9: [7], 10: [6, 9], 11: [6, 9], 12: [6, 9], 13: [7, 11], 14: [7, 11]},
    3: {8: [7], 9: [7], 10: [6, 9], 11: [6, 9], 12: [5, 8, 11], 13: [5, 8, 11], 14: [5, 8, 11]},
}


def dmrs(first: int, end: int, additional: int) -> tuple[int, ...]:
    """DM-RS symbols of mapping type A; ``end`` symbols from the slot's start to the data's end."""
    if first == 3 and additional == 3:
        additional = 2
    return (first, *LATER[additional].get(end, []))


@dataclass(frozen=True)
class Received:
    """One transport block that was announced.

    Attributes:
        slot: slot of the stream.
        rnti: whom it was for.
        bits: the block, None where a check failed.
        evm: error vector magnitude.
        announced: payload of the control information.
        blocks: allocated blocks.
        mcs, version: as announced.
        start: first symbol.
    """

    slot: int
    rnti: int
    bits: np.ndarray | None
    evm: float
    announced: np.ndarray
    blocks: tuple[int, ...]
    mcs: int
    version: int
    start: int


class Listener:
    """Receives one cell.

    Args:
        rrc: object with the fields of ``NrConfig``, of which only those that RRC tells are read.
        iq: samples from the start of frame 0.
    """

    def __init__(self, rrc: Any, iq: np.ndarray) -> None:
        self.rrc, self.iq = rrc, iq
        self.per_ms = rrc.scs_hz // 15000

    def grid(self, slot: int) -> np.ndarray:
        """Resource elements of a slot."""
        rrc = self.rrc
        return channels.slot_grid(self.iq, rrc.samp_rate, rrc.scs_hz, rrc.n_rb, slot)

    def _ssb_slots(self, slot: int) -> list[tuple[int, int]]:
        """Symbols (first, end) of the slot, in its own spacing, that a block touches."""
        rrc = self.rrc
        out = []
        starts = {
            "A": [2, 8, 16, 22, 30, 36, 44, 50],
            "B": [4, 8, 16, 20, 32, 36, 44, 48],
            "C": [2, 8, 16, 22, 30, 36, 44, 50],
        }[rrc.ssb_case]
        ratio = rrc.scs_hz / (15000 if rrc.ssb_case == "A" else 30000)
        for half in range(slot // (5 * self.per_ms) - 1, slot // (5 * self.per_ms) + 1):
            ms = 5 * half
            offset = 5 * rrc.ssb_half if rrc.ssb_period_ms > 5 else 0
            if ms < 0 or (ms - offset) % rrc.ssb_period_ms:
                continue
            for index in rrc.ssb:
                first = 14 * self.per_ms * ms + math.floor(starts[index] * ratio)
                end = 14 * self.per_ms * ms + math.ceil((starts[index] + 4) * ratio)
                first, end = max(first - 14 * slot, 0), min(end - 14 * slot, 14)
                if first < end and self._downlink(slot) == 14:
                    out.append((first, end))
        return out

    def _downlink(self, slot: int) -> int:
        letter = self.rrc.pattern[slot % len(self.rrc.pattern)]
        return {"D": 14, "S": self.rrc.special_symbols, "U": 0}[letter]

    def reserved(self, slot: int) -> np.ndarray:
        """Elements that the shared channel of users does without, 38.214 5.1.4."""
        rrc = self.rrc
        out = np.zeros((14, 12 * rrc.n_rb), bool)
        if rrc.pdsch_start < rrc.coreset_symbols:
            first, width = rrc.coreset_rb
            out[: rrc.coreset_symbols, 12 * first : 12 * (first + width)] = True
        ssb_scs = 15000 if rrc.ssb_case == "A" else 30000
        low = rrc.ssb_subcarrier * ssb_scs // (12 * rrc.scs_hz)
        high = -(-(rrc.ssb_subcarrier + 240) * ssb_scs // (12 * rrc.scs_hz))
        for first, end in self._ssb_slots(slot):
            out[first:end, 12 * low : 12 * high] = True
        k = np.arange(12 * rrc.n_rb)
        if rrc.trs_period_ms and slot % (rrc.trs_period_ms * self.per_ms) in (
            rrc.pci % 8 + 1,
            rrc.pci % 8 + 2,
        ):
            pair = (6, 10) if 8 in dmrs(rrc.dmrs_first, 14, rrc.dmrs_additional) else (4, 8)
            if not set(pair) & set(dmrs(rrc.dmrs_first, self._downlink(slot), rrc.dmrs_additional)):
                out[np.ix_(pair, k % 4 == rrc.pci % 4)] = True
        if rrc.csi_period_ms and slot % (rrc.csi_period_ms * self.per_ms) == 2:
            out[13, k % 12 // 2 == rrc.pci % 6] = True
        return out

    def data(self, slot: int, rnti: int) -> list[Received]:
        """What a user with a single layer is sent in a slot."""
        rrc = self.rrc
        grid = self.grid(slot)
        in_frame = slot % (10 * self.per_ms)
        first, width = rrc.pdsch_rb
        where = channels.ControlSet(
            rrc.coreset_rb[0],
            rrc.coreset_rb[1] // 6 * 6,
            rrc.coreset_symbols,
            rrc.coreset_interleaver,
            -rrc.crb_offset,
        )
        group = 2 if width <= 36 else 4 if width <= 72 else 8 if width <= 144 else 16
        origin = (rrc.crb_offset + first) % group
        scattered = rrc.traffic.scattered
        f = channels.indication_bits(width)
        times = [(rrc.pdsch_start, 14 - rrc.pdsch_start)]
        least = max(rrc.dmrs_first + 1, rrc.pdsch_start + 3)
        if "S" in rrc.pattern and least <= rrc.special_symbols < 14:
            times.append((rrc.pdsch_start, rrc.special_symbols - rrc.pdsch_start))
        size, time_bits, field = 28 + f, 4, f
        if rrc.dci_format == "1_1":
            time_bits = len(times) - 1
            field = -(-(width + origin) // group) if scattered else f
            size = 26 + field + time_bits + (4 if rrc.dmrs_type == 1 else 5)
            size += size == 28 + f
        out = []
        hits = channels.search_control(grid, in_frame, where, rrc.pci, rnti, size, LEVELS)
        for bits, _, _ in hits:
            reader = channels.Reader(bits)
            if not reader.take(1):
                continue  # an uplink grant
            alloc = reader.take(field)
            if scattered and rrc.dci_format == "1_1":
                chosen = [field - 1 - i for i in range(field) if alloc >> i & 1]
                blocks = tuple(
                    first + rb for rb in range(width) if (origin + rb) // group in chosen
                )
            else:
                low, count = channels.contiguous(alloc, width)
                blocks = tuple(range(first + low, first + low + count))
            start, length = times[reader.take(time_bits)]
            if rrc.dci_format == "1_0":
                assert reader.take(1) == 0
            mcs, _, version = reader.take(5), reader.take(1), reader.take(2)
            identity = rrc.pci if rrc.dmrs_identity is None else rrc.dmrs_identity
            channel = channels.SharedChannel(
                blocks,
                start,
                length,
                dmrs(rrc.dmrs_first, start + length, rrc.dmrs_additional),
                rrc.dmrs_type,
                rrc.dmrs_groups,
                -rrc.crb_offset,
                identity,
                rrc.pci,
                rnti,
                rrc.mcs_table,
                mcs,
                version,
                channels.buffer_limit(width, 2 if rrc.two_layers else 1, 8)
                if rrc.mcs_table == 2
                else channels.buffer_limit(width, 2 if rrc.two_layers else 1, 6),
            )
            block, evm = channels.decode_shared(grid, in_frame, channel, self.reserved(slot))
            out.append(Received(slot, rnti, block, evm, bits, blocks, mcs, version, start))
        return out

    def sib1(self, block: cells.Block, ssb_index: int) -> Received | None:
        """Follow a decoded MIB to SIB1: everything else comes from the standard."""
        rrc, mib = self.rrc, block.mib
        assert mib is not None
        n_rb, n_symbols, offset = channels.coreset_zero(mib.scs_hz // 1000, mib.coreset_zero)
        ssb_scs = 15000 if rrc.ssb_case == "A" else 30000
        lowest = rrc.ssb_subcarrier * (ssb_scs // 15000) - mib.k_ssb  # in 15 kHz from the carrier
        first = lowest // (12 * self.per_ms) - offset
        slot = MONITORED[mib.search_space_zero] * self.per_ms + ssb_index
        grid = self.grid(slot)
        in_frame = slot % (10 * self.per_ms)
        where = channels.ControlSet(first, n_rb, n_symbols, (6, 2, block.pci), first)
        f = channels.indication_bits(n_rb)
        hits = channels.search_control(
            grid, in_frame, where, block.pci, 0xFFFF, 28 + f, TYPE0, common=True
        )
        if not hits:
            return None
        reader = channels.Reader(hits[0][0])
        low, count = channels.contiguous(reader.take(f), n_rb)
        time, _, mcs, version = (reader.take(width) for width in (4, 1, 5, 2))
        start, length = {  # 38.214 table 5.1.2.1.1-2
            2: ((2, 12), (2, 10), (2, 9), (2, 7), (2, 5)),
            3: ((3, 11), (3, 9), (3, 8), (3, 6), (3, 4)),
        }[mib.dmrs_position][time]
        blocks = tuple(range(first + low, first + low + count))
        channel = channels.SharedChannel(
            blocks,
            start,
            length,
            dmrs(mib.dmrs_position, start + length, 2),
            1,
            2,
            first,
            block.pci,
            block.pci,
            0xFFFF,
            1,
            mcs,
            version,
            channels.buffer_limit(n_rb, 1, 6),
        )
        bits, evm = channels.decode_shared(grid, in_frame, channel, np.zeros(grid.shape, bool))
        return Received(slot, 0xFFFF, bits, evm, hits[0][0], blocks, mcs, version, start)
