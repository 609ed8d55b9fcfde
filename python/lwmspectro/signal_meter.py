# SPDX-License-Identifier: GPL-3.0-or-later
"""How strong a signal was in what a source has put out."""

import numpy as np

KEPT = 1 << 16
"""Chunks that are remembered: minutes, in constant memory."""


class SignalMeter:
    """Energy of a stream by chunks of samples; what is older than ``KEPT`` chunks is forgotten.

    One thread adds, others may ask.
    """

    def __init__(self, chunk: int) -> None:
        """A meter of chunks of so many samples."""
        self._chunk = chunk
        self._energy = np.zeros(KEPT)
        self._active = np.zeros(KEPT)
        self._begun = -1

    def add(self, position: int, energy: float, active: float) -> None:
        """Takes samples of one chunk, in the order of the stream.

        Args:
            position: of the first of them.
            energy: sum of their squared magnitudes.
            active: in how many of them the signal transmits.
        """
        index = position // self._chunk
        slot = index % KEPT
        if index != self._begun:
            self._begun = index
            self._energy[slot] = self._active[slot] = 0.0
        self._energy[slot] += energy
        self._active[slot] += active

    def power(self, start: int, count: int) -> float:
        """Mean power over the active samples among ``count`` from ``start`` on; 0 for silence.

        Chunks that are in the run in part count in part.
        """
        chunk = self._chunk
        indices = np.arange(start // chunk, (start + max(count, 1) - 1) // chunk + 1)
        begins = indices * chunk
        inside = np.minimum(begins + chunk, start + count) - np.maximum(begins, start)
        weights = inside / chunk
        slots = indices % KEPT
        active = float(weights @ self._active[slots])
        return float(weights @ self._energy[slots]) / active if active > 0.0 else 0.0
