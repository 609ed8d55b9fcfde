# SPDX-License-Identifier: GPL-3.0-or-later
"""Carriers and analogue modulation: CW, combs, AM, narrow and wide FM, FM video."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .common import (
    Complex64,
    complex_noise,
    db_to_amplitude,
    fft_module,
    from_phase,
    log_uniform,
    phasor,
    smooth_length,
)
from .resample import place_many, samples_needed

Real = npt.NDArray[np.float32]


def fm(
    frequency_hz: npt.NDArray[np.float32] | npt.NDArray[np.float64],
    samp_rate: float,
    phase_rad: float,
) -> Complex64:
    """Constant envelope of an instantaneous frequency, shape (n,)."""
    phase = np.cumsum(frequency_hz, dtype=np.float64)
    phase *= 2.0 * np.pi / samp_rate
    phase += phase_rad
    return from_phase(phase)


def _random_phase(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.0, 2.0 * np.pi))


def audio(n: int, samp_rate: float, top_hz: float, rng: np.random.Generator, voice: bool) -> Real:
    """Programme up to top_hz, peak about 1, shape (n,): pauses when voice, else music-like."""
    size = smooth_length(n)
    bins = max(int(top_hz * size / samp_rate), 3)
    f = np.linspace(0.0, top_hz, bins)
    low = 300.0 if voice else 40.0
    weight = np.where(f < low, 0.05, (low / np.maximum(f, low)) ** rng.uniform(0.3, 1.0))
    spectrum = np.zeros(size, np.complex64)
    spectrum[1 : bins + 1] = complex_noise(bins, rng) * weight.astype(np.float32)
    out = np.asarray(fft_module.ifft(spectrum)[:n].real, np.float32)
    out /= np.float32(3.0 * np.std(out) + 1e-30)
    if voice:
        knots = np.maximum(rng.normal(0.4, 0.5, max(int(n / samp_rate / 8e-3), 2) + 1), 0.0)
        out *= np.interp(np.linspace(0, knots.size - 1, n), np.arange(knots.size), knots)
    return np.clip(out, -1.0, 1.0).astype(np.float32)


def _programme(n: int, samp_rate: float, rng: np.random.Generator, top_hz: float) -> Real:
    """A tone, a chord, voice or music, within +-1."""
    kind = rng.random()
    if kind < 0.4:
        t = phasor(n, float(rng.uniform(50.0, top_hz)) / samp_rate, _random_phase(rng))
        return np.ascontiguousarray(t.imag)
    return audio(n, samp_rate, top_hz, rng, voice=kind < 0.7)


def tones(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """One to eight carriers, some drifting or with phase noise."""
    count = int(rng.choice([1, 1, 1, 2, 3, 5, 8]))
    out = np.zeros(n, np.complex64)
    for i in range(count):
        f = centre_hz if i == 0 else float(rng.uniform(-0.48, 0.48)) * samp_rate
        level = np.float32(db_to_amplitude(0.0 if i == 0 else float(rng.uniform(-30.0, 0.0))))
        if i < 2 and rng.random() < 0.4:  # drift in Hz per second and random walk of phase
            t = np.arange(n, dtype=np.float32) / np.float32(n)
            drift = float(rng.choice([-1.0, 1.0])) * log_uniform(rng, 10.0, 0.1 * samp_rate)
            walk = np.interp(
                np.linspace(0.0, 255.0, n), np.arange(256), rng.normal(0.0, 1.0, 256).cumsum()
            )
            course = (drift * n / samp_rate) * t + log_uniform(rng, 0.1, 300.0) * walk
            tone = fm(course, samp_rate, _random_phase(rng)) * phasor(n, f / samp_rate)
        else:
            tone = phasor(n, f / samp_rate, _random_phase(rng))
        out += tone * level
    return out


def comb(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """Harmonics of a clock at an even spacing, levels falling from the centre."""
    spacing = log_uniform(rng, 0.01, 0.3) * samp_rate
    low = int(np.ceil((-0.48 * samp_rate - centre_hz) / spacing))
    high = int((0.48 * samp_rate - centre_hz) / spacing)
    fall = float(rng.uniform(0.0, 3.0))
    out = np.zeros(n, np.complex64)
    for k in sorted(range(low, high + 1), key=abs)[:16]:
        level = np.float32(db_to_amplitude(-fall * abs(k) + float(rng.normal(0.0, 3.0))))
        f = (centre_hz + k * spacing) / samp_rate
        out += phasor(n, f, _random_phase(rng)) * level
    return out


def dc_spike(n: int, samp_rate: float, rng: np.random.Generator) -> Complex64:
    """A constant, at times with slow noise around it."""
    out = np.full(n, np.exp(1j * _random_phase(rng)), np.complex64)
    if rng.random() < 0.5:
        knots = max(int(n / samp_rate * log_uniform(rng, 300.0, 20e3)), 4)
        slow = complex_noise(knots + 1, rng) * np.float32(rng.uniform(0.01, 0.5))
        out += np.interp(np.linspace(0, knots, n), np.arange(knots + 1), slow)
    return out.astype(np.complex64)


def am(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """Amplitude modulation by a programme, carrier kept or suppressed."""
    programme = _programme(n, samp_rate, rng, float(rng.uniform(2e3, 15e3)))
    carrier = np.float32(0.0 if rng.random() < 0.2 else 1.0)
    depth = np.float32(rng.uniform(0.3, 1.0))
    return phasor(n, centre_hz / samp_rate, _random_phase(rng)) * (carrier + depth * programme)


def narrow_fm(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """FM by a tone or voice, deviation 1 to 400 kHz (never past a quarter of the band)."""
    deviation = log_uniform(rng, 1e3, max(min(400e3, 0.25 * samp_rate), 2e3))
    top = float(rng.choice([3.4e3, 15e3, rng.uniform(1e3, 60e3)]))
    programme = _programme(n, samp_rate, rng, top)
    return fm(programme * np.float32(deviation) + centre_hz, samp_rate, _random_phase(rng))


def broadcast_fm(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """One to six stereo stations (ITU-R BS.450): 75 kHz deviation, 19 kHz pilot, RDS."""
    native = samp_rate / max(int(samp_rate / 400e3), 1)
    count = samples_needed(n, native, samp_rate) + 2
    used = [centre_hz]
    for _ in range(int(rng.integers(0, 4 if samp_rate < 10e6 else 6))):
        f = round(float(rng.uniform(-0.4, 0.4)) * samp_rate / 100e3) * 100e3
        if all(abs(f - other) >= 200e3 for other in used):
            used.append(f)
    stations = []
    for i, f in enumerate(used):
        mono = audio(count, native, 15e3, rng, voice=bool(rng.random() < 0.5))
        side = audio(count, native, 15e3, rng, voice=False)
        pilot = phasor(count, 19e3 / native, _random_phase(rng))
        double = pilot * pilot
        mpx = np.float32(0.45) * mono + np.float32(0.45) * side * double.imag
        mpx += np.float32(0.09) * pilot.imag
        if rng.random() < 0.5:
            mpx += np.float32(0.03) * (double * pilot).real
        level = np.float32(db_to_amplitude(0.0 if i == 0 else float(rng.uniform(-25.0, 3.0))))
        stations.append((fm(mpx * np.float32(75e3), native, _random_phase(rng)) * level, f))
    return place_many(stations, native, samp_rate, n, rng)


def video_fm(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """FM by analogue television: lines of 64 us whose content changes slowly, sync pulses."""
    line = 64e-6 * samp_rate
    at = (np.arange(n) + float(rng.uniform(0.0, line))) / line
    index = at.astype(np.int64)
    within = (at - index).astype(np.float32)
    table = np.cumsum(rng.normal(0.0, 0.15, (16, 64)), axis=0).astype(np.float32)
    column = np.minimum((within * 64.0).astype(np.int64), 63)
    picture = np.clip(table[(index // 8) % 16, column], -0.7, 1.0)
    picture[within < 4.7 / 64.0] = -1.0
    deviation = min(log_uniform(rng, 0.3e6, 4e6), 0.25 * samp_rate)
    return fm(picture * np.float32(deviation) + centre_hz, samp_rate, _random_phase(rng))
