# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything of a frame before its data field: training and SIGNAL fields.

IEEE Std 802.11-2020 17.3.3 and 17.3.4 (legacy), 19.3.9 (HT mixed format), 21.3.8 (VHT).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..common import Complex64
from . import fields, tables
from .format import FFT, GI, Format
from .symbols import ONE_ANTENNA, Antennas, ramp_up, time_domain

_LTF_SIGNS = np.array([[1, -1], [1, 1]], np.float32)  # P of (19-27): stream, LTF


@dataclass(frozen=True)
class Signalling:
    """What the SIGNAL fields say beside the format.

    Attributes:
        n_bytes: octets of the PSDU (VHT: of the A-MPDU before EOF padding, APEP_LENGTH).
        aggregated: the PSDU is an A-MPDU (HT; VHT always is).
        group_id, partial_aid: addressee of a VHT frame (9.19.6 of 802.11ac, 10.20).
    """

    n_bytes: int
    aggregated: bool = False
    group_id: int = 63
    partial_aid: int = 0


def _row(points: npt.NDArray[np.float32], polarity: int, turn: complex = 1.0) -> Complex64:
    """One symbol of a SIGNAL field in FFT order, shape (64,)."""
    grid = np.zeros(FFT, np.complex64)
    grid[tables.LEGACY_DATA if points.size == 48 else tables.HT_DATA] = points * turn
    grid[tables.PILOTS] = tables.PILOT_VALUES * tables.pilot_polarity()[polarity]
    return grid


def samples(fmt: Format, signalling: Signalling, antennas: Antennas) -> Complex64:
    """Samples before the data field, ramps included, shape (header_len + ramp,), read only."""
    if antennas is ONE_ANTENNA:
        return _of_one_antenna(fmt, signalling)
    return _samples(fmt, signalling, antennas)


@lru_cache(maxsize=256)
def _of_one_antenna(fmt: Format, signalling: Signalling) -> Complex64:
    out = _samples(fmt, signalling, ONE_ANTENNA)
    out.flags.writeable = False
    return out


def _samples(fmt: Format, signalling: Signalling, antennas: Antennas) -> Complex64:
    short = time_domain(tables.short_training() * antennas.legacy, 52)
    long = time_domain(tables.long_training() * antennas.legacy, 52)
    parts: list[tuple[Complex64, int, int]] = [(short, 32, 160), (long, 32, 160)]

    def add(grid: Complex64, gain: Complex64, n_used: int = 52) -> None:
        parts.append((time_domain(grid * gain, n_used), GI, 80))

    if fmt.is_legacy:
        bits = fields.l_sig(fmt.row.code, signalling.n_bytes)
        add(_row(fields.to_points(bits)[0], 0), antennas.legacy)
        return _join(parts, fmt)
    n_symbols = fmt.n_symbols(signalling.n_bytes)
    bits = fields.l_sig(0b1101, fields.spoofed_length(fmt, n_symbols))  # says 6 Mb/s
    add(_row(fields.to_points(bits)[0], 0), antennas.legacy)
    if fmt.standard == "ht":
        bits = fields.ht_sig(fmt, signalling.n_bytes, signalling.aggregated)
        turn = 1j  # both symbols are rotated (19.3.9.4.3)
    else:
        bits = fields.vht_sig_a(fmt, n_symbols, signalling.group_id, signalling.partial_aid)
        turn = 1.0  # only the second is (21.3.8.3.3)
    first, second = fields.to_points(bits)
    add(_row(first, 1, turn), antennas.legacy)
    add(_row(second, 2, 1j), antennas.legacy)
    add(tables.short_training(), antennas.streams.sum(axis=0))
    for i in range(fmt.streams):
        signs = np.repeat(_LTF_SIGNS[: fmt.streams, i, None], FFT, axis=1)
        if fmt.standard == "vht":  # R instead of P at the pilots (21.3.8.3.5)
            signs[:, tables.PILOTS] = _LTF_SIGNS[0, i]
        add(tables.ht_long_training(), (signs * antennas.streams).sum(axis=0), 56)
    if fmt.standard == "vht":
        points = fields.to_points(fields.vht_sig_b(signalling.n_bytes), high=True)[0]
        add(_row(points, 3), antennas.streams.sum(axis=0), 56)  # first column of P is ones
    return _join(parts, fmt)


def _join(parts: list[tuple[Complex64, int, int]], fmt: Format) -> Complex64:
    """Fields (useful period, guard, length) in a row, cross-faded over the ramp."""
    out = np.zeros(fmt.header_len + fmt.ramp, np.complex64)
    up = ramp_up(fmt.ramp)
    start = 0
    for useful, guard, length in parts:
        part = useful[np.arange(-guard, length - guard + fmt.ramp) % FFT]
        part[: fmt.ramp] *= up
        part[length:] *= 1.0 - up
        out[start : start + part.size] += part
        start += length
    return out
