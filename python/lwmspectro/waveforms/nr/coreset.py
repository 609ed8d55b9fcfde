# SPDX-License-Identifier: GPL-3.0-or-later
"""Control resource sets and search spaces, TS 38.211 7.3.2 and TS 38.213 10.1 and 13."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

LEVELS = (1, 2, 4, 8, 16)
USER_CANDIDATES = {1: 4, 2: 4, 4: 3, 8: 2, 16: 1}  # of a user's search space
TYPE0_CANDIDATES = {4: 4, 8: 2, 16: 1}  # 38.213 table 10.1-1
_A1 = 39829  # 38.213 10.1 for control resource sets 1, 4, ...

# 38.213 tables 13-1 to 13-4, multiplexing pattern 1: (SSB, PDCCH) spacing in kHz to rows of
# (blocks, symbols, offset)
CORESET_ZERO: dict[tuple[int, int], tuple[tuple[int, int, int], ...]] = {
    (15, 15): (
        *((24, 2, 0), (24, 2, 2), (24, 2, 4), (24, 3, 0), (24, 3, 2), (24, 3, 4), (48, 1, 12)),
        *((48, 1, 16), (48, 2, 12), (48, 2, 16), (48, 3, 12), (48, 3, 16)),
        *((96, 1, 38), (96, 2, 38), (96, 3, 38)),
    ),
    (15, 30): (
        *((24, 2, 5), (24, 2, 6), (24, 2, 7), (24, 2, 8), (24, 3, 5), (24, 3, 6), (24, 3, 7)),
        *((24, 3, 8), (48, 1, 18), (48, 1, 20), (48, 2, 18), (48, 2, 20), (48, 3, 18)),
        (48, 3, 20),
    ),
    (30, 15): (
        *((48, 1, 2), (48, 1, 6), (48, 2, 2), (48, 2, 6), (48, 3, 2), (48, 3, 6)),
        *((96, 1, 28), (96, 2, 28), (96, 3, 28)),
    ),
    (30, 30): (
        *((24, 2, 0), (24, 2, 1), (24, 2, 2), (24, 2, 3), (24, 2, 4), (24, 3, 0), (24, 3, 1)),
        *((24, 3, 2), (24, 3, 3), (24, 3, 4), (48, 1, 12), (48, 1, 14), (48, 1, 16)),
        *((48, 2, 12), (48, 2, 14), (48, 2, 16)),
    ),
}
# 38.213 table 13-11, the rows with one search space in a slot, M = 1 and first symbol 0: O in ms
SEARCH_SPACE_ZERO = {0: 0, 2: 2, 4: 5, 6: 7}


@dataclass(frozen=True)
class Coreset:
    """A control resource set within a carrier.

    Attributes:
        first_rb: lowest block within the carrier.
        n_rb: number of blocks, a multiple of 6.
        n_symbols: 1..3, from symbol 0 of the slot.
        width: blocks of the carrier.
        interleaver: (bundle size L, rows R, shift), None for no interleaving.
    """

    first_rb: int
    n_rb: int
    n_symbols: int
    width: int
    interleaver: tuple[int, int, int] | None = None

    @property
    def n_cce(self) -> int:
        """Control channel elements."""
        return self.n_rb * self.n_symbols // 6

    @cached_property
    def regs(self) -> NDArray[np.int64]:
        """Resource element groups of each control channel element, (n_cce, 6), 7.3.2.2."""
        size, rows, shift = self.interleaver or (6, 1, 0)
        bundles = 6 * self.n_cce // size
        x = np.arange(bundles)
        if self.interleaver is not None:
            columns = bundles // rows
            x = (x % rows * columns + x // rows + shift) % bundles
        return (size * x[:, None] + np.arange(size)).reshape(self.n_cce, 6)

    @cached_property
    def blocks(self) -> NDArray[np.int64]:
        """Blocks of the carrier that each element touches, (n_cce, 6)."""
        return self.first_rb + self.regs // self.n_symbols

    def elements(self, start: int, level: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Resource elements of a candidate as indices into (symbols, 12 * width).

        Returns:
            Those of the data in the order of 7.3.2.5, shape (54 level,), and those of the
            DM-RS, shape (18 level,).
        """
        return _elements(self, start, level)


@lru_cache(maxsize=1024)
def _elements(
    coreset: Coreset, start: int, level: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    regs = coreset.regs[start : start + level].reshape(-1)
    rb = coreset.first_rb + regs // coreset.n_symbols
    base = (regs % coreset.n_symbols) * 12 * coreset.width + 12 * rb
    k = np.arange(12)
    data = np.sort((base[:, None] + k[k % 4 != 1]).reshape(-1))
    dmrs = np.sort((base[:, None] + k[k % 4 == 1]).reshape(-1))
    return data, dmrs


@lru_cache(maxsize=512)
def hashes(rnti: int, slots: int) -> tuple[int, ...]:
    """Y of 38.213 10.1 for each slot of a frame, in control resource set 1."""
    out, y = [], rnti
    for _ in range(slots):
        y = _A1 * y % 65537
        out.append(y)
    return tuple(out)


def candidates(n_cce: int, level: int, count: int, y: int) -> list[int]:
    """First elements of the candidates of one level, 38.213 10.1.

    Args:
        n_cce: elements of the control resource set.
        level: aggregation level L.
        count: candidates M of that level.
        y: 0 for common search spaces, else one of ``hashes``.
    """
    places = n_cce // level
    count = min(count, places)
    return [level * ((y + m * n_cce // (level * count)) % places) for m in range(count)]
