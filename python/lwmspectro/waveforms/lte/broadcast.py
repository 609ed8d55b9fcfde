# SPDX-License-Identifier: GPL-3.0-or-later
"""Master information block and the physical broadcast channel.

Sources: 3GPP TS 36.331 6.2.2, TS 36.212 5.3.1, TS 36.211 6.6.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..coding import crc, tail_biting
from ..sequences import gold
from .precoding import map_bits

BANDWIDTHS = (6, 15, 25, 50, 75, 100)
PHICH_RESOURCES = (1 / 6, 1 / 2, 1.0, 2.0)
_MASKS = {1: (0,) * 16, 2: (1,) * 16, 4: (0, 1) * 8}  # 36.212 table 5.3.1.1-1


def mib(n_prb: int, phich_resource: int, frame: int) -> NDArray[np.uint8]:
    """The 24 bits of the MIB.

    Args:
        n_prb: downlink bandwidth in resource blocks.
        phich_resource: index into ``PHICH_RESOURCES``; the PHICH duration is normal.
        frame: system frame number, 0..1023; its upper 8 bits are sent.
    """
    value = BANDWIDTHS.index(n_prb) << 21 | phich_resource << 18 | (frame >> 2) << 10
    return np.array([value >> bit & 1 for bit in range(23, -1, -1)], np.uint8)


@lru_cache(maxsize=64)
def _symbols(
    n_prb: int, phich_resource: int, block: int, pci: int, n_ports: int, extended_cp: bool
) -> NDArray[np.complex64]:
    """QPSK symbols of the four frames of one MIB, shape (4, 240 or 216)."""
    word = crc.attach(mib(n_prb, phich_resource, block << 2), "16")
    word[24:] ^= np.array(_MASKS[n_ports], np.uint8)
    length = 1728 if extended_cp else 1920  # 36.211 6.6.1
    bits = tail_biting.rate_match(tail_biting.encode(word), length) ^ gold(pci, length)
    return map_bits(bits, 2).reshape(4, -1)


def frame_symbols(
    n_prb: int, phich_resource: int, frame: int, pci: int, n_ports: int, extended_cp: bool
) -> NDArray[np.complex64]:
    """Symbols of the broadcast channel in one frame, before precoding, shape (240 or 216,)."""
    frame %= 1024
    key = (n_prb, phich_resource, frame >> 2, pci, n_ports, extended_cp)
    return _symbols(*key)[frame & 3]
