# SPDX-License-Identifier: GPL-3.0-or-later
"""Modulation, and what one receive antenna gets of symbols precoded for several ports."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..sequences import CONSTELLATIONS, MODULATION_BITS

_NAMES = {bits: name for name, bits in MODULATION_BITS.items()}


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
    symbols: NDArray[np.complex64],
    gains: tuple[complex, ...],
    ports: tuple[int, int] | None = None,
) -> NDArray[np.complex64]:
    """One port, or transmit diversity, through one complex gain for each port.

    Transmit diversity of 36.211 6.3.4.3 sends a pair (a, b) as (a, b) from one port and as
    (-b*, a*) from another, both at half the power.

    Args:
        symbols: complex64, shape (..., n), n even for several ports.
        gains: of the 1, 2 or 4 ports.
        ports: the two that send every pair; None takes the only two, and of four lets pairs
            take turns on ports 0 and 2 and on ports 1 and 3.

    Returns:
        complex64 received values of the resource elements in order, shape (..., n).
    """
    if len(gains) == 1:
        return symbols * np.complex64(gains[0])
    if ports is None and len(gains) == 4:
        turns = [(0, 4, (0, 2)), (2, 4, (1, 3))]
    else:
        turns = [(0, 2, ports or (0, 1))]
    out = np.empty_like(symbols)
    for first, step, (p, q) in turns:
        even, odd = slice(first, None, step), slice(first + 1, None, step)
        direct, crossed = (np.complex64(gains[port] * np.sqrt(0.5)) for port in (p, q))
        # numpy fuses products of strided arrays or not by what lies behind them in memory
        a, b = (np.ascontiguousarray(symbols[..., part]) for part in (even, odd))
        out[..., even] = direct * a - crossed * b.conj()
        out[..., odd] = direct * b + crossed * a.conj()
    return out
