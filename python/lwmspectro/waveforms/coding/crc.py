# SPDX-License-Identifier: GPL-3.0-or-later
<<<<<<< HEAD
"""Cyclic redundancy checks of LTE and NR, 3GPP TS 36.212 5.1.1 and TS 38.212 5.1."""
=======
"""Cyclic redundancy checks of LTE and NR, TS 36.212 5.1.1 and TS 38.212 5.1."""
>>>>>>> nr

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

<<<<<<< HEAD
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
=======
_TAPS = {  # exponents of the generator below its degree
    "24A": (24, (23, 18, 17, 14, 11, 10, 7, 6, 5, 4, 3, 1, 0)),
    "24B": (24, (23, 6, 5, 1, 0)),
    "24C": (24, (23, 21, 20, 17, 15, 13, 12, 8, 4, 2, 1, 0)),
    "16": (16, (12, 5, 0)),
    "11": (11, (10, 9, 5, 0)),
    "8": (8, (7, 4, 3, 1, 0)),
    "6": (6, (5, 0)),
}
_POWERS: dict[str, NDArray[np.uint32]] = {}


def _powers(name: str, count: int) -> NDArray[np.uint32]:
    """D**(degree + i) modulo the generator for i in 0..count-1, as integers."""
    known = _POWERS.get(name)
    if known is not None and known.size >= count:
        return known[:count]
    degree, taps = _TAPS[name]
    size = degree + max(count, 4096)
    powers = np.zeros(size, np.uint32)
    powers[:degree] = np.uint32(1) << np.arange(degree, dtype=np.uint32)
    have, step = degree, 1
    # g(D)**step = g(D**step) over GF(2), so one relation makes `block` new powers at a time.
    while have < size:
        while 2 * step * degree <= have:
            step *= 2
        block = min(step * (degree - max(taps)), size - have)
        for tap in taps:
            start = have - step * (degree - tap)
            powers[have : have + block] ^= powers[start : start + block]
        have += block
    _POWERS[name] = powers[degree:]
    return _POWERS[name][:count]


def remainder(bits: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Parity bits of messages.

    Args:
        bits: uint8 of shape (..., n), first bit first.
        name: "24A", "24B", "24C", "16", "11", "8" or "6".

    Returns:
        uint8 of shape (..., length of the check). All zero for a message whose end is its check.
>>>>>>> nr

    Raises:
        ValueError: the name is unknown.
    """
<<<<<<< HEAD
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
=======
    if name not in _TAPS:
        raise ValueError(f"expected a CRC among {', '.join(_TAPS)}, got {name!r}")
    degree = _TAPS[name][0]
    weights = _powers(name, bits.shape[-1])[::-1]
    # all ones where the bit is set: a select without a branch
    value = np.bitwise_xor.reduce(weights & (np.uint32(0) - bits.astype(np.uint32)), axis=-1)
    shifts = np.arange(degree - 1, -1, -1, dtype=np.uint32)
    parity: NDArray[np.uint8] = (value[..., None] >> shifts & 1).astype(np.uint8)
    return parity


def attach(bits: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Messages followed by their parity bits, shape (..., n + length of the check).

    Args:
        bits: uint8 of shape (..., n), first bit first.
        name: as for ``remainder``.
>>>>>>> nr

    Raises:
        ValueError: the name is unknown.
    """
    return np.concatenate((bits, remainder(bits, name)), axis=-1)
