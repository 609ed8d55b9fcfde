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


class _GoldTable:
    """Parts of every length-31 Gold sequence, packed, grown on demand.

    The second register is linear over GF(2) in its initial state, so the sequence of any
    ``c_init`` is the XOR of the sequences that its set bits start, and of the first register's,
    which stands for bit 31. The XORs of every four neighbouring bits are kept.
    """

    def __init__(self) -> None:
        self._words: NDArray[np.uint64] = np.empty((128, 0), np.uint64)

    def words(self, count: int) -> NDArray[np.uint64]:
        """64 outputs in each, shape (128, count): row 16 k + v has value v at bits 4 k and on."""
        if count > self._words.shape[1]:
            length = 64 * max(count, 2 * self._words.shape[1], _INITIAL_LENGTH // 64)
            bits = self._registers(length + _NC)[:, _NC:]
            basis = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
            table = np.zeros((8, 16, length // 64), np.uint64)
            for bit in range(32):
                k, weight = bit // 4, 1 << bit % 4
                table[k, weight : 2 * weight] = table[k, :weight] ^ basis[bit]
            self._words = table.reshape(128, -1)
        return self._words[:, :count]

    @staticmethod
    def _registers(length: int) -> NDArray[np.uint8]:
        """x2 started from one bit each, then x1, 36.211 7.2, shape (32, length)."""
        x = np.zeros((32, length), np.uint8)
        x[:31, :31] = np.eye(31, dtype=np.uint8)
        x[31, 0] = 1
        have, step = 31, 1
        # Over GF(2) a recursion also holds with every index multiplied by a power of two, so
        # `block` outputs are made at a time.
        while have < length:
            while 62 * step <= have:
                step *= 2
            block = min(28 * step, length - have)
            new = x[:, have : have + block]
            for tap in (0, 3):
                new ^= x[:, have - step * (31 - tap) :][:, :block]
            for tap in (1, 2):
                new[:31] ^= x[:31, have - step * (31 - tap) :][:, :block]
            have += block
        return x


_TABLE = _GoldTable()
_FIRST_REGISTER = 1 << 31


def _packed(init: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """Eight outputs in each byte, first ones lowest, shape (init.size, bytes)."""
    if length < 0 or init.min(initial=0) < 0 or init.max(initial=0) >= _FIRST_REGISTER:
        raise ValueError(f"expected 0 <= c_init < 2**31 and length >= 0, got {init}, {length}")
    nibble = np.arange(8)
    rows = 16 * nibble + ((init[:, None] | _FIRST_REGISTER) >> 4 * nibble & 15)  # (n, 8)
    return np.bitwise_xor.reduce(_TABLE.words(-(-length // 64))[rows], axis=1).view(np.uint8)


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
    packed = _packed(np.atleast_1d(np.asarray(c_init, dtype=np.int64)), length)
    bits = np.unpackbits(packed, axis=1, count=length, bitorder="little")
    return bits[0] if np.ndim(c_init) == 0 else bits


def gold_joined(c_init: Sequence[int], lengths: Sequence[int]) -> NDArray[np.uint8]:
    """Gold sequences of several lengths, one after the other.

    Args:
        c_init: initial values, each in [0, 2**31).
        lengths: outputs of each.

    Returns:
        uint8 bits, shape ``(sum(lengths),)``.

    Raises:
        ValueError: as ``gold``.
    """
    packed = _packed(np.array(c_init, np.int64), max(lengths, default=0))
    out = np.empty(sum(lengths), np.uint8)
    start = 0
    for row, length in zip(packed, lengths, strict=True):
        out[start : start + length] = np.unpackbits(row, count=length, bitorder="little")
        start += length
    return out


def shift_register(state: Sequence[int], taps: Sequence[int], length: int) -> NDArray[np.int64]:
    """Bits x of a linear shift register, shape (length,).

    Args:
        state: x(0) .. x(m - 1).
        taps: x(i + m) is the sum of x(i + tap) modulo 2.
        length: number of bits, m at least.
    """
    x = list(state)
    for i in range(length - len(x)):
        x.append(sum(x[i + tap] for tap in taps) % 2)
    return np.array(x)


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
