# SPDX-License-Identifier: GPL-3.0-or-later
"""Modulation and coding schemes of the shared channel, 3GPP TS 36.213 7.1.7."""

from __future__ import annotations

from functools import lru_cache

from .tbs_table import TBS

MAX_RATE = 0.93
"""A receiver may skip a transport block of a higher code rate (36.213 7.1.7: 0.931)."""

# (bits per symbol, TBS index) by MCS index; the reserved indices at the end are left out
TABLE_64QAM: tuple[tuple[int, int], ...] = (  # table 7.1.7.1-1
    *((2, i) for i in range(10)),
    *((4, i) for i in range(9, 16)),
    *((6, i) for i in range(15, 27)),
)
TABLE_256QAM: tuple[tuple[int, int], ...] = (  # table 7.1.7.1-1A
    *((2, i) for i in (0, 2, 4, 6, 8)),
    *((4, i) for i in range(10, 16)),
    *((6, i) for i in range(16, 25)),
    *((8, i) for i in (25, 27, 28, 29, 30, 31, 32, 33)),
)


def table(with_256qam: bool) -> tuple[tuple[int, int], ...]:
    """(bits per symbol, TBS index) by MCS index."""
    return TABLE_256QAM if with_256qam else TABLE_64QAM


def indices(bits_per_symbol: int, with_256qam: bool) -> range:
    """MCS indices of a modulation."""
    found = [i for i, row in enumerate(table(with_256qam)) if row[0] == bits_per_symbol]
    return range(found[0], found[-1] + 1)


def block_size(tbs_index: int, n_prb: int) -> int:
    """Bits of a transport block on one layer, 36.213 table 7.1.7.2.1-1."""
    return int(TBS[tbs_index, n_prb - 1])


def fits(tbs: int, n_bits: int) -> bool:
    """Whether a transport block sent in n_bits is one that a receiver must decode."""
    return tbs + 24 <= MAX_RATE * n_bits


@lru_cache(maxsize=64)
def system_info_size(n_bits: int) -> tuple[int, int, int]:
    """Smallest transport block for system information, 36.213 7.1.7.

    Args:
        n_bits: bits of the message.

    Returns:
        (bits of the block, MCS index, resource blocks 2 or 3 to tell by the TPC field).

    Raises:
        ValueError: the message is too long.
    """
    sizes = [(block_size(i, n), i, n) for i in range(27) for n in (2, 3)]
    fitting = [size for size in sizes if size[0] >= n_bits]
    if not fitting:
        raise ValueError(f"system information: expected at most 2216 bits, got {n_bits}")
    return min(fitting)
