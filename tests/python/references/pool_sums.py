# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a block of bits the sum of some of a pool?"""

import itertools

import numpy as np


def is_sum(bits: np.ndarray, pool: np.ndarray, parts: int) -> bool:
    """Whether ``parts`` rows of the pool, any of them as often as it takes, add up to the bits."""
    combinations = np.array(list(itertools.combinations_with_replacement(range(len(pool)), parts)))
    weights = np.uint64(1) << np.arange(min(63, bits.size), dtype=np.uint64)
    keys = pool[:, : weights.size].astype(np.uint64) @ weights
    sums = np.bitwise_xor.reduce(keys[combinations], axis=1)
    key = bits[: weights.size].astype(np.uint64) @ weights
    return any(
        np.array_equal(np.bitwise_xor.reduce(pool[rows], axis=0), bits)
        for rows in combinations[sums == key]
    )
