# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of 802.11 OFDM at 20 MHz: legacy, HT mixed format and VHT (IEEE Std 802.11-2020).

Headers are bit exact; data subcarriers carry independent points of the right constellation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import tables
from ..common import Complex64, draw_symbols, fft_module, qam_points

SAMP_RATE = 20e6
FFT = 64
GI = 16  # 0.8 us
SHORT_GI = 8  # 0.4 us
_MAX_LEGACY_LENGTH = 4095
_LONGEST_MPDU = 3839  # one MPDU of HT; longer payloads are aggregates (9.4.2.55.2)
_MAX_SYMBOLS = 1350  # aPPDUMaxTime 5.484 ms


@dataclass(frozen=True)
class Format:
    """How a frame is sent.

    Attributes:
        standard: "legacy" (11a/g), "ht" (11n mixed format) or "vht" (11ac).
        rate: Mb/s for legacy, MCS index otherwise.
        short_gi: 0.4 us guard interval in the data field (HT and VHT).
        ramp: samples over which one symbol fades into the next (17.3.2.5; 0 is a hard switch).
        streams: spatial streams, each from an antenna of its own (HT and VHT: 1 or 2).
    """

    standard: str = "legacy"
    rate: int = 6
    short_gi: bool = False
    ramp: int = 1
    streams: int = 1

    def __post_init__(self) -> None:
        if self.standard not in ("legacy", "ht", "vht"):
            raise ValueError(f"standard: expected legacy, ht or vht, got {self.standard!r}")
        rates = tables.LEGACY_RATES if self.standard == "legacy" else tables.HT_RATES
        if self.rate not in rates or (self.standard == "ht" and self.rate > 7):
            raise ValueError(f"rate of {self.standard}: expected {sorted(rates)}, got {self.rate}")
        if self.short_gi and self.standard == "legacy":
            raise ValueError("short_gi: expected False for legacy, got True")
        if self.streams not in (1, 2) or (self.streams > 1 and self.standard == "legacy"):
            raise ValueError(f"streams of {self.standard}: expected 1 (or 2), got {self.streams}")

    @property
    def row(self) -> tables.Rate:
        """Constellation and data bits of a symbol."""
        rates = tables.LEGACY_RATES if self.standard == "legacy" else tables.HT_RATES
        return rates[self.rate]

    @property
    def guard(self) -> int:
        """Samples of the data field's guard interval."""
        return SHORT_GI if self.short_gi else GI

    @property
    def symbol_len(self) -> int:
        """Samples of one data symbol."""
        return FFT + self.guard

    @property
    def header_len(self) -> int:
        """Samples before the first data symbol."""
        rows = {"legacy": 1, "ht": 5, "vht": 6}[self.standard]
        return 320 + 80 * (rows + self.streams - 1)  # one more LTF for the second stream

    @property
    def first_polarity(self) -> int:
        """Index of the first data symbol's pilot polarity (17.3.5.10, 19.3.11.10, 21.3.10.10)."""
        return {"legacy": 1, "ht": 3, "vht": 4}[self.standard]

    def n_symbols(self, n_bytes: int) -> int:
        """Data symbols of a payload: SERVICE 16 bits, tail 6 bits (17.3.2.4)."""
        limit = _MAX_SYMBOLS
        if self.standard == "legacy":
            n_bytes = min(n_bytes, _MAX_LEGACY_LENGTH)
        return min(max(-(-(16 + 8 * n_bytes + 6) // (self.row.data_bits * self.streams)), 1), limit)

    def n_samples(self, n_symbols: int) -> int:
        """Samples of a frame, without the last ramp."""
        return self.header_len + n_symbols * self.symbol_len


def time_domain(grid: Complex64, n_used: int) -> Complex64:
    """Inverse transform of rows in FFT order, shape (..., 64), n_used unit tones = unit power."""
    scale = np.float32(FFT / np.sqrt(n_used))
    return np.asarray(fft_module.ifft(grid, axis=-1), dtype=np.complex64) * scale


def ramp_up(n: int) -> npt.NDArray[np.float32]:
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
            return cls(np.ones(FFT, np.complex64), np.ones((1, FFT), np.complex64))
        share = float(rng.uniform(0.1, 0.9))
        gains = np.sqrt([share, 1.0 - share]) * np.exp(2j * np.pi * rng.random(2))
        k = np.fft.fftfreq(FFT) * FFT
        early = np.stack([np.ones(FFT), np.exp(2j * np.pi * k * 312.5e3 * 200e-9)])
        legacy = (gains[:, None] * early).sum(axis=0)
        streams = gains[:, None] * early**2
        return cls(legacy.astype(np.complex64), streams.astype(np.complex64))


_STREAM_PILOTS = np.array([[1, 1, -1, -1], [1, -1, -1, 1]], np.float32)  # table 19-20
_LTF_SIGNS = np.array([[1, -1], [1, 1]], np.float32)  # P of (19-27): stream, LTF


def pilot_values(fmt: Format) -> npt.NDArray[np.float32]:
    """Pilots of four successive data symbols before polarity, shape (4, streams, 4)."""
    if fmt.standard == "legacy":
        return np.broadcast_to(tables.PILOT_VALUES, (4, 1, 4))
    streams = np.broadcast_to(tables.PILOT_VALUES, (fmt.streams, 4))  # 21.3.10.10
    if fmt.standard == "ht" and fmt.streams == 2:
        streams = _STREAM_PILOTS
    return np.stack([np.roll(streams, -i, axis=1) for i in range(4)])


def _legacy_row(points: npt.NDArray[np.float32], polarity: int, turn: complex = 1.0) -> Complex64:
    grid = np.zeros(FFT, np.complex64)
    grid[tables.LEGACY_DATA] = points * turn
    grid[tables.PILOTS] = tables.PILOT_VALUES * tables.pilot_polarity()[polarity]
    return grid


def header(
    fmt: Format, n_symbols: int, n_bytes: int, antennas: Antennas, rng: np.random.Generator
) -> Complex64:
    """Everything before the data field, ramps included, shape (header_len + ramp,)."""
    short = time_domain(tables.short_training() * antennas.legacy, 52)
    long = time_domain(tables.long_training() * antennas.legacy, 52)
    fields: list[tuple[Complex64, int, int]] = [(short, 32, 160), (long, 32, 160)]

    def add(grid: Complex64, gain: Complex64, n_used: int = 52) -> None:
        fields.append((time_domain(grid * gain, n_used), GI, 80))

    if fmt.standard == "legacy":
        sig = tables.signal_field(fmt.row.code, min(n_bytes, _MAX_LEGACY_LENGTH))
        add(_legacy_row(sig, 0), antennas.legacy)
    else:
        # duration of the rest of the frame in 4 us symbols (19.3.9.3.5, 21.3.8.2.4)
        rest = fmt.header_len - 400 + n_symbols * fmt.symbol_len
        sig = tables.signal_field(0b1101, min(-(-rest // 80) * 3 - 3, _MAX_LEGACY_LENGTH))
        add(_legacy_row(sig, 0), antennas.legacy)
        if fmt.standard == "ht":
            mcs = fmt.rate + 8 * (fmt.streams - 1)
            aggregated = n_bytes > _LONGEST_MPDU
            first, second = tables.ht_sig(mcs, min(n_bytes, 65535), fmt.short_gi, aggregated)
            add(_legacy_row(first, 1, 1j), antennas.legacy)
        else:
            group = int(rng.choice([0, 63]))
            first, second = tables.vht_sig_a(fmt.rate, fmt.streams, fmt.short_gi, group)
            add(_legacy_row(first, 1), antennas.legacy)
        add(_legacy_row(second, 2, 1j), antennas.legacy)
        add(tables.short_training(), antennas.streams.sum(axis=0))
        for i in range(fmt.streams):
            signs = _LTF_SIGNS[: fmt.streams, i, None]
            add(tables.ht_long_training(), (signs * antennas.streams).sum(axis=0), 56)
        if fmt.standard == "vht":  # VHT-SIG-B
            grid = np.zeros(FFT, np.complex64)
            grid[tables.HT_DATA] = draw_symbols(qam_points(2), (tables.HT_DATA.size,), rng)
            grid[tables.PILOTS] = tables.PILOT_VALUES * tables.pilot_polarity()[3]
            add(grid, antennas.streams.sum(axis=0), 56)
    return _join(fields, fmt)


def _join(fields: list[tuple[Complex64, int, int]], fmt: Format) -> Complex64:
    """Fields (useful period, guard, length) in a row, cross-faded over the ramp."""
    out = np.zeros(fmt.header_len + fmt.ramp, np.complex64)
    up = ramp_up(fmt.ramp)
    start = 0
    for useful, guard, length in fields:
        part = useful[np.arange(-guard, length - guard + fmt.ramp) % FFT]
        part[: fmt.ramp] *= up
        part[length:] *= 1.0 - up
        out[start : start + part.size] += part
        start += length
    return out


def data_field(
    fmt: Format, sizes: list[int], antennas: Antennas, rng: np.random.Generator
) -> tuple[Complex64, Complex64]:
    """Data symbols of several frames of one format at once.

    Args:
        fmt: their format.
        sizes: data symbols of each frame.
        antennas: gains of the streams.
        rng: source of the points.

    Returns:
        symbols of all frames in a row, shape (sum(sizes), symbol_len), the ramps between the
        symbols of a frame applied; and the ramp after every symbol, shape (sum(sizes), ramp).
    """
    total = sum(sizes)
    within = np.concatenate([np.arange(size) for size in sizes])  # index in the frame
    carriers = tables.LEGACY_DATA if fmt.standard == "legacy" else tables.HT_DATA
    pilots = pilot_values(fmt)[within % 4]  # (total, streams, 4)
    pilots = pilots * tables.pilot_polarity()[(within + fmt.first_polarity) % 127, None, None]
    points = qam_points(fmt.row.order)
    grid = np.zeros((total, FFT), np.complex64)
    for i in range(fmt.streams):
        gain = antennas.streams[i]
        cells = draw_symbols(points, (total, carriers.size), rng)
        grid[:, carriers] += cells if fmt.streams == 1 else cells * gain[carriers]
        grid[:, tables.PILOTS] += pilots[:, i] * gain[tables.PILOTS]

    useful = time_domain(grid, carriers.size + tables.PILOTS.size)
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
    return out, tails
