# SPDX-License-Identifier: GPL-3.0-or-later
"""Polar code of the NR downlink: PBCH and PDCCH, TS 38.212 5.3.1 and 5.4.1.

The downlink has no parity-check bits (n_PC = 0), interleaves its input (I_IL = 1) and does not
interleave its output (I_BIL = 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .nr_tables import table

N_MAX = 9  # of the downlink, 38.212 7.1.4 and 7.3.3
MAX_K = 164  # of the input interleaver

# 38.212 table 5.3.1.1-1
_INPUT_INTERLEAVER_TEXT = """
    0 2 4 7 9 14 19 20 24 25 26 28 31 34 42 45 49 50 51 53 54 56 58 59 61 62 65 66 67 69 70 71 72
    76 77 81 82 83 87 88 89 91 93 95 98 101 104 106 108 110 111 113 115 118 119 120 122 123 126 127
    129 132 134 138 139 140 1 3 5 8 10 15 21 27 29 32 35 43 46 52 55 57 60 63 68 73 78 84 90 92 94
    96 99 102 105 107 109 112 114 116 121 124 128 130 133 135 141 6 11 16 22 30 33 36 44 47 64 74
    79 85 97 100 103 117 125 131 136 142 12 17 23 37 48 75 80 86 137 143 13 18 38 144 39 145 40 146
    41 147 148 149 150 151 152 153 154 155 156 157 158 159 160 161 162 163
"""
_INPUT_INTERLEAVER = np.array(_INPUT_INTERLEAVER_TEXT.split(), np.int64)
# 38.212 table 5.4.1.1-1
_SUB_BLOCKS_TEXT = (
    "0 1 2 4 3 5 6 7 8 16 9 17 10 18 11 19 12 20 13 21 14 22 15 23 24 25 26 28 27 29 30 31"
)
_SUB_BLOCKS = np.array(_SUB_BLOCKS_TEXT.split(), np.int64)


@dataclass(frozen=True)
class Code:
    """A polar code and its rate matching.

    Attributes:
        n: length of the mother code.
        source: index into the K input bits of each information bit, in order of position.
        positions: positions of the information bits in the mother code's input, ascending.
        selection: mother code bit that each of the E outputs carries.
    """

    n: int
    source: NDArray[np.int64]
    positions: NDArray[np.int64]
    selection: NDArray[np.int64]


@lru_cache(maxsize=64)
def code(k: int, e: int) -> Code:
    """The code of ``k`` bits (check included) in ``e`` coded bits.

    Raises:
        ValueError: the standard has no downlink code of this size.
    """
    if not 25 <= k <= MAX_K or e < k:
        raise ValueError(f"expected 25 <= k <= {MAX_K} and e >= k, got k={k}, e={e}")
    n1 = int(np.ceil(np.log2(e)))  # 5.3.1: length of the mother code
    if 8 * e <= 9 << (n1 - 1) and 16 * k < 9 * e:
        n1 -= 1
    n2 = int(np.ceil(np.log2(8 * k)))
    size = 1 << max(min(n1, n2, N_MAX), 5)
    i = np.arange(size)
    order = _SUB_BLOCKS[32 * i // size] * (size // 32) + i % (size // 32)  # 5.4.1.1
    frozen = np.zeros(size, np.bool_)
    if e >= size:  # repetition, 5.4.1.2
        selection = order[np.arange(e) % size]
    elif 16 * k <= 7 * e:  # puncturing
        selection = order[size - e :]
        frozen[order[: size - e]] = True
        twice = 3 * size / 2 - e if 4 * e >= 3 * size else 9 * size / 8 - e / 2
        frozen[: int(np.ceil(twice / 2))] = True
    else:  # shortening
        selection = order[:e]
        frozen[order[e:]] = True
    reliability = table("polar")
    usable = reliability[reliability < size]
    usable = usable[~frozen[usable]]
    positions = np.sort(usable[-k:])  # 5.3.1.2
    shifted = _INPUT_INTERLEAVER - (MAX_K - k)  # 5.3.1.1
    return Code(size, shifted[shifted >= 0], positions, selection)


def transform(u: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """u times the n-th Kronecker power of [[1, 0], [1, 1]], shape (..., 2**n)."""
    x = u.copy()
    half = 1
    while half < x.shape[-1]:
        pairs = x.reshape(*x.shape[:-1], -1, 2, half)
        pairs[..., 0, :] ^= pairs[..., 1, :]
        half *= 2
    return x


def encode(bits: NDArray[np.uint8], e: int) -> NDArray[np.uint8]:
    """Code and rate-match messages that carry their check.

    Args:
        bits: uint8, shape (..., k), 25 <= k <= 164.
        e: coded bits of each message.

    Returns:
        uint8, shape (..., e).

    Raises:
        ValueError: the standard has no downlink code of this size.
    """
    design = code(bits.shape[-1], e)
    u = np.zeros((*bits.shape[:-1], design.n), np.uint8)
    u[..., design.positions] = bits[..., design.source]
    coded: NDArray[np.uint8] = transform(u)[..., design.selection]
    return coded
