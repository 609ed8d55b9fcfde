# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what each subframe carries: assignments, their control messages and their places."""

from __future__ import annotations

import random
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ..resource_indication import riv
from . import mcs
from .allocation import distributed, distributed_count, group_size
from .control import Message
from .dci import SI_RNTI, Formats
from .places import ControlRegion, data_places
from .plan import Codeword, Grant, Subframe
from .regs import ControlLayout, control_layout, phich_units
from .search_space import UE_CANDIDATES, start, starts
from .users import Cell, User

_LEVELS = (1, 2, 4, 8)
_LEVEL_WEIGHTS = tuple(accumulate((0.35, 0.35, 0.2, 0.1)))
_MAX_DCI_RATE = 0.75  # a message takes two elements rather than be coded less
_IDLE_CONTROL = 0.1  # share of the control load left in subframes without data
_ANSWERS = 0.5  # share of the answers of a PHICH group in use under full control load
_COMPACT = 0.25  # share of contiguous assignments that use format 1A
_PROCESSES = (4, 7, 10, 9, 12, 15, 6)  # 36.213 table 7-1, HARQ processes in TDD


class Scheduler:
    """Plans the subframes of a cell, one after the other."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        cfg = cell.cfg
        self.cfg = cfg
        self.key = cfg.frame_key
        self.formats = Formats(cfg.n_prb, self.key.tdd, len(cfg.port_gains))
        self.rbg = group_size(cfg.n_prb)
        self.processes = 8 if cfg.tdd_config is None else _PROCESSES[cfg.tdd_config]
        self._layouts: dict[tuple[int, int], tuple[int, ControlLayout]] = {}
        share, drawn = round(256 * _ANSWERS * cfg.pdcch_load), np.arange(256)
        self._answers = (drawn < share).astype(np.int8) - 2 * (drawn < share // 2).astype(np.int8)
        self.short_special = cfg.special_config == (7 if cfg.extended_cp else 9)

    def control_symbols(self, cfi: int) -> int:
        """Symbols of the control region, 36.211 table 6.7-1 and 36.212 5.3.4."""
        return cfi + 1 if self.cfg.n_prb <= 10 else cfi

    def _layout(self, subframe: int, cfi: int) -> tuple[int, ControlLayout]:
        """PHICH mapping units, and the places of the control channels."""
        if (subframe, cfi) not in self._layouts:
            cfg = self.cfg
            units = phich_units(cfg.n_prb, cfg.phich_resource, cfg.tdd_config, subframe)
            layout = control_layout(self.key, self.control_symbols(cfi), units)
            self._layouts[subframe, cfi] = units, layout
        return self._layouts[subframe, cfi]

    def _cfi(self, subframe: int, system_info: bool, draw: random.Random) -> int:
        cfi = self.cfg.cfi or draw.randint(1, 3)
        if self.key.pattern[subframe] == "S" or subframe in self.key.mbsfn:
            top = 1 if self.cfg.n_prb <= 10 else 2  # 36.211 table 6.7-1
            cfi = top if self.key.n_ports == 4 else min(cfi, top)
        while system_info and cfi < 3 and self._layout(subframe, cfi)[1].n_cce < 4:
            cfi += 1  # system information needs four elements, 36.213 table 9.1.1-1
        return cfi

    def plan(
        self,
        number: int,
        users: NDArray[np.uint8],
        draw: random.Random,
        draw_blocks: random.Random,
    ) -> Subframe:
        """Plan one downlink or special subframe.

        Args:
            number: of the subframe, counted from the start of system frame 0.
            users: number of the user in each resource block group, 0 for none.
            draw: decides everything but the transport blocks.
            draw_blocks: picks the transport blocks.

        Returns:
            The plan. Users whose message finds no place hand their blocks to one who has one.
        """
        cfg, within = self.cfg, number % 10
        system_info = cfg.system_info and number % 20 == 5  # 36.331 5.2.1.2
        cfi = self._cfi(within, system_info, draw)
        units, layout = self._layout(within, cfi)
        bytes_drawn = np.frombuffer(draw.randbytes(8 * units), np.uint8).reshape(units, 8)
        answers = self._answers[bytes_drawn]
        subframe = Subframe(number, cfi, self.control_symbols(cfi), units, answers)
        region = ControlRegion(layout.n_cce)
        if system_info:
            users = self._system_information(subframe, region, users)
        special = self.key.pattern[within] == "S"
        if within not in self.key.mbsfn and not (special and self.key.dwpts < 6):
            self._users(subframe, region, users, draw, draw_blocks)
        load = cfg.pdcch_load * (1.0 if subframe.grants else _IDLE_CONTROL)
        self._uplink_grants(subframe, region, round(load * region.n_cce), draw)
        return subframe

    def _system_information(
        self, subframe: Subframe, region: ControlRegion, users: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """SIB1 by DCI format 1A in the common search space; returns what is left to the users."""
        cfg = self.cfg
        place = region.place(0, [4, 8], common=True)
        if place is None:
            return users
        blocks = min(8, distributed_count(cfg.n_prb)) if cfg.n_prb > 6 else 4
        slots = np.zeros((2, cfg.n_prb), np.bool_)
        if cfg.sib1_distributed:
            for slot in (0, 1):
                slots[slot, distributed(cfg.n_prb)[slot, :blocks]] = True
        else:
            slots[:, :blocks] = True
        bits = self.cell.system_information
        size, index, column = mcs.system_info_size(bits.size)
        message = np.zeros(size, np.uint8)  # 36.331 8.5: padded with zeros
        message[: bits.size] = bits
        k = subframe.number // 20 % 4
        version = -(-3 * k // 2) % 4  # 36.321 5.3.1
        payload, width = self.formats.format1a(
            riv(0, blocks, cfg.n_prb),
            index,
            version=version,
            power=column - 2,
            distributed=cfg.sib1_distributed,
        )
        subframe.messages.append(Message(payload, width, SI_RNTI, *place))
        places = data_places(self.key, subframe.number % 10, subframe.n_control, slots.tobytes())
        codeword = Codeword(size, message=message.tobytes(), version=version)
        subframe.grants.append(Grant(SI_RNTI, places, 2, 1.0, (), (codeword,), index))
        # a group with system information in it is not shared
        busy = np.add.reduceat(slots.any(axis=0), np.arange(0, cfg.n_prb, self.rbg)) > 0
        return np.where(busy, 0, users).astype(np.uint8)

    def _users(
        self,
        subframe: Subframe,
        region: ControlRegion,
        users: NDArray[np.uint8],
        draw: random.Random,
        draw_blocks: random.Random,
    ) -> None:
        """Assignments of the shared channel to users, each with its message."""
        numbers = sorted(set(users.tolist()) - {0})
        if not numbers:
            return
        draw.shuffle(numbers)
        within = subframe.number % 10
        seated: list[tuple[int, tuple[int, int]]] = []
        lost: list[int] = []
        for number in numbers:
            user = self.cell.users[number - 1]
            width = self.formats.format2_bits if user.layers else self.formats.format1_bits
            least = 2 if width + 16 > 72 * _MAX_DCI_RATE else 1
            wanted = draw.choices(_LEVELS, cum_weights=_LEVEL_WEIGHTS)[0]
            levels = [wanted, *(level for level in _LEVELS if level != wanted)]
            place = region.place(
                start(user.rnti, within), [v for v in levels if v >= least], common=False
            )
            if place is None:
                lost.append(number)
            else:
                seated.append((number, place))
        if not seated:
            return
        if lost:
            heir = seated[0][0]
            users = np.array([heir if n in lost else n for n in users.tolist()], np.uint8)
        for number, place in seated:
            user = self.cell.users[number - 1]
            if not self._assign(subframe, user, users == number, place, draw, draw_blocks):
                region.give_back(*place)

    def _assign(
        self,
        subframe: Subframe,
        user: User,
        groups: NDArray[np.bool_],
        place: tuple[int, int],
        draw: random.Random,
        draw_blocks: random.Random,
    ) -> bool:
        """Assign groups to a user; False where not even the lowest MCS allowed would do."""
        cfg = self.cfg
        within = subframe.number % 10
        blocks = np.repeat(groups, self.rbg)[: cfg.n_prb]
        places = data_places(self.key, within, subframe.n_control, 2 * blocks.tobytes())
        counted = n_blocks = int(np.count_nonzero(blocks))
        if self.key.pattern[within] == "S":  # 36.213 7.1.7
            counted = max(n_blocks * (3 if self.short_special else 6) // 8, 1)
        table = mcs.table(user.with_256qam)
        index = user.mcs
        while index >= user.lowest:
            bits, row = table[index]
            size = mcs.block_size(row, counted)
            if mcs.fits(size, bits * places.size):
                break
            index -= 1
        else:
            return False
        # a transmitter that repeats its control messages cannot count in them
        process = subframe.number % self.processes if cfg.repeat == "none" else 0
        codewords = tuple(
            Codeword(size, draw_blocks.getrandbits(16)) for _ in range(max(1, len(user.layers)))
        )
        flags = [0] * len(codewords)
        if cfg.repeat == "none":
            flags = [user.toggle(process, block) for block in range(len(codewords))]
        marks = "".join("1" if g else "0" for g in groups.tolist())
        bitmap, contiguous = int(marks, 2), "0" not in marks.strip("0")
        if user.layers:
            payload, width = self.formats.format2(
                bitmap, [(index, flag, 0) for flag in flags], process, user.precoding
            )
        elif contiguous and not user.with_256qam and draw.random() < _COMPACT:
            first = int(np.argmax(blocks))
            payload, width = self.formats.format1a(
                riv(first, n_blocks, cfg.n_prb), index, process, flags[0], power=1
            )
        else:
            payload, width = self.formats.format1(bitmap, index, process, flags[0])
        subframe.messages.append(Message(payload, width, user.rnti, *place))
        subframe.grants.append(
            Grant(
                rnti=user.rnti,
                places=places,
                bits=bits,
                amplitude=user.amplitude,
                layers=user.layers,
                codewords=codewords,
                mcs=index,
                with_256qam=user.with_256qam,
            )
        )
        return True

    def _uplink_grants(
        self, subframe: Subframe, region: ControlRegion, target: int, draw: random.Random
    ) -> None:
        """Fill the control region to a number of elements with uplink grants of other users."""
        if region.count >= target:
            return
        others = self.cell.others
        y = starts(others, subframe.number % 10)
        n_riv = self.cfg.n_prb * (self.cfg.n_prb + 1) // 2
        while region.count < target:
            room = target - region.count
            level = draw.choices(_LEVELS, cum_weights=_LEVEL_WEIGHTS)[0]
            while level > 1 and (level > room or level > region.n_cce):
                level //= 2
            free = region.open_places(level)
            if not free:
                level = 1
                free = region.open_places(level)
            places = region.n_cce // level
            i = free[int(draw.random() * len(free))]
            listening = np.flatnonzero((i - y) % places < UE_CANDIDATES[level])
            if not listening.size:  # none of the users looks there, so it stays empty
                region.take(level * i, level)
                continue
            rnti = int(others[listening[int(draw.random() * listening.size)]])
            flags = draw.getrandbits(6)
            payload, width = self.formats.format0(
                int(draw.random() * n_riv),  # every value stands for some blocks
                int(draw.random() * 21),
                flags & 1,
                1,
                flags >> 1 & 7,
                flags >> 4,
            )
            region.take(level * i, level)
            subframe.messages.append(Message(payload, width, rnti, level * i, level))
