# SPDX-License-Identifier: GPL-3.0-or-later
"""Scrambling of shared channels, TS 38.211 7.3.1.1, symbol by symbol."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..sequences import gold


@lru_cache(maxsize=96)
def symbol_codes(c_init: int, order: int, count: int) -> NDArray[np.uint8]:
    """The sequence cut into symbols of ``order`` bits, uint8 (count,), b(0) lowest."""
    bits = gold(c_init, order * count).reshape(count, order)
    return np.packbits(bits, axis=1, bitorder="little")[:, 0]
