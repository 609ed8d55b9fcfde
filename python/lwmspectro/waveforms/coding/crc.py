# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyclic redundancy checks of LTE and NR, 3GPP TS 36.212 5.1.1 and TS 38.212 5.1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EXPONENTS: dict[str, tuple[int, ...]] = {
    "24A": (24, 23, 18, 17, 14, 11, 10, 7, 6, 5, 4, 3, 1, 0),
    "24B": (24, 23, 6, 5, 1, 0),
    "24C": (24, 23, 21, 20, 17, 15, 13, 12, 8, 4, 2, 1, 0),
    "16": (16, 12, 5, 0),
    "11": (11, 10, 9, 5, 0),
    "8": (8, 7, 4, 3, 1, 0),
    "6": (6, 5, 0),
}
LENGTHS: dict[str, int] = {name: exponents[0] for name, exponents in _EXPONENTS.items()}
"""Parity bits by name of the polynomial."""

_SHORT = 256  # longest block whose parity is one matrix product
_POWERS: dict[str, NDArray[np.uint32]] = {}
_MATRICES: dict[tuple[str, int], NDArray[np.float32]] = {}


def _powers(name: str, count: int) -> NDArray[np.uint32]:
    """Remainders of x^(L + i) for i = 0 .. count - 1, most significant bit first."""
    known = _POWERS.get(name, np.empty(0, np.uint32))
    if known.size < count:
        degree = LENGTHS[name]
        generator = sum(1 << e for e in _EXPONENTS[name])
        value = 1 << (degree - 1)  # x^(L - 1), one step before the first entry
        out = []
        for _ in range(max(count, 2 * known.size)):
            value <<= 1
            if value >> degree:
                value ^= generator
            out.append(value)
        known = _POWERS[name] = np.array(out, np.uint32)
    return known[:count]


def remainder(bits: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Parity bits of blocks of bits; those of a block with its parity attached are zero.

    Args:
        bits: uint8 of 0 and 1, shape (..., n).
        name: "24A", "24B", "24C", "16", "11", "8" or "6".

    Returns:
        uint8, shape (..., L), the highest power first.

    Raises:
        ValueError: the name is unknown.
    """
    if name not in LENGTHS:
        raise ValueError(f"CRC: expected one of {sorted(LENGTHS)}, got {name!r}")
    n, degree = bits.shape[-1], LENGTHS[name]
    shifts = np.arange(degree - 1, -1, -1, dtype=np.uint32)
    if n <= _SHORT:
        if (name, n) not in _MATRICES:
            rows = (_powers(name, n)[::-1, None] >> shifts) & 1
            _MATRICES[name, n] = rows.astype(np.float32)
        total = bits.astype(np.float32) @ _MATRICES[name, n]
        return total.astype(np.uint8) & np.uint8(1)
    # a set bit contributes the remainder of its power; the mask is all ones for it
    mask = np.negative(bits.astype(np.int32)).view(np.uint32)
    value = np.bitwise_xor.reduce(mask & _powers(name, n)[::-1], axis=-1)
    return ((value[..., None] >> shifts) & 1).astype(np.uint8)


def attach(bits: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Blocks of bits followed by their parity.

    Args:
        bits: uint8, shape (..., n).
        name: the polynomial, see ``remainder``.

    Returns:
        uint8, shape (..., n + L).

    Raises:
        ValueError: the name is unknown.
    """
    return np.concatenate((bits, remainder(bits, name)), axis=-1)
