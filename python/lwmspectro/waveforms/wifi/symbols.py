# SPDX-License-Identifier: GPL-3.0-or-later
"""OFDM symbols of the data field at 20 MHz (IEEE Std 802.11-2020 17.3.5, 19.3.11, 21.3.10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..common import Complex64, fft_module
from . import constellation, tables
from .data_bits import Payload, labels
from .format import FFT, Format

Float32 = npt.NDArray[np.float32]

_STREAM_PILOTS = np.array([[1, 1, -1, -1], [1, -1, -1, 1]], np.float32)  # table 19-20


def time_domain(grid: Complex64, n_used: int) -> Complex64:
    """Inverse transform of rows in FFT order, shape (..., 64), n_used unit tones = unit power."""
    scale = np.float32(FFT / np.sqrt(n_used))
    out = np.asarray(fft_module.ifft(grid, axis=-1), dtype=np.complex64)
    out *= scale
    return out


def ramp_up(n: int) -> Float32:
    """Rising half of the transition window, shape (n,); n = 1 is the 0.5 of (17-4)."""
    return (np.sin(0.5 * np.pi * (np.arange(n) + 0.5) / max(n, 1)) ** 2).astype(np.float32)


@dataclass(frozen=True)
class Antennas:
    """Gains of the transmit antennas towards one receive antenna, per subcarrier in FFT order.

    Attributes:
        legacy: of the fields that all antennas send alike, shape (64,).
        streams: of each spatial stream, shape (streams, 64).
    """

    legacy: Complex64
    streams: Complex64

    @classmethod
    def random(cls, n_streams: int, rng: np.random.Generator) -> Antennas:
        """One antenna has gain 1; two have random phases and shares, unit power together.

        The second is cyclically early by 200 ns in legacy and 400 ns in HT and VHT fields
        (tables 19-9 and 19-10).
        """
        if n_streams == 1:
            return ONE_ANTENNA
        share = float(rng.uniform(0.1, 0.9))
        gains = np.sqrt([share, 1.0 - share]) * np.exp(2j * np.pi * rng.random(2))
        k = np.fft.fftfreq(FFT) * FFT
        early = np.stack([np.ones(FFT), np.exp(2j * np.pi * k * 312.5e3 * 200e-9)])
        legacy = (gains[:, None] * early).sum(axis=0)
        streams = gains[:, None] * early**2
        return cls(legacy.astype(np.complex64), streams.astype(np.complex64))


ONE_ANTENNA = Antennas(np.ones(FFT, np.complex64), np.ones((1, FFT), np.complex64))


def pilot_values(fmt: Format) -> Float32:
    """Pilots of four successive data symbols before polarity, shape (4, streams, 4)."""
    if fmt.is_legacy:
        return np.broadcast_to(tables.PILOT_VALUES, (4, 1, 4))
    streams = np.broadcast_to(tables.PILOT_VALUES, (fmt.streams, 4))  # 21.3.10.10
    if fmt.standard == "ht" and fmt.streams == 2:
        streams = _STREAM_PILOTS
    return np.stack([np.roll(streams, -i, axis=1) for i in range(4)])


def _cell_of_bin(is_legacy: bool) -> npt.NDArray[np.intp]:
    """Data subcarrier of each bin in FFT order, shape (64,), -1 where there is none."""
    carriers = tables.LEGACY_DATA if is_legacy else tables.HT_DATA
    out = np.full(FFT, -1)
    out[carriers] = np.arange(carriers.size)
    return out


def data_field(
    fmt: Format, payloads: Sequence[Payload], antennas: Antennas
) -> tuple[list[int], Complex64, Complex64]:
    """Data symbols of several frames of one format at once.

    Args:
        fmt: their format.
        payloads: what they carry.
        antennas: gains of the streams.

    Returns:
        symbols of each frame; the symbols of all frames in a row, shape (total, symbol_len), the
        ramps between the symbols of a frame applied; and the ramp after every symbol, shape
        (total, ramp).
    """
    sizes = [fmt.n_symbols(len(payload.psdu)) for payload in payloads]
    total = sum(sizes)
    within = np.concatenate([np.arange(size) for size in sizes])  # index in the frame
    pilots = pilot_values(fmt)[within % 4]  # (total, streams, 4)
    pilots = pilots * tables.pilot_polarity()[(within + fmt.first_polarity) % 127, None, None]
    points, cells = constellation.points(fmt.row.n_bpsc), labels(fmt, payloads)
    cell_of = _cell_of_bin(fmt.is_legacy)
    unused = np.flatnonzero(cell_of < 0)
    streams = []
    pilot_sum = np.zeros((total, 4), np.complex64)
    for i in range(fmt.streams):
        part = points[np.ascontiguousarray(cells[i, cell_of].T)]  # (total, 64)
        if fmt.streams > 1:
            part *= antennas.streams[i]
        streams.append(part)
        pilot_sum += pilots[:, i] * antennas.streams[i, tables.PILOTS]
    grid = sum(streams[1:], start=streams[0])
    grid[:, unused] = 0.0
    grid[:, tables.PILOTS] = pilot_sum

    useful = time_domain(grid, 52 if fmt.is_legacy else 56)
    out = np.empty((total, fmt.symbol_len), np.complex64)
    out[:, : fmt.guard] = useful[:, FFT - fmt.guard :]
    out[:, fmt.guard :] = useful
    tails = useful[:, : fmt.ramp].copy()
    if fmt.ramp:
        up = ramp_up(fmt.ramp)
        out[:, : fmt.ramp] *= up
        tails *= 1.0 - up
        follows = (within > 0).astype(np.float32)[1:, None]
        out[1:, : fmt.ramp] += tails[:-1] * follows
    return sizes, out, tails
