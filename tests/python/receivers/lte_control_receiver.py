# SPDX-License-Identifier: GPL-3.0-or-later
"""PCFICH and PDCCH of an LTE cell, from 3GPP TS 36.211 6.2.4, 6.7 to 6.9 and 36.213 9.1 alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lte_broadcast_receiver import Mib
from lte_fec import crc, dematch_conv, gold, viterbi
from lte_grid_receiver import channel, equalise, soft_bits
from lte_sync import FoundCell

# 36.211 table 6.9-1
_PHICH_FACTORS = ["21---21---", "01--101--1", "00-1000-10", "10---00011", "00--000011"]
_PHICH_FACTORS += ["00-0000010", "11---11--1"]
_COLUMNS = [1, 17, 9, 25, 5, 21, 13, 29, 3, 19, 11, 27, 7, 23, 15, 31]
_COLUMNS += [0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14, 30]


@dataclass(frozen=True)
class Dci:
    """A control message whose CRC was right."""

    bits: np.ndarray
    rnti: int
    cce: int
    level: int


def group(symbol: int, k: int, with_crs: bool, pci: int) -> list[tuple[int, int]]:
    """The four (symbol, subcarrier) of the group that starts at subcarrier k."""
    if not with_crs:
        return [(symbol, k + i) for i in range(4)]
    return [(symbol, k + i) for i in range(6) if (k + i) % 3 != pci % 3]


def regions(
    cell: FoundCell, mib: Mib, n_symbols: int, subframe: int, tdd_config: int | None = None
) -> tuple[list[list[tuple[int, int]]], list[list[tuple[int, int]]]]:
    """Groups of the PCFICH in order, and those of the PDCCH before interleaving."""
    n_prb, pci = mib.n_prb, cell.pci
    crs = {0} | ({1} if mib.n_ports == 4 else set()) | ({3} if cell.extended_cp else set())
    pcfich = []
    for i in range(4):
        k = 6 * (pci % (2 * n_prb)) + (i * n_prb // 2) * 6
        pcfich.append(k % (12 * n_prb))
    free = [k for k in range(0, 12 * n_prb, 6) if k not in pcfich]
    units = int(np.ceil((1 / 6, 1 / 2, 1, 2)[mib.phich_resource] * n_prb / 8 - 1e-9))
    if tdd_config is not None:
        units *= int(_PHICH_FACTORS[tdd_config][subframe].replace("-", "0"))
    phich = set()
    for m in range(units):
        for i in range(3):
            phich.add(free[(pci + m + i * len(free) // 3) % len(free)])
    rest = []
    for k in range(12 * n_prb):
        for symbol in range(n_symbols):
            if k % (6 if symbol in crs else 4):
                continue
            if symbol == 0 and (k in pcfich or k in phich):
                continue
            rest.append(group(symbol, k, symbol in crs, pci))
    count = len(rest)
    rows = -(-count // 32)
    matrix = [v - (32 * rows - count) for v in range(32 * rows)]
    order = [matrix[32 * r + c] for c in _COLUMNS for r in range(rows)]
    order = [v for v in order if v >= 0]
    quads: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for i in range(count):  # group i carries quadruplet order[(i + pci) mod count]
        quads[order[(i + pci) % count]] = rest[i]
    return [group(0, k, True, pci) for k in pcfich], quads


class ControlRegion:
    """The control region of one subframe.

    Attributes:
        cfi: as the PCFICH says.
        cfi_margin: correlation of its codeword over that of the second best.
        n_symbols: OFDM symbols.
        n_cce: control channel elements.
        channels: estimates of each port, (ports, symbols, subcarriers).
    """

    def __init__(
        self,
        grid: np.ndarray,
        cell: FoundCell,
        mib: Mib,
        subframe: int,
        tdd_config: int | None = None,
    ) -> None:
        self.cell, self.mib, self.subframe = cell, mib, subframe
        self.channels = np.array(
            [channel(grid, cell, subframe, mib.n_prb, p) for p in range(mib.n_ports)]
        )
        first, _ = regions(cell, mib, 1, subframe, tdd_config)
        c = gold((subframe + 1) * (2 * cell.pci + 1) * 512 + cell.pci, 32)
        soft = self._soft(grid, first) * (1 - 2.0 * c)
        words = [((0, 1, 1) * 11)[:32], ((1, 0, 1) * 11)[:32], ((1, 1, 0) * 11)[:32]]
        scores = [float(np.dot(soft, 1 - 2.0 * np.array(w))) for w in words]
        self.cfi = 1 + int(np.argmax(scores))
        self.cfi_margin = sorted(scores)[-1] - sorted(scores)[-2]
        self.cfi_score = max(scores) / np.abs(soft).sum()
        self.n_symbols = self.cfi + (mib.n_prb <= 10)
        _, quads = regions(cell, mib, self.n_symbols, subframe, tdd_config)
        self.n_cce = len(quads) // 9
        c = gold(subframe * 512 + cell.pci, 8 * len(quads))
        self.soft = self._soft(grid, quads) * (1 - 2.0 * c)

    def _soft(self, grid: np.ndarray, quads: list[list[tuple[int, int]]]) -> np.ndarray:
        at = np.array(quads).reshape(-1, 2)
        h = self.channels[:, at[:, 0], at[:, 1]]
        return soft_bits(*equalise(grid[at[:, 0], at[:, 1]], h), 2)

    def _candidates(self, rnti: int, common: bool) -> list[tuple[int, int]]:
        y = 0
        if not common:
            y = rnti
            for _ in range(self.subframe + 1):
                y = 39827 * y % 65537
        table = {4: 4, 8: 2} if common else {1: 6, 2: 6, 4: 2, 8: 2}
        out = []
        for level, count in table.items():
            for m in range(count):
                if self.n_cce // level:
                    cce = level * ((y + m) % (self.n_cce // level))
                    if (cce, level) not in out:
                        out.append((cce, level))
        return out

    def _decode(self, where: list[tuple[int, int]], size: int) -> list[tuple[np.ndarray, int]]:
        streams = []
        for cce, level in where:
            soft = self.soft[72 * cce : 72 * (cce + level)]
            streams.append(dematch_conv(soft / (np.mean(np.abs(soft)) + 1e-12), size + 16))
        words = viterbi(np.array(streams))
        return [
            (w[:size], crc(w[:size], "16") ^ int("".join(map(str, w[size:].tolist())), 2))
            for w in words
        ]

    def search(self, rnti: int, size: int, common: bool = False) -> list[Dci]:
        """Messages of a size for an RNTI in its search space."""
        return self.search_all([rnti], size, common)

    def search_all(self, rntis: list[int], size: int, common: bool = False) -> list[Dci]:
        """Messages of a size for several RNTIs, each in its own search space."""
        wanted = [(at, rnti) for rnti in rntis for at in self._candidates(rnti, common)]
        if not wanted:
            return []
        where = sorted({at for at, _ in wanted})
        decoded = dict(zip(where, self._decode(where, size), strict=True))
        return [
            Dci(decoded[at][0], rnti, *at)
            for at, rnti in wanted
            if decoded[at][1] == rnti and self._agrees(decoded[at][0], rnti, *at)
        ]

    def _agrees(self, bits: np.ndarray, rnti: int, cce: int, level: int) -> bool:
        """Whether the message, coded again, is what was received: 16 bits of CRC err too often."""
        parity = crc(bits, "16") ^ rnti
        word = np.r_[bits, [parity >> i & 1 for i in range(15, -1, -1)]].astype(int)
        n = word.size
        coded = np.zeros((3, n), int)
        for i, generator in enumerate((0o133, 0o171, 0o165)):
            for delay in range(7):
                if generator >> (6 - delay) & 1:
                    coded[i] ^= np.roll(word, delay)
        # the decoder's own rate dematching, turned around
        marks = dematch_conv(np.eye(72 * level), n).reshape(72 * level, -1).argmax(axis=1)
        sent = 1 - 2 * coded.ravel()[marks]
        soft = self.soft[72 * cce : 72 * (cce + level)]
        return float(np.dot(sent, soft)) > 0.85 * float(np.abs(soft).sum())
