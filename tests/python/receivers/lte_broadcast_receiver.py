# SPDX-License-Identifier: GPL-3.0-or-later
"""Decodes the MIB of an LTE cell, from 3GPP TS 36.211 6.6, 36.212 5.3.1 and 36.331 alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lte_fec import crc, dematch_conv, gold, viterbi
from lte_grid_receiver import channel, demodulate, equalise, slot_symbols, soft_bits
from lte_sync import FoundCell

_MASKS = {0x0000: 1, 0xFFFF: 2, 0x5555: 4}


@dataclass(frozen=True)
class Mib:
    """What one MIB said: the system frame number is that of the cell's frame ``frame``."""

    frame: int
    sfn: int
    n_prb: int
    phich_extended: bool
    phich_resource: int
    n_ports: int
    frames_combined: int


def broadcast_soft(grid: np.ndarray, cell: FoundCell, ports: int) -> np.ndarray:
    """Soft bits (480,) or (432,) of the PBCH in subframe 0, before descrambling."""
    per = slot_symbols(cell.extended_cp)
    keep = np.ones((4, 72), bool)
    columns = np.arange(72) % 3 == cell.pci % 3  # 36.211 6.6.4: as if there were four ports
    keep[:2, columns] = False
    if cell.extended_cp:
        keep[3, columns] = False
    y = grid[per : per + 4][keep]
    h = np.array(
        [channel(grid, cell, 0, 6, p, noise=0.1)[per : per + 4][keep] for p in range(ports)]
    )
    return soft_bits(*equalise(y, h), 2)


def read_mib(bits: np.ndarray) -> tuple[int, bool, int, int]:
    """(n_prb, PHICH duration extended, PHICH resource index, upper SFN bits)."""
    value = int("".join(map(str, bits.tolist())), 2)
    n_prb = (6, 15, 25, 50, 75, 100, 0, 0)[value >> 21]
    return n_prb, bool(value >> 20 & 1), value >> 18 & 3, value >> 10 & 255


def decode_mibs(iq: np.ndarray, samp_rate: float, cell: FoundCell, combine: int = 4) -> list[Mib]:
    """Every MIB that can be decoded from 1 to ``combine`` consecutive frames."""
    length = 1728 if cell.extended_cp else 1920
    scrambling = 1 - 2 * gold(cell.pci, length).reshape(4, -1).astype(float)
    grids = []
    frame = 0
    while (grid := demodulate(iq, samp_rate, cell, 10 * frame, 6)) is not None:
        grids.append(grid)
        frame += 1
    found = []
    for ports in (1, 2, 4):
        soft = [broadcast_soft(grid, cell, ports) for grid in grids]
        soft = np.array([s / np.sqrt(np.mean(s**2) + 1e-30) for s in soft])
        tries = []
        for first in range(len(soft)):
            for phase in range(4):  # of the first frame within 40 ms
                for count in range(1, min(combine, 4 - phase, len(soft) - first) + 1):
                    received = np.zeros_like(scrambling)
                    part = slice(phase, phase + count)
                    received[part] = soft[first : first + count] * scrambling[part]
                    tries.append((first, phase, count, dematch_conv(received.ravel(), 40)))
        if not tries:
            continue
        words = viterbi(np.array([t[3] for t in tries]))
        for (first, phase, count, _), word in zip(tries, words, strict=True):
            parity = int("".join(map(str, word[24:].tolist())), 2)
            if _MASKS.get(crc(word[:24], "16") ^ parity) != ports:
                continue
            n_prb, extended, resource, upper = read_mib(word[:24])
            if n_prb and not np.any(word[14:24]):  # spare bits are zero
                found.append(Mib(first, 4 * upper + phase, n_prb, extended, resource, ports, count))
    return found
