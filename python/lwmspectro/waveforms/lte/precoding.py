# SPDX-License-Identifier: GPL-3.0-or-later
"""Modulation, and what one receive antenna gets of symbols precoded for several ports."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..sequences import CONSTELLATIONS

_NAMES = {2: "qpsk", 4: "16qam", 6: "64qam", 8: "256qam"}


@lru_cache(maxsize=4)
def _byte_points(bits: int) -> NDArray[np.complex64]:
    """Symbols that a byte holds, first bit lowest, shape (256, 8 // bits)."""
    index = np.arange(256)[:, None] >> (bits * np.arange(8 // bits))
    return CONSTELLATIONS[_NAMES[bits]][index & ((1 << bits) - 1)]


def map_bits(bits: NDArray[np.uint8], per_symbol: int) -> NDArray[np.complex64]:
    """Modulation mapper of 36.211 7.1.

    Args:
        bits: uint8, shape (..., per_symbol * n).
        per_symbol: 2, 4, 6 or 8 for QPSK to 256QAM.

    Returns:
        complex64, shape (..., n).
    """
    n = bits.shape[-1] // per_symbol
    if per_symbol == 6:
        groups = np.zeros((*bits.shape[:-1], n, 8), np.uint8)
        groups[..., :6] = bits.reshape(*bits.shape[:-1], n, 6)
        codes = np.packbits(groups, axis=-1, bitorder="little")[..., 0]
        return CONSTELLATIONS[_NAMES[6]][codes]
    points = _byte_points(per_symbol)[np.packbits(bits, axis=-1, bitorder="little")]
    return points.reshape(*bits.shape[:-1], -1)[..., :n]


def combine(
    symbols: NDArray[np.complex64], gains: tuple[complex, ...], first: int = 0
) -> NDArray[np.complex64]:
    """One port, or transmit diversity, through one complex gain for each port.

    Transmit diversity of 36.211 6.3.4.3 sends a pair (a, b) as (a, b) from one port and as
    (-b*, a*) from another; with four ports, pairs take turns on ports 0 and 2 and on 1 and 3.

    Args:
        symbols: complex64, shape (..., n), n even for several ports.
        gains: of the 1, 2 or 4 ports.
        first: with four ports, 1 lets the first pair of each four use ports 1 and 3 as well as
            the second (PHICH, 36.211 6.9.2), -1 lets both use ports 0 and 2; 0 alternates.

    Returns:
        complex64 received values of the resource elements in order, shape (..., n).
    """
    if len(gains) == 1:
        return symbols * np.complex64(gains[0])
    scale = np.sqrt(0.5)
    out = np.empty_like(symbols)
    if len(gains) == 2 or first:
        ports = (0, 1) if len(gains) == 2 else ((1, 3) if first > 0 else (0, 2))
        turns = [(slice(0, None, 2), slice(1, None, 2), ports)]
    else:
        turns = [(slice(s, None, 4), slice(s + 1, None, 4), (s // 2, s // 2 + 2)) for s in (0, 2)]
    for even, odd, (p, q) in turns:
        direct, crossed = np.complex64(gains[p] * scale), np.complex64(gains[q] * scale)
        a, b = symbols[..., even], symbols[..., odd]
        out[..., even] = direct * a - crossed * b.conj()
        out[..., odd] = direct * b + crossed * a.conj()
    return out
