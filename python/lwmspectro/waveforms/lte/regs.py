# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource element groups of the control region, 3GPP TS 36.211 6.2.4, 6.7.4, 6.8.5 and 6.9.3."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..coding.tail_biting import sub_block_columns
from .frame import FrameKey, crs_symbols

REGS_PER_CCE = 9

# 36.211 table 6.9-1: factor m_i by uplink-downlink configuration and subframe
_TDD_PHICH = (
    (2, 1, 0, 0, 0, 2, 1, 0, 0, 0),
    (0, 1, 0, 0, 1, 0, 1, 0, 0, 1),
    (0, 0, 0, 1, 0, 0, 0, 0, 1, 0),
    (1, 0, 0, 0, 0, 0, 0, 0, 1, 1),
    (0, 0, 0, 0, 0, 0, 0, 0, 1, 1),
    (0, 0, 0, 0, 0, 0, 0, 0, 1, 0),
    (1, 1, 0, 0, 0, 1, 1, 0, 0, 1),
)


def phich_units(n_prb: int, phich_resource: int, tdd_config: int | None, subframe: int) -> int:
    """PHICH mapping units of a subframe, 36.211 6.9: groups, or pairs with extended prefix."""
    eighths = (n_prb, 3 * n_prb, 6 * n_prb, 12 * n_prb)[phich_resource]  # of N_g N_RB / 6
    factor = 1 if tdd_config is None else _TDD_PHICH[tdd_config][subframe]
    return -(-eighths // 48) * factor


@dataclass(frozen=True)
class ControlLayout:
    """Resource elements of the control channels, as places in (symbols x subcarriers) flattened.

    Attributes:
        pcfich: int64, (16,).
        phich: int64, (units, 12).
        pdcch: int64, (4 n_reg,): place of each symbol before the interleaver.
    """

    pcfich: NDArray[np.int64]
    phich: NDArray[np.int64]
    pdcch: NDArray[np.int64]

    @property
    def n_cce(self) -> int:
        """Control channel elements."""
        return self.pdcch.size // (4 * REGS_PER_CCE)


def _groups(key: FrameKey, symbol: int) -> NDArray[np.int64]:
    """Elements of the groups of one symbol, shape (groups, 4), lowest frequency first."""
    columns = np.arange(12 * key.n_prb)
    slot_symbol = symbol % key.slot_symbols
    # 36.211 6.2.4: with one port, the places of port 1 are kept free as well
    ports = range(max(2, key.n_ports))
    if any(slot_symbol in crs_symbols(key, port) for port in ports):
        pilots = np.zeros(columns.size, np.bool_)
        for place in range(2):
            pilots[(key.pci + 3 * place) % 6 :: 6] = True
        columns = columns[~pilots]
    return symbol * 12 * key.n_prb + columns.reshape(-1, 4)


@lru_cache(maxsize=128)
def control_layout(key: FrameKey, n_symbols: int, units: int) -> ControlLayout:
    """Place PCFICH, PHICH and PDCCH.

    Args:
        key: the repeating part of the cell.
        n_symbols: symbols of the control region, 1..4.
        units: PHICH mapping units.
    """
    width = 12 * key.n_prb
    by_symbol = [_groups(key, symbol) for symbol in range(n_symbols)]
    first = by_symbol[0]
    # 36.211 6.7.4: k = 6 (pci mod 2 N_RB) + 6 floor(i N_RB / 2), in groups of six elements
    pcfich = (key.pci % (2 * key.n_prb) + np.arange(4) * key.n_prb // 2) % (2 * key.n_prb)
    unused = np.ones(first.shape[0], np.bool_)
    unused[pcfich] = False
    free = np.flatnonzero(unused)
    # 36.211 6.9.3 with normal duration: all three groups stand in the first symbol
    n = free.size
    spread = np.array([0, n // 3, 2 * n // 3])
    phich = free[(key.pci + np.arange(units)[:, None] + spread) % n] if units else free[:0, None]
    unused[phich] = False
    rest = np.concatenate((first[unused], *by_symbol[1:]))
    symbol, column = np.divmod(rest[:, 0], width)
    # 36.211 6.8.5: groups by their lowest subcarrier, then by symbol. A group with reference
    # signals starts at a multiple of six although its first element may be one further.
    with_crs = np.array([groups.shape[0] == 2 * key.n_prb for groups in by_symbol])
    lowest = np.where(with_crs[symbol], column // 6 * 6, column)
    rest = rest[np.lexsort((symbol, lowest))]
    order = np.roll(sub_block_columns(rest.shape[0]), -key.pci)
    place = np.empty_like(rest)
    place[order] = rest
    return ControlLayout(first[pcfich].ravel(), first[phich].reshape(-1, 12), place.ravel())
