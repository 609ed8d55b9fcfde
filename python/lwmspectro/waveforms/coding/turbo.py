# SPDX-License-Identifier: GPL-3.0-or-later
"""Turbo code of LTE and its rate matching, 3GPP TS 36.212 5.1.3.2 and 5.1.4.1."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .qpp_table import BLOCK_SIZES, QPP

TAIL = 4
"""Bits that the trellis termination adds to each of the three streams."""

# 36.212 table 5.1.4-1, permutation of the 32 columns: the bits of the number reversed
_COLUMNS = np.array([int(f"{column:05b}"[::-1], 2) for column in range(32)])


@lru_cache(maxsize=256)
def interleaver(size: int) -> NDArray[np.intp]:
    """Input place of each output of the internal interleaver, shape (size,).

    Raises:
        ValueError: the code has no blocks of this size.
    """
    if size not in QPP:
        raise ValueError(f"turbo code: expected a size of table 5.1.3-3, got {size} bits")
    f1, f2 = QPP[size]
    i = np.arange(size, dtype=np.int64)
    return ((f1 + f2 * i) * i % size).astype(np.intp)


def _constituent(bits: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """One recursive encoder with termination, 36.212 5.1.3.2.1 and 5.1.3.2.2.

    Args:
        bits: uint8, shape (blocks, size).

    Returns:
        Parity (blocks, size), and the tail (blocks, 6): x(K), z(K), x(K+1), z(K+1), ...
    """
    blocks, size = bits.shape
    # The register a obeys a = u / (1 + D^2 + D^3) = (1 + D^2 + D^3 + D^4) u / (1 + D^7): the
    # feedback reaches seven steps back, so seven running sums stand side by side.
    padded = np.zeros((blocks, -(-size // 7) * 7), np.uint8)
    padded[:, :size] = bits
    for delay in (2, 3, 4):
        padded[:, delay:size] ^= bits[:, : size - delay]
    lanes = padded.reshape(blocks, -1, 7)
    register = np.bitwise_xor.accumulate(lanes, axis=1).reshape(blocks, -1)[:, :size]
    parity = register.copy()  # g1 = 1 + D + D^3
    parity[:, 1:] ^= register[:, :-1]
    parity[:, 3:] ^= register[:, :-3]
    a1, a2, a3 = register[:, -1], register[:, -2], register[:, -3]
    # the switched input cancels the feedback, so zeros enter the register
    tail = np.empty((blocks, 6), np.uint8)
    tail[:, 0], tail[:, 1], tail[:, 2] = a2 ^ a3, a1 ^ a3, a1 ^ a2
    tail[:, 3], tail[:, 4], tail[:, 5] = a2, a1, a1
    return parity, tail


def encode(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Encode code blocks.

    Args:
        bits: uint8, shape (..., K), K a size of 36.212 table 5.1.3-3.

    Returns:
        uint8, shape (..., 3, K + 4): the streams d(0), d(1), d(2).

    Raises:
        ValueError: the code has no blocks of this size.
    """
    size = bits.shape[-1]
    order = interleaver(size)
    flat = bits.reshape(-1, size)
    parity, tail = _constituent(flat)
    parity2, tail2 = _constituent(flat[:, order])
    out = np.empty((flat.shape[0], 3, size + TAIL), np.uint8)
    out[:, 0, :size], out[:, 1, :size], out[:, 2, :size] = flat, parity, parity2
    # x z x / z x z / x' z' x' / z' x' z', column by column
    both = np.concatenate((tail, tail2), axis=1)
    out[:, :, size:] = both.reshape(-1, TAIL, 3).transpose(0, 2, 1)
    return out.reshape(*bits.shape[:-1], 3, size + TAIL)


def segment_sizes(n_bits: int) -> tuple[int, int, int]:
    """How 36.212 5.1.2 cuts a transport block with its CRC into code blocks.

    Args:
        n_bits: B, bits with the CRC of the transport block.

    Returns:
        (code blocks C, size K of each, bits of each that carry B): a code block of several also
        carries 24 bits of its own CRC.

    Raises:
        ValueError: the block would need filler bits or blocks of two sizes, which no transport
            block size of 36.213 does.
    """
    largest = BLOCK_SIZES[-1]
    blocks = 1 if n_bits <= largest else -(-n_bits // (largest - 24))
    total = n_bits if blocks == 1 else n_bits + 24 * blocks
    if total % blocks or total // blocks not in QPP:
        raise ValueError(f"expected a transport block size of 36.213 plus 24, got {n_bits} bits")
    return blocks, total // blocks, n_bits // blocks


@lru_cache(maxsize=1024)
def selection(size: int, version: int, buffer_bits: int | None = None) -> NDArray[np.intp]:
    """Order in which the circular buffer of a code block is sent, 36.212 5.1.4.1.

    Args:
        size: K of the code block.
        version: redundancy version 0 .. 3.
        buffer_bits: N_IR / C, limit of the soft buffer for this code block; None for none.

    Returns:
        Places in the flattened streams (3, K + 4), once around the buffer from where the
        version starts, without dummy entries.
    """
    n = size + TAIL
    rows = -(-n // 32)
    total = 32 * rows
    dummies = total - n
    k = np.arange(total)
    places = k.reshape(rows, 32)[:, _COLUMNS].T.ravel() - dummies
    # 36.212 5.1.4.1.1: the third stream is read one place later
    third = (_COLUMNS[k // rows] + 32 * (k % rows) + 1) % total - dummies
    buffer = np.full(3 * total, -1)
    buffer[:total] = places
    buffer[total::2] = np.where(places >= 0, places + n, -1)
    buffer[total + 1 :: 2] = np.where(third >= 0, third + 2 * n, -1)
    length = 3 * total if buffer_bits is None else min(3 * total, buffer_bits)
    start = rows * (2 * -(-length // (8 * rows)) * version + 2)
    order = np.roll(buffer[:length], -start)
    return order[order >= 0].astype(np.intp)


def block_lengths(n_bits: int, blocks: int, unit: int) -> list[int]:
    """Bits E sent of each code block, 36.212 5.1.4.1.2.

    Args:
        n_bits: G, bits for the whole transport block.
        blocks: C, code blocks.
        unit: layers times bits of a modulation symbol.
    """
    symbols = n_bits // unit
    small, rest = divmod(symbols, blocks)
    return [unit * (small + (r >= blocks - rest)) for r in range(blocks)]
