# SPDX-License-Identifier: GPL-3.0-or-later
"""Root raised cosine pulses at any rational number of samples a symbol (eq. 4)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..common import Complex64


def rrc(t: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Root raised cosine pulse of unit energy at times t in symbols, shape as t.

    g(t) = (sin(pi t (1 - a)) + 4 a t cos(pi t (1 + a))) / (pi t (1 - (4 a t)^2)); its limits
    are taken at 0 and at +-1 / (4 a).
    """
    out = np.empty(t.shape)
    zero = np.abs(t) < 1e-9
    pole = np.abs(np.abs(4.0 * alpha * t) - 1.0) < 1e-7
    usual = ~(zero | pole)
    u = t[usual]
    angle = np.pi * u
    top = np.sin(angle * (1.0 - alpha)) + 4.0 * alpha * u * np.cos(angle * (1.0 + alpha))
    out[usual] = top / (angle * (1.0 - (4.0 * alpha * u) ** 2))
    out[zero] = 1.0 - alpha + 4.0 * alpha / np.pi
    quarter = np.pi / (4.0 * alpha)
    out[pole] = (
        alpha
        / np.sqrt(2.0)
        * ((1.0 + 2.0 / np.pi) * np.sin(quarter) + (1.0 - 2.0 / np.pi) * np.cos(quarter))
    )
    return out


class Shaper:
    """Symbols to samples, in pieces of any length, with the pulses reaching across them.

    Sample n is at time n / sps in symbols and the pulse of symbol k is centred at
    k + span / 2, so that nothing reaches before sample 0. With sps = p / q, q symbols make p
    samples, by one matrix of pulse values: exact for a fractional sps, with no resampler.
    """

    def __init__(self, sps: Fraction, alpha: float, span: int) -> None:
        """Tabulate the pulse.

        Args:
            sps: samples per symbol.
            alpha: roll-off.
            span: length of the pulse in symbols.
        """
        p, q = sps.numerator, sps.denominator
        times = np.arange(p) / float(sps)  # of one period's samples, in symbols
        centres = np.arange(-span, q) + span / 2.0
        offsets = times[:, None] - centres[None, :]  # (p, span + q)
        taps = np.where(np.abs(offsets) <= span / 2.0, rrc(offsets, alpha), 0.0)
        taps /= np.sqrt(np.sum(taps**2) / p)  # unit mean power of the samples
        self._taps = np.ascontiguousarray(taps.T.astype(np.float32))  # (span + q, p)
        self._q = q
        self._span = span
        self._held = np.zeros(span, np.complex64)

    def shape(self, symbols: Complex64) -> Complex64:
        """Samples that the symbols so far settle; up to q - 1 symbols wait for the next call."""
        held = np.concatenate([self._held, symbols])
        periods = (held.size - self._span) // self._q
        if periods <= 0:
            self._held = held
            return np.zeros(0, np.complex64)
        width = self._span + self._q
        windows = np.lib.stride_tricks.sliding_window_view(held, width)[: periods * self._q]
        rows = np.ascontiguousarray(windows[:: self._q])  # (periods, span + q)
        self._held = held[periods * self._q :]
        out = np.empty((periods, self._taps.shape[1]), np.complex64)
        np.matmul(rows.real, self._taps, out=out.real)
        np.matmul(rows.imag, self._taps, out=out.imag)
        return out.reshape(-1)
