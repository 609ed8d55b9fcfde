# SPDX-License-Identifier: GPL-3.0-or-later
"""Chirps and pulses: LoRa-like spread spectrum, FMCW and radar sweeps, impulses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .common import Complex64, Float32, complex_noise, log_uniform
from .negative_analog import fm
from .negative_keyed import smooth


def _sweep(
    course_hz: npt.NDArray[np.float64],
    samp_rate: float,
    rng: np.random.Generator,
    envelope: Float32 | None,
) -> Complex64:
    """Constant envelope along a course of frequencies; silent where it leaves the band."""
    out = fm(course_hz, samp_rate, float(rng.uniform(0.0, 2.0 * np.pi)))
    visible = (np.abs(course_hz) < 0.495 * samp_rate).astype(np.float32)
    if envelope is not None:
        visible *= envelope
    if visible.all():
        return out
    return out * visible


def spread(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """Chirp spread spectrum as LoRa sends it: eight up-chirps, 2.25 down-chirps, data."""
    factor = int(rng.integers(5, 13))
    widths = [b for b in (125e3, 250e3, 500e3, 812.5e3, 1.625e6) if b < 0.9 * samp_rate]
    width = float(rng.choice(widths)) if rng.random() < 0.8 else 0.6 * samp_rate * rng.random()
    width = max(width, 0.01 * samp_rate)
    symbol = 2.0**factor / width * samp_rate  # samples
    at = (np.arange(n) + float(rng.uniform(0.0, 30.0)) * symbol) / symbol
    index = at.astype(np.int64)
    count = int(index[-1]) + 1
    start = rng.integers(0, 2**factor, count) / 2.0**factor
    slope = np.ones(count)
    preamble = int(rng.integers(-8, count + 1))
    start[max(preamble, 0) : max(preamble + 8, 0)] = 0.0
    slope[max(preamble + 10, 0) : max(preamble + 12, 0)] = -1.0
    ramp = np.remainder((at - index) + start[index], 1.0) - 0.5
    course = centre_hz + width * slope[index] * ramp
    return _sweep(course, samp_rate, rng, None)


def sweep(
    n: int, samp_rate: float, bandwidth_hz: float, centre_hz: float, rng: np.random.Generator
) -> Complex64:
    """Linear sweeps: sawtooth or triangle, 5 us to 100 ms, with or without pauses."""
    period = max(log_uniform(rng, 5e-6, 100e-3) * samp_rate, 16.0)
    at = (np.arange(n) + float(rng.uniform(0.0, 4.0)) * period) / period
    ramp = at - np.floor(at)
    envelope = None
    if rng.random() < 0.35:
        share = float(rng.uniform(0.1, 0.9))
        envelope = (ramp < share).astype(np.float32)
        ramp = ramp / share
    shape = rng.random()
    if shape < 0.3:
        ramp = 1.0 - 2.0 * np.abs(ramp - 0.5)
    elif shape < 0.6:
        ramp = 1.0 - ramp
    return _sweep(centre_hz + bandwidth_hz * (ramp - 0.5), samp_rate, rng, envelope)


def pulses(
    n: int, samp_rate: float, bandwidth_hz: float, centre_hz: float, rng: np.random.Generator
) -> Complex64:
    """Radar pulses: plain, chirped or phase coded; staggered or steady repetition."""
    length = max(int(log_uniform(rng, 0.2e-6, 100e-6) * samp_rate), 2)
    interval = max(log_uniform(rng, 50e-6, 5e-3) * samp_rate, 1.5 * length)
    t = np.arange(length) / samp_rate
    coding = rng.random()
    if coding < 0.4:
        phase = np.zeros(length)
    elif coding < 0.75:
        phase = np.pi * bandwidth_hz / max(t[-1], 1e-9) * (t - 0.5 * t[-1]) ** 2
    else:
        chips = rng.integers(0, 2, 13)
        phase = np.pi * chips[np.minimum(np.arange(length) * 13 // length, 12)]
    pulse = np.exp(1j * (phase + 2.0 * np.pi * centre_hz * t)).astype(np.complex64)
    out = np.zeros(n + length, np.complex64)
    now = float(rng.uniform(0.0, min(interval, n)))
    jitter = float(rng.choice([0.0, rng.uniform(0.0, 0.4)]))
    while now < n:
        start = int(now)
        out[start : start + length] = pulse * np.complex64(np.exp(2j * np.pi * rng.random()))
        now += interval * (1.0 + jitter * float(rng.uniform(-1.0, 1.0)))
    return out[:n]


def impulses(n: int, samp_rate: float, rng: np.random.Generator) -> Complex64:
    """Ignition-like clicks over the whole band, at random or with the mains' or a clock's beat."""
    rate = log_uniform(rng, 100.0, 50e3)
    count = max(int(rng.poisson(rate * n / samp_rate)), 1)
    at = rng.uniform(0, n, count)
    if rng.random() < 0.4:
        at = (np.arange(count) + rng.random()) * (n / count)
    out = np.zeros(n, np.complex64)
    level = 10.0 ** (rng.normal(0.0, 6.0, count) / 20.0)
    out[np.minimum(at.astype(np.int64), n - 1)] = complex_noise(count, rng) * level
    width = max(int(log_uniform(rng, 0.1e-6, 3e-6) * samp_rate), 1)
    if width > 1:
        out = smooth(out.real, width, 2) + 1j * smooth(out.imag, width, 2)
    return out.astype(np.complex64)
