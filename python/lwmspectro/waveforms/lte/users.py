# SPDX-License-Identifier: GPL-3.0-or-later
"""The receivers that a cell serves and what it remembers of them between subframes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..sequences import MODULATION_BITS
from ..traffic import allocate
from . import mcs
from .allocation import group_count
from .sib1 import SystemInformation

if TYPE_CHECKING:
    from .config import LteConfig

_Option = TypeVar("_Option")

_RNTI_RANGE = (0x003D, 0xFFF4)  # 36.321 table 7.1-1
_PERIODS = {"frame": 10, "subframe": 1, "control": 10}
_OTHERS = 128  # users whose uplink grants fill the control region
_PRECODERS = np.array([[1, 1], [1, -1], [1, 1j], [1, -1j]])  # 36.211 table 6.3.4.2.3-1
_PAIRS = (np.array([[1, 1], [1, -1]]), np.array([[1, 1j], [1, -1j]]))  # rows are layers


@dataclass
class User:
    """One receiver.

    Attributes:
        rnti: its C-RNTI.
        with_256qam: its MCS table.
        mcs: MCS index wanted; less where the code rate would be too high.
        lowest: smallest MCS index allowed.
        amplitude: of its resource elements.
        layers: complex gain of each spatial layer; empty for one port or transmit diversity.
        precoding: precoding information of DCI format 2.
        new_data: new data indicators by (HARQ process, transport block).
    """

    rnti: int
    with_256qam: bool
    mcs: int
    lowest: int
    amplitude: float
    layers: tuple[complex, ...] = ()
    precoding: int = 0
    new_data: dict[tuple[int, int], int] = field(default_factory=dict)

    def toggle(self, process: int, block: int) -> int:
        """New data indicator for the next transport block of a process."""
        value = 1 - self.new_data.get((process, block), 1)
        self.new_data[process, block] = value
        return value


def _layers(gains: NDArray[np.complex128], two: bool, draw: int) -> tuple[tuple[complex, ...], int]:
    """Gains of one or two spatial layers on two ports, and the precoding information.

    36.212 table 5.3.3.1.5-4 numbers the precoders: 1 to 4 with one codeword, 0 and 1 with two.
    """
    if two:
        matrix = _PAIRS[draw % 2] / 2
        return tuple(complex(v) for v in matrix @ gains), draw % 2
    return (complex(_PRECODERS[draw % 4] @ gains * np.sqrt(0.5)),), 1 + draw % 4


def _pick(options: Sequence[_Option], rng: np.random.Generator) -> _Option:
    """One of equally likely options, as ``rng.choice`` but without its array."""
    return options[int(rng.integers(len(options)))]


def _user(cfg: LteConfig, rnti: int, rng: np.random.Generator) -> User:
    modulation = cfg.modulation
    if modulation == "mixed":
        # a receiver that was told an RNTI of the configuration expects the default table
        with_256qam = cfg.mcs is None and rnti not in cfg.rntis and rng.random() < 0.25
        allowed = range(len(mcs.table(with_256qam)))
        bits = _pick((2, 4, 6, 8) if with_256qam else (2, 4, 6), rng)
        picked = mcs.indices(bits, with_256qam)
    else:
        with_256qam = modulation == "256qam"
        allowed = picked = mcs.indices(MODULATION_BITS[modulation], with_256qam)
    index = _pick(picked, rng) if cfg.mcs is None else cfg.mcs
    lowest = allowed[0] if cfg.mcs is None else cfg.mcs
    amplitude = 10 ** (_pick(cfg.power_offsets_db, rng) / 20)
    layers: tuple[complex, ...] = ()
    precoding = 0
    if len(cfg.port_gains) == 2 and cfg.two_layers and rng.random() < 0.8:
        two = bool(rng.random() < 0.75)
        layers, precoding = _layers(np.array(cfg.port_gains), two, int(rng.integers(4)))
    return User(rnti, with_256qam, index, lowest, amplitude, layers, precoding)


class Cell:
    """A cell with its users; carries what outlives a subframe.

    Attributes:
        cfg: the cell.
        users: those of the shared channel, by number less one.
        others: RNTIs of users who only get uplink grants, int64.
        system_information: bits of SIB1.
    """

    def __init__(self, cfg: LteConfig, rng: np.random.Generator, ahead: int = 0) -> None:
        """Draw the users.

        Args:
            cfg: the cell.
            rng: source of randomness.
            ahead: subframes whose traffic is drawn at a time, so that bursts outlast a call.
        """
        self.cfg = cfg
        self._ahead = ahead
        self._waiting = np.empty((0, group_count(cfg.n_prb)), np.uint8)
        n_users = cfg.traffic.n_users
        taken = set(cfg.rntis)
        drawn = [int(v) for v in rng.integers(*_RNTI_RANGE, n_users + _OTHERS)]
        fresh = [v for v in dict.fromkeys(drawn) if v not in taken]
        rntis = [*cfg.rntis, *fresh][:n_users]
        self.users = [_user(cfg, rnti, rng) for rnti in rntis]
        self.others = np.array([v for v in fresh if v not in rntis], np.int64)
        information = SystemInformation.random(
            rng, cfg.tdd_config, cfg.special_config, cfg.extended_cp
        )
        self.system_information = information.encode()

        self._period = _PERIODS.get(cfg.repeat, 0)
        if self._period:
            self._users = self._allocate(self._period, rng)
            self._seeds = rng.integers(0, 2**62, self._period)

    def _allocate(self, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        if len(self._waiting) < count:
            n_groups = group_count(self.cfg.n_prb)
            drawn = allocate(self.cfg.traffic, max(count, self._ahead), n_groups, rng)
            self._waiting = np.concatenate((self._waiting, drawn))
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        return now

    def draws(
        self, subframes: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], list[int], list[int]]:
        """What decides the contents of subframes; repeats where the cell repeats.

        Args:
            subframes: consecutive numbers.
            rng: source of randomness.

        Returns:
            User number of each resource block group (subframes, groups), 0 for none; a seed of
            each subframe, and one for its transport blocks.
        """
        count = int(subframes.size)
        fresh = rng.integers(0, 2**62, (2, count))
        if not self._period:
            return self._allocate(count, rng), fresh[0].tolist(), fresh[1].tolist()
        source = subframes % self._period
        seeds = self._seeds[source]
        blocks = fresh[1] if self.cfg.repeat == "control" else seeds
        return self._users[source], seeds.tolist(), blocks.tolist()
