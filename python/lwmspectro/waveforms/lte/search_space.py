# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a receiver looks for its control messages, 3GPP TS 36.213 9.1.1."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

UE_CANDIDATES = {1: 6, 2: 6, 4: 2, 8: 2}
COMMON_CANDIDATES = {4: 4, 8: 2}
"""Candidates by aggregation level in control channel elements, 36.213 table 9.1.1-1."""

_A, _D = 39827, 65537


@lru_cache(maxsize=1)
def _starts() -> NDArray[np.int64]:
    """Y_k of every RNTI in every subframe of a frame, shape (10, 65536)."""
    value = np.arange(65536, dtype=np.int64)
    rows = []
    for _ in range(10):
        value = _A * value % _D
        rows.append(value)
    return np.stack(rows)


def start(rnti: int, subframe: int) -> int:
    """Y_k of 36.213 9.1.1 for a subframe 0 .. 9 of the frame."""
    return int(_starts()[subframe, rnti])


def starts(rntis: NDArray[np.int64], subframe: int) -> NDArray[np.int64]:
    """Y_k of several RNTIs."""
    return _starts()[subframe, rntis]


def candidates(y: int, n_cce: int, level: int, common: bool = False) -> list[int]:
    """First control channel element of each candidate, in the order of the standard.

    Args:
        y: Y_k, 0 for the common search space.
        n_cce: elements of the control region.
        level: aggregation level 1, 2, 4 or 8.
        common: the common search space.
    """
    places = n_cce // level
    if not places:
        return []
    table = COMMON_CANDIDATES if common else UE_CANDIDATES
    return list(dict.fromkeys(level * ((y + m) % places) for m in range(table.get(level, 0))))
