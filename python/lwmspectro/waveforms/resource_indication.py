# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource indication values, by which LTE and NR name contiguous blocks."""

from __future__ import annotations


def riv(first: int, count: int, size: int) -> int:
    """Value of contiguous blocks among ``size``, 36.213 7.1.6.3 and 38.214 5.1.2.2.2.

    Raises:
        ValueError: the blocks are not among them.
    """
    if not (first >= 0 and 1 <= count <= size - first):
        raise ValueError(f"expected blocks within {size}, got {count} from {first}")
    if count - 1 <= size // 2:
        return size * (count - 1) + first
    return size * (size - count + 1) + size - 1 - first


def riv_bits(size: int) -> int:
    """Width of a value for ``size`` blocks, 36.212 5.3.3.1.3 and 38.212 7.3.1.2.1."""
    return (size * (size + 1) // 2 - 1).bit_length()
