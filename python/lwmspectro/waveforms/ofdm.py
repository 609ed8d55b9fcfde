# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyclic-prefix OFDM modulation for LTE and NR numerologies at any FFT length.

Sources: 3GPP TS 36.211 clause 6.12, 3GPP TS 38.211 clause 5.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .common import fft_module

_TS_RATE = 30.72e6  # 36.211 4: 1 / T_s in samples per second
_CHUNK = 1 << 16  # samples transformed at a time, sized to stay in cache


@dataclass(frozen=True)
class Numerology:
    """Symbol timing of one carrier; the pattern repeats every 0.5 ms.

    Attributes:
        fft_size: samples of the useful symbol; ``fft_size * scs_hz`` is the sample rate.
        scs_hz: subcarrier spacing in Hz, 15000 or 30000.
        extended_cp: extended cyclic prefix (only with 15 kHz).
    """

    fft_size: int
    scs_hz: int = 15000
    extended_cp: bool = False

    def __post_init__(self) -> None:
        if self.scs_hz not in (15000, 30000) or (self.extended_cp and self.scs_hz != 15000):
            raise ValueError(f"expected 15000 or 30000 Hz (normal prefix), got {self}")
        if self.fft_size < 16 or self.fft_size % 4:
            raise ValueError(f"expected an FFT size >= 16 divisible by 4, got {self.fft_size}")

    @property
    def samp_rate(self) -> float:
        """Sample rate in samples per second."""
        return float(self.fft_size * self.scs_hz)

    @property
    def half_ms_samples(self) -> int:
        """Samples of the 0.5 ms after which the symbol pattern repeats."""
        return self.fft_size * self.scs_hz // 2000

    @property
    def half_ms_symbols(self) -> int:
        """OFDM symbols in 0.5 ms."""
        return 6 if self.extended_cp else 7 * self.scs_hz // 15000

    @cached_property
    def symbol_edges(self) -> NDArray[np.int64]:
        """Sample offsets of the prefix starts within 0.5 ms and its end, (symbols + 1,).

        The exact times of the standard are rounded to the sample grid of this rate, so the
        prefix lengths are exact wherever the standard's are whole samples.
        """
        mu_scale = self.scs_hz // 15000
        useful = 2048.0 / mu_scale
        if self.extended_cp:
            prefix = np.full(self.half_ms_symbols, 512.0)  # 36.211 table 6.12-1
        else:
            prefix = np.full(self.half_ms_symbols, 144.0 / mu_scale)  # 38.211 5.3.1
            prefix[0] += 16.0
        ends = np.concatenate(([0.0], np.cumsum(prefix + useful)))
        return np.rint(ends * self.samp_rate / _TS_RATE).astype(np.int64)

    def edges_of(self, n_symbols: int) -> NDArray[np.int64]:
        """Sample offsets of the prefix starts of whole half milliseconds, (n_symbols + 1,)."""
        halves = np.arange(n_symbols // self.half_ms_symbols)[:, None] * self.half_ms_samples
        starts = (halves + self.symbol_edges[:-1]).reshape(-1)
        return np.append(starts, halves.size * self.half_ms_samples)

    @cached_property
    def useful_times(self) -> NDArray[np.float64]:
        """Times in seconds, within 0.5 ms, at which the useful symbols start."""
        return (self.symbol_edges[1:] - self.fft_size) / self.samp_rate


def modulate(
    grid: NDArray[np.complex64], numerology: Numerology, skip_dc: bool
) -> NDArray[np.complex64]:
    """Turn resource elements into samples.

    A resource element of magnitude a adds a**2 to the mean power of its symbol.

    Args:
        grid: complex64, shape (symbols, subcarriers), lowest frequency first; the number of
            symbols is a multiple of ``numerology.half_ms_symbols``.
        numerology: symbol timing.
        skip_dc: True leaves 0 Hz empty between the two halves (LTE, 36.211 6.12); False puts
            subcarrier ``subcarriers // 2`` at 0 Hz (NR, 38.211 5.3.1).

    Returns:
        complex64 samples, shape (symbols / half_ms_symbols * half_ms_samples,).

    Raises:
        ValueError: the grid does not fit the FFT or is not a whole number of half
            milliseconds.
    """
    n_symbols, width = grid.shape
    size, per_half = numerology.fft_size, numerology.half_ms_symbols
    if n_symbols % per_half or width + int(skip_dc) > size:
        raise ValueError(f"expected n*{per_half} symbols, <= {size} bins, got {grid.shape}")
    lower, first = width // 2, int(skip_dc)
    halves = grid.reshape(n_symbols // per_half, per_half, width)
    out = np.empty((halves.shape[0], numerology.half_ms_samples), np.complex64)
    edges = numerology.symbol_edges
    step = max(1, _CHUNK // (size * per_half))
    bins = np.zeros((step, per_half, size), np.complex64)
    for start in range(0, halves.shape[0], step):
        part = halves[start : start + step]
        block = bins[: part.shape[0]]
        block[:, :, size - lower :] = part[:, :, :lower]
        block[:, :, first : first + width - lower] = part[:, :, lower:]
        time = fft_module.ifft(block, norm="forward")
        target = out[start : start + step]
        for symbol in range(per_half):
            body = edges[symbol + 1] - size
            target[:, body : body + size] = time[:, symbol]
            target[:, edges[symbol] : body] = time[:, symbol, size - (body - edges[symbol]) :]
    return out.reshape(-1)
