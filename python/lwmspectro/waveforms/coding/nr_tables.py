# SPDX-License-Identifier: GPL-3.0-or-later
"""Long tables of TS 38.212, which ``scripts/convert_nr_tables.py`` makes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_FILE = Path(__file__).with_name("nr_tables.npz")


@cache
def table(name: str) -> NDArray[np.int64]:
    """A table by its name, int64, not to be changed.

    ``bg1`` and ``bg2`` (tables 5.3.2-2 and 5.3.2-3): shape (edges, 10), row and column of the
    base graph and the shift of each of the eight lifting sets. ``polar`` (table 5.3.1.2-1):
    shape (1024,), bit indices from the least to the most reliable.
    """
    with np.load(_FILE, allow_pickle=False) as tables:
        values = tables[name].astype(np.int64)
    values.setflags(write=False)
    return values
