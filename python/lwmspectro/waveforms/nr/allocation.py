# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of resource blocks that control information can name, TS 38.214 5.1.2.2."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def group_size(width: int) -> int:
    """Blocks of a resource block group, 38.214 table 5.1.2.2.1-1, configuration 1."""
    return 2 if width <= 36 else 4 if width <= 72 else 8 if width <= 144 else 16


@lru_cache(maxsize=64)
def groups(start: int, width: int) -> NDArray[np.int64]:
    """Group of each block of a bandwidth part from common resource block ``start``."""
    size = group_size(width)
    return (start % size + np.arange(width)) // size


def longest_run(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Only the longest run of True of a mask."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    starts, stops = edges[::2], edges[1::2]
    best = int(np.argmax(stops - starts))
    out = np.zeros_like(mask)
    out[starts[best] : stops[best]] = True
    return out


def is_run(mask: NDArray[np.bool_]) -> bool:
    """True where the allocated blocks follow one another."""
    places = np.flatnonzero(mask)
    return bool(places[-1] - places[0] + 1 == places.size)
