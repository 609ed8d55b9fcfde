# SPDX-License-Identifier: GPL-3.0-or-later
"""Imperfections of real receivers: clock error, IQ imbalance, DC offset and converter.

Pure functions, and one configuration that chains them in the order of the hardware. The output
has the scale of a radio's driver: +-1 is the full scale of the converter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .common import Complex64, ReceiverBand, db_to_amplitude, log_uniform, loud_power, phasor
from .zero_if import dc_drift, dc_offset, flicker

PROFILES = ("rtl-sdr", "hackrf", "usrp", "ideal")

_SRO_FLOOR_PPM = 0.5  # below, the drift over a window is a small share of a sample
_SRO_BLOCK = 8192


def cfo(iq: Complex64, offset_hz: float, samp_rate: float, phase_rad: float = 0.0) -> Complex64:
    """Shift in frequency by offset_hz (carrier frequency offset), wrapping at the band edges."""
    if offset_hz == 0.0 and phase_rad == 0.0:
        return iq
    return iq * phasor(iq.size, offset_hz / samp_rate, phase_rad)


def sro(iq: Complex64, ppm: float) -> Complex64:
    """Sample with a clock that is fast by ppm (sample rate offset), same length.

    Cubic Lagrange (Farrow) interpolation whose fraction is held over short blocks: the timing is
    within 1/200 of a sample up to 100 ppm. The block is sampled about its middle and its last
    samples repeat where the source ends. Offsets below 0.5 ppm change nothing.
    """
    if abs(ppm) < _SRO_FLOOR_PPM or iq.size < 8:
        return iq
    n = iq.size
    rate = 1.0 / (1.0 + ppm * 1e-6)
    slope = rate - 1.0
    block = max(16, min(_SRO_BLOCK, int(0.01 / abs(slope))))
    starts = np.arange(0, n, block)
    middle = starts + 0.5 * block
    shift = (middle - 0.5 * n) * slope  # of the sampling instant, in samples
    whole = np.floor(shift).astype(np.int64)
    mu = shift - whole
    # Lagrange weights of the samples at -1, 0, 1, 2 around the instant
    taps = np.stack(
        [
            -mu * (mu - 1.0) * (mu - 2.0) / 6.0,
            (mu + 1.0) * (mu - 1.0) * (mu - 2.0) / 2.0,
            -(mu + 1.0) * mu * (mu - 2.0) / 2.0,
            (mu + 1.0) * mu * (mu - 1.0) / 6.0,
        ],
        axis=1,
    ).astype(np.float32)  # (blocks, 4)
    reach = int(np.abs(whole).max()) + 2
    padded = np.pad(iq, (reach, reach + block), mode="edge")
    out = np.empty(n, np.complex64)
    for start, delay, weights in zip(starts.tolist(), whole.tolist(), taps, strict=True):
        stop = min(start + block, n)
        first = reach + start + delay - 1
        source = padded[first : first + stop - start + 3]
        size = stop - start
        part = source[:size] * weights[0]
        for tap in (1, 2, 3):
            part += source[tap : tap + size] * weights[tap]
        out[start:stop] = part
    return out


def iq_imbalance(iq: Complex64, gain_db: float, phase_deg: float) -> Complex64:
    """Receiver IQ imbalance: y = a x + b conj(x).

    Args:
        iq: shape (n,).
        gain_db: gain of I over Q, dB.
        phase_deg: error of the 90 degree phase shifter, degrees.
    """
    if gain_db == 0.0 and phase_deg == 0.0:
        return iq
    gain, angle = db_to_amplitude(gain_db), np.deg2rad(phase_deg)
    direct = np.complex64(0.5 * (1.0 + gain * np.exp(-1j * angle)))
    image = np.complex64(0.5 * (1.0 - gain * np.exp(1j * angle)))
    out = iq * direct
    out += np.conj(iq) * image
    return out


def quantise(
    iq: Complex64, bits: int, backoff_db: float, rms: float, offset_lsb: float = 0.0
) -> Complex64:
    """Convert to integers of the given width and back to +-1.

    Args:
        iq: shape (n,).
        bits: converter width, 2..16.
        backoff_db: full scale over rms, dB. Below about 10 dB an OFDM signal clips; at 40 dB an
            8-bit converter uses one or two steps.
        rms: amplitude that backoff_db refers to (same unit as iq).
        offset_lsb: constant error of the zero, in steps (offset binary converters: about 0.5).

    Returns:
        complex64 of levels k / 2^(bits-1), -2^(bits-1) <= k < 2^(bits-1).

    Raises:
        ValueError: bits outside 2..16, or rms not positive.
    """
    if not 2 <= bits <= 16:
        raise ValueError(f"bits: expected 2..16, got {bits}")
    if rms <= 0.0:
        raise ValueError(f"rms: expected > 0, got {rms}")
    half = 1 << (bits - 1)
    scale = np.float32(half / (rms * db_to_amplitude(backoff_db)))
    parts = iq.view(np.float32) * scale
    if offset_lsb != 0.0:
        parts += np.float32(offset_lsb)
    np.rint(parts, out=parts)
    np.clip(parts, -half, half - 1, out=parts)
    parts *= np.float32(1.0 / half)
    return parts.view(np.complex64)


@dataclass(frozen=True)
class FrontEnd:
    """One receiver. Levels are relative to the rms of the loudest part of a window.

    Attributes:
        profile: one of ``PROFILES``.
        bits: converter width; 0 leaves the samples unquantised.
        backoff_db: converter full scale over the rms, dB.
        zero_lsb: error of the converter's zero, in steps.
        dc_db: DC offset over the rms, dB; -inf is none.
        dc_phase_rad: its phase.
        drift_db: mean power of its wandering part over the rms, dB; -inf is none.
        drift_hz: how often that takes a new value, a second.
        flicker_db: mean power of flicker noise over the rms, dB; -inf is none.
        flicker_exponent: how steeply that falls with frequency.
        iq_gain_db, iq_phase_deg: IQ imbalance.
        ppm: clock error; moves the carrier and the sample rate alike.
        tune_hz: further error of the tuner.
        band: the channel filter.
    """

    profile: str = "ideal"
    bits: int = 0
    backoff_db: float = 12.0
    zero_lsb: float = 0.0
    dc_db: float = -np.inf
    dc_phase_rad: float = 0.0
    drift_db: float = -np.inf
    drift_hz: float = 1000.0
    flicker_db: float = -np.inf
    flicker_exponent: float = 1.0
    iq_gain_db: float = 0.0
    iq_phase_deg: float = 0.0
    ppm: float = 0.0
    tune_hz: float = 0.0
    band: ReceiverBand = field(default_factory=ReceiverBand)

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"profile: expected one of {PROFILES}, got {self.profile!r}")

    @classmethod
    def random(cls, rng: np.random.Generator, profile: str | None = None) -> FrontEnd:
        """Draw a receiver of a profile, or of a random one."""
        name = profile or str(rng.choice(PROFILES, p=[0.35, 0.2, 0.3, 0.15]))
        phase = float(rng.uniform(0.0, 2.0 * np.pi))
        drift_hz = log_uniform(rng, 100.0, 10e3)
        if name == "rtl-sdr":
            return cls(
                profile=name,
                bits=8,
                backoff_db=_random_backoff(rng, low_gain=38.0),
                zero_lsb=float(rng.uniform(-0.6, 0.6)),
                dc_db=float(rng.choice([rng.uniform(-40.0, -15.0), rng.uniform(-20.0, 5.0)])),
                dc_phase_rad=phase,
                drift_db=float(rng.uniform(-40.0, 0.0)),
                drift_hz=drift_hz,
                # some tuners have an intermediate frequency, and others a zero one
                flicker_db=float(rng.choice([-np.inf, rng.uniform(-30.0, 3.0)])),
                flicker_exponent=float(rng.uniform(0.7, 1.5)),
                iq_gain_db=float(rng.uniform(-1.5, 1.5)),
                iq_phase_deg=float(rng.uniform(-5.0, 5.0)),
                ppm=float(np.clip(rng.normal(0.0, 30.0), -80.0, 80.0)),
                band=ReceiverBand.random(rng),
            )
        if name == "hackrf":
            return cls(
                profile=name,
                bits=8,
                backoff_db=_random_backoff(rng, low_gain=36.0),
                zero_lsb=float(rng.uniform(-0.5, 0.5)),
                dc_db=float(rng.uniform(-40.0, 0.0)),
                dc_phase_rad=phase,
                drift_db=float(rng.uniform(-50.0, -10.0)),
                drift_hz=drift_hz,
                flicker_db=float(rng.choice([-np.inf, rng.uniform(-40.0, -5.0)])),
                flicker_exponent=float(rng.uniform(0.7, 1.5)),
                iq_gain_db=float(rng.uniform(-0.8, 0.8)),
                iq_phase_deg=float(rng.uniform(-3.0, 3.0)),
                ppm=float(rng.uniform(-20.0, 20.0)),
                band=ReceiverBand.random(rng),
            )
        if name == "usrp":
            return cls(
                profile=name,
                bits=int(rng.choice([12, 14, 16])),
                backoff_db=_random_backoff(rng, low_gain=50.0),
                dc_db=float(rng.uniform(-60.0, -15.0)),
                dc_phase_rad=phase,
                iq_gain_db=float(rng.uniform(-0.2, 0.2)),
                iq_phase_deg=float(rng.uniform(-1.0, 1.0)),
                ppm=float(rng.uniform(-2.5, 2.5)),
                band=ReceiverBand.random(rng),
            )
        return cls(profile=name, backoff_db=float(rng.uniform(0.0, 60.0)))

    def cfo_hz(self, center_freq_hz: float) -> float:
        """Carrier offset in Hz that the clock and tuner errors cause at a carrier frequency."""
        return self.tune_hz - self.ppm * 1e-6 * center_freq_hz


def _random_backoff(rng: np.random.Generator, low_gain: float) -> float:
    """Backoff in dB: mostly sensible, at times clipping, at times a few steps only."""
    case = rng.random()
    if case < 0.1:
        return float(rng.uniform(-4.0, 8.0))
    if case < 0.75:
        return float(rng.uniform(8.0, 24.0))
    return float(rng.uniform(24.0, low_gain))


def random_carrier_hz(rng: np.random.Generator) -> float:
    """A carrier frequency between 450 MHz and 6 GHz for ``FrontEnd.cfo_hz``."""
    return log_uniform(rng, 450e6, 6e9)


def apply(
    iq: Complex64,
    cfg: FrontEnd,
    samp_rate: float,
    rng: np.random.Generator,
    center_freq_hz: float | None = None,
) -> Complex64:
    """Receive samples that already carry the noise of the antenna.

    Sample clock, carrier offset, IQ imbalance, DC offset, gain, converter. The channel filter
    ``cfg.band`` belongs before the noise or on both: hand it to ``place`` and ``add_awgn``.

    Args:
        iq: samples at samp_rate, shape (n,).
        cfg: the receiver.
        samp_rate: Hz.
        rng: draws the carrier phase, and the carrier frequency when it is not given.
        center_freq_hz: carrier frequency that the clock error refers to, Hz.

    Returns:
        complex64, shape (n,), +-1 is full scale.
    """
    carrier = random_carrier_hz(rng) if center_freq_hz is None else center_freq_hz
    phase = float(rng.uniform(0.0, 2.0 * np.pi))
    out = sro(iq, cfg.ppm)
    out = cfo(out, cfg.cfo_hz(carrier), samp_rate, phase)
    out = iq_imbalance(out, cfg.iq_gain_db, cfg.iq_phase_deg)
    rms = float(np.sqrt(loud_power(out)))
    if rms <= 0.0:
        return out
    if np.isfinite(cfg.dc_db):
        out = dc_offset(out, cfg.dc_db, rms, cfg.dc_phase_rad)
    if np.isfinite(cfg.drift_db):
        out = dc_drift(out, cfg.drift_db, rms, cfg.drift_hz, samp_rate, rng)
    if np.isfinite(cfg.flicker_db):
        out = flicker(out, cfg.flicker_db, rms, cfg.flicker_exponent, rng)
    if cfg.bits:
        return quantise(out, cfg.bits, cfg.backoff_db, rms, cfg.zero_lsb)
    return out * np.float32(1.0 / (rms * db_to_amplitude(cfg.backoff_db)))
