# SPDX-License-Identifier: GPL-3.0-or-later
"""One link as a receiver sees it: transmitter, fading channel, noise, front end.

y = frontend(place(x) * h + w): the transmitter's waveform x at its native rate, moved to the
receiver's rate and tuning, through a tapped-delay-line channel h (LWM-Spectro, eq. 5-6), with
white noise w of a chosen SNR in the occupied band. The kernel of the live ``tdl_channel`` block
does the fading, so a scene needs the built module.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .. import kernels
from . import frontend, lte, negatives, nr, wifi
from .common import (
    Complex64,
    ReceiverBand,
    active_power,
    add_awgn,
    band_in_view,
    complex_noise,
    filter_band,
    log_uniform,
)
from .resample import place, samples_needed

PROTOCOLS = ("wifi", "lte", "nr")
NONE = "none"

Transmitter = wifi.WifiConfig | lte.LteConfig | nr.NrConfig | negatives.NegativeConfig

_MARGIN_S = 0.2e-3  # native samples beyond both ends, where the resampler wraps around
_SILENT = 1e-6  # of the transmitter's own power: nothing of it is in view


@dataclass(frozen=True)
class Fading:
    """A tapped-delay-line channel.

    Attributes:
        delays_s, powers_db: the profile.
        doppler_hz: maximum Doppler shift.
        k_factor_db: Rician K of the first tap, None for Rayleigh.
    """

    delays_s: tuple[float, ...] = (0.0,)
    powers_db: tuple[float, ...] = (0.0,)
    doppler_hz: float = 0.0
    k_factor_db: float | None = None

    @classmethod
    def random(cls, rng: np.random.Generator) -> Fading:
        """Exponential power delay profile of 1 to 10 taps, 10 ns to 1 us, static to 400 Hz."""
        n_taps = int(rng.integers(1, 11))
        spread = log_uniform(rng, 10e-9, 1e-6)
        delays = np.sort(rng.exponential(spread, n_taps))
        delays = np.minimum(delays - delays[0], 15e-6)
        powers = -10.0 * np.log10(np.e) * delays / spread + rng.normal(0.0, 3.0, n_taps)
        motion = rng.random()
        doppler = 0.0
        if motion > 0.7:
            doppler = log_uniform(rng, 25.0, 400.0)
        elif motion > 0.4:
            doppler = log_uniform(rng, 1.0, 25.0)
        return cls(
            delays_s=tuple(float(d) for d in delays),
            powers_db=tuple(float(p) for p in powers),
            doppler_hz=doppler,
            k_factor_db=float(rng.uniform(-3.0, 15.0)) if rng.random() < 0.5 else None,
        )

    def apply(self, iq: Complex64, samp_rate: float, seed: int) -> Complex64:
        """Pass samples of shape (n,) at samp_rate (Hz) through the channel, same length."""
        k_factors = [-np.inf] * len(self.delays_s)
        if self.k_factor_db is not None:
            k_factors[0] = self.k_factor_db
        profile = kernels.tdl_profile(
            list(self.delays_s), list(self.powers_db), self.doppler_hz, k_factors
        )
        out: Complex64 = kernels.tdl_fading(samp_rate, profile, seed).process(iq)
        return out


@dataclass(frozen=True)
class Scene:
    """What is on the air and who listens.

    Attributes:
        transmitter: configuration of a physical layer; its type decides the label.
        samp_rate: of the receiver, Hz.
        offset_hz: where the carrier's centre appears relative to the receiver's.
        snr_db: in the occupied band in view, over the active samples.
        fading: the channel, None for a cable.
        front_end: the receiver.
        center_freq: carrier frequency that the receiver's clock error refers to, Hz.
    """

    transmitter: Transmitter
    samp_rate: float
    offset_hz: float = 0.0
    snr_db: float = 20.0
    fading: Fading | None = None
    front_end: frontend.FrontEnd = field(default_factory=frontend.FrontEnd)
    center_freq: float = 2.45e9

    @property
    def label(self) -> str:
        """ "wifi", "lte", "nr" or "none"."""
        for name, kind in zip(
            PROTOCOLS, (wifi.WifiConfig, lte.LteConfig, nr.NrConfig), strict=True
        ):
            if isinstance(self.transmitter, kind):
                return name
        return NONE


def _native(scene: Scene, n: int, rng: np.random.Generator) -> Complex64:
    """The transmitter's samples at the receiver's rate, shape (n,)."""
    cfg = scene.transmitter
    if isinstance(cfg, negatives.NegativeConfig):
        return negatives.waveform(cfg, n / scene.samp_rate, rng)[:n]
    if isinstance(cfg, wifi.WifiConfig):
        module = wifi.waveform
    elif isinstance(cfg, lte.LteConfig):
        module = lte.waveform  # type: ignore[assignment]
    else:
        module = nr.waveform  # type: ignore[assignment]
    needed = samples_needed(n, cfg.samp_rate, scene.samp_rate) / cfg.samp_rate
    iq = module(cfg, needed + _MARGIN_S, rng)  # type: ignore[arg-type]
    return place(iq, cfg.samp_rate, scene.samp_rate, scene.offset_hz, n, rng, scene.front_end.band)


def render(scene: Scene, n: int, rng: np.random.Generator) -> tuple[Complex64, str]:
    """Samples of a scene, and what is truly in them.

    Args:
        scene: what to render.
        n: samples at ``scene.samp_rate``.
        rng: source of everything random that the scene leaves open.

    Returns:
        complex64 of shape (n,), +-1 is the converter's full scale; and the label, which is
        "none" where the transmitter happened to be silent in view.
    """
    iq = _native(scene, n, rng)
    seed = int(rng.integers(1 << 62))
    silent = active_power(iq) < _SILENT
    if scene.fading is not None and not silent:
        iq = scene.fading.apply(iq, scene.samp_rate, seed)
    band = scene.front_end.band
    if silent:
        iq = filter_band(complex_noise(n, rng), band)
    elif isinstance(scene.transmitter, negatives.NegativeConfig):
        # a negative may fill any band: its SNR is counted over all of it
        iq = add_awgn(iq, scene.snr_db, scene.samp_rate, scene.samp_rate, rng, band=band)
    else:
        iq = add_awgn(
            iq,
            scene.snr_db,
            scene.transmitter.occupied_bw_hz,
            scene.samp_rate,
            rng,
            centre_hz=scene.offset_hz,
            band=band,
        )
    out = frontend.apply(iq, scene.front_end, scene.samp_rate, rng, scene.center_freq)
    return out, NONE if silent else scene.label


def _draw_transmitter(kind: str, samp_rate: float, rng: np.random.Generator) -> Transmitter:
    if kind == "wifi":
        return wifi.WifiConfig.random(rng)
    if kind == "lte":
        return lte.LteConfig.random(rng)
    if kind == "nr":
        return nr.NrConfig.random(rng)
    return negatives.NegativeConfig.random(rng, samp_rate)


def _draw_offset(bandwidth: float, samp_rate: float, rng: np.random.Generator) -> float:
    """Mostly near the centre, else anywhere that keeps a good part of the carrier in view."""
    if rng.random() < 0.5:
        return float(rng.normal(0.0, 0.01) * min(bandwidth, samp_rate))
    reach = 0.5 * abs(bandwidth - samp_rate) + 0.2 * min(bandwidth, samp_rate) * rng.random()
    return float(rng.uniform(-reach, reach))


def _draw_snr(rng: np.random.Generator) -> float:
    """-5 to 30 dB, or at times a cable: 30 to 65 dB, where idle samples are all but zero."""
    return float(rng.uniform(30.0, 65.0) if rng.random() < 0.2 else rng.uniform(-5.0, 30.0))


def draw_scene(kind: str, samp_rate: float, rng: np.random.Generator) -> Scene:
    """Draw a scene of a kind ("wifi", "lte", "nr" or "none") at a receiver's sample rate (Hz)."""
    transmitter = _draw_transmitter(kind, samp_rate, rng)
    front_end = frontend.FrontEnd.random(rng)
    if samp_rate > 3.2e6 and front_end.profile == "rtl-sdr":
        front_end = frontend.FrontEnd.random(rng, "hackrf")
    offset = 0.0
    if not isinstance(transmitter, negatives.NegativeConfig):
        offset = _draw_offset(transmitter.occupied_bw_hz, samp_rate, rng)
        if band_in_view(transmitter.occupied_bw_hz, samp_rate, offset) < 0.3e6:
            offset = 0.0
    center = float(rng.choice([2.437e9, 5.25e9])) if kind == "wifi" else rng.uniform(0.6e9, 3.8e9)
    return Scene(
        transmitter=transmitter,
        samp_rate=samp_rate,
        offset_hz=offset,
        snr_db=_draw_snr(rng),
        fading=Fading.random(rng) if rng.random() < 0.85 else None,
        front_end=front_end,
        center_freq=float(center),
    )


__all__ = ["NONE", "PROTOCOLS", "Fading", "ReceiverBand", "Scene", "draw_scene", "render"]
