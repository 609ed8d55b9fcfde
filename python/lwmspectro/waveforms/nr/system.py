# SPDX-License-Identifier: GPL-3.0-or-later
"""CORESET 0, the slots of SIB1 and the MIB that points to them, TS 38.213 13."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from .coreset import CORESET_ZERO, SEARCH_SPACE_ZERO, Coreset
from .pbch import Mib
from .raster import ssb_crb
from .signals import dmrs_symbols
from .ssb import bursts
from .tbs import MCS, transport_block_size

if TYPE_CHECKING:
    from .config import NrConfig

SI_RNTI = 0xFFFF
_NO_BLOCK = 31  # k_SSB of a cell without SIB1, 38.213 4.1 and 13
_LEAST_BITS = 800  # of SIB1
# 38.214 table 5.1.2.1.1-2: (start, length) of rows 1 to 5 by dmrs-TypeA-Position
_TIMES = {
    2: ((2, 12), (2, 10), (2, 9), (2, 7), (2, 5)),
    3: ((3, 11), (3, 9), (3, 8), (3, 6), (3, 4)),
}


@dataclass(frozen=True)
class SystemInfo:
    """How SIB1 is sent.

    Attributes:
        row: controlResourceSetZero.
        search_space: searchSpaceZero.
        coreset: CORESET 0.
        slots: (slot in 20 ms, row of the time table) of each beam's SIB1.
        n_rb: blocks of its shared channel, from the lowest of CORESET 0.
        mcs: index in table 1.
    """

    row: int
    search_space: int
    coreset: Coreset
    slots: tuple[tuple[int, int], ...]
    n_rb: int
    mcs: int

    @property
    def scheme(self) -> tuple[int, float]:
        """Bits per symbol and code rate."""
        order, rate = MCS[1][self.mcs]
        return order, rate / 1024

    def time(self, cfg: NrConfig, row: int) -> tuple[int, int]:
        """First symbol and number of symbols of a row of the time table."""
        return _TIMES[cfg.dmrs_first][row]

    def dmrs(self, cfg: NrConfig, row: int) -> tuple[int, ...]:
        """Symbols of the DM-RS, 38.214 5.1.6.2."""
        return dmrs_symbols(cfg.dmrs_first, sum(self.time(cfg, row)), 2)

    def size(self, cfg: NrConfig, row: int) -> int:
        """Bits of the transport block."""
        elements = 12 * (self.time(cfg, row)[1] - len(self.dmrs(cfg, row)))
        order, rate = self.scheme
        return transport_block_size(elements, self.n_rb, rate, order)


def fitting_rows(cfg: NrConfig) -> list[int]:
    """Rows of the table of CORESET 0 that lie within the carrier, empty for none."""
    if not cfg.ssb:
        return []
    table = CORESET_ZERO[cfg.ssb_scs_hz // 1000, cfg.scs_hz // 1000]
    block = ssb_crb(cfg)[0] - cfg.crb_offset
    return [
        i
        for i, (n_rb, n_symbols, offset) in enumerate(table)
        if 0 <= block - offset <= cfg.n_rb - n_rb and n_symbols <= cfg.dmrs_first
    ]


def _taken(cfg: NrConfig) -> set[int]:
    """Slots of 20 ms that a synchronisation block touches in any period."""
    per_frame = 10 * cfg.slots_per_ms
    found = bursts(cfg, 0, cfg.downlink_lengths(np.arange(16 * per_frame)))
    rows = {row for b in found for row in (b.rows.start // 14, (b.rows.stop - 1) // 14)}
    return {row % (2 * per_frame) for row in rows}


def _slots(
    cfg: NrConfig, search_space: int, n_symbols: int, taken: set[int]
) -> list[tuple[int, int]]:
    """Slots of SIB1 for one search space, without those that cannot carry it."""
    period = 20 * cfg.slots_per_ms
    lengths = cfg.downlink_lengths(np.arange(period))
    out = []
    for index in cfg.ssb:  # 38.213 13
        slot = (SEARCH_SPACE_ZERO[search_space] * cfg.slots_per_ms + index) % period
        fits = [i for i, time in enumerate(_TIMES[cfg.dmrs_first]) if sum(time) <= lengths[slot]]
        # SIB1 may not overlap a block, 38.214 5.1.4
        if slot not in taken and fits and lengths[slot] >= n_symbols:
            out.append((slot, fits[0]))
    return out


@lru_cache(maxsize=256)
def system_info(cfg: NrConfig) -> SystemInfo | None:
    """How a cell sends SIB1, None where its configuration leaves no place for it."""
    rows = fitting_rows(cfg)
    if not cfg.system_info or not rows:
        return None
    row = rows[0] if cfg.coreset_zero is None else cfg.coreset_zero
    n_rb, n_symbols, offset = CORESET_ZERO[cfg.ssb_scs_hz // 1000, cfg.scs_hz // 1000][row]
    first = ssb_crb(cfg)[0] - cfg.crb_offset - offset
    coreset = Coreset(first, n_rb, n_symbols, cfg.n_rb, (6, 2, cfg.pci))  # 38.211 7.3.2.2
    taken = _taken(cfg)
    places = {s: _slots(cfg, s, n_symbols, taken) for s in SEARCH_SPACE_ZERO}
    search_space = max(places, key=lambda s: len(places[s]))
    if not places[search_space]:
        return None
    mcs = cfg.pci % 6
    whole = SystemInfo(row, search_space, coreset, tuple(places[search_space]), n_rb, mcs)
    worst = max(time_row for _, time_row in whole.slots)
    for blocks in range(4, n_rb):
        part = SystemInfo(row, search_space, coreset, whole.slots, blocks, mcs)
        if part.size(cfg, worst) >= _LEAST_BITS:
            return part
    return whole


def mib(cfg: NrConfig) -> Mib:
    """The master information block of a cell."""
    info = system_info(cfg)
    if info is None:
        return Mib(cfg.scs_hz, _NO_BLOCK, cfg.dmrs_first, 0)
    return Mib(cfg.scs_hz, ssb_crb(cfg)[1], cfg.dmrs_first, info.row << 4 | info.search_space)
