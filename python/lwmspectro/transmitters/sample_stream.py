# SPDX-License-Identifier: GPL-3.0-or-later
"""A transmitter's waveform at a wanted sample rate, looped where that is wanted."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..waveforms.common import Complex64
from ..waveforms.stream_resample import StreamResampler

MAX_LOOP_BYTES = 1 << 30
MIN_PIECE = 1 << 15
"""Samples of a piece at least: short frames are put together."""


class Transmitter(Protocol):
    """An endless, phase-continuous waveform of unit mean power while transmitting."""

    @property
    def samp_rate(self) -> float:
        """Native rate, Hz."""

    @property
    def occupied_bw_hz(self) -> float:
        """Hz."""

    def next_piece(self) -> Complex64:
        """The samples that follow, at the native rate."""


class SampleStream:
    """Pieces of a transmitter's waveform at the wanted rate."""

    def __init__(
        self, transmitter: Transmitter, samp_rate: float = 0.0, repeat_s: float = 0.0
    ) -> None:
        """Prepare the conversion.

        Args:
            transmitter: what is sent.
            samp_rate: Hz; 0 for the native rate.
            repeat_s: seconds after which the waveform starts again, in place of going on; 0
                never.

        Raises:
            ValueError: a value is out of range.
        """
        if not samp_rate >= 0.0 or not np.isfinite(samp_rate):
            raise ValueError(f"samp_rate: expected Hz, or 0 for the native rate, got {samp_rate}")
        if not repeat_s >= 0.0 or not np.isfinite(repeat_s):
            raise ValueError(f"repeat_s: expected seconds, or 0 for never, got {repeat_s}")
        self._transmitter = transmitter
        self._samp_rate = samp_rate or float(transmitter.samp_rate)
        self._resampler = StreamResampler(float(transmitter.samp_rate), self._samp_rate)
        self._loop_samples = round(repeat_s * self._samp_rate)
        if repeat_s and not 1 <= self._loop_samples <= MAX_LOOP_BYTES // 8:
            raise ValueError(
                f"repeat_s: expected 1 to {MAX_LOOP_BYTES // 8} samples "
                f"at {self._samp_rate:g} Hz, got {self._loop_samples}"
            )
        self._loop: Complex64 | None = None
        self._parts: list[Complex64] = []
        self._kept = 0  # samples in them

    @property
    def samp_rate(self) -> float:
        """Hz, of the pieces."""
        return self._samp_rate

    @property
    def occupied_bw_hz(self) -> float:
        """Of the transmitter, Hz."""
        return float(self._transmitter.occupied_bw_hz)

    def next_piece(self) -> Complex64:
        """The samples that follow, complex64, some.

        Raises:
            RuntimeError: the transmitter made something else.
        """
        if not self._loop_samples:
            return self._fresh()
        if self._loop is None:
            return self._first_turn()
        return self._loop

    def _first_turn(self) -> Complex64:
        """The next part of the loop, as it is made: nobody waits for all of it."""
        piece = self._fresh()[: self._loop_samples - self._kept]
        self._parts.append(piece)
        self._kept += piece.size
        if self._kept == self._loop_samples:
            self._loop = np.concatenate(self._parts)
            self._parts.clear()
        return piece

    def _fresh(self) -> Complex64:
        parts, have = [], 0
        while have < MIN_PIECE:
            parts.append(self._resampler.process(self._native()))
            have += parts[-1].size
        return np.concatenate(parts)

    def _native(self) -> Complex64:
        piece = np.asarray(self._transmitter.next_piece())
        if piece.ndim != 1 or piece.dtype != np.complex64:
            raise RuntimeError(
                f"transmitter: expected complex64 samples of shape (n,), "
                f"got {piece.dtype} of shape {piece.shape}"
            )
        if not np.isfinite(piece.view(np.float32)).all():
            raise RuntimeError("transmitter: expected finite samples, got some that are not")
        return piece
