# SPDX-License-Identifier: GPL-3.0-or-later
"""Bits to symbols: convolutional code, block interleaver, Gray mapping (eq. 1-3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..coding import convolutional
from ..common import Complex64
from ..sequences import shift_register

Bits = NDArray[np.uint8]

BITS_PER_SYMBOL = {"BPSK": 1, "QPSK": 2, "16QAM": 4, "64QAM": 6, "256QAM": 8}
TAIL_BITS = convolutional.MEMORY

_PRIMITIVE_TAPS = {31: (5, 2), 63: (6, 1), 127: (7, 1)}  # x^5+x^2+1, x^6+x+1, x^7+x+1


def encode(bits: Bits) -> Bits:
    """Rate 1/2 convolutional code, K = 7, generators 133 and 171 (octal), with a tail of zeros.

    Args:
        bits: shape (n,), zeros and ones.

    Returns:
        uint8, shape (2 (n + 6),): the outputs of both generators in turn.
    """
    return convolutional.encode(np.concatenate([bits, np.zeros(TAIL_BITS, np.uint8)]))


def interleaver_order(n: int, rows: int) -> NDArray[np.intp]:
    """Read order of a block interleaver: bits are written by rows and read by columns.

    Bits that do not exist, at the end of the last row, are passed over. Shape (n,).
    """
    columns = -(-n // rows)
    order = np.arange(rows * columns).reshape(rows, columns).T.reshape(-1)
    return order[order < n]


def gray_points(modulation: str) -> Complex64:
    """Unit-power constellation, shape (2^bits,), indexed by a symbol's bits, first bit highest.

    BPSK lies on the real axis. In square QAM the first half of the bits picks I and the second
    half Q, each by a reflected Gray code: neighbours differ in one bit.

    Raises:
        ValueError: the modulation is unknown.
    """
    if modulation not in BITS_PER_SYMBOL:
        raise ValueError(f"modulation: expected one of {[*BITS_PER_SYMBOL]}, got {modulation!r}")
    if modulation == "BPSK":
        return np.array([-1.0, 1.0], np.complex64)
    side = 1 << (BITS_PER_SYMBOL[modulation] // 2)
    place = np.arange(side)
    level = np.empty(side)
    level[place ^ (place >> 1)] = 2.0 * place - (side - 1)  # reflected Gray code
    points = (level[:, None] + 1j * level[None, :]).reshape(-1)
    return (points / np.sqrt(2.0 * (side * side - 1) / 3.0)).astype(np.complex64)


def map_bits(bits: Bits, modulation: str) -> Complex64:
    """Symbols of coded bits, shape (ceil(n / bits per symbol),); zeros fill the last symbol."""
    width = BITS_PER_SYMBOL[modulation]
    padded = np.pad(bits, (0, -bits.size % width)).reshape(-1, width)
    weights = 1 << np.arange(width - 1, -1, -1)
    return gray_points(modulation)[padded @ weights]


def m_sequence(length: int) -> Complex64:
    """BPSK symbols of a maximum-length sequence of 31, 63 or 127; none for 0.

    Raises:
        ValueError: another length.
    """
    if length == 0:
        return np.zeros(0, np.complex64)
    if length not in _PRIMITIVE_TAPS:
        raise ValueError(f"m-sequence: expected 0 or one of {[*_PRIMITIVE_TAPS]}, got {length}")
    degree, tap = _PRIMITIVE_TAPS[length]
    bits = shift_register([1] * degree, (0, tap), length)
    return (2.0 * bits - 1.0).astype(np.complex64)
