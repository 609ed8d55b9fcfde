# SPDX-License-Identifier: GPL-3.0-or-later
"""Modulation and coding schemes and transport block sizes of the PDSCH, TS 38.214 5.1.3."""

from __future__ import annotations

from functools import lru_cache

from ..sequences import MODULATION_BITS

# (bits per symbol, code rate times 1024) by index
_QPSK = (120, 157, 193, 251, 308, 379, 449, 526, 602, 679)
_TABLE_1 = (  # 38.214 table 5.1.3.1-1
    *((2, rate) for rate in _QPSK),
    *((4, rate) for rate in (340, 378, 434, 490, 553, 616, 658)),
    *((6, rate) for rate in (438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948)),
)
_TABLE_2 = (  # 38.214 table 5.1.3.1-2
    *((2, rate) for rate in _QPSK[0:10:2]),
    *((4, rate) for rate in (378, 434, 490, 553, 616, 658)),
    *((6, rate) for rate in (466, 517, 567, 616, 666, 719, 772, 822, 873)),
    *((8, rate) for rate in (682.5, 711, 754, 797, 841, 885, 916.5, 948)),
)
MCS: dict[int, tuple[tuple[int, float], ...]] = {1: _TABLE_1, 2: _TABLE_2}

# 38.214 table 5.1.3.2-1
_SMALL = (
    *range(24, 193, 8),
    *(208, 224, 240, 256, 272, 288, 304, 320, 336, 352, 368, 384, 408, 432, 456, 480, 504, 528),
    *(552, 576, 608, 640, 672, 704, 736, 768, 808, 848, 888, 928, 984, 1032, 1064, 1128, 1160),
    *(1192, 1224, 1256, 1288, 1320, 1352, 1416, 1480, 1544, 1608, 1672, 1736, 1800, 1864, 1928),
    *(2024, 2088, 2152, 2216, 2280, 2408, 2472, 2536, 2600, 2664, 2728, 2792, 2856, 2976, 3104),
    *(3240, 3368, 3496, 3624, 3752, 3824),
)
_LBRM_BLOCKS = (32, 66, 107, 135, 162, 217, 273)  # 38.212 table 5.4.2.1-1


def modulation_indices(table: int, modulation: str) -> list[int]:
    """MCS indices of a table that use a modulation, empty for none."""
    order = MODULATION_BITS[modulation]
    return [i for i, (bits, _) in enumerate(MCS[table]) if bits == order]


@lru_cache(maxsize=4096)
def transport_block_size(elements: int, n_rb: int, rate: float, order: int, layers: int = 1) -> int:
    """Bits of a transport block, 38.214 5.1.3.2.

    Args:
        elements: N'_RE, resource elements of one block without DM-RS and overhead.
        n_rb: allocated blocks.
        rate: code rate, R / 1024 of the MCS table.
        order: bits per symbol.
        layers: spatial layers.
    """
    return _quantise(min(156, elements) * n_rb * rate * order * layers, rate)


def _quantise(info: float, rate: float) -> int:
    """Steps 3 and 4 of 38.214 5.1.3.2."""
    if info <= 3824:
        step = max(3, int(info).bit_length() - 1 - 6)
        size = max(24, int(info) >> step << step)
        return next(value for value in _SMALL if value >= size)
    n = (int(info - 24)).bit_length() - 1 - 5
    step = 1 << n
    info = max(3840, step * int((info - 24) / step + 0.5))
    if rate <= 0.25:
        blocks = -(-(info + 24) // 3816)
    elif info > 8424:
        blocks = -(-(info + 24) // 8424)
    else:
        blocks = 1
    return int(8 * blocks * -(-(info + 24) // (8 * blocks)) - 24)


@lru_cache(maxsize=64)
def reference_size(n_rb: int, layers: int, order: int) -> int:
    """TBS_LBRM of 38.212 5.4.2.1, which limits the circular buffer.

    Args:
        n_rb: blocks of the widest part of the carrier.
        layers: most layers that are configured.
        order: 8 with the 256-QAM table, else 6.
    """
    blocks = next(n for n in _LBRM_BLOCKS if n >= min(n_rb, 273))
    return transport_block_size(156, blocks, 948 / 1024, order, layers)
