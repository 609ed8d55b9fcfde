# SPDX-License-Identifier: GPL-3.0-or-later
"""Pseudo-random and constellation tables shared by the LTE and NR generators.

Sources: 3GPP TS 36.211 clauses 7.1 and 7.2, 3GPP TS 38.211 clauses 5.1 and 5.2.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_NC = 1600  # 36.211 7.2: outputs discarded before c(0)
_INITIAL_LENGTH = 8192

MODULATION_BITS: dict[str, int] = {"qpsk": 2, "16qam": 4, "64qam": 6, "256qam": 8}


class _GoldBasis:
    """Sequences that span every length-31 Gold sequence, grown on demand.

    The second register is linear over GF(2) in its initial state, so the sequence of any
    ``c_init`` is the XOR of the basis sequences at the set bits of ``c_init``.
    """

    def __init__(self) -> None:
        self.length = 0
        self.x1: NDArray[np.uint8] = np.empty(0, np.uint8)
        self.x2: NDArray[np.float32] = np.empty((31, 0), np.float32)

    def reserve(self, length: int) -> None:
        """Make at least ``length`` outputs available.

        Raises:
            MemoryError: the basis does not fit in memory.
        """
        if length <= self.length:
            return
        length = max(length, 2 * self.length, _INITIAL_LENGTH)
        total = length + _NC
        # Row 31 is x1, rows 0..30 are x2 started from one bit each (36.211 7.2). 28 outputs
        # depend only on outputs at least 31 - 28 earlier, so 28 are made at a time.
        state = np.zeros((32, total + 59), np.uint8)
        state[:31, :31] = np.eye(31, dtype=np.uint8)
        state[31, 0] = 1
        for n in range(0, total, 28):
            new = state[:, n + 3 : n + 31] ^ state[:, n : n + 28]
            new[:31] ^= state[:31, n + 1 : n + 29] ^ state[:31, n + 2 : n + 30]
            state[:, n + 31 : n + 59] = new
        self.x1 = state[31, _NC:total].copy()
        self.x2 = state[:31, _NC:total].astype(np.float32)
        self.length = length


_BASIS = _GoldBasis()


def gold(c_init: int | Sequence[int] | NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """Length-31 Gold sequences c(n) of 36.211 7.2 (identical to 38.211 5.2.1).

    Args:
        c_init: one initial value or several, each in [0, 2**31).
        length: number of outputs, from c(0).

    Returns:
        uint8 bits, shape ``(length,)`` for one initial value, else ``(len(c_init), length)``.

    Raises:
        ValueError: an initial value needs more than 31 bits, or length is negative.
    """
    init = np.asarray(c_init, dtype=np.int64)
    if length < 0 or np.any(init < 0) or np.any(init >= 1 << 31):
        raise ValueError(f"expected 0 <= c_init < 2**31 and length >= 0, got {c_init}, {length}")
    _BASIS.reserve(length)
    bits = ((np.atleast_1d(init)[:, None] >> np.arange(31)) & 1).astype(np.float32)
    x2 = (bits @ _BASIS.x2[:, :length]).astype(np.uint8) & np.uint8(1)
    out: NDArray[np.uint8] = x2 ^ _BASIS.x1[:length]
    return out if init.ndim else out[0]


def qpsk_codes(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pairs of bits along the last axis as indices of the QPSK table, c(2m) + 2 c(2m+1)."""
    return bits[..., 0::2] | (bits[..., 1::2] << np.uint8(1))


def _constellation(bits: int) -> NDArray[np.complex64]:
    """Gray-mapped QAM of 36.211 7.1 and 38.211 5.1; bit i of the index is b(i)."""
    index = np.arange(1 << bits)
    sign = 1.0 - 2.0 * ((index[:, None] >> np.arange(bits)) & 1)
    axes = []
    for first in (0, 1):
        level = np.ones(index.size)
        for depth, bit in enumerate(range(bits - 2 + first, first, -2), start=1):
            level = 2.0**depth - sign[:, bit] * level
        axes.append(sign[:, first] * level)
    points = axes[0] + 1j * axes[1]
    return (points / np.sqrt(np.mean(np.abs(points) ** 2))).astype(np.complex64)


CONSTELLATIONS: dict[str, NDArray[np.complex64]] = {
    name: _constellation(bits) for name, bits in MODULATION_BITS.items()
}
"""Unit-power points by modulation, indexed by the bits of one symbol, b(0) lowest."""


def byte_table(modulation: str) -> NDArray[np.complex64]:
    """256 points indexed by a whole byte of which the modulation uses the low bits.

    Args:
        modulation: a key of ``MODULATION_BITS``.

    Returns:
        complex64, shape (256,), unit mean power.

    Raises:
        KeyError: the modulation is unknown.
    """
    points = CONSTELLATIONS[modulation]
    return np.tile(points, 256 // points.size)
