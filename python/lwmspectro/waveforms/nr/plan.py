# SPDX-License-Identifier: GPL-3.0-or-later
"""What a window of slots carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .control import Message


class Transmission(NamedTuple):
    """A transport block in a slot.

    Attributes:
        row: slot within the window.
        user: index of the user, ``len(cell.users) - 1`` for SIB1.
        tbs: bits of the block.
        payload: index of ``codewords.payload``.
        version: redundancy version.
    """

    row: int
    user: int
    tbs: int
    payload: int
    version: int


@dataclass
class Plan:
    """What a window carries.

    Attributes:
        source: row whose random decisions each row repeats, (slots,).
        users: 1 + index of the user of each block in each slot, 0 for none, (slots, n_rb).
        carries: slots with a shared channel of the users, bool (slots,).
        system_rows: (row, row of the time table) of the slots with SIB1.
        transmissions, messages: transport blocks and control information.
    """

    source: NDArray[np.int64]
    users: NDArray[np.intp]
    carries: NDArray[np.bool_]
    system_rows: list[tuple[int, int]]
    transmissions: list[Transmission]
    messages: list[Message]
