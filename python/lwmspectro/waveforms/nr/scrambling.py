# SPDX-License-Identifier: GPL-3.0-or-later
"""Long pseudo-random sequences, TS 38.211 5.2.1, made by doubling.

``sequences.gold`` serves many short sequences at once; a shared channel needs a few of up to a
million bits.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_NC = 1600


def _register(state: int, taps: tuple[int, ...], length: int) -> NDArray[np.uint8]:
    """x(n + 31) = sum of x(n + tap), from 31 bits of which the lowest is x(0)."""
    x = np.zeros(max(length, 31), np.uint8)
    x[:31] = state >> np.arange(31) & 1
    have, step = 31, 1
    # Over GF(2) the recursion also holds with every index multiplied by a power of two, so
    # `block` outputs are made at a time.
    while have < length:
        while 62 * step <= have:
            step *= 2
        block = min(step * (31 - max(taps)), length - have)
        for tap in taps:
            start = have - step * (31 - tap)
            x[have : have + block] ^= x[start : start + block]
        have += block
    return x[:length]


@lru_cache(maxsize=4)
def _first_register(length: int) -> NDArray[np.uint8]:
    return _register(1, (3, 0), length)


def pseudo_random(c_init: int, length: int) -> NDArray[np.uint8]:
    """c(0) .. c(length - 1), uint8.

    Args:
        c_init: initial value, 0 <= c_init < 2**31.
        length: number of bits.
    """
    total = length + _NC
    size = 1 << max(total - 1, 1).bit_length()  # few lengths, so that the first one is reused
    second = _register(c_init, (3, 2, 1, 0), total)
    return _first_register(size)[_NC:total] ^ second[_NC:]


@lru_cache(maxsize=96)
def symbol_codes(c_init: int, order: int, count: int) -> NDArray[np.uint8]:
    """The sequence cut into symbols of ``order`` bits, uint8 (count,), b(0) lowest."""
    bits = pseudo_random(c_init, order * count).reshape(count, order)
    return np.packbits(bits, axis=1, bitorder="little")[:, 0]
