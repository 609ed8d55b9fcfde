# SPDX-License-Identifier: GPL-3.0-or-later
"""PCFICH, PHICH and PDCCH of several subframes at once, 3GPP TS 36.211 6.7 to 6.9."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..coding import crc, tail_biting
from ..sequences import gold
from .precoding import combine, map_bits
from .regs import REGS_PER_CCE

_CFI = np.array([[0, 1, 1] * 11, [1, 0, 1] * 11, [1, 1, 0] * 11], np.uint8)[:, :32]
"""36.212 table 5.3.4-1, codewords of CFI 1 to 3."""

_CCE_BITS = 8 * REGS_PER_CCE
_WALSH = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
_PAIR = np.array([[1, 1], [1, -1]])
# 36.211 table 6.9.1-2, normal and extended prefix
_SPREADING = np.concatenate((_WALSH, 1j * _WALSH))
_SPREADING_EXTENDED = np.concatenate((_PAIR, 1j * _PAIR))


class Message(NamedTuple):
    """A control message on its way.

    Attributes:
        payload: the bits as an integer, first bit highest.
        size: bits of the payload.
        rnti: masks the CRC.
        cce: first control channel element.
        level: control channel elements, 1, 2, 4 or 8.
    """

    payload: int
    size: int
    rnti: int
    cce: int
    level: int


def encode_messages(messages: Sequence[Message]) -> list[NDArray[np.uint8]]:
    """Code messages, 36.212 5.3.3.2 to 5.3.3.4; those of one size are coded together.

    Returns:
        uint8, shape (72 level,) for each message.
    """
    coded: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)] * len(messages)
    by_size: dict[int, list[int]] = defaultdict(list)
    for place, message in enumerate(messages):
        by_size[message.size].append(place)
    for size, places in by_size.items():
        payloads = np.array([messages[place].payload for place in places], np.uint64)
        rntis = np.array([messages[place].rnti for place in places])
        shifts = np.arange(size - 1, -1, -1, dtype=np.uint64)
        bits = ((payloads[:, None] >> shifts) & np.uint64(1)).astype(np.uint8)
        words = crc.attach(bits, "16")
        words[:, size:] ^= (rntis[:, None] >> np.arange(15, -1, -1) & 1).astype(np.uint8)
        for place, streams in zip(places, tail_biting.encode(words), strict=True):
            coded[place] = tail_biting.rate_match(streams, _CCE_BITS * messages[place].level)
    return coded


@lru_cache(maxsize=32)
def _control_scrambling(pci: int, length: int) -> NDArray[np.uint8]:
    """Scrambling of the PDCCH in each subframe of a frame (36.211 6.8.2), (10, length)."""
    return gold([n << 9 | pci for n in range(10)], length)


@lru_cache(maxsize=32)
def _indicator_scrambling(pci: int) -> NDArray[np.uint8]:
    """Scrambling of PCFICH and PHICH in each subframe (36.211 6.7.1, 6.9.1), (10, 32)."""
    return gold([((n + 1) * (2 * pci + 1) << 9) + pci for n in range(10)], 32)


def pdcch_symbols(
    messages: Sequence[Sequence[tuple[Message, NDArray[np.uint8]]]],
    subframes: NDArray[np.int64],
    n_symbols: int,
    pci: int,
) -> NDArray[np.complex64]:
    """Symbols of the PDCCH before precoding and interleaving; elements not used are zero.

    Args:
        messages: those of each subframe, with their coded bits.
        subframes: numbers 0..9 within the frame, shape (rows,).
        n_symbols: symbols of the control region, four for each resource element group.
        pci: physical cell identity.

    Returns:
        complex64, shape (rows, n_symbols).
    """
    n_bits = 2 * n_symbols
    bits = np.zeros((len(messages), n_bits), np.uint8)
    used = np.zeros((len(messages), n_symbols), np.bool_)
    for row, sent in enumerate(messages):
        for message, word in sent:
            start = _CCE_BITS * message.cce
            bits[row, start : start + word.size] = word
            used[row, start // 2 : (start + word.size) // 2] = True
    bits ^= _control_scrambling(pci, n_bits)[subframes]
    return map_bits(bits, 2) * used


@lru_cache(maxsize=32)
def pcfich_symbols(pci: int, gains: tuple[complex, ...]) -> NDArray[np.complex64]:
    """Received symbols of the PCFICH by subframe and CFI - 1, shape (10, 3, 16)."""
    bits = _CFI[None] ^ _indicator_scrambling(pci)[:, None]
    return combine(map_bits(bits, 2), gains)


def phich_symbols(
    answers: NDArray[np.int8],
    subframes: NDArray[np.int64],
    pci: int,
    gains: tuple[complex, ...],
    extended_cp: bool = False,
) -> NDArray[np.complex64]:
    """Received symbols of PHICH mapping units, 36.211 6.9.1 and 6.9.2.

    Args:
        answers: int8, (rows, units, 8): +1 for NACK (bit 0), -1 for ACK, 0 for none. A unit is
            a group of eight answers; with the extended prefix, two groups of four.
        subframes: numbers 0..9 within the frame, shape (rows,).
        pci: physical cell identity.
        gains: of the antenna ports.
        extended_cp: extended cyclic prefix.

    Returns:
        complex64, shape (rows, units, 12). A group has the power of the elements it takes
        however many answers share it.
    """
    table = _SPREADING_EXTENDED if extended_cp else _SPREADING
    groups = answers.reshape(*answers.shape[:2], -1, len(table))
    active = np.maximum(np.abs(groups).sum(axis=-1, keepdims=True), 1)
    spread = ((groups @ table) * (1 + 1j) / np.sqrt(2 * active)).reshape(*answers.shape[:2], 4)
    places = np.arange(12)
    if extended_cp:  # the two groups of a unit share the same six signs
        places = places // 4 * 2 + places % 2
    signs = 1.0 - 2.0 * _indicator_scrambling(pci)[subframes][:, places]
    symbols = (np.tile(spread, 3) * signs[:, None]).astype(np.complex64)
    if len(gains) < 4:
        return combine(symbols, gains)
    out = np.empty_like(symbols)  # 36.211 6.9.2: quadruplet i + unit picks the ports
    for unit in range(symbols.shape[1]):
        for i in range(3):
            part = slice(4 * i, 4 * i + 4)
            ports = (1, 3) if (i + unit) % 2 else (0, 2)
            out[:, unit, part] = combine(symbols[:, unit, part], gains, ports)
    return out
