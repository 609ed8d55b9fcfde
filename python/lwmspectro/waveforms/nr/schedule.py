# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets which resources, and the control information that says so (TS 38.214 5.1.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..resource_indication import riv, riv_bits
from ..traffic import allocate
from . import dci
from .allocation import groups, is_run, longest_run
from .cell import Cell
from .codewords import DRAWS
from .control import Message, Occupancy, UplinkPlaces
from .coreset import TYPE0_CANDIDATES, candidates
from .plan import Plan, Transmission
from .signals import dmrs_symbols
from .ssb import Burst, touched_blocks
from .system import SI_RNTI, SystemInfo
from .tbs import transport_block_size

if TYPE_CHECKING:
    from .config import NrConfig

_IDLE_CONTROL = 0.1  # share of the control load left in slots without data
_RETRANSMIT = 0.1  # share of the blocks that are sent again where the size allows it
_VERSIONS = (0, 2, 3, 1)


def _forbidden(
    cfg: NrConfig,
    lengths: NDArray[np.int64],
    found: list[Burst],
    system_rows: list[tuple[int, int]],
    info: SystemInfo | None,
) -> NDArray[np.bool_]:
    """Blocks that users may not get, bool (slots, n_rb).

    A DM-RS may not meet a synchronisation block (38.214 5.1.4), and SIB1 gets all of CORESET 0.
    """
    out = np.zeros((lengths.size, cfg.n_rb), np.bool_)
    for burst in found:
        for row in range(burst.rows.start // 14, (burst.rows.stop - 1) // 14 + 1):
            reference = dmrs_symbols(cfg.dmrs_first, int(lengths[row]), cfg.dmrs_additional)
            if any(burst.rows.start <= 14 * row + s < burst.rows.stop for s in reference):
                out[row, touched_blocks(cfg)] = True
    if info is not None:
        for row, _ in system_rows:
            out[row, info.coreset.first_rb : info.coreset.first_rb + info.coreset.n_rb] = True
    return out


@lru_cache(maxsize=8)
def _uplink_places(rntis: tuple[int, ...], n_cce: int, slots: int) -> UplinkPlaces:
    """One table for all frames of a cell."""
    return UplinkPlaces(np.array(rntis), n_cce, slots)


class Scheduler:
    """Draws the plan of consecutive slots."""

    def __init__(self, cfg: NrConfig, cell: Cell) -> None:
        self.cfg, self.cell = cfg, cell
        self.slots_per_frame = 10 * cfg.slots_per_ms
        self.limited = cfg.pdcch_load > 0 and cfg.coreset.n_cce > 0
        self.static = cfg.repeat != "none"
        if self.limited:
            self.uplink = _uplink_places(
                tuple(cell.uplink.tolist()), cfg.coreset.n_cce, self.slots_per_frame
            )

    def plan(
        self,
        slots: NDArray[np.int64],
        lengths: NDArray[np.int64],
        found: list[Burst],
        info: SystemInfo | None,
        rng: np.random.Generator,
        data_rng: np.random.Generator,
    ) -> Plan:
        """Schedule consecutive slots.

        Args:
            slots: slot numbers.
            lengths: downlink symbols of each.
            found: synchronisation blocks of the window.
            info: how SIB1 is sent.
            rng: draws the allocation; the same state gives the same one.
            data_rng: draws the payloads.
        """
        cfg = self.cfg
        period = {"subframe": cfg.slots_per_ms, "slot": 1, "none": slots.size}.get(
            cfg.repeat, self.slots_per_frame
        )
        source = np.arange(slots.size) % period  # row whose random content each row shows
        drawn = source if cfg.repeat != "control" else np.arange(slots.size)
        first, width = cfg.pdsch_rb
        count = int(source.max()) + 1
        group = groups(cfg.crb_offset + first, width) if width else np.zeros(0, np.int64)
        n_groups = int(group[-1]) + 1 if width else 0
        users = np.zeros((slots.size, cfg.n_rb), np.intp)
        carries = np.array([cfg.carries_data(int(length)) for length in lengths])
        system_rows = self._system_rows(slots, info)
        if n_groups:
            part = allocate(cfg.traffic, count, n_groups, rng)[source]
            barred = _forbidden(cfg, lengths, found, system_rows, info)[:, first : first + width]
            lost = np.zeros((slots.size, n_groups), np.bool_)
            rows, blocks = np.nonzero(barred)
            lost[rows, group[blocks]] = True
            part = np.where(lost | ~carries[:, None], 0, part)
            users[:, first : first + width] = part[:, group]
        plan = Plan(source, users, carries, system_rows, [], [])
        seed = int(rng.integers(1 << 62))
        payloads = data_rng.integers(0, DRAWS, (slots.size, len(self.cell.users)))[drawn]
        for row in range(slots.size):
            own = np.random.default_rng((seed, int(source[row])))
            self._slot(
                plan, row, int(slots[row]), int(lengths[row]), payloads[row], found, own, info
            )
        if info is not None:
            self._system(plan, slots, info)
        return plan

    def _system_rows(
        self, slots: NDArray[np.int64], info: SystemInfo | None
    ) -> list[tuple[int, int]]:
        if info is None:
            return []
        place = slots % (2 * self.slots_per_frame)
        return [
            (int(row), time) for slot, time in info.slots for row in np.flatnonzero(place == slot)
        ]

    def _blocked(
        self, plan: Plan, row: int, found: list[Burst], info: SystemInfo | None
    ) -> NDArray[np.bool_]:
        """Control channel elements that something else overlaps (38.213 10.1)."""
        coreset = self.cfg.coreset
        ranges = []
        if info is not None and any(row == r for r, _ in plan.system_rows):
            ranges.append((info.coreset.first_rb, info.coreset.first_rb + info.coreset.n_rb))
        for burst in found:
            if burst.rows.start < 14 * row + coreset.n_symbols and burst.rows.stop > 14 * row:
                touched = touched_blocks(self.cfg)
                ranges.append((touched.start, touched.stop))
        out = np.zeros(coreset.n_cce, np.bool_)
        for low, high in ranges:
            out |= ((coreset.blocks >= low) & (coreset.blocks < high)).any(axis=1)
        return out

    def _slot(
        self,
        plan: Plan,
        row: int,
        slot: int,
        length: int,
        payloads: NDArray[np.int64],
        found: list[Burst],
        rng: np.random.Generator,
        info: SystemInfo | None,
    ) -> None:
        """Users and control information of one slot."""
        cfg, cell = self.cfg, self.cell
        in_frame = slot % self.slots_per_frame
        blocks = plan.users[row]
        room = None
        if self.limited and length >= cfg.coreset_symbols:
            room = Occupancy(cfg.coreset, self._blocked(plan, row, found, info))
        load = rng.binomial(cfg.coreset.n_cce, cfg.pdcch_load) if room else 0
        for user in np.unique(blocks[blocks > 0]) - 1:
            mask = blocks == user + 1
            if not cfg.traffic.scattered and not is_run(mask):
                mask = longest_run(mask)
                blocks[(blocks == user + 1) & ~mask] = 0
            member = cell.users[user]
            place = None
            if self.limited:
                if room is not None:
                    place = room.take(member.rnti, in_frame, self.slots_per_frame, member.level)
                if place is None:  # nobody hears of it, so nobody is served
                    blocks[mask] = 0
                    continue
            size = self._size(int(mask.sum()), length, user)
            process, ndi, payload, version = self._harq(int(user), size, int(payloads[user]), rng)
            plan.transmissions.append(Transmission(row, int(user), size, payload, version))
            if place is not None:
                bits = self._grant(int(user), mask, length, process, ndi, version)
                plan.messages.append(Message(row, cfg.coreset, *place, member.rnti, bits))
        if room is not None:
            if not blocks.any():
                load = rng.binomial(load, _IDLE_CONTROL)
            for rnti, start, level in self.uplink.fill(room, load, in_frame, rng):
                plan.messages.append(
                    Message(row, cfg.coreset, start, level, rnti, self._uplink(rng))
                )

    def _size(self, n_rb: int, length: int, user: int) -> int:
        cfg, member = self.cfg, self.cell.users[user]
        reference = len(dmrs_symbols(cfg.dmrs_first, length, cfg.dmrs_additional))
        per_block = (6 if cfg.dmrs_type == 1 else 4) * cfg.dmrs_groups
        elements = 12 * (length - cfg.pdsch_start) - per_block * reference
        return transport_block_size(elements, n_rb, member.rate, member.order, member.layers)

    def _harq(
        self, user: int, size: int, payload: int, rng: np.random.Generator
    ) -> tuple[int, int, int, int]:
        """Process, new data indicator, payload and redundancy version of a transmission."""
        if self.static:  # test transmitters repeat themselves
            return 0, 0, payload, 0
        before = self.cell.last.get((user, size))
        if before is not None and before[3] < len(_VERSIONS) and rng.random() < _RETRANSMIT:
            process, ndi, payload, sent = before
        else:
            (process, ndi), sent = self.cell.next_process(user), 0
        self.cell.last[user, size] = (process, ndi, payload, sent + 1)
        return process, ndi, payload, _VERSIONS[sent]

    def _grant(
        self,
        user: int,
        mask: NDArray[np.bool_],
        length: int,
        process: int,
        ndi: int,
        version: int,
    ) -> NDArray[np.uint8]:
        """Control information for a user's shared channel."""
        cfg, member = self.cfg, self.cell.users[user]
        first, width = cfg.pdsch_rb
        times = cfg.time_allocations
        time = times.index((cfg.pdsch_start, length - cfg.pdsch_start))
        own = mask[first : first + width]
        alloc = riv(int(own.argmax()), int(own.sum()), width)
        if cfg.dci_format == "1_0":
            return dci.format_1_0(width, alloc, time, member.mcs, ndi, version, process)
        frequency = (riv_bits(width), alloc)
        if cfg.traffic.scattered:
            group = groups(cfg.crb_offset + first, width)
            bitmap = np.zeros(int(group[-1]) + 1, np.int64)
            bitmap[group[own]] = 1
            frequency = (bitmap.size, int("".join(map(str, bitmap)), 2))
        time_bits = (len(times) - 1).bit_length()
        dmrs = (cfg.dmrs_type, cfg.dmrs_groups, member.layers)
        return dci.format_1_1(
            width, frequency, (time_bits, time), member.mcs, ndi, version, process, dmrs
        )

    def _uplink(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """An uplink grant with random contents."""
        width = self.cfg.pdsch_rb[1] or self.cfg.n_rb
        count = int(rng.integers(1, width + 1))
        first = int(rng.integers(0, width - count + 1))
        mcs, ndi, process = (int(rng.integers(n)) for n in (28, 2, 16))
        return dci.format_0_0(width, riv(first, count, width), mcs, ndi, process)

    def _system(self, plan: Plan, slots: NDArray[np.int64], info: SystemInfo) -> None:
        """SIB1 and its control information, 38.213 13 and 38.214 5.1.2.1.1."""
        cfg, user = self.cfg, len(self.cell.users) - 1
        level = 8 if cfg.pci % 2 and info.coreset.n_cce >= 8 else 4
        for row, time in plan.system_rows:
            period = int(slots[row]) // (2 * self.slots_per_frame)
            version = _VERSIONS[period % 4]
            plan.users[row, info.coreset.first_rb : info.coreset.first_rb + info.n_rb] = user + 1
            size = info.size(cfg, time)
            plan.transmissions.append(Transmission(row, user, size, DRAWS + cfg.pci, version))
            alloc = riv(0, info.n_rb, info.coreset.n_rb)
            bits = dci.format_1_0_system(info.coreset.n_rb, alloc, time, info.mcs, version)
            places = candidates(info.coreset.n_cce, level, TYPE0_CANDIDATES[level], 0)
            start = places[int(slots[row]) % len(places)]
            plan.messages.append(Message(row, info.coreset, start, level, SI_RNTI, bits))
