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


def encode_messages(
    payloads: NDArray[np.uint64], rntis: NDArray[np.int64], size: int, level: int
) -> NDArray[np.uint8]:
    """Code messages of one size, 36.212 5.3.3.2 to 5.3.3.4.

    Args:
        payloads: messages as integers, shape (n,).
        rntis: masks of their CRC, shape (n,).
        size: bits of each message.
        level: aggregation level.

    Returns:
        uint8, shape (n, 72 level).
    """
    shifts = np.arange(size - 1, -1, -1, dtype=np.uint64)
    bits = ((payloads[:, None] >> shifts) & np.uint64(1)).astype(np.uint8)
    words = crc.attach(bits, "16")
    words[:, size:] ^= (rntis[:, None] >> np.arange(15, -1, -1) & 1).astype(np.uint8)
    return tail_biting.rate_match(tail_biting.encode(words), _CCE_BITS * level)


@lru_cache(maxsize=32)
def _control_scrambling(pci: int, length: int) -> NDArray[np.uint8]:
    """Scrambling of the PDCCH in each subframe of a frame (36.211 6.8.2), (10, length)."""
    return gold([n << 9 | pci for n in range(10)], length)


@lru_cache(maxsize=32)
def _indicator_scrambling(pci: int) -> NDArray[np.uint8]:
    """Scrambling of PCFICH and PHICH in each subframe (36.211 6.7.1, 6.9.1), (10, 32)."""
    return gold([((n + 1) * (2 * pci + 1) << 9) + pci for n in range(10)], 32)


def pdcch_symbols(
    messages: Sequence[Sequence[Message]],
    subframes: NDArray[np.int64],
    n_symbols: int,
    pci: int,
) -> NDArray[np.complex64]:
    """Symbols of the PDCCH before precoding and interleaving; elements not used are zero.

    Args:
        messages: those of each subframe.
        subframes: numbers 0..9 within the frame, shape (rows,).
        n_symbols: symbols of the control region, four for each resource element group.
        pci: physical cell identity.

    Returns:
        complex64, shape (rows, n_symbols).
    """
    n_bits = 2 * n_symbols
    bits = np.zeros((len(messages), n_bits), np.uint8)
    used = np.zeros((len(messages), n_symbols), np.bool_)
    kinds: dict[tuple[int, int], list[tuple[int, Message]]] = defaultdict(list)
    for row, sent in enumerate(messages):
        for message in sent:
            kinds[message.size, message.level].append((row, message))
    for (size, level), found in kinds.items():
        payloads = np.array([m.payload for _, m in found], np.uint64)
        rntis = np.array([m.rnti for _, m in found], np.int64)
        rows = np.array([row for row, _ in found])[:, None]
        first = np.array([m.cce for _, m in found])[:, None] * _CCE_BITS
        bits[rows, first + np.arange(_CCE_BITS * level)] = encode_messages(
            payloads, rntis, size, level
        )
        used[rows, first // 2 + np.arange(_CCE_BITS * level // 2)] = True
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
