# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes the sample rate of an endless stream, by overlapping blocks and the FFT.

``resample.place`` shows a whole window to a receiver; this does so piece by piece, without a
seam and without a delay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .common import Complex64, fft_module, smooth_length
from .resample import rate_ratio

TRANSITION = 0.08
"""Share of the narrower half band, at its edge, over which the filter falls."""
_STOP_DB = 80.0
_MIN_BLOCK = 8192


class StreamResampler:
    """A stream at one rate to a stream at another: the same samples for pieces of any size.

    Output sample m is the signal at time m / target_rate, less what lies beyond the narrower of
    the two bands. The passband is 1 - TRANSITION of it; images and aliases are 78 dB down.
    """

    def __init__(self, native_rate: float, target_rate: float) -> None:
        """Design the filter.

        Args:
            native_rate: Hz, of the input.
            target_rate: Hz, of the output.

        Raises:
            ValueError: a rate is not positive, or the rates are too far apart.
        """
        ratio = rate_ratio(native_rate, target_rate)
        self._p, self._q = ratio.numerator, ratio.denominator
        if self._p == self._q:
            return
        edge = min(native_rate, target_rate) / 2.0
        beta = 0.1102 * (_STOP_DB - 8.7)  # Kaiser's formulas
        length_s = (_STOP_DB - 7.95) / (14.36 * TRANSITION * edge)
        # both ends of a block, half of the filter each, in whole periods of the ratio
        half = self._q * -(-int(np.ceil(length_s * native_rate / 2.0)) // self._q)
        periods = smooth_length(-(-max(8 * half, _MIN_BLOCK) // self._q))
        self._n_in, self._n_out = self._q * periods, self._p * periods
        self._half_in, self._half_out = half, half // self._q * self._p
        self._bins = min(self._n_in, self._n_out) // 2
        self._gain = self._response(max(native_rate, target_rate), edge, length_s, beta)
        self._held = np.zeros(half, np.complex64)

    def _response(
        self, rate: float, edge: float, length_s: float, beta: float
    ) -> NDArray[np.float32]:
        """Amplitude at bins 0..bins-1, a windowed sinc's."""
        n = max(self._n_in, self._n_out)
        reach = int(length_s * rate / 2.0)
        at = np.arange(-reach, reach + 1)
        cutoff = (1.0 - TRANSITION / 2.0) * edge / rate  # cycles a sample
        taps = np.sinc(2.0 * cutoff * at) * np.i0(
            beta * np.sqrt(np.clip(1.0 - (at / (length_s * rate / 2.0)) ** 2, 0.0, 1.0))
        )
        taps /= taps.sum()
        circle = np.zeros(n)
        circle[at % n] = taps
        response = np.fft.rfft(circle).real[: self._bins]
        return (response * (self._n_out / self._n_in)).astype(np.float32)

    def process(self, iq: Complex64) -> Complex64:
        """Output samples that the input so far settles, complex64, possibly none."""
        if self._p == self._q:
            return iq
        held = np.concatenate([self._held, iq])
        hop_in = self._n_in - 2 * self._half_in
        hop_out = self._n_out - 2 * self._half_out
        blocks = max(0, (held.size - 2 * self._half_in) // hop_in)
        out = np.empty((blocks, hop_out), np.complex64)
        for number in range(blocks):
            part = held[number * hop_in : number * hop_in + self._n_in]
            out[number] = self._convert(part)[self._half_out : self._half_out + hop_out]
        self._held = held[blocks * hop_in :].copy()
        return out.reshape(-1)

    def _convert(self, block: Complex64) -> Complex64:
        """One block at the target rate; half a filter at either end is wrong."""
        spectrum = fft_module.fft(block)
        placed = np.zeros(self._n_out, np.complex64)
        placed[: self._bins] = spectrum[: self._bins] * self._gain
        if self._bins > 1:
            placed[1 - self._bins :] = spectrum[1 - self._bins :] * self._gain[:0:-1]
        return np.asarray(fft_module.ifft(placed), np.complex64)
