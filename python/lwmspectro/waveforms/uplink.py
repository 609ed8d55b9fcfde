# SPDX-License-Identifier: GPL-3.0-or-later
"""Uplink of a nearby user, as a receiver of a TDD downlink also hears it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .sequences import byte_table


def uplink_symbols(
    n_symbols: int, n_blocks: int, amplitude: float, rng: np.random.Generator
) -> NDArray[np.complex64]:
    """DFT-spread QPSK on contiguous random blocks, 36.211 5.3 and 38.211 6.3.1.4.

    LTE's shift by half a subcarrier is left out: the user's own frequency error hides it.

    Args:
        n_symbols: OFDM symbols of one interval with a constant allocation.
        n_blocks: resource blocks of the carrier.
        amplitude: magnitude of the used elements, root mean square.
        rng: source of randomness.

    Returns:
        complex64 resource elements, shape (n_symbols, 12 n_blocks).
    """
    out = np.zeros((n_symbols, 12 * n_blocks), np.complex64)
    used = int(rng.integers(1, n_blocks + 1))
    first = 12 * int(rng.integers(0, n_blocks - used + 1))
    data = byte_table("qpsk")[rng.integers(0, 256, (n_symbols, 12 * used))]
    out[:, first : first + 12 * used] = np.fft.fft(data, axis=1, norm="ortho") * amplitude
    return out
