# SPDX-License-Identifier: GPL-3.0-or-later
"""Coded transport blocks of the shared channel, 3GPP TS 36.212 5.3.2 and TS 36.211 6.3, 6.4.

Coding is most of the work of a generator. The code is linear, its checks too (all start from
zero), so the sum of coded blocks is the coded block of the summed bits: for each size there is a
pool of ``POOL`` random blocks, each a function of its size and number alone, and a sender draws
``PARTS`` of them and sends their sum. Rate matching, scrambling and mapping are made anew for
every use. Two transmissions are alike before their scrambling once in some 5,000 times; without
the sums it would be once in ``POOL``, and what comes again after 10 ms would be in sight.
"""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..coding import crc, turbo
from ..sequences import gold_joined
from .precoding import map_bits

POOL = 32
PARTS = 3
DRAWS = POOL**PARTS
"""Numbers of transport blocks of one size; every order of the same parts is the same block."""

_POOL_BYTES = 64 << 20
# 36.306 table 4.1-1: category 4 has 1827072 soft channel bits; 36.212 5.1.4.1.2: N_IR with one
# layer and eight processes. With two layers it is half of it.
_SOFT_BITS = 1827072 // 8


class _Pool:
    """Coded blocks last used, within a bound of memory."""

    def __init__(self) -> None:
        self.blocks: OrderedDict[tuple[int, int], NDArray[np.uint8]] = OrderedDict()
        self.n_bytes = 0

    def get(self, draws: Sequence[tuple[int, int]]) -> list[NDArray[np.uint8]]:
        """Coded bits of ``pool_block(size, draw)`` for each (size, draw)."""
        wanted = dict.fromkeys((size, part) for size, draw in draws for part in _parts(draw))
        missing: dict[int, list[int]] = defaultdict(list)
        for size, part in wanted:
            if (size, part) not in self.blocks:
                missing[size].append(part)
        for size, parts in missing.items():
            coded = code_blocks(np.stack([_random(size, part) for part in parts]))
            for part, block in zip(parts, coded, strict=True):
                self.blocks[size, part] = block.copy()  # which does not hold the others
                self.n_bytes += block.nbytes
        sums = [self._sum(size, _parts(draw)) for size, draw in draws]
        for key in wanted:
            self.blocks.move_to_end(key)
        while self.n_bytes > _POOL_BYTES and len(self.blocks) > 1:
            self.n_bytes -= self.blocks.popitem(last=False)[1].nbytes
        return sums

    def _sum(self, size: int, parts: list[int]) -> NDArray[np.uint8]:
        total = self.blocks[size, parts[0]].copy()
        for part in parts[1:]:
            total ^= self.blocks[size, part]
        return total


_POOL = _Pool()


def pool_block(size: int, draw: int) -> NDArray[np.uint8]:
    """The bits of a transport block that is sent, uint8, shape (size,); draw counts to DRAWS."""
    return np.bitwise_xor.reduce([_random(size, part) for part in _parts(draw)], axis=0)


def _parts(draw: int) -> list[int]:
    """Which random blocks a number adds up."""
    return [draw // POOL**k % POOL for k in range(PARTS)]


def _random(size: int, number: int) -> NDArray[np.uint8]:
    drawn = random.Random(size * POOL + number).randbytes(-(-size // 8))
    return np.unpackbits(np.frombuffer(drawn, np.uint8), count=size)


def code_blocks(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """CRC, segmentation and turbo code of transport blocks, 36.212 5.3.2.1 to 5.3.2.3.

    Args:
        bits: uint8, shape (n, a size of 36.213 table 7.1.7.2.1-1).

    Returns:
        uint8, shape (n, code blocks, 3 (K + 4)): the three streams of each, one after the other.

    Raises:
        ValueError: the size is not one of the table's.
    """
    blocks, size, payload = turbo.segment_sizes(bits.shape[1] + 24)
    words = crc.attach(bits, "24A").reshape(-1, payload)
    if blocks > 1:
        words = crc.attach(words, "24B")
    return turbo.encode(words).reshape(-1, blocks, 3 * (size + turbo.TAIL))


def code_block(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``code_blocks`` of one transport block, shape (code blocks, 3 (K + 4))."""
    coded: NDArray[np.uint8] = code_blocks(bits[None])[0]
    return coded


@lru_cache(maxsize=64)
def coded_message(message: bytes) -> NDArray[np.uint8]:
    """Coded transport block of a message of uint8 bits that is sent over and over."""
    return code_block(np.frombuffer(message, np.uint8))


def coded_draws(draws: Sequence[tuple[int, int]]) -> list[NDArray[np.uint8]]:
    """Coded transport block of the pool for each (size, draw)."""
    return _POOL.get([(size, draw % DRAWS) for size, draw in draws])


def coded_draw(size: int, draw: int) -> NDArray[np.uint8]:
    """One coded transport block of the pool."""
    return coded_draws([(size, draw)])[0]


def rate_match(
    coded: NDArray[np.uint8], n_bits: int, unit: int, version: int = 0, two_layers: bool = False
) -> NDArray[np.uint8]:
    """Pick the bits that are sent of a coded transport block, 36.212 5.1.4.1.2 and 5.1.5.

    Args:
        coded: uint8, (code blocks, 3 (K + 4)).
        n_bits: G, bits that the allocation holds.
        unit: bits of a symbol times layers (two for transmit diversity).
        version: redundancy version.
        two_layers: the receiver's soft buffer is shared by two transport blocks.

    Returns:
        uint8, shape (G,).
    """
    blocks, total = coded.shape
    limit = _SOFT_BITS // (2 if two_layers else 1) // blocks
    buffer = 3 * 32 * -(-(total // 3) // 32)
    order = turbo.selection(total // 3 - turbo.TAIL, version, limit if limit < buffer else None)
    lengths = turbo.block_lengths(n_bits, blocks, unit)
    longest = lengths[-1]
    places = order[:longest] if longest <= order.size else np.resize(order, longest)
    sent = np.take(coded, places, axis=1)
    if lengths[0] == longest:
        return sent.reshape(-1)
    return np.concatenate([row[:length] for row, length in zip(sent, lengths, strict=True)])


def scrambling_init(rnti: int, codeword: int, subframe: int, pci: int) -> int:
    """Initial value of the scrambling of a codeword (0 or 1) in a subframe 0..9, 36.211 6.3.1."""
    return rnti << 14 | codeword << 13 | subframe << 9 | pci


def codeword_symbols(
    codewords: Sequence[NDArray[np.uint8]], per_symbol: int, c_init: Sequence[int]
) -> list[NDArray[np.complex64]]:
    """Scramble and modulate codewords of one modulation, 36.211 6.3.1 and 6.3.2.

    Args:
        codewords: uint8, each of shape (per_symbol * n,) with its own n.
        per_symbol: bits of a modulation symbol.
        c_init: ``scrambling_init`` of each.

    Returns:
        complex64, of shape (n,) for each.
    """
    bits = np.concatenate(codewords)
    bits ^= gold_joined(c_init, [codeword.size for codeword in codewords])
    ends = np.cumsum([codeword.size // per_symbol for codeword in codewords])
    return np.split(map_bits(bits, per_symbol), ends[:-1])
