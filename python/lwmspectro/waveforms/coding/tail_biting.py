# SPDX-License-Identifier: GPL-3.0-or-later
"""Tail-biting convolutional code of LTE and its rate matching, 3GPP TS 36.212 5.1.3.1, 5.1.4.2."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from . import convolutional

GENERATORS = (0o133, 0o171, 0o165)
"""Rate 1/3, constraint length 7; the highest bit of a generator taps the newest input."""

_MEMORY = 6
# 36.212 table 5.1.4-2, permutation of the 32 columns
_COLUMNS = np.array(
    [
        *(1, 17, 9, 25, 5, 21, 13, 29, 3, 19, 11, 27, 7, 23, 15, 31),
        *(0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14, 30),
    ]
)


def encode(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Encode blocks whose first state equals their last.

    Args:
        bits: uint8, shape (..., n), n >= 7.

    Returns:
        uint8, shape (..., 3, n): the streams d(0), d(1), d(2).

    Raises:
        ValueError: the block is shorter than the constraint length.
    """
    n = bits.shape[-1]
    if n <= _MEMORY:
        raise ValueError(f"tail-biting code: expected at least {_MEMORY + 1} bits, got {n}")
    # the register starts with the last bits of the block, so every shift is cyclic
    lead = np.concatenate((bits[..., -_MEMORY:], bits), axis=-1)
    streams = convolutional.parity(np.moveaxis(lead, -1, 0), GENERATORS)
    return np.moveaxis(np.stack(streams), (0, 1), (-2, -1))


def sub_block_columns(n: int) -> NDArray[np.int64]:
    """Places 0 .. n - 1 in the order in which the sub-block interleaver sends them.

    The dummy entries before the first place are left out (36.212 5.1.4.2.1).
    """
    rows = -(-n // 32)
    matrix = np.arange(32 * rows).reshape(rows, 32) - (32 * rows - n)
    order = matrix[:, _COLUMNS].T.ravel()
    return order[order >= 0]


@lru_cache(maxsize=512)
def _selection(n: int, length: int) -> NDArray[np.int64]:
    """Places in the flattened streams of the bits sent, shape (length,)."""
    one = sub_block_columns(n)
    buffer = np.concatenate((one, one + n, one + 2 * n))  # 36.212 5.1.4.2.2
    return np.resize(buffer, length)


def rate_match(streams: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """Interleave the streams and repeat or cut them to a number of bits.

    Args:
        streams: uint8, shape (..., 3, n).
        length: bits to send.

    Returns:
        uint8, shape (..., length).
    """
    n = streams.shape[-1]
    flat = streams.reshape(*streams.shape[:-2], 3 * n)
    return np.take(flat, _selection(n, length), axis=-1)
