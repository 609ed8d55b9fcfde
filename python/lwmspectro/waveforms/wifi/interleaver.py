# SPDX-License-Identifier: GPL-3.0-or-later
"""Interleavers, and where every bit of an OFDM symbol comes from.

Clauses of IEEE Std 802.11-2020: 17.3.5.7 (legacy), 19.3.11.7.2 (stream parser), 19.3.11.8 (HT),
21.3.10.8 (VHT, at 20 MHz the same as HT).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..coding import convolutional

Index = npt.NDArray[np.intp]

_HT_COLUMNS, _HT_ROTATION = 13, 11  # N_COL and N_ROT at 20 MHz, table 19-17


def legacy(n_bpsc: int) -> Index:
    """Position after interleaving of each of the 48 * n_bpsc bits of a symbol (17.3.5.7)."""
    n_cbps, s = 48 * n_bpsc, max(n_bpsc // 2, 1)
    k = np.arange(n_cbps)
    i = (n_cbps // 16) * (k % 16) + k // 16  # (17-18)
    return s * (i // s) + (i + n_cbps - 16 * i // n_cbps) % s  # (17-19)


def high_throughput(n_bpsc: int, stream: int, n_streams: int) -> Index:
    """Position after interleaving of the 52 * n_bpsc bits of a stream (19.3.11.8).

    Args:
        n_bpsc: coded bits per subcarrier.
        stream: spatial stream, from 0.
        n_streams: of how many; the frequency rotation is only for several.
    """
    n_cbps, s, rows = 52 * n_bpsc, max(n_bpsc // 2, 1), 4 * n_bpsc
    k = np.arange(n_cbps)
    i = rows * (k % _HT_COLUMNS) + k // _HT_COLUMNS  # (19-46)
    j = s * (i // s) + (i + n_cbps - _HT_COLUMNS * i // n_cbps) % s  # (19-47)
    if n_streams == 1:
        return j
    turn = (2 * stream) % 3 + 3 * (stream // 3)  # (19-48)
    return (j - turn * _HT_ROTATION * n_bpsc) % n_cbps


def interleave(bits: npt.NDArray[np.uint8], positions: Index) -> npt.NDArray[np.uint8]:
    """Bits of whole symbols along the last axis, each moved to its position."""
    out = np.empty_like(bits)
    out[..., positions] = bits
    return out


@lru_cache(maxsize=64)
def cell_sources(
    high: bool, n_bpsc: int, rate: tuple[int, int], n_streams: int
) -> tuple[int, npt.NDArray[np.intp]]:
    """Puncturing, stream parsing and interleaving of one symbol as one table.

    Args:
        high: HT or VHT (52 data subcarriers) instead of legacy (48).
        n_bpsc: coded bits per subcarrier.
        rate: of the code.
        n_streams: spatial streams.

    Returns:
        data bits of a symbol, and for bit b of subcarrier c of stream s the position [s, b, c]
        of its source among A of all data bits, then B of all data bits.
    """
    cells = 52 if high else 48
    n_dbps = cells * n_bpsc * n_streams * rate[0] // rate[1]
    sent = convolutional.sent_positions(n_dbps, rate)
    group = max(n_bpsc // 2, 1)  # bits to one stream after the other (19.3.11.7.2)
    parsed = sent.reshape(-1, n_streams, group).transpose(1, 0, 2).reshape(n_streams, -1)
    out = np.empty((n_streams, n_bpsc, cells), np.intp)
    for stream in range(n_streams):
        moved = np.empty(cells * n_bpsc, np.intp)
        positions = high_throughput(n_bpsc, stream, n_streams) if high else legacy(n_bpsc)
        moved[positions] = parsed[stream]
        out[stream] = moved.reshape(cells, n_bpsc).T
    out.flags.writeable = False
    return n_dbps, out
