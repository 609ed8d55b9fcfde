# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame-synchronous scrambler x^7 + x^4 + 1 (IEEE Std 802.11-2020 17.3.5.5)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]

PERIOD = 127
ANNEX_SEED = 0b1011101  # of the worked example in annex I.1.5


@lru_cache(maxsize=1)
def _cycle() -> tuple[Bits, npt.NDArray[np.intp]]:
    """One period from the all-ones state, and where in it each state starts, shape (128,)."""
    state, out = 0b1111111, np.empty(PERIOD, np.uint8)
    start = np.zeros(PERIOD + 1, np.intp)
    for i in range(PERIOD):
        start[state] = i
        out[i] = (state >> 6 ^ state >> 3) & 1  # x7 + x4
        state = (state << 1 & 0b1111111) | int(out[i])
    return out, start


class _Sequence:
    """The periodic sequence, grown on demand."""

    def __init__(self) -> None:
        self.bits: Bits = np.empty(0, np.uint8)

    def reserve(self, length: int) -> Bits:
        if self.bits.size < length:
            self.bits = np.tile(_cycle()[0], -(-2 * length // PERIOD))
            self.bits.flags.writeable = False
        return self.bits


_SEQUENCE = _Sequence()


def sequence(seed: int, n: int) -> Bits:
    """First n scrambling bits from an initial state, shape (n,), read only.

    Args:
        seed: initial state 1..127, x7 is the most significant bit.
        n: number of bits.

    Raises:
        ValueError: the seed is out of range.
    """
    if not 1 <= seed <= PERIOD:
        raise ValueError(f"scrambler seed: expected 1..127, got {seed}")
    first = int(_cycle()[1][seed])
    return _SEQUENCE.reserve(first + n)[first : first + n]
