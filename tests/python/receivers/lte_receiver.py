# SPDX-License-Identifier: GPL-3.0-or-later
"""An LTE receiver: from samples to transport blocks, everything found on the air.

It knows the standard's tables of transport block sizes, of MCS and of the turbo interleaver from
its caller, and shares nothing else with the transmitter under test. It was proven on recordings
of real cells and of srsRAN's transmitter before it judged anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from lte_broadcast_receiver import Mib, decode_mibs
from lte_control_receiver import ControlRegion
from lte_grid_receiver import demodulate
from lte_shared_receiver import (
    Assignment,
    data_elements,
    decode_block,
    parse_1,
    parse_1a,
    size_1,
    size_1a,
)
from lte_sync import FoundCell, find_cell

SI_RNTI = 0xFFFF
# 36.211 table 4.2-2
TDD_PATTERNS = ("DSUUUDSUUU", "DSUUDDSUUD", "DSUDDDSUDD", "DSUUUDDDDD", "DSUUDDDDDD")
TDD_PATTERNS += ("DSUDDDDDDD", "DSUUUDSUUD")


@dataclass(frozen=True)
class Tables:
    """Tables of 36.213 and 36.212 that a receiver cannot compute.

    Attributes:
        tbs: bits by TBS index and blocks - 1.
        mcs: (bits per symbol, TBS index) by MCS index, for receivers without and with 256QAM.
        qpp: (f1, f2) by block size.
    """

    tbs: np.ndarray
    mcs: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
    qpp: dict[int, tuple[int, int]]


@dataclass
class Received:
    """A transport block that was assigned; ``bits`` is None where its CRC was wrong."""

    subframe: int
    rnti: int
    assignment: Assignment
    per_symbol: int
    tbs: int
    bits: np.ndarray | None
    elements: list[tuple[int, int]]


@dataclass
class Report:
    """What was received.

    Attributes:
        cell, mib: as found.
        cfis: subframe and CFI of each control region.
        blocks: the transport blocks.
        unexplained: data elements of noticeable power that belong to no assignment found.
        silent: elements of found assignments without noticeable power.
    """

    cell: FoundCell
    mib: Mib
    cfis: dict[int, int] = field(default_factory=dict)
    blocks: list[Received] = field(default_factory=list)
    unexplained: int = 0
    silent: int = 0


def receive(
    iq: np.ndarray,
    samp_rate: float,
    tables: Tables,
    rntis: dict[int, bool],
    n_subframes: int,
    tdd_config: int | None = None,
    special_symbols: int = 14,
    special_share: float = 0.75,
    mbsfn: tuple[int, ...] = (),
    max_cfo_hz: float = 10e3,
) -> Report:
    """Receive a cell.

    Args:
        iq: samples at a rate that holds the whole carrier.
        samp_rate: a multiple of 15 kHz.
        tables: see ``Tables``.
        rntis: receivers to listen for, and whether each uses the 256QAM table.
        n_subframes: how many to receive.
        tdd_config: uplink-downlink configuration (told by SIB1, which needs it first).
        special_symbols: downlink symbols of a special subframe.
        special_share: factor of 36.213 7.1.7 on its resource blocks.
        mbsfn: subframes without a shared channel.
        max_cfo_hz: largest carrier offset.
    """
    cell = find_cell(iq, samp_rate, max_cfo_hz, keep=2)
    mibs = decode_mibs(iq, samp_rate, cell, combine=1)
    if not mibs:
        raise ValueError(f"no MIB with a right CRC: {cell}")
    mib = mibs[0]
    report = Report(cell, mib)
    pattern = "D" * 10 if tdd_config is None else TDD_PATTERNS[tdd_config]
    for count in range(n_subframes):
        n = count % 10
        if pattern[n] == "U":
            continue
        grid = demodulate(iq, samp_rate, cell, count, mib.n_prb)
        if grid is None:
            break
        symbols = None
        if pattern[n] == "S":
            symbols = special_symbols
            grid[symbols:] = 0
        region = ControlRegion(grid, cell, mib, n, tdd_config)
        report.cfis[count] = region.cfi
        if n in mbsfn or (symbols is not None and symbols < 6):
            continue
        found = _assignments(region, mib, cell.tdd, rntis)
        everything = data_elements(
            cell, mib, n, region.n_symbols, np.ones((2, mib.n_prb), bool), symbols
        )
        power = np.abs(grid) ** 2 / np.mean(np.abs(grid[0]) ** 2)
        loud = {at for at in everything if power[at] > 0.01}
        for rnti, assignment, compact in found:
            at = data_elements(cell, mib, n, region.n_symbols, assignment.blocks, symbols)
            blocks = int(assignment.blocks[0].sum())
            if rnti == SI_RNTI:
                per_symbol = 2
                tbs = int(tables.tbs[assignment.mcs, 2 if assignment.power & 1 else 1])
            else:
                if symbols is not None:
                    blocks = max(int(blocks * special_share), 1)
                table = tables.mcs[rntis[rnti] and not compact]
                per_symbol, row = table[assignment.mcs]
                tbs = int(tables.tbs[row, blocks - 1])
            bits = decode_block(
                grid,
                region.channels,
                cell,
                mib,
                n,
                at,
                rnti,
                tbs,
                per_symbol,
                assignment.version,
                tables.qpp,
            )
            report.blocks.append(Received(count, rnti, assignment, per_symbol, tbs, bits, at))
            report.silent += (
                sum(a not in loud for a in at) if per_symbol == 2 and mib.n_ports == 1 else 0
            )
            loud -= set(at)
        report.unexplained += len(loud)
    return report


def _assignments(
    region: ControlRegion, mib: Mib, tdd: bool, rntis: dict[int, bool]
) -> list[tuple[int, Assignment, bool]]:
    """(RNTI, assignment, whether by format 1A) of every message found."""
    out = []
    compact, full = size_1a(mib.n_prb, tdd), size_1(mib.n_prb, tdd)
    for dci in region.search(SI_RNTI, compact, common=True)[:1]:
        assignment = parse_1a(dci.bits, mib.n_prb, tdd)
        if assignment is not None:
            out.append((SI_RNTI, assignment, True))
    served = set()
    for dci in region.search_all(list(rntis), compact):
        assignment = parse_1a(dci.bits, mib.n_prb, tdd)
        if assignment is not None and dci.rnti not in served:
            served.add(dci.rnti)
            out.append((dci.rnti, assignment, True))
    for dci in region.search_all(list(rntis), full):
        if dci.rnti not in served:
            served.add(dci.rnti)
            out.append((dci.rnti, parse_1(dci.bits, mib.n_prb, tdd), False))
    return out
