# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyclic redundancy checks of LTE and NR, TS 36.212 5.1.1 and TS 38.212 5.1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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

    Raises:
        ValueError: the name is unknown.
    """
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

    Raises:
        ValueError: the name is unknown.
    """
    return np.concatenate((bits, remainder(bits, name)), axis=-1)
