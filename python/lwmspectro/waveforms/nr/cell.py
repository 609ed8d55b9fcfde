# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a cell serves: users, their schemes, and how they are heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..sequences import MODULATION_BITS, byte_table
from .coreset import LEVELS
from .system import SI_RNTI
from .tbs import MCS, modulation_indices

if TYPE_CHECKING:
    from .config import NrConfig

# Classes of resource elements. From USERS on, each user and precoder has three: data, and the
# DM-RS at the even and the odd place of its CDM pair, where two layers add and subtract.
EMPTY, CONTROL, CSI, USERS = 0, 1, 2, 4
PER_USER = 3
N_UPLINK = 64  # users that only get uplink grants
_HARQ_PROCESSES = 16
_MIXED = {"qpsk": 0.3, "16qam": 0.25, "64qam": 0.3, "256qam": 0.15}


@dataclass(frozen=True)
class User:
    """A receiver of the shared channel.

    Attributes:
        rnti: its identity.
        table: MCS table, 1 or 2.
        mcs: index in the table.
        layers: spatial layers, 1 or 2.
        level: aggregation level it is sent its control information with.
    """

    rnti: int
    table: int
    mcs: int
    layers: int
    level: int

    @property
    def order(self) -> int:
        """Bits per symbol."""
        return MCS[self.table][self.mcs][0]

    @property
    def rate(self) -> float:
        """Code rate."""
        return MCS[self.table][self.mcs][1] / 1024


@dataclass
class Cell:
    """The random part of a cell that lasts.

    Attributes:
        users: receivers; the last one is every receiver of SIB1.
        uplink: identities that only get uplink grants.
        first, second: complex64 (classes, 256), value of each class and byte for the first and
            the second layer; the second is None when nobody has two.
        harq: transmissions so far by user.
        last: (process, new data indicator, payload, times sent) by user and size.
    """

    users: tuple[User, ...]
    uplink: NDArray[np.int64]
    first: NDArray[np.complex64]
    second: NDArray[np.complex64] | None
    harq: dict[int, int] = field(default_factory=dict)
    last: dict[tuple[int, int], tuple[int, int, int, int]] = field(default_factory=dict)

    def next_process(self, user: int) -> tuple[int, int]:
        """HARQ process and new data indicator of a user's next new block."""
        count = self.harq.get(user, 0)
        self.harq[user] = count + 1
        return count % _HARQ_PROCESSES, count // _HARQ_PROCESSES % 2


def _scheme(cfg: NrConfig, rng: np.random.Generator) -> int:
    """MCS index of one user."""
    if cfg.mcs is not None:
        return cfg.mcs
    name = cfg.modulation
    if name == "mixed":
        usable = [n for n in MODULATION_BITS if modulation_indices(cfg.mcs_table, n)]
        share = np.array([_MIXED[n] for n in usable])
        name = str(rng.choice(usable, p=share / share.sum()))
    return int(rng.choice(modulation_indices(cfg.mcs_table, name)))


def draw_cell(cfg: NrConfig, rng: np.random.Generator) -> Cell:
    """Draw a cell's users and the gains they are heard with."""
    count = cfg.traffic.n_users + 1
    identities = 1 + rng.permutation(0xFFEF)[: cfg.traffic.n_users + N_UPLINK]
    levels = [n for n in LEVELS[:4] if n <= max(1, cfg.coreset.n_cce)]
    users = []
    first = np.zeros((USERS + PER_USER * cfg.precoders * count, 256), np.complex64)
    second = np.zeros_like(first)
    qpsk = byte_table("qpsk")
    first[CONTROL] = qpsk
    for k in (0, 1):
        first[CSI + k] = qpsk * np.exp(2j * np.pi * rng.random())
    names = {bits: name for name, bits in MODULATION_BITS.items()}
    row = USERS
    for number in range(count):
        system = number == count - 1
        layers = 2 if cfg.two_layers and not system and rng.random() < 0.6 else 1
        if system:
            user = User(SI_RNTI, 1, 0, 1, 4)
        else:
            level = int(rng.choice(levels))
            identity = int(identities[number])
            user = User(identity, cfg.mcs_table, _scheme(cfg, rng), layers, level)
        users.append(user)
        table = byte_table(names[user.order])
        power = 10 ** (float(rng.choice(cfg.power_offsets_db)) / 20)
        groups = 2 if system else cfg.dmrs_groups
        boost = np.sqrt(groups)  # 38.214 table 4.1-1
        fading = cfg.precoders > 1 or layers == 2
        for _ in range(cfg.precoders):
            gain = np.exp(2j * np.pi * rng.random(2)) * power / np.sqrt(layers)
            if fading:
                gain *= np.sqrt(0.5 + 0.5 * rng.exponential(size=2))
            first[row] = table * gain[0]
            other = gain[1] if layers == 2 else 0.0
            second[row] = table * other
            first[row + 1] = qpsk * (boost * (gain[0] + other))  # 38.211 table 7.4.1.1.2-1
            first[row + 2] = qpsk * (boost * (gain[0] - other))
            row += PER_USER
    uplink = identities[cfg.traffic.n_users :]
    return Cell(tuple(users), uplink, first, second if np.any(second) else None)
