# SPDX-License-Identifier: GPL-3.0-or-later
"""Signal to noise ratio: what it means here, and how it is measured on the very samples.

Signal and noise are rendered apart, both as the receiver's channel filter passes them and after
fading, and are measured before they are added. Within the occupied band in view:

- over the window: mean power of the signal over all samples, by that of the noise;
- over the active samples: the signal's mean power while it transmits instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .common import Complex64, active_blocks, fft_module

_N_FFT = 4096


@dataclass(frozen=True)
class Band:
    """Part of the receiver's band, Hz relative to its centre.

    Attributes:
        low_hz, high_hz: edges.
    """

    low_hz: float
    high_hz: float

    @property
    def width_hz(self) -> float:
        """Width, 0 where nothing of it is in view."""
        return max(self.high_hz - self.low_hz, 0.0)

    @classmethod
    def in_view(cls, occupied_bw_hz: float, samp_rate: float, centre_hz: float) -> Band:
        """The part of a carrier that falls within +-samp_rate/2."""
        half = samp_rate / 2.0
        low = min(max(centre_hz - occupied_bw_hz / 2.0, -half), half)
        high = min(max(centre_hz + occupied_bw_hz / 2.0, -half), half)
        return cls(low, high)


@dataclass(frozen=True)
class SignalPower:
    """Power of a signal within a band.

    Attributes:
        window: mean over all samples.
        active: mean over the samples in which it transmits.
        share: how many of the samples these are, 0 to 1.
    """

    window: float
    active: float
    share: float


@dataclass(frozen=True)
class Ratio:
    """The ratio of one window, both ways; NaN where there is no signal or no noise.

    Attributes:
        window_db: over all samples of the window, dB.
        active_db: over the samples in which the signal transmits, dB.
        active: share of these, 0 to 1.
    """

    window_db: float = float("nan")
    active_db: float = float("nan")
    active: float = 0.0


@lru_cache(maxsize=8)
def _covered(samp_rate: float, band: Band) -> NDArray[np.float64]:
    """Share of each bin that a band covers, shape (n_fft,), in FFT order."""
    bin_hz = samp_rate / _N_FFT
    f = np.fft.fftfreq(_N_FFT, 1.0 / samp_rate)
    covered = np.minimum(f + bin_hz / 2.0, band.high_hz) - np.maximum(f - bin_hz / 2.0, band.low_hz)
    # half of the bin at -samp_rate/2 is the upper end of the band
    upper = min(samp_rate / 2.0, band.high_hz) - max(samp_rate / 2.0 - bin_hz / 2.0, band.low_hz)
    weight = np.maximum(covered, 0.0) / bin_hz
    weight[_N_FFT // 2] += max(upper, 0.0) / bin_hz
    return weight


def band_power(iq: Complex64, samp_rate: float, band: Band) -> float:
    """Mean power over all samples, of the part within a band.

    Every sample counts once: consecutive blocks of 4,096 samples, the last one padded with
    zeros, transformed without a window (Parseval). Bins that the band covers in part count in
    part.

    Args:
        iq: shape (n,).
        samp_rate: Hz.
        band: within +-samp_rate/2.
    """
    if iq.size == 0:
        return 0.0
    blocks = -(-iq.size // _N_FFT)
    padded = iq
    if iq.size != blocks * _N_FFT:
        padded = np.zeros(blocks * _N_FFT, np.complex64)
        padded[: iq.size] = iq
    spectrum = fft_module.fft(padded.reshape(blocks, _N_FFT), axis=1)
    parts = spectrum.astype(np.complex64, copy=False).view(np.float32)  # (blocks, 2 n_fft)
    squares = np.einsum("ij,ij->j", parts, parts).astype(np.float64)
    energy = squares[0::2] + squares[1::2]  # (n_fft,)
    return float(energy @ _covered(samp_rate, band)) / (_N_FFT * iq.size)


def signal_power(signal: Complex64, samp_rate: float, band: Band) -> SignalPower:
    """Power of a signal alone, shape (n,), within a band.

    Samples are active by ``common.active_blocks``. Of the power of the active samples, the same
    share is within the band as of that of the window.
    """
    total = float(np.vdot(signal, signal).real) / max(signal.size, 1)
    power, chosen = active_blocks(signal)
    if total <= 0.0:
        return SignalPower(0.0, 0.0, 0.0)
    window = band_power(signal, samp_rate, band)
    active = float(np.mean(power[chosen], dtype=np.float64)) * window / total
    return SignalPower(window, active, float(chosen.mean()))


def ratio(signal: SignalPower, noise_power: float) -> Ratio:
    """The ratio of powers within the same band."""
    if signal.window <= 0.0 or noise_power <= 0.0:
        return Ratio(active=signal.share)
    return Ratio(
        window_db=float(10.0 * np.log10(signal.window / noise_power)),
        active_db=float(10.0 * np.log10(signal.active / noise_power)),
        active=signal.share,
    )
