# SPDX-License-Identifier: GPL-3.0-or-later
"""Scrambling sequences one at a time and fast: packed rows are combined byte by byte.

The Gold sequence of any initial value is the XOR of the sequences of its set bits (the second
register is linear, 36.211 7.2), so 31 packed sequences and the one of zero make all others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..sequences import gold

_BLOCK = 1 << 14  # bits by which the basis grows


class _PackedBasis:
    def __init__(self) -> None:
        self.length = 0
        self.rows: NDArray[np.uint64] = np.empty((32, 0), np.uint64)

    def reserve(self, length: int) -> None:
        if length > self.length:
            self.length = -(-length // _BLOCK) * _BLOCK
            zero = gold(0, self.length)
            rows = gold([1 << bit for bit in range(31)], self.length) ^ zero
            packed = np.packbits(np.vstack([rows, zero]), axis=1, bitorder="little")
            self.rows = packed.view(np.uint64)


_BASIS = _PackedBasis()


def sequence(c_init: int, length: int) -> NDArray[np.uint8]:
    """Outputs c(0) .. c(length - 1) of 36.211 7.2, uint8 bits, shape (length,).

    Raises:
        ValueError: the initial value does not fit in 31 bits.
    """
    if not 0 <= c_init < 1 << 31:
        raise ValueError(f"expected 0 <= c_init < 2**31, got {c_init}")
    _BASIS.reserve(length)
    words = -(-length // 64)
    used = [bit for bit in range(31) if c_init >> bit & 1]
    packed = np.bitwise_xor.reduce(_BASIS.rows[[*used, 31], :words], axis=0)
    return np.unpackbits(packed.view(np.uint8), count=length, bitorder="little")
