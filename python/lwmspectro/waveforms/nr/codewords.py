# SPDX-License-Identifier: GPL-3.0-or-later
"""Coded transport blocks of the PDSCH, made of a few that are kept.

Coding costs more than everything else in a slot. The code is linear, its checks too (all start
from zero), so the sum of coded blocks is the coded block of the summed payloads: each size of
transport block has a pool of ``POOL`` random payloads that every cell and window shares, and a
transmission draws ``PARTS`` of them and sends their sum, rate-matched to the resource elements
at hand and scrambled with the user's and the cell's identity. Two transmissions of a user send
the same once in some 1,300 times; without the sums it would be once in ``POOL``, and a receiver
that looks for what comes again would see it. The payloads depend on the size alone: a process
that codes a block first or finds it here sends the same bits.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from ..coding import ldpc

POOL = 16
PARTS = 4
DRAWS = POOL**PARTS
"""Indices of payloads; those from here on are of system information."""

MAX_BYTES = 64 << 20
_SEED = 0x4E52  # "NR"


class _Cache:
    """Coded blocks, packed to bits, the least recently used dropped first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, int, int], NDArray[np.uint8]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, layout: ldpc.Segmentation, index: int) -> NDArray[np.uint8]:
        """Coded bits of ``payload(layout.tbs, index)``, uint8, shape (blocks, layout.n)."""
        packed = [self._packed(layout, part) for part in _parts(index)]
        return np.unpackbits(np.bitwise_xor.reduce(packed, axis=0), axis=1, count=layout.n)

    def _packed(self, layout: ldpc.Segmentation, index: int) -> NDArray[np.uint8]:
        key = (layout.tbs, layout.graph, index)
        with self._lock:
            packed = self._known.get(key)
            if packed is not None:
                self._known.move_to_end(key)
        if packed is None:
            coded = ldpc.encode(ldpc.segment(_random(layout.tbs, index), layout), layout)
            packed = np.packbits(coded, axis=1)
            with self._lock:
                self._known[key] = packed
                self._bytes += packed.nbytes
                while self._bytes > MAX_BYTES:
                    self._bytes -= self._known.popitem(last=False)[1].nbytes
        return packed


_CACHE = _Cache()


def payload(tbs: int, index: int) -> NDArray[np.uint8]:
    """Random bits of a transport block, uint8 (tbs,).

    Args:
        tbs: size of the block.
        index: 0..DRAWS-1, or ``DRAWS + pci`` for SIB1 of a cell.
    """
    return np.bitwise_xor.reduce([_random(tbs, part) for part in _parts(index)], axis=0)


def _parts(index: int) -> list[int]:
    """Which random payloads an index adds up."""
    if index >= DRAWS:
        return [POOL + index - DRAWS]
    return [index // POOL**k % POOL for k in range(PARTS)]


def _random(tbs: int, number: int) -> NDArray[np.uint8]:
    return np.random.default_rng([_SEED, tbs, number]).integers(0, 2, tbs, np.uint8)


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
