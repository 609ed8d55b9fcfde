# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples of an NR cell: windows for training and an endless stream for the air."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..data_share import DataLog, Elements
from ..ofdm import Numerology, modulate
from ..uplink import uplink_symbols
from .cell import Cell, draw_cell
from .config import NrConfig
from .grid import downlink_grid
from .pbch import N_SFN


def _symbol_power(grid: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Sum of the squared magnitudes of each row."""
    power: NDArray[np.float32] = np.einsum("ij,ij->i", grid.real, grid.real)
    power += np.einsum("ij,ij->i", grid.imag, grid.imag)
    return power


def _modulate(
    cfg: NrConfig, grid: NDArray[np.complex64], numerology: Numerology, first_ms: int
) -> NDArray[np.complex64]:
    """OFDM with the carrier's phase set to zero at the start of every useful symbol."""
    if cfg.carrier_hz:  # 38.211 5.4
        halves = 2 * first_ms + np.arange(grid.shape[0] // numerology.half_ms_symbols)
        whole = int(cfg.carrier_hz)  # exact after any time
        start = halves * whole % 2000 / 2000 + halves * 0.5e-3 * (cfg.carrier_hz - whole)
        cycles = start[:, None] + numerology.useful_times * cfg.carrier_hz
        cycles = np.mod(cycles, 1.0).reshape(-1, 1)
        grid = grid * np.exp(-2j * np.pi * cycles).astype(np.complex64)
    return modulate(grid, numerology, skip_dc=False)


def _render(
    cfg: NrConfig,
    cell: Cell,
    slots: NDArray[np.int64],
    rng: np.random.Generator,
    data_rng: np.random.Generator | None = None,
    data: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Samples of whole subframes, and the power of each downlink symbol that is not empty."""
    first = int(slots[0]) // cfg.slots_per_ms
    grid, ssb, _ = downlink_grid(cfg, cell, slots, rng, data_rng, data)  # (slots, 14, subcarriers)
    power = _symbol_power(grid.reshape(-1, grid.shape[2]))
    if ssb is not None:  # the carrier's symbols that the blocks' symbols fall into
        repeated = np.repeat(_symbol_power(ssb), cfg.slots_per_ms)
        power += repeated.reshape(-1, cfg.ssb_scs_hz // 15000).mean(axis=1)
    if cfg.uplink_db is not None:
        amplitude = 10 ** (cfg.uplink_db / 20)
        letters = np.array(list(cfg.pattern))[slots % len(cfg.pattern)]
        for row in np.flatnonzero(letters == "U"):
            grid[row] = uplink_symbols(14, cfg.n_rb, amplitude, rng)
    samples = _modulate(cfg, grid.reshape(-1, grid.shape[2]), cfg.numerology, first)
    if ssb is not None:
        size = cfg.fft_size * cfg.scs_hz // cfg.ssb_scs_hz
        samples += _modulate(cfg, ssb, Numerology(size, cfg.ssb_scs_hz), first)
    return samples, power[power > 0]


def waveform(
    cfg: NrConfig,
    duration_s: float,
    rng: np.random.Generator,
    start_s: float | None = None,
    log: DataLog | None = None,
) -> NDArray[np.complex64]:
    """Generate the downlink of one cell, centred on subcarrier ``6 n_rb``.

    The mean power over the OFDM symbols in which the cell transmits anything is 1, whatever the
    load: an idle cell is not weaker than a busy one, only sparser. Uplink is left out of the
    mean. A cell with nothing to send in the window gives zeros.

    Args:
        cfg: the cell.
        duration_s: seconds to generate.
        rng: source of randomness.
        start_s: time of the first sample in seconds after the start of frame 0; drawn among
            all system frame numbers when None.
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
    begin = round((10e-3 * N_SFN * rng.random() if start_s is None else start_s) * cfg.samp_rate)
    per_ms = 2 * numerology.half_ms_samples
    first = begin // per_ms
    subframes = max(1, -(-(begin + count) // per_ms) - first)
    slots = np.arange(first * cfg.slots_per_ms, (first + subframes) * cfg.slots_per_ms)
    shape = (slots.size, 14, 12 * cfg.n_rb)
    data = None if log is None else np.zeros(shape, np.bool_)
    samples, active = _render(cfg, draw_cell(cfg, rng), slots, rng, data=data)
    scale = np.float32(1.0 / np.sqrt(active.mean(dtype=np.float64)) if active.size else 1.0)
    offset = begin - first * per_ms
    if log is not None and data is not None:
        width = shape[2]
        log.elements = Elements(
            data.reshape(-1, width),
            (numerology.edges_of(14 * slots.size) - offset) / cfg.samp_rate,
            float(cfg.scs_hz) * (np.arange(width) - width // 2),
        )
    return samples[offset : offset + count] * scale


class Transmitter:
    """An endless downlink, one radio frame at a time; the SFN counts from 0 to 1023 and on.

    Attributes:
        cfg: the cell.
        frame: radio frames sent so far.
    """

    _PROBED_FRAMES = 8

    def __init__(self, cfg: NrConfig, seed: int) -> None:
        """Draw a cell's users.

        Args:
            cfg: the cell.
            seed: decides everything that is random.
        """
        self.cfg, self.seed, self.frame = cfg, seed, 0
        powers = []
        probe = draw_cell(cfg, np.random.default_rng((seed, 0)))
        for frame in range(self._PROBED_FRAMES):  # the power is that of the first frames
            slots, schedule, payloads = self._frame(frame)
            powers.append(_render(cfg, probe, slots, schedule, payloads)[1])
        active = np.concatenate(powers)
        mean = active.mean(dtype=np.float64) if active.size else 1.0
        self._scale = np.float32(1.0 / np.sqrt(mean))
        self._cell = draw_cell(cfg, np.random.default_rng((seed, 0)))

    @property
    def samp_rate(self) -> float:
        """Samples per second."""
        return self.cfg.samp_rate

    @property
    def occupied_bw_hz(self) -> float:
        """Bandwidth of all resource blocks, in Hz."""
        return self.cfg.occupied_bw_hz

    def _frame(
        self, frame: int
    ) -> tuple[NDArray[np.int64], np.random.Generator, np.random.Generator]:
        """Slots of a frame, and what draws its schedule and its payloads."""
        count = 10 * self.cfg.slots_per_ms
        same = self.cfg.repeat != "none"
        schedule = np.random.default_rng((self.seed, 1, 0 if same else frame))
        new = self.cfg.repeat in ("none", "control")
        return (
            frame * count + np.arange(count),
            schedule,
            np.random.default_rng((self.seed, 2, frame if new else 0)),
        )

    def next_piece(self) -> NDArray[np.complex64]:
        """The next radio frame, complex64 of 10 ms; mean power 1 while transmitting."""
        slots, schedule, data = self._frame(self.frame)
        samples, _ = _render(self.cfg, self._cell, slots, schedule, data)
        self.frame += 1
        return samples * self._scale
