# SPDX-License-Identifier: GPL-3.0-or-later
"""Small numeric helpers shared by the waveform modules."""

from __future__ import annotations

import types
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

try:  # single precision transforms; numpy always works in double
    from scipy import fft as _scipy_fft
except ImportError:
    fft_module: types.ModuleType = np.fft
else:
    fft_module = _scipy_fft

Complex64 = npt.NDArray[np.complex64]
Float32 = npt.NDArray[np.float32]

BLOCK = 64  # samples over which the envelope is averaged to find bursts
_BAND_BINS = 4096  # resolution of a filter's mean gain over a carrier
_ACTIVE_DB = -10.0  # blocks this far below the strong ones are not part of the signal


def db_to_power(value_db: float) -> float:
    """Power ratio of a value in dB."""
    return float(10.0 ** (value_db / 10.0))


def db_to_amplitude(value_db: float) -> float:
    """Amplitude ratio of a value in dB."""
    return float(10.0 ** (value_db / 20.0))


@lru_cache(maxsize=256)
def smooth_length(minimum: int) -> int:
    """Smallest integer >= minimum whose prime factors are 2, 3 and 5."""
    best = 1 << max(minimum - 1, 0).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            quotient = -(-minimum // three)
            candidate = three << max(quotient - 1, 0).bit_length()
            best = min(best, candidate)
            three *= 3
        five *= 5
    return best


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """One draw whose logarithm is uniform between low and high (both > 0)."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def complex_noise(n: int, rng: np.random.Generator) -> Complex64:
    """Circular white Gaussian noise, shape (n,), unit mean power."""
    pairs = rng.standard_normal(2 * n, dtype=np.float32)
    pairs *= np.float32(np.sqrt(0.5))
    return pairs.view(np.complex64)


def phasor(n: int, cycles_per_sample: float, phase_rad: float = 0.0) -> Complex64:
    """exp(j (2 pi f t + phase)), shape (n,), exact to single precision for any n."""
    step = 1024
    coarse_index = np.arange(-(-n // step)) * step
    # whole cycles are removed in double precision before the cast
    coarse = np.exp(2j * np.pi * np.mod(coarse_index * cycles_per_sample, 1.0) + 1j * phase_rad)
    fine = np.exp(2j * np.pi * cycles_per_sample * np.arange(step))
    table = np.multiply.outer(coarse.astype(np.complex64), fine.astype(np.complex64))
    return table.reshape(-1)[:n]


def from_phase(phase_rad: npt.NDArray[np.float64]) -> Complex64:
    """exp(j phase), computed in single precision after whole turns are removed."""
    wrapped = np.remainder(phase_rad, 2.0 * np.pi).astype(np.float32)
    out = np.empty(wrapped.shape, np.complex64)
    np.cos(wrapped, out=out.real)
    np.sin(wrapped, out=out.imag)
    return out


def block_power(iq: Complex64, block: int = BLOCK) -> Float32:
    """Mean power of consecutive blocks of samples, shape (ceil(n / block),)."""
    n_full = iq.size // block
    parts = iq[: n_full * block].view(np.float32).reshape(n_full, 2 * block)
    power = np.einsum("ij,ij->i", parts, parts) / np.float32(block)
    rest = iq[n_full * block :]
    if rest.size:
        power = np.append(power, np.float32(np.mean(np.abs(rest) ** 2)))
    return power.astype(np.float32)


def active_blocks(iq: Complex64) -> tuple[Float32, npt.NDArray[np.bool_]]:
    """Which blocks of 64 samples transmit: power of each and whether, shape (ceil(n / 64),).

    Blocks count when they are less than 10 dB under the strong blocks (the 90th percentile of
    those that are not silent), so gaps and much weaker stations are left out.
    """
    power = block_power(iq)
    peak = float(power.max(initial=0.0))
    if peak <= 0.0:
        return power, np.zeros(power.shape, np.bool_)
    loud = power[power > peak * 1e-3]
    strong = float(np.percentile(loud, 90.0))
    return power, power > strong * db_to_power(_ACTIVE_DB)


def active_power(iq: Complex64) -> float:
    """Mean power while transmitting, over :func:`active_blocks`; 0.0 for silence or no samples."""
    power, chosen = active_blocks(iq)
    return float(np.mean(power[chosen], dtype=np.float64)) if chosen.any() else 0.0


def unit_power(iq: Complex64) -> Complex64:
    """Scale to unit mean power while transmitting; silence stays silence."""
    power = active_power(iq)
    if power <= 0.0:
        return iq
    return iq * np.float32(1.0 / np.sqrt(power))


def draw_symbols(points: Complex64, shape: tuple[int, ...], rng: np.random.Generator) -> Complex64:
    """Independent uniform draws from a constellation."""
    n = int(np.prod(shape))
    index = rng.integers(0, points.size, n, dtype=np.uint16)
    return points[index].reshape(shape)


def qam_points(order: int) -> Complex64:
    """Unit-power BPSK (2) or square QAM (4, 16, 64, 256), shape (order,).

    Raises:
        ValueError: for another order.
    """
    if order == 2:
        return np.array([-1.0, 1.0], np.complex64)
    if order not in (4, 16, 64, 256, 1024):
        raise ValueError(f"constellation order: expected 2, 4, 16, 64, 256 or 1024, got {order}")
    side = int(np.sqrt(order))
    level = 2.0 * np.arange(side) - (side - 1)
    grid = (level[:, None] + 1j * level[None, :]).ravel()
    return (grid / np.sqrt(2.0 * (order - 1) / 3.0)).astype(np.complex64)


@dataclass(frozen=True)
class ReceiverBand:
    """Amplitude response of a receiver's channel filter.

    Attributes:
        rolloff: share of each half band (0..1) over which the response falls to ``edge_db``.
        edge_db: response at the very edge of the band, dB.
        tilt_db: slope over the whole band, dB (positive: the upper edge is stronger).
        ripple_db: peak to peak ripple, dB.
        ripple_cycles: periods of the ripple over the band.
        ripple_phase: phase of the ripple, rad.
    """

    rolloff: float = 0.0
    edge_db: float = -40.0
    tilt_db: float = 0.0
    ripple_db: float = 0.0
    ripple_cycles: float = 1.0
    ripple_phase: float = 0.0

    @classmethod
    def random(cls, rng: np.random.Generator) -> ReceiverBand:
        """Half of all receivers are flat; the others fall at the edges and ripple by 0-3 dB."""
        flat = rng.random() < 0.4
        return cls(
            rolloff=float(rng.choice([0.0, rng.uniform(0.01, 0.15), rng.uniform(0.05, 0.3)])),
            edge_db=float(rng.uniform(-60.0, -3.0)),
            tilt_db=0.0 if flat else float(rng.normal(0.0, 1.0)),
            ripple_db=0.0 if flat else float(rng.uniform(0.0, 3.0)),
            ripple_cycles=float(rng.uniform(0.3, 4.0)),
            ripple_phase=float(rng.uniform(0.0, 2.0 * np.pi)),
        )

    @property
    def is_flat(self) -> bool:
        """True when the filter changes nothing."""
        return self.rolloff <= 0.0 and self.tilt_db == 0.0 and self.ripple_db == 0.0

    def response(self, n: int) -> Float32:
        """Amplitude at n bins in FFT order (bin 0 is DC), shape (n,).

        Mean power gain 1 before the roll-off.
        """
        upper = n - n // 2  # bins from 0 Hz up, which come first
        f = np.empty(n, np.float32)  # -1..1 over the band
        f[:upper] = np.arange(upper, dtype=np.float32) * np.float32(2.0 / n)
        f[upper:] = np.arange(-(n // 2), 0, dtype=np.float32) * np.float32(2.0 / n)
        gain = np.ones(n, np.float32)
        if self.tilt_db != 0.0 or self.ripple_db > 0.0:
            gain_db = np.float32(0.5 * self.tilt_db) * f
            if self.ripple_db > 0.0:
                angle = np.float32(np.pi * self.ripple_cycles) * f + np.float32(self.ripple_phase)
                gain_db += np.float32(0.5 * self.ripple_db) * np.cos(angle)
            gain = np.exp(np.float32(np.log(10.0) / 20.0) * gain_db)
            gain /= np.sqrt(np.mean(gain * gain))
        if self.rolloff > 0.0:
            corner = np.float32(1.0 - self.rolloff)
            low = int(np.searchsorted(f[:upper], corner, "right"))
            high = upper + int(np.searchsorted(f[upper:], -corner))
            gain[:low] *= self._edge(np.zeros(1, np.float32))
            gain[low:high] *= self._edge((np.abs(f[low:high]) - corner) / self.rolloff)
            gain[high:] *= self._edge(np.zeros(1, np.float32))
        return gain

    def _edge(self, x: Float32) -> Float32:
        """Raised cosine from 1 at x = 0 to ``edge_db`` at 1, where the band ends."""
        edge = np.float32(db_to_amplitude(self.edge_db))
        x = np.clip(x, 0.0, 1.0)
        shape: Float32 = edge + (1.0 - edge) * 0.5 * (1.0 + np.cos(np.float32(np.pi) * x))
        return shape


def filter_band(iq: Complex64, band: ReceiverBand) -> Complex64:
    """Pass samples through a receiver's channel filter (circular, same length)."""
    if band.is_flat:
        return iq
    n = smooth_length(iq.size)
    spectrum = fft_module.fft(iq, n)
    spectrum *= band.response(n)
    return np.asarray(fft_module.ifft(spectrum)[: iq.size], dtype=np.complex64)


def filtered_noise(n: int, rng: np.random.Generator, band: ReceiverBand) -> Complex64:
    """Noise of unit power through a receiver's channel filter, shape (n,).

    White noise has a white spectrum: it is drawn as one, which saves a transform.
    """
    if band.is_flat:
        return complex_noise(n, rng)
    length = smooth_length(n)
    spectrum = complex_noise(length, rng)
    spectrum *= band.response(length)
    spectrum *= np.float32(np.sqrt(length))
    return np.asarray(fft_module.ifft(spectrum)[:n], dtype=np.complex64)


def loud_power(iq: Complex64) -> float:
    """Power that a gain control sees: of the loudest 0.5 % of blocks of 256 samples."""
    if iq.size == 0:
        return 0.0
    return float(np.percentile(block_power(iq, 256), 99.5))


def band_in_view(occupied_bw_hz: float, samp_rate: float, centre_hz: float = 0.0) -> float:
    """Width in Hz of the part of a carrier that falls within +-samp_rate/2."""
    high = min(centre_hz + occupied_bw_hz / 2.0, samp_rate / 2.0)
    low = max(centre_hz - occupied_bw_hz / 2.0, -samp_rate / 2.0)
    return max(high - low, 0.0)


def add_awgn(
    iq: Complex64,
    snr_db: float,
    occupied_bw_hz: float,
    samp_rate: float,
    rng: np.random.Generator,
    *,
    centre_hz: float = 0.0,
    signal_power: float | None = None,
    band: ReceiverBand | None = None,
) -> Complex64:
    """Add white Gaussian noise for a wanted SNR in the occupied band.

    The signal power is that of the active samples (``active_power``), all of it inside the part
    of the occupied band in view; the noise counted against it is that of the same part.

    Args:
        iq: samples at samp_rate, shape (n,).
        snr_db: signal to noise ratio in the occupied band in view, dB.
        occupied_bw_hz: bandwidth of the carrier.
        samp_rate: Hz.
        rng: source of the noise.
        centre_hz: centre of the carrier relative to that of the receiver.
        signal_power: power while transmitting, when the caller knows it.
        band: colours the noise (a receiver's filter shapes its own noise). The SNR holds for
            the coloured noise inside the occupied band.

    Returns:
        complex64, shape (n,). A silent input returns noise of unit power.
    """
    view = band_in_view(occupied_bw_hz, samp_rate, centre_hz)
    power = active_power(iq) if signal_power is None else signal_power
    noise = complex_noise(iq.size, rng)
    if band is not None:
        noise = filter_band(noise, band)
    if power <= 0.0 or view <= 0.0:
        return noise + iq
    noise_power = power / db_to_power(snr_db) * samp_rate / view
    if band is not None and not band.is_flat:
        f = np.fft.fftfreq(_BAND_BINS, 1.0 / samp_rate)
        inside = np.abs(f - centre_hz) <= occupied_bw_hz / 2.0
        if inside.any():
            noise_power /= float(np.mean(band.response(_BAND_BINS)[inside] ** 2))
    noise *= np.float32(np.sqrt(noise_power))
    noise += iq
    return noise
