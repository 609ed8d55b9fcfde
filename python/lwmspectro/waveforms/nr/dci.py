# SPDX-License-Identifier: GPL-3.0-or-later
"""Downlink control information, TS 38.212 7.3.1: formats 0_0, 1_0 and 1_1.

A user is configured with one carrier and one bandwidth part, no carrier indicator, no
interleaving of virtual blocks, no bundling or rate-matching indicator, one codeword, a dynamic
HARQ codebook, eight HARQ delays and single-symbol DM-RS: fields that this leaves empty are absent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..resource_indication import riv_bits

_ANTENNA_PORTS = {  # 38.212 tables 7.3.1.2.2-1 and -3: (DM-RS type, groups, layers)
    (1, 1, 1): 0,
    (1, 2, 1): 3,
    (1, 1, 2): 2,
    (1, 2, 2): 7,
    (2, 1, 1): 0,
    (2, 2, 1): 3,
    (2, 3, 1): 11,
    (2, 1, 2): 2,
    (2, 2, 2): 7,
    (2, 3, 2): 17,
}


def pack(fields: list[tuple[int, int]]) -> NDArray[np.uint8]:
    """Fields of (width, value) as bits, first field and highest bit first."""
    value = 0
    for width, field in fields:
        value = value << width | field
    total = sum(width for width, _ in fields)
    return np.array([value >> i & 1 for i in range(total - 1, -1, -1)], np.uint8)


def size_1_0(blocks: int) -> int:
    """Bits of formats 1_0 and 0_0 for a part of ``blocks`` blocks."""
    return 28 + riv_bits(blocks)


def format_1_0(
    blocks: int, alloc: int, time: int, mcs: int, ndi: int, version: int, harq: int
) -> NDArray[np.uint8]:
    """Format 1_0 with the check of a user, 7.3.1.2.1."""
    fields = [(1, 1), (riv_bits(blocks), alloc), (4, time), (1, 0), (5, mcs), (1, ndi)]
    # downlink assignment index, power control, PUCCH resource, HARQ delay
    return pack([*fields, (2, version), (4, harq), (2, 0), (2, 1), (3, 0), (3, 3)])


def format_1_0_system(
    blocks: int, alloc: int, time: int, mcs: int, version: int
) -> NDArray[np.uint8]:
    """Format 1_0 with the check of the SI-RNTI for SIB1, 7.3.1.2.1."""
    fields = [(riv_bits(blocks), alloc), (4, time), (1, 0), (5, mcs), (2, version)]
    return pack([*fields, (1, 0), (15, 0)])


def format_0_0(blocks: int, alloc: int, mcs: int, ndi: int, harq: int) -> NDArray[np.uint8]:
    """Format 0_0, an uplink grant, padded to the size of 1_0, 7.3.1.1.1."""
    fields = [(1, 0), (riv_bits(blocks), alloc), (4, 0), (1, 0), (5, mcs), (1, ndi)]
    fields += [(2, 0), (4, harq), (2, 1)]
    return pack([*fields, (size_1_0(blocks) - sum(width for width, _ in fields), 0)])


def size_1_1(frequency_bits: int, time_bits: int, dmrs_type: int, blocks: int) -> int:
    """Bits of format 1_1; one more where it would equal format 1_0, 7.3.1.0."""
    size = 1 + frequency_bits + time_bits + 5 + 1 + 2 + 4 + 2 + 2 + 3 + 3 + 2 + 1
    size += 4 if dmrs_type == 1 else 5
    return size + (size == size_1_0(blocks))


def format_1_1(
    blocks: int,
    frequency: tuple[int, int],
    time: tuple[int, int],
    mcs: int,
    ndi: int,
    version: int,
    harq: int,
    dmrs: tuple[int, int, int],
) -> NDArray[np.uint8]:
    """Format 1_1, 7.3.1.2.2.

    Args:
        blocks: of the bandwidth part.
        frequency: width and value of the frequency assignment.
        time: width and value of the time assignment.
        mcs: index of the scheme.
        ndi: new data indicator.
        version: redundancy version.
        harq: process number.
        dmrs: DM-RS type, CDM groups without data, layers.
    """
    ports = (4 if dmrs[0] == 1 else 5, _ANTENNA_PORTS[dmrs])
    fields = [(1, 1), frequency, time, (5, mcs), (1, ndi), (2, version), (4, harq), (2, 0)]
    fields += [(2, 1), (3, 0), (3, 3), ports, (2, 0), (1, 0)]
    padding = size_1_1(frequency[0], time[0], dmrs[0], blocks) - sum(w for w, _ in fields)
    return pack([*fields, (padding, 0)])
