# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames one after the other, as an endless stream or as a window of it."""

from __future__ import annotations

import numpy as np

from ..common import Complex64
from ..data_share import BITS, DataLog, Stretch
from .config import SingleCarrierConfig
from .modem import encode, interleaver_order, m_sequence, map_bits
from .pulse import Shaper


class Transmitter:
    """An endless, phase-continuous single-carrier signal; its first frame starts at once."""

    def __init__(self, cfg: SingleCarrierConfig, seed: int) -> None:
        """Start at the beginning of a frame.

        Args:
            cfg: the link.
            seed: of its bits and gaps, 0 or more.
        """
        self._cfg = cfg
        self._rng = np.random.default_rng(seed)
        self._frames = _Frames(cfg)
        self._shaper = Shaper(cfg.sps_fraction, cfg.alpha, cfg.span)

    @property
    def samp_rate(self) -> float:
        """Hz."""
        return self._cfg.samp_rate

    @property
    def occupied_bw_hz(self) -> float:
        """Hz."""
        return self._cfg.occupied_bw_hz

    def next_piece(self) -> Complex64:
        """Samples of one frame and of the gap behind it; unit mean power while transmitting."""
        return self._shaper.shape(self._frames.draw(self._rng))


class _Frames:
    """Draws the symbols of frames."""

    def __init__(self, cfg: SingleCarrierConfig) -> None:
        self._cfg = cfg
        self._preamble = m_sequence(cfg.preamble)
        self._order = interleaver_order(cfg.coded_bits, cfg.interleaver_rows)

    def draw(self, rng: np.random.Generator) -> Complex64:
        """Preamble, data, and in bursts a gap of zeros."""
        cfg = self._cfg
        bits = rng.integers(0, 2, cfg.info_bits, dtype=np.uint8)  # eq. 1
        coded = encode(bits)[self._order]  # eq. 2
        symbols = [self._preamble, map_bits(coded, cfg.modulation)]  # eq. 3
        if cfg.traffic == "bursts":
            # at least one pulse long, so that frames stay apart at any duty that allows it
            mean = cfg.frame_symbols * (1.0 / cfg.duty - 1.0)
            least = min(mean, float(cfg.span))
            gap = round(least + rng.exponential(mean - least))
            symbols.append(np.zeros(gap, np.complex64))
        return np.concatenate(symbols)


def waveform(
    cfg: SingleCarrierConfig,
    duration_s: float,
    rng: np.random.Generator,
    start_s: float | None = None,
    log: DataLog | None = None,
) -> Complex64:
    """A window of the signal.

    Args:
        cfg: the link.
        duration_s: seconds to generate.
        rng: source of randomness.
        start_s: time of the first sample in seconds after the first sample of a frame; drawn
            within a frame and its gap when None.
        log: is told when frames are on the air, with their preambles.

    Returns:
        complex64 at ``cfg.samp_rate``, shape (round(duration_s * samp_rate),), unit mean power
        while transmitting.

    Raises:
        ValueError: the duration or the start is negative.
    """
    if duration_s < 0 or (start_s is not None and start_s < 0):
        raise ValueError(f"expected times >= 0, got {duration_s} and {start_s}")
    count = round(duration_s * cfg.samp_rate)
    frames = _Frames(cfg)
    shaper = Shaper(cfg.sps_fraction, cfg.alpha, cfg.span)
    first = frames.draw(rng)
    skip = cfg.span  # symbols in which the first pulses build up
    if start_s is None:
        skip += int(rng.integers(first.size))
    skip_samples = round(skip * float(cfg.sps_fraction))
    if start_s is not None:
        skip_samples = round((start_s * cfg.symbol_rate) * float(cfg.sps_fraction))
    sizes = [first.size]  # symbols of each frame with its gap
    pieces = [shaper.shape(first)]
    have = pieces[0].size
    while have < skip_samples + count:
        symbols = frames.draw(rng)
        sizes.append(symbols.size)
        pieces.append(shaper.shape(symbols))
        have += pieces[-1].size
    if log is not None:
        # a symbol lasts from half before the middle of its pulse to half after it
        middle = 0.5 * (cfg.span - 1) - skip_samples / float(cfg.sps_fraction)
        for start in np.cumsum([0, *sizes[:-1]]) + middle:
            stop = start + cfg.frame_symbols
            log.stretches.append(
                Stretch(start / cfg.symbol_rate, stop / cfg.symbol_rate, BITS[cfg.modulation])
            )
    return np.concatenate(pieces)[skip_samples : skip_samples + count]
