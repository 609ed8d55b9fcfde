# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource blocks of the shared channel: groups, contiguous ranges and distributed ranges."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_RBG_LIMITS = ((10, 1), (26, 2), (63, 3), (110, 4))  # 36.213 table 7.1.6.1-1
_GAPS = ((11, 4), (19, 8), (26, 12), (44, 18), (63, 27), (79, 32), (110, 48))  # table 6.2.3.2-1


@lru_cache(maxsize=8)
def group_size(n_prb: int) -> int:
    """Resource blocks in a group, P of 36.213 table 7.1.6.1-1."""
    return next(size for limit, size in _RBG_LIMITS if n_prb <= limit)


@lru_cache(maxsize=8)
def group_count(n_prb: int) -> int:
    """Resource block groups of the carrier; the last may be smaller."""
    return -(-n_prb // group_size(n_prb))


def _gap(n_prb: int) -> int:
    """First gap of distributed blocks, N_gap,1 of 36.211 table 6.2.3.2-1."""
    if n_prb <= 10:
        return -(-n_prb // 2)
    return next(gap for limit, gap in _GAPS if n_prb <= limit)


def distributed_count(n_prb: int) -> int:
    """Virtual blocks of distributed type with the first gap, 36.211 6.2.3.2."""
    gap = _gap(n_prb)
    return 2 * min(gap, n_prb - gap)


@lru_cache(maxsize=8)
def distributed(n_prb: int) -> NDArray[np.int64]:
    """Physical block of each distributed virtual block, 36.211 6.2.3.2 with the first gap.

    Returns:
        int64, shape (2 slots, ``distributed_count(n_prb)``).
    """
    count, gap, step = distributed_count(n_prb), _gap(n_prb), group_size(n_prb)
    rows = -(-count // (4 * step)) * step
    nulls = 4 * rows - count
    v = np.arange(count)
    wide = 2 * rows * (v % 2) + v // 2
    even = rows * (v % 4) + v // 4
    if nulls:
        late = v >= count - nulls
        even = np.where(~late & (v % 4 >= 2), even - nulls // 2, even)
        even = np.where(late & (v % 2 == 1), wide - rows, even)
        even = np.where(late & (v % 2 == 0), wide - rows + nulls // 2, even)
    odd = (even + count // 2) % count
    both = np.stack([even, odd])
    return np.where(both < count // 2, both, both + gap - count // 2)
