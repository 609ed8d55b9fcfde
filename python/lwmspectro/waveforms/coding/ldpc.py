# SPDX-License-Identifier: GPL-3.0-or-later
"""LDPC code of the NR shared channels, TS 38.212 5.2.2, 5.3.2, 5.4.2 and 7.2.2."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import crc
from .nr_tables import table

_LIFTING = tuple(  # 38.212 table 5.3.2-1: set, lifting sizes
    (index, tuple(first << j for j in range(8) if first << j <= 384))
    for index, first in enumerate((2, 3, 5, 7, 9, 11, 13, 15))
)
_SIZES = sorted((z, index) for index, sizes in _LIFTING for z in sizes)
_COLUMNS = {1: (22, 68), 2: (10, 52)}  # information and all columns of the base graphs
_MAX_BLOCK = {1: 8448, 2: 3840}
_START = {1: (0, 17, 33, 56), 2: (0, 13, 25, 43)}  # table 5.4.2.1-2, by redundancy version


def base_graph(tbs: int, rate: float) -> int:
    """Base graph 1 or 2 for a transport block, 7.2.2.

    Args:
        tbs: bits of the transport block.
        rate: code rate that the MCS asks for.
    """
    if tbs <= 292 or (tbs <= 3824 and rate <= 0.67) or rate <= 0.25:
        return 2
    return 1


@dataclass(frozen=True)
class Segmentation:
    """How a transport block becomes code blocks, 5.2.2.

    Attributes:
        graph: base graph, 1 or 2.
        tbs: bits of the transport block.
        n_blocks: code blocks C.
        used: bits K' of a block, its check included, before the filler.
        zc: lifting size.
        lifting_set: set of shifts, 0..7.
    """

    graph: int
    tbs: int
    n_blocks: int
    used: int
    zc: int
    lifting_set: int

    @property
    def k(self) -> int:
        """Bits of a block with its filler."""
        return _COLUMNS[self.graph][0] * self.zc

    @property
    def n(self) -> int:
        """Coded bits of a block, without the two columns that are never sent."""
        return (_COLUMNS[self.graph][1] - 2) * self.zc


@lru_cache(maxsize=4096)
def segmentation(tbs: int, rate: float) -> Segmentation:
    """Layout of a transport block of ``tbs`` bits, a multiple of 8, at a nominal code rate.

    Raises:
        ValueError: ``tbs`` is not a positive number.
    """
    if tbs < 1:
        raise ValueError(f"expected a transport block of 1 bit or more, got {tbs}")
    graph = base_graph(tbs, rate)
    total = tbs + (24 if tbs > 3824 else 16)  # 7.2.1
    n_blocks = 1
    if total > _MAX_BLOCK[graph]:
        n_blocks = -(-total // (_MAX_BLOCK[graph] - 24))
        total += 24 * n_blocks
    used = -(-total // n_blocks)
    columns = 22
    if graph == 2:
        payload = tbs + (24 if tbs > 3824 else 16)
        columns = 10 if payload > 640 else 9 if payload > 560 else 8 if payload > 192 else 6
    zc, lifting_set = next(size for size in _SIZES if columns * size[0] >= used)
    return Segmentation(graph, tbs, n_blocks, used, zc, lifting_set)


def segment(payload: NDArray[np.uint8], layout: Segmentation) -> NDArray[np.uint8]:
    """Attach the checks and cut transport blocks into code blocks.

    Args:
        payload: uint8, shape (..., tbs).
        layout: of ``segmentation``.

    Returns:
        uint8, shape (..., n_blocks, k); filler bits are 0.
    """
    bits = crc.attach(payload, "24A" if layout.tbs > 3824 else "16")
    lead = bits.shape[:-1]
    if layout.n_blocks > 1:
        bits = bits.reshape(*lead, layout.n_blocks, layout.used - 24)
        bits = crc.attach(bits, "24B")
    blocks = np.zeros((*lead, layout.n_blocks, layout.k), np.uint8)
    blocks[..., : layout.used] = bits.reshape(*lead, layout.n_blocks, layout.used)
    return blocks


@lru_cache(maxsize=128)
def edges(graph: int, zc: int, lifting_set: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """(column, shift) of every edge of each row of a lifted base graph, 5.3.2."""
    rows: list[list[tuple[int, int]]] = [[] for _ in range(_COLUMNS[graph][1] - _COLUMNS[graph][0])]
    for row, column, *shifts in table(f"bg{graph}").tolist():
        rows[row].append((column, shifts[lifting_set] % zc))
    return tuple(tuple(row) for row in rows)


def encode(blocks: NDArray[np.uint8], layout: Segmentation) -> NDArray[np.uint8]:
    """Code blocks with their parity bits.

    Args:
        blocks: uint8, shape (blocks, k), filler bits 0.
        layout: of ``segmentation``.

    Returns:
        uint8, shape (blocks, n): d of 5.3.2, which leaves out the first 2 zc bits.
    """
    zc, (info, columns) = layout.zc, _COLUMNS[layout.graph]
    rows = edges(layout.graph, zc, layout.lifting_set)
    count = blocks.shape[0]
    # Each column twice over, so that a circular shift is a slice: P(s) x = x[s : s + zc].
    twice = np.empty((columns, count, 2 * zc), np.uint8)
    twice[:info, :, :zc] = blocks.reshape(count, info, zc).transpose(1, 0, 2)
    twice[:info, :, zc:] = twice[:info, :, :zc]

    def total(row: int, below: int) -> NDArray[np.uint8]:
        out = np.zeros((count, zc), np.uint8)
        for column, shift in rows[row]:
            if column < below:
                out ^= twice[column, :, shift : shift + zc]
        return out

    def store(column: int, value: NDArray[np.uint8]) -> None:
        twice[column, :, :zc] = value
        twice[column, :, zc:] = value

    # The four core rows add up to one shifted copy of the first parity column: in the sum every
    # other core column and the equal pair of shifts of the first one stand twice.
    shifts = [shift for row in rows[:4] for column, shift in row if column == info]
    single = next(shift for shift in shifts if shifts.count(shift) % 2)
    everything = total(0, info) ^ total(1, info) ^ total(2, info) ^ total(3, info)
    store(info, np.roll(everything, single, axis=1))
    for row in range(3):
        store(info + 1 + row, total(row, info + 1 + row))
    for row in range(4, len(rows)):
        store(info + row, total(row, info + row))
    coded: NDArray[np.uint8] = twice[2:, :, :zc].transpose(1, 0, 2).reshape(count, layout.n)
    return coded


def block_lengths(layout: Segmentation, total: int, step: int) -> tuple[int, int, int]:
    """Share ``total`` coded bits among the code blocks, 5.4.2.1.

    Args:
        layout: of ``segmentation``.
        total: coded bits G of the transport block, a multiple of ``step``.
        step: modulation order times layers.

    Returns:
        Blocks of the short length, the short length and the long one.
    """
    count, symbols = layout.n_blocks, total // step
    short = count - symbols % count
    return short, step * (symbols // count), step * -(-symbols // count)


def select(
    coded: NDArray[np.uint8], layout: Segmentation, length: int, version: int, buffer: int
) -> NDArray[np.uint8]:
    """Bits of a redundancy version, 5.4.2.1.

    Args:
        coded: uint8, shape (blocks, n).
        layout: of ``segmentation``.
        length: coded bits E of each block.
        version: redundancy version 0..3.
        buffer: length N_cb of the circular buffer, at most n.

    Returns:
        uint8, shape (blocks, length).
    """
    zc = layout.zc
    whole = _COLUMNS[layout.graph][1] - 2
    start = _START[layout.graph][version] * buffer // (whole * zc) * zc
    low, high = layout.used - 2 * zc, min(layout.k - 2 * zc, buffer)  # filler is never sent
    ring = np.concatenate((coded[:, :low], coded[:, high:buffer]), axis=1)
    start = min(start, low) if start < high else start - (high - low)
    size = ring.shape[1]
    if start + length <= size:
        return ring[:, start : start + length]
    repeats = -(-(start + length) // size)
    out: NDArray[np.uint8] = np.tile(ring, (1, repeats))[:, start : start + length]
    return out


def interleave(selected: NDArray[np.uint8], order: int) -> NDArray[np.uint8]:
    """Bit interleaving of 5.4.2.2, straight into symbols.

    Args:
        selected: uint8, shape (blocks, length), length a multiple of ``order``.
        order: bits per symbol, 1..8.

    Returns:
        uint8, shape (blocks, length / order): bit i of an entry is b(i) of that symbol.
    """
    parts = selected.reshape(selected.shape[0], order, -1)
    codes = parts[:, 0].copy()
    for i in range(1, order):
        codes |= parts[:, i] << np.uint8(i)
    return codes
