# SPDX-License-Identifier: GPL-3.0-or-later
"""What a receiver without an intermediate frequency adds in the middle of its band."""

from __future__ import annotations

import numpy as np

from .common import Complex64, complex_noise, db_to_amplitude, fft_module, smooth_length


def dc_offset(iq: Complex64, level_db: float, rms: float, phase_rad: float) -> Complex64:
    """Add a constant of level_db relative to an amplitude rms (same unit as iq)."""
    amplitude = rms * db_to_amplitude(level_db)
    return iq + np.complex64(amplitude * np.exp(1j * phase_rad))


def dc_drift(
    iq: Complex64,
    level_db: float,
    rms: float,
    knot_hz: float,
    samp_rate: float,
    rng: np.random.Generator,
) -> Complex64:
    """Add a direct current that wanders, as the leakage of a local oscillator does.

    Args:
        iq: shape (n,).
        level_db: its mean power relative to an amplitude rms, dB.
        rms: amplitude (same unit as iq).
        knot_hz: independent values a second; between them it moves in straight lines.
        samp_rate: Hz.
        rng: source of the values.
    """
    n_knots = int(iq.size / samp_rate * knot_hz) + 2
    knots = rng.normal(size=(n_knots, 2)) @ np.array([1.0, 1.0j])
    knots *= rms * db_to_amplitude(level_db) * np.sqrt(0.75)  # of straight lines: 2/3 of the power
    at = np.arange(iq.size) * (knot_hz / samp_rate)
    grid = np.arange(n_knots)
    drift = np.interp(at, grid, knots.real) + 1j * np.interp(at, grid, knots.imag)
    return iq + drift.astype(np.complex64)


def flicker(
    iq: Complex64, level_db: float, rms: float, exponent: float, rng: np.random.Generator
) -> Complex64:
    """Add noise of a density that falls as 1 / |f|^exponent on both sides of the middle.

    Flicker noise of a zero-IF receiver's mixers: a skirt under the DC spike that reaches hundreds
    of kilohertz at low gain.

    Args:
        iq: shape (n,).
        level_db: its mean power relative to an amplitude rms, dB.
        rms: amplitude (same unit as iq).
        exponent: 1 is flicker noise proper.
        rng: source of the noise.
    """
    n = smooth_length(iq.size)
    f = np.abs(fft_module.fftfreq(n)).astype(np.float32)
    f[0] = np.float32(1.0 / n)
    shape = np.power(f, np.float32(-0.5 * exponent))
    noise = fft_module.ifft(complex_noise(n, rng) * shape)[: iq.size]
    power = np.mean(noise.real**2 + noise.imag**2)
    scale = rms * db_to_amplitude(level_db) / np.sqrt(power)
    return iq + (noise * np.float32(scale)).astype(np.complex64)
