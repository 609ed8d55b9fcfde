# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples of an LTE downlink: a window at any time, or an endless stream of frames.

The antenna ports are summed through one complex gain each, as one receive antenna would see them
over a flat channel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..data_share import DataLog, Elements
from ..ofdm import modulate
from ..uplink import uplink_symbols
from .config import LteConfig
from .grid import downlink_grid
from .users import Cell

N_FRAMES = 1024
"""System frame numbers, 36.331 6.2.2."""

_AHEAD = 1000  # subframes of traffic that a transmitter draws at a time
_SETTLE_FRAMES = 4  # over which a transmitter measures its mean power beforehand


def _mean_power(grid: NDArray[np.complex64]) -> float:
    """Mean power over the symbols in which the cell sends anything; 1 for silence."""
    power = np.einsum("ijk,ijk->ij", grid.real, grid.real)
    power += np.einsum("ijk,ijk->ij", grid.imag, grid.imag)
    active = power[power > 0]
    return float(active.mean(dtype=np.float64)) if active.size else 1.0


def _add_uplink(
    cfg: LteConfig,
    grid: NDArray[np.complex64],
    subframes: NDArray[np.int64],
    rng: np.random.Generator,
) -> None:
    if cfg.uplink_db is None or cfg.tdd_config is None:
        return
    amplitude = 10 ** (cfg.uplink_db / 20)
    pattern = cfg.frame_key.pattern
    for row in np.flatnonzero([pattern[n] == "U" for n in subframes % 10]):
        grid[row] = uplink_symbols(grid.shape[1], cfg.n_prb, amplitude, rng)


def waveform(
    cfg: LteConfig,
    duration_s: float,
    rng: np.random.Generator,
    start_s: float | None = None,
    log: DataLog | None = None,
) -> NDArray[np.complex64]:
    """Generate the downlink of one cell, centred on its 0 Hz subcarrier.

    The mean power over the OFDM symbols in which the cell transmits anything is 1, whatever the
    load: an idle cell is not weaker than a busy one, only sparser. Uplink is left out of the mean.

    Args:
        cfg: the cell.
        duration_s: seconds to generate.
        rng: source of randomness.
        start_s: time of the first sample in seconds after the start of an even frame, whose
            number is drawn; drawn within 20 ms when None.
        log: is told where the users' data are.

    Returns:
        complex64 samples at ``cfg.samp_rate``, shape (round(duration_s * samp_rate),).

    Raises:
        ValueError: the duration or the start is negative.
    """
    if duration_s < 0 or (start_s is not None and start_s < 0):
        raise ValueError(f"expected times >= 0, got {duration_s} and {start_s}")
    numerology = cfg.numerology
    count = round(duration_s * cfg.samp_rate)
    begin = round((20e-3 * rng.random() if start_s is None else start_s) * cfg.samp_rate)
    per_subframe = 2 * numerology.half_ms_samples
    first = begin // per_subframe
    subframes = np.arange(first, max(first + 1, -(-(begin + count) // per_subframe)))
    numbers = subframes + 20 * int(rng.integers(N_FRAMES // 2))
    shape = (numbers.size, 2 * numerology.half_ms_symbols, 12 * cfg.n_prb)
    data = None if log is None else np.zeros(shape, np.bool_)
    grid = downlink_grid(Cell(cfg, rng), numbers, rng, data)  # of this shape
    scale = np.float32(1.0 / np.sqrt(_mean_power(grid)))
    _add_uplink(cfg, grid, subframes, rng)
    samples = modulate(grid.reshape(-1, grid.shape[2]), numerology, skip_dc=True)
    offset = begin - first * per_subframe
    if log is not None and data is not None:
        k = np.arange(shape[2]) - shape[2] // 2
        log.elements = Elements(
            data.reshape(-1, shape[2]),
            (numerology.edges_of(shape[0] * shape[1]) - offset) / cfg.samp_rate,
            15e3 * (k + (k >= 0)),  # 0 Hz stays empty
        )
    return samples[offset : offset + count] * scale


class Transmitter:
    """An endless downlink: one radio frame after the other, system frame numbers counting.

    Attributes:
        cfg: the cell.
        samp_rate: samples per second.
        occupied_bw_hz: bandwidth from the lowest to the highest subcarrier.
        frame: system frame number of the next piece.
        cell: the cell and its users.
    """

    def __init__(self, cfg: LteConfig, seed: int) -> None:
        """Start at system frame 0.

        Args:
            cfg: the cell.
            seed: of everything drawn; the same seed makes the same samples.
        """
        self.cfg = cfg
        self.samp_rate = cfg.samp_rate
        self.occupied_bw_hz = cfg.occupied_bw_hz
        self.frame = 0
        trial = np.random.default_rng((seed, 1))
        trial_cell = Cell(cfg, trial, ahead=_AHEAD)
        grid = downlink_grid(trial_cell, np.arange(10 * _SETTLE_FRAMES), trial)
        self._scale = np.float32(1.0 / np.sqrt(_mean_power(grid)))
        self._rng = np.random.default_rng((seed, 0))
        self.cell = Cell(cfg, self._rng, ahead=_AHEAD)

    def next_piece(self) -> NDArray[np.complex64]:
        """The next radio frame, complex64, shape (samp_rate / 100,).

        Mean power is 1 while transmitting, measured over some frames beforehand.
        """
        subframes = np.arange(10 * self.frame, 10 * self.frame + 10)
        self.frame = (self.frame + 1) % N_FRAMES
        grid = downlink_grid(self.cell, subframes, self._rng)
        _add_uplink(self.cfg, grid, subframes, self._rng)
        samples = modulate(grid.reshape(-1, grid.shape[2]), self.cfg.numerology, skip_dc=True)
        return samples * self._scale
