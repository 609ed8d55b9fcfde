# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an assignment goes: the resource elements of its data, the place of its message."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .frame import EMPTY, FrameKey, frame_template
from .search_space import candidates


@lru_cache(maxsize=8)
def _data_elements(key: FrameKey) -> tuple[NDArray[np.bool_], list[int]]:
    """Resource elements outside the control region that the shared channel may use.

    Returns:
        bool, shape (10, symbols, subcarriers); and of each subframe the first one like it.
    """
    template = frame_template(key)
    free = (template.classes == EMPTY) & template.downlink[:, :, None]
    found: dict[bytes, int] = {}
    return free, [found.setdefault(part.tobytes(), n) for n, part in enumerate(free)]


def data_places(key: FrameKey, subframe: int, n_control: int, blocks: bytes) -> NDArray[np.int64]:
    """Elements of an allocation in the order of mapping, 36.211 6.3.5.

    Args:
        key: the repeating part of the cell.
        subframe: 0..9.
        n_control: symbols of the control region.
        blocks: bool array (2 slots, n_prb) as bytes.
    """
    return _places(key, _data_elements(key)[1][subframe], n_control, blocks)


@lru_cache(maxsize=256)
def _places(key: FrameKey, subframe: int, n_control: int, blocks: bytes) -> NDArray[np.int64]:
    slots = np.frombuffer(blocks, np.bool_).reshape(2, key.n_prb)
    columns = np.repeat(slots, 12, axis=1)
    free = _data_elements(key)[0][subframe].reshape(2, key.slot_symbols, -1)
    picked = (free & columns[:, None]).reshape(2 * key.slot_symbols, -1)
    picked[:n_control] = False
    return np.flatnonzero(picked)


class ControlRegion:
    """The control channel elements of one subframe as they fill up."""

    def __init__(self, n_cce: int) -> None:
        self.n_cce = n_cce
        self.used = 0

    @property
    def count(self) -> int:
        """Elements in use."""
        return self.used.bit_count()

    def free(self, cce: int, level: int) -> bool:
        """Whether a message of this level may start at an element."""
        return not self.used >> cce & ((1 << level) - 1)

    def open_places(self, level: int) -> list[int]:
        """Places of a level, in units of it, whose elements are all free."""
        free = ~self.used & ((1 << self.n_cce) - 1)
        width = 1
        while width < level:
            free &= free >> width
            width *= 2
        return [i for i in range(self.n_cce // level) if free >> (level * i) & 1]

    def take(self, cce: int, level: int) -> None:
        """Use the elements of a message."""
        self.used |= ((1 << level) - 1) << cce

    def give_back(self, cce: int, level: int) -> None:
        """Free the elements of a message that is not sent after all."""
        self.used &= ~(((1 << level) - 1) << cce)

    def place(self, y: int, levels: list[int], common: bool = False) -> tuple[int, int] | None:
        """Take the first free candidate of the levels in turn; (element, level) or None."""
        for level in levels:
            for cce in candidates(y, self.n_cce, level, common):
                if self.free(cce, level):
                    self.take(cce, level)
                    return cce, level
        return None
