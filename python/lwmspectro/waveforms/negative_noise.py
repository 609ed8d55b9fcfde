# SPDX-License-Identifier: GPL-3.0-or-later
"""Noise of every colour: white, smooth, band limited, scheduled in time and frequency."""

from __future__ import annotations

import numpy as np

from .common import (
    Complex64,
    Float32,
    complex_noise,
    db_to_amplitude,
    fft_module,
    log_uniform,
    smooth_length,
)


def white(n: int, rng: np.random.Generator) -> Complex64:
    """White Gaussian noise, shape (n,)."""
    return complex_noise(n, rng)


def _from_shape(shape: Float32, n: int, rng: np.random.Generator) -> Complex64:
    """Gaussian noise of an amplitude response in FFT order, cut to n samples."""
    spectrum = complex_noise(shape.size, rng) * shape
    return np.asarray(fft_module.ifft(spectrum)[:n], np.complex64) * np.float32(np.sqrt(shape.size))


def _smooth_curve(n: int, rng: np.random.Generator, knots: int, range_db: float) -> Float32:
    """Amplitude through random knots, linear in dB, shape (n,), lowest frequency first."""
    levels = rng.uniform(-range_db, 0.0, knots)
    at = np.linspace(0.0, knots - 1.0, n)
    curve = np.interp(at, np.arange(knots), levels)
    return np.power(np.float32(10.0), (curve / 20.0).astype(np.float32))


def coloured(n: int, rng: np.random.Generator) -> Complex64:
    """Noise whose spectrum bends smoothly by 2 to 40 dB, or falls from one frequency."""
    size = smooth_length(n)
    if rng.random() < 0.65:
        knots = int(rng.integers(3, 25))
        shape = _smooth_curve(size, rng, knots, float(rng.uniform(2.0, 40.0)))
        return _from_shape(np.fft.ifftshift(shape), n, rng)
    # resonance or 1/f about one frequency
    f = np.fft.fftfreq(size).astype(np.float32)
    centre = float(rng.uniform(-0.5, 0.5)) if rng.random() < 0.6 else 0.0
    distance = np.abs(np.remainder(f - np.float32(centre) + 0.5, 1.0) - 0.5)
    width = log_uniform(rng, 1e-3, 0.3)
    power = float(rng.uniform(0.3, 2.0))
    floor = db_to_amplitude(float(rng.uniform(-40.0, -5.0)))
    shape = np.power(1.0 + distance / np.float32(width), -power) + floor
    return _from_shape(shape.astype(np.float32), n, rng)


def band_limited(
    n: int, samp_rate: float, bandwidth_hz: float, centre_hz: float, rng: np.random.Generator
) -> Complex64:
    """Noise with the outline of an OFDM carrier: flat, sharp or soft edges, maybe a notch at 0.

    The band may reach past the receiver's: the part in view is returned.
    """
    size = smooth_length(n)
    f = np.fft.fftfreq(size).astype(np.float32) * np.float32(samp_rate) - np.float32(centre_hz)
    f = np.abs(f)
    half = 0.5 * bandwidth_hz
    edge = half * float(rng.choice([1e-3, rng.uniform(0.005, 0.05), rng.uniform(0.05, 0.6)]))
    floor = db_to_amplitude(float(rng.choice([-100.0, rng.uniform(-60.0, -20.0)])))
    x = np.clip((f - np.float32(half - edge)) / np.float32(edge), 0.0, 1.0)
    shape = floor + (1.0 - floor) * 0.5 * (1.0 + np.cos(np.float32(np.pi) * x))
    if rng.random() < 0.3:  # unused direct current carrier
        shape[f < rng.choice([7.5e3, 15e3, 156e3]) + samp_rate / size] *= np.float32(floor)
    if rng.random() < 0.4:  # frequency selective channel
        ripple = _smooth_curve(size, rng, int(rng.integers(4, 40)), float(rng.uniform(1.0, 15.0)))
        shape *= np.fft.ifftshift(ripple)
    return _from_shape(shape.astype(np.float32), n, rng)


def scheduled(
    n: int, samp_rate: float, bandwidth_hz: float, centre_hz: float, rng: np.random.Generator
) -> Complex64:
    """Noise in the time-frequency blocks of a busy cell: no subcarriers, no cyclic prefix.

    Blocks of 0.1 to 4 ms by 90 kHz to 2 MHz are on or off, at levels a few dB apart.
    """
    slot = int(samp_rate * float(rng.choice([1e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3])))
    slots = -(-n // slot) + 1
    f = np.fft.fftfreq(slot, 1.0 / samp_rate)
    width = float(rng.choice([90e3, 180e3, 360e3, 720e3, 2e6]))
    block = np.floor((f - centre_hz + bandwidth_hz / 2.0) / width).astype(np.int64)
    blocks = max(int(np.ceil(bandwidth_hz / width)), 1)
    inside = (np.abs(f - centre_hz) <= bandwidth_hz / 2.0) & (block >= 0) & (block < blocks)
    on = rng.random((slots, blocks)) < rng.uniform(0.1, 1.0)
    spread = float(rng.uniform(0.0, 8.0))
    level = np.where(on, 10.0 ** (rng.normal(0.0, spread, (slots, blocks)).clip(-12, 12) / 20), 0.0)
    if rng.random() < 0.5:  # signals that never stop, in the middle
        middle = slice(max(blocks // 2 - 3, 0), blocks // 2 + 3)
        level[:, middle] = np.maximum(level[:, middle], rng.uniform(0.2, 1.0))
    gain = np.where(inside, level[:, np.clip(block, 0, blocks - 1)], 0.0).astype(np.float32)
    spectrum = complex_noise(slots * slot, rng).reshape(slots, slot) * gain
    iq = np.asarray(fft_module.ifft(spectrum, axis=-1), np.complex64).ravel()
    start = int(rng.integers(0, slot))
    return iq[start : start + n] * np.float32(np.sqrt(slot))
