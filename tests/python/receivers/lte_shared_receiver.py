# SPDX-License-Identifier: GPL-3.0-or-later
"""Assignments and transport blocks of an LTE cell, from 3GPP TS 36.211, 36.212, 36.213 alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lte_broadcast_receiver import Mib
from lte_fec import crc_of_whole, dematch_turbo, gold, turbo_decode
from lte_grid_receiver import equalise, slot_symbols, soft_bits
from lte_sync import FoundCell

_RBG = ((10, 1), (26, 2), (63, 3), (110, 4))
_AMBIGUOUS = {12, 14, 16, 20, 24, 26, 32, 40, 44, 56}
_GAPS = {6: 3, 15: 8, 25: 12, 50: 27, 75: 32, 100: 48}
_N_IR = 1827072 // 8  # category 4, one layer


def group_size(n_prb: int) -> int:
    return next(p for limit, p in _RBG if n_prb <= limit)


def riv_width(n_prb: int) -> int:
    return int(np.ceil(np.log2(n_prb * (n_prb + 1) / 2)))


def size_1a(n_prb: int, tdd: bool) -> int:
    n = (18 if tdd else 15) + riv_width(n_prb)
    return n + 1 if n in _AMBIGUOUS else n


def size_1(n_prb: int, tdd: bool) -> int:
    n = (n_prb > 10) + -(-n_prb // group_size(n_prb)) + (16 if tdd else 13)
    while n in _AMBIGUOUS or n == size_1a(n_prb, tdd):
        n += 1
    return n


@dataclass(frozen=True)
class Assignment:
    """One assignment: blocks of both slots (2, n_prb) and how they are coded."""

    blocks: np.ndarray
    mcs: int
    process: int
    new_data: int
    version: int
    power: int


class _Reader:
    def __init__(self, bits: np.ndarray) -> None:
        self.text = "".join(map(str, bits.tolist()))

    def take(self, n: int) -> int:
        value, self.text = self.text[:n], self.text[n:]
        return int(value, 2)


def distributed_blocks(n_prb: int) -> np.ndarray:
    """Physical blocks of distributed virtual blocks by filling the matrix of 36.211 6.2.3.2."""
    gap = _GAPS[n_prb]
    count = 2 * min(gap, n_prb - gap)
    p = group_size(n_prb)
    rows = int(np.ceil(count / (4 * p))) * p
    nulls = 4 * rows - count
    matrix = np.full((rows, 4), -1)
    number = iter(range(count))
    for row in range(rows):
        for column in range(4):
            null = row >= rows - nulls // 2 and column in (1, 3)
            if not null:
                matrix[row, column] = next(number)
    read = [v for v in matrix.T.ravel() if v >= 0]
    even = np.empty(count, int)
    even[read] = np.arange(count)
    odd = (even + count // 2) % count
    both = np.array([even, odd])
    return np.where(both < count // 2, both, both + gap - count // 2)


def parse_1a(bits: np.ndarray, n_prb: int, tdd: bool) -> Assignment | None:
    """Format 1A; None for an uplink grant (format 0)."""
    reader = _Reader(bits)
    if not reader.take(1):
        return None
    distributed = reader.take(1)
    riv = reader.take(riv_width(n_prb))
    length, start = riv // n_prb + 1, riv % n_prb
    if length + start > n_prb:
        length, start = n_prb + 2 - length, n_prb - 1 - start
    blocks = np.zeros((2, n_prb), bool)
    if distributed:
        table = distributed_blocks(n_prb)
        for slot in (0, 1):
            blocks[slot, table[slot, start : start + length]] = True
    else:
        blocks[:, start : start + length] = True
    fields = [reader.take(n) for n in (5, 4 if tdd else 3, 1, 2, 2)]
    return Assignment(blocks, *fields)


def parse_1(bits: np.ndarray, n_prb: int, tdd: bool) -> Assignment:
    """Format 1 with resource allocation type 0."""
    reader = _Reader(bits)
    if n_prb > 10 and reader.take(1):
        raise ValueError("resource allocation type 1 is not read")
    groups = -(-n_prb // group_size(n_prb))
    mask = [bool(reader.take(1)) for _ in range(groups)]
    blocks = np.tile(np.repeat(mask, group_size(n_prb))[:n_prb], (2, 1))
    return Assignment(blocks, *[reader.take(n) for n in (5, 4 if tdd else 3, 1, 2, 2)])


def data_elements(
    cell: FoundCell,
    mib: Mib,
    subframe: int,
    n_control: int,
    blocks: np.ndarray,
    downlink_symbols: int | None = None,
) -> list[tuple[int, int]]:
    """Elements of an assignment in the order of mapping, element by element."""
    per, width = slot_symbols(cell.extended_cp), 12 * mib.n_prb
    last = per - 3
    middle = range(width // 2 - 36, width // 2 + 36)
    if cell.tdd:
        sync = {(1, 2), (6, 2), (0, 2 * per - 1), (5, 2 * per - 1)}
    else:
        sync = {(n, row) for n in (0, 5) for row in (per - 1, per - 2)}
    out = []
    for row in range(n_control, 2 * per if downlink_symbols is None else downlink_symbols):
        symbol, slot = row % per, row // per
        taken: set[int] = set()
        if symbol == 0 or symbol == last:
            shifts = [0, 3] if mib.n_ports > 1 else [0 if symbol == 0 else 3]
            taken |= {(s + cell.pci) % 6 for s in shifts}
        if symbol == 1 and mib.n_ports == 4:
            taken |= {cell.pci % 6, (cell.pci + 3) % 6}
        for k in range(width):
            if not blocks[slot, k // 12] or k % 6 in taken:
                continue
            if k in middle and (
                (subframe, row) in sync or (subframe == 0 and per <= row < per + 4)
            ):
                continue
            out.append((row, k))
    return out


def decode_block(
    grid: np.ndarray,
    channels: np.ndarray,
    cell: FoundCell,
    mib: Mib,
    subframe: int,
    at: list[tuple[int, int]],
    rnti: int,
    tbs: int,
    per_symbol: int,
    version: int,
    qpp: dict[int, tuple[int, int]],
) -> np.ndarray | None:
    """Bits of a transport block, or None where a CRC is wrong."""
    place = np.array(at)
    y, h = grid[place[:, 0], place[:, 1]], channels[:, place[:, 0], place[:, 1]]
    symbols, gains = equalise(y, h)
    soft = soft_bits(symbols, gains, per_symbol)
    soft *= 1 - 2.0 * gold(rnti * 2**14 + subframe * 2**9 + cell.pci, soft.size)
    soft *= 2.0 / np.mean(np.abs(soft))
    layers = 1 if mib.n_ports == 1 else 2
    return decode_soft(soft, tbs, layers * per_symbol, version, qpp)


def decode_soft(
    soft: np.ndarray, tbs: int, unit: int, version: int, qpp: dict[int, tuple[int, int]]
) -> np.ndarray | None:
    """Undo concatenation, rate matching, turbo code and segmentation, 36.212 5.3.2."""
    total = tbs + 24
    count = 1 if total <= 6144 else int(np.ceil(total / (6144 - 24)))
    size = (total + (24 * count if count > 1 else 0)) // count
    share = soft.size // unit
    streams, start = [], 0
    for r in range(count):
        e = unit * (share // count if r <= count - share % count - 1 else -(-share // count))
        part = soft[start : start + e]
        streams.append(dematch_turbo(part, size, version, _N_IR // count))
        start += e
    name = "24A" if count == 1 else "24B"
    bits = turbo_decode(np.array(streams), *qpp[size], name=name)
    if count > 1:
        if any(crc_of_whole(row, "24B") for row in bits):
            return None
        bits = bits[:, :-24]
    whole = bits.reshape(-1)
    return None if crc_of_whole(whole, "24A") else whole[:-24]
