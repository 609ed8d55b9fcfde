# SPDX-License-Identifier: GPL-3.0-or-later
"""Control channel: finds room for control information, codes it and maps it (TS 38.211 7.3.2)."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..coding import crc, polar
from ..sequences import gold, qpsk_codes
from .coreset import LEVELS, USER_CANDIDATES, Coreset, candidates, hashes


class Message(NamedTuple):
    """One piece of control information on the air.

    Attributes:
        row: slot within the window.
        coreset: where it is sent.
        start: first control channel element.
        level: aggregation level.
        rnti: identity that masks its check.
        bits: uint8, the payload.
    """

    row: int
    coreset: Coreset
    start: int
    level: int
    rnti: int
    bits: NDArray[np.uint8]


class Occupancy:
    """Control channel elements of one slot that are taken."""

    def __init__(self, coreset: Coreset, blocked: NDArray[np.bool_]) -> None:
        self.busy = blocked.copy()
        self.n_cce = coreset.n_cce

    @property
    def used(self) -> int:
        """Number of elements taken."""
        return int(self.busy.sum())

    def take(self, rnti: int, slot: int, slots: int, level: int) -> tuple[int, int] | None:
        """Reserve a free candidate of a user's search space.

        Args:
            rnti: the user.
            slot: slot in its frame.
            slots: slots of a frame.
            level: preferred aggregation level.

        Returns:
            First element and aggregation level; None where every candidate is taken.
        """
        y = hashes(rnti, slots)[slot]
        for size in sorted(LEVELS, key=lambda n: (n != level, abs(n - level), n)):
            if size > self.n_cce:
                continue
            for start in candidates(self.n_cce, size, USER_CANDIDATES[size], y):
                if not self.busy[start : start + size].any():
                    self.busy[start : start + size] = True
                    return start, size
        return None


class UplinkPlaces:
    """Candidates of the users that only get uplink grants, for every slot of a frame."""

    def __init__(self, rntis: NDArray[np.int64], n_cce: int, slots: int) -> None:
        self.rntis, self.n_cce = rntis, n_cce
        y = np.array([hashes(int(rnti), slots) for rnti in rntis])  # (users, slots)
        self.levels = [n for n in LEVELS[:4] if n <= n_cce]
        self.starts: dict[int, NDArray[np.int64]] = {}
        for level in self.levels:
            places = n_cce // level
            count = min(USER_CANDIDATES[level], places)
            m = np.arange(count) * n_cce // (level * count)
            self.starts[level] = level * ((y[..., None] + m) % places)

    def fill(
        self, taken: Occupancy, target: int, slot: int, rng: np.random.Generator
    ) -> list[tuple[int, int, int]]:
        """Grant until ``target`` elements are in use: (identity, first element, level) each."""
        out = []
        levels = list(self.levels)
        free = np.ones(self.rntis.size, np.bool_)
        room = target - taken.used
        while room > 0 and levels:
            level = levels[int(rng.integers(len(levels)))]
            starts = self.starts[level][:, slot]
            open_blocks = ~taken.busy[: self.n_cce // level * level].reshape(-1, level).any(axis=1)
            user, m = np.nonzero(open_blocks[starts // level] & free[:, None])
            if level > room or user.size == 0:
                levels.remove(level)
                continue
            pick = int(rng.integers(user.size))
            start = int(starts[user[pick], m[pick]])
            taken.busy[start : start + level] = True
            free[user[pick]] = False
            room -= level
            out.append((int(self.rntis[user[pick]]), start, level))
        return out


def encode(bits: NDArray[np.uint8], rntis: NDArray[np.int64], level: int) -> NDArray[np.uint8]:
    """Coded bits before their scrambling, TS 38.212 7.3.2 to 7.3.4.

    Args:
        bits: uint8, shape (messages, payload).
        rntis: identities, shape (messages,).
        level: aggregation level.

    Returns:
        uint8, shape (messages, 108 level).
    """
    lead = np.ones((bits.shape[0], 24), np.uint8)
    parity = crc.remainder(np.concatenate((lead, bits), axis=1), "24C")
    parity[:, 8:] ^= (rntis[:, None] >> np.arange(15, -1, -1) & 1).astype(np.uint8)
    return polar.encode(np.concatenate((bits, parity), axis=1), 108 * level)


def place(
    messages: list[Message],
    pci: int,
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    control: int,
) -> None:
    """Write messages into the grid, their DM-RS excepted.

    Args:
        messages: what is sent.
        pci: identity that scrambles them (no pdcch-DMRS-ScramblingID is configured).
        classes: uint8, (slots, 14, subcarriers): set to ``control`` where a message stands.
        codes: uint8 of the same shape: QPSK codes of the data.
        control: class of the control channel.
    """
    groups: dict[tuple[int, int], list[Message]] = defaultdict(list)
    for message in messages:
        groups[message.bits.size, message.level].append(message)
    for (_, level), group in groups.items():
        coded = encode(np.stack([m.bits for m in group]), np.array([m.rnti for m in group]), level)
        coded ^= gold(pci, coded.shape[1])  # 38.211 7.3.2.3, n_RNTI = 0
        symbols = qpsk_codes(coded)
        for message, values in zip(group, symbols, strict=True):
            data, dmrs = message.coreset.elements(message.start, level)
            cells = classes[message.row].reshape(-1)
            cells[data] = control
            cells[dmrs] = control
            codes[message.row].reshape(-1)[data] = values
