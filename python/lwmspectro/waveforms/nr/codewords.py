# SPDX-License-Identifier: GPL-3.0-or-later
"""Coded transport blocks of the PDSCH, kept and used again.

Coding costs more than everything else in a slot, so each size of transport block has a pool of
``POOL`` random payloads that every cell and window shares. A block is drawn from its pool for
each transmission, rate-matched to the resource elements at hand and scrambled with the user's
and the cell's identity, so what is on the air repeats only when one user of one cell draws the
same payload for the same elements again. The payloads depend on the size alone: a process that
codes a block first or finds it here sends the same bits.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from ..coding import ldpc

POOL = 16
MAX_BYTES = 64 << 20
_SEED = 0x4E52  # "NR"


class _Cache:
    """Coded blocks, packed to bits, the least recently used dropped first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, int, int], NDArray[np.uint8]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, layout: ldpc.Segmentation, index: int) -> NDArray[np.uint8]:
        key = (layout.tbs, layout.graph, index)
        with self._lock:
            packed = self._known.get(key)
            if packed is not None:
                self._known.move_to_end(key)
        if packed is None:
            coded = ldpc.encode(ldpc.segment(payload(layout.tbs, index), layout), layout)
            packed = np.packbits(coded, axis=1)
            with self._lock:
                self._known[key] = packed
                self._bytes += packed.nbytes
                while self._bytes > MAX_BYTES:
                    self._bytes -= self._known.popitem(last=False)[1].nbytes
            return coded
        return np.unpackbits(packed, axis=1, count=layout.n)


_CACHE = _Cache()


def payload(tbs: int, index: int) -> NDArray[np.uint8]:
    """Random bits of a transport block, uint8 (tbs,).

    Args:
        tbs: size of the block.
        index: 0..POOL-1 for the pool, ``POOL + pci`` for SIB1 of a cell.
    """
    return np.random.default_rng([_SEED, tbs, index]).integers(0, 2, tbs, np.uint8)


def symbols(
    tbs: int, rate: float, index: int, count: int, order: int, layers: int, version: int, limit: int
) -> NDArray[np.uint8]:
    """A rate-matched transport block before its scrambling, TS 38.212 5.4.2.

    Args:
        tbs: bits of the transport block.
        rate: code rate of its MCS.
        index: of ``payload``.
        count: symbols of all layers together.
        order: bits per symbol.
        layers: spatial layers.
        version: redundancy version.
        limit: TBS_LBRM.

    Returns:
        uint8, shape (count,), bit i of an entry is b(i) of that symbol.
    """
    layout = ldpc.segmentation(tbs, rate)
    coded = _CACHE.get(layout, index)
    buffer = min(layout.n, limit * 3 // (2 * layout.n_blocks))  # R_LBRM = 2 / 3
    short, low, high = ldpc.block_lengths(layout, order * count, order * layers)
    parts = []
    if short:
        chosen = ldpc.select(coded[:short], layout, low, version, buffer)
        parts.append(ldpc.interleave(chosen, order).reshape(-1))
    if short < layout.n_blocks:
        chosen = ldpc.select(coded[short:], layout, high, version, buffer)
        parts.append(ldpc.interleave(chosen, order).reshape(-1))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
