# SPDX-License-Identifier: GPL-3.0-or-later
"""One link as a receiver sees it: transmitter, fading channel, noise, front end.

y = frontend(place(x) * h + w): the transmitter's waveform x at its native rate, moved to the
receiver's rate and tuning, through a tapped-delay-line channel h (LWM-Spectro, eq. 5-6), with
white noise w of a chosen SNR in the occupied band. The kernel of the live ``tdl_channel`` block
does the fading, so a scene needs the built module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import channels, frontend, negatives
from .channels import Channel, ChannelTruth, Fading
from .common import (
    Complex64,
    active_power,
    db_to_power,
    filtered_noise,
)
from .data_share import DataLog
from .physical_layers import LAYERS, NONE, PROTOCOLS, labels_of, name_of
from .resample import place, samples_needed, window_start
from .snr import Band, Ratio, band_power, ratio, signal_power

SNR_OVER = ("label", "window", "active")

_MARGIN_S = 0.2e-3  # native samples beyond both ends, where the resampler wraps around
_SILENT = 1e-6  # of the transmitter's own power: nothing of it is in view
_BAND_BINS = 4096  # resolution of a filter's mean gain over a carrier
_LEAST_VIEW_HZ = 0.3e6  # of a carrier that is off the centre
_RTL_SDR_HZ = 3.2e6  # its highest sample rate


@dataclass(frozen=True)
class Scene:
    """What is on the air and who listens.

    Attributes:
        transmitter: configuration of a physical layer; its type decides the label.
        samp_rate: of the receiver, Hz.
        offset_hz: where the carrier's centre appears relative to the receiver's.
        snr_db: wanted ratio in the occupied band in view. See ``snr``.
        snr_over: "window" for all samples, "active" for those in which the transmitter sends, or
            "label": what its label refers to, see ``over_active``.
        fading: the channel, None for a cable.
        front_end: the receiver.
        center_freq: carrier frequency that the receiver's clock error refers to, Hz.
    """

    transmitter: Any
    samp_rate: float
    offset_hz: float = 0.0
    snr_db: float = 20.0
    snr_over: str = "label"
    fading: Channel | None = None
    front_end: frontend.FrontEnd = field(default_factory=frontend.FrontEnd)
    center_freq: float = 2.45e9

    def __post_init__(self) -> None:
        if self.snr_over not in SNR_OVER:
            raise ValueError(f"snr_over: expected one of {SNR_OVER}, got {self.snr_over!r}")

    @property
    def layer(self) -> str:
        """Physical layer: a key of ``physical_layers.LAYERS``, or "none"."""
        return name_of(self.transmitter)

    @property
    def label(self) -> str:
        """ "wifi", "lte", "nr" or "none"."""
        return self.layer if self.layer in PROTOCOLS else NONE

    @property
    def band(self) -> Band:
        """The occupied band in view; all that is in view where no band is known."""
        if self.layer == NONE:  # a negative may fill any band
            return Band.in_view(self.samp_rate, self.samp_rate, 0.0)
        return Band.in_view(self.transmitter.occupied_bw_hz, self.samp_rate, self.offset_hz)

    @property
    def over_active(self) -> bool:
        """Whether the SNR's label is that of the active samples: of what comes in bursts."""
        return self.layer == NONE or LAYERS[self.layer].bursty

    @property
    def channel(self) -> ChannelTruth:
        """Labels of the channel."""
        return ChannelTruth("cable") if self.fading is None else self.fading.truth()


@dataclass(frozen=True)
class Measured:
    """What is truly in the samples of a rendered scene.

    Attributes:
        label: "wifi", "lte", "nr" or "none"; "none" where the transmitter was silent in view.
        layer: as ``label``, with the other physical layers told apart.
        ratio: measured on signal and noise before they were added, within ``band``.
        snr_db: the label, one of both: see ``Scene.over_active``; NaN without a signal.
        band: the occupied band in view, before the receiver's clock error.
        data_share: share of what is in view that carries user data of the configuration's
            modulation, see ``data_share``; NaN without a signal.
    """

    label: str
    layer: str
    ratio: Ratio
    snr_db: float
    band: Band
    data_share: float = float("nan")


def _native(scene: Scene, n: int, rng: np.random.Generator) -> tuple[Complex64, float]:
    """The transmitter's samples at the receiver's rate, shape (n,), and their share of data."""
    cfg = scene.transmitter
    if isinstance(cfg, negatives.NegativeConfig):
        return negatives.waveform(cfg, n / scene.samp_rate, rng)[:n], float("nan")
    needed = samples_needed(n, cfg.samp_rate, scene.samp_rate) / cfg.samp_rate
    log = DataLog()
    iq = LAYERS[scene.layer].waveform(cfg, needed + _MARGIN_S, rng, log=log)
    start_s = window_start(iq.size, n, cfg.samp_rate, scene.samp_rate) / cfg.samp_rate
    half = scene.samp_rate / 2.0
    share = log.share(
        start_s,
        start_s + n / scene.samp_rate,
        -half - scene.offset_hz,
        half - scene.offset_hz,
        labels_of(cfg).modulation,
    )
    out = place(iq, cfg.samp_rate, scene.samp_rate, scene.offset_hz, n, rng, scene.front_end.band)
    return out, share


def _noise_density(scene: Scene, power: float) -> float:
    """Power of white noise per sample, before the receiver's filter, for the wanted ratio.

    Args:
        scene: says the ratio and its band.
        power: of the signal within that band.
    """
    band, filtered = scene.band, scene.front_end.band
    density = power / db_to_power(scene.snr_db) * scene.samp_rate / band.width_hz
    if not filtered.is_flat:
        f = np.fft.fftfreq(_BAND_BINS, 1.0 / scene.samp_rate)
        inside = (f >= band.low_hz) & (f <= band.high_hz)
        if inside.any():
            density /= float(np.mean(filtered.response(_BAND_BINS)[inside] ** 2))
    return density


def render_measured(scene: Scene, n: int, rng: np.random.Generator) -> tuple[Complex64, Measured]:
    """Samples of a scene, and what was measured of them.

    Args:
        scene: what to render.
        n: samples at ``scene.samp_rate``.
        rng: source of everything random that the scene leaves open.

    Returns:
        complex64 of shape (n,), +-1 is the converter's full scale; and the truth.
    """
    iq, data_share = _native(scene, n, rng)
    seed = int(rng.integers(1 << 62))
    silent = active_power(iq) < _SILENT
    if scene.fading is not None and not silent:
        iq = channels.apply(scene.fading, iq, scene.samp_rate, seed)
    power = signal_power(iq, scene.samp_rate, scene.band)
    over_active = scene.over_active if scene.snr_over == "label" else scene.snr_over == "active"
    wanted = power.active if over_active else power.window
    noise = filtered_noise(n, rng, scene.front_end.band)
    if silent or wanted <= 0.0:
        iq, measured = noise, Measured(NONE, NONE, Ratio(), float("nan"), scene.band)
    else:
        noise *= np.float32(np.sqrt(_noise_density(scene, wanted)))
        found = ratio(power, band_power(noise, scene.samp_rate, scene.band))
        snr_db = found.active_db if scene.over_active else found.window_db
        measured = Measured(scene.label, scene.layer, found, snr_db, scene.band, data_share)
        noise += iq
        iq = noise
    out = frontend.apply(iq, scene.front_end, scene.samp_rate, rng, scene.center_freq)
    return out, measured


def render(scene: Scene, n: int, rng: np.random.Generator) -> tuple[Complex64, str]:
    """Samples of a scene, and its true label; see :func:`render_measured`."""
    out, measured = render_measured(scene, n, rng)
    return out, measured.label


def draw_transmitter(layer: str, samp_rate: float, rng: np.random.Generator) -> Any:
    """A configuration of a physical layer, or for "none" one of a negative."""
    if layer == NONE:
        return negatives.NegativeConfig.random(rng, samp_rate)
    return LAYERS[layer].config.random(rng)


def draw_offset(
    transmitter: Any, samp_rate: float, rng: np.random.Generator, off_centre: float = 0.5
) -> float:
    """Where a carrier's centre is seen, Hz.

    Near the receiver's centre, or for a share ``off_centre`` of the draws anywhere that keeps a
    good part of the carrier in view. Negatives choose a place themselves: 0.
    """
    if isinstance(transmitter, negatives.NegativeConfig):
        return 0.0
    bandwidth = transmitter.occupied_bw_hz
    if rng.random() < 1.0 - off_centre:
        offset = float(rng.normal(0.0, 0.01) * min(bandwidth, samp_rate))
    else:
        reach = 0.5 * abs(bandwidth - samp_rate) + 0.2 * min(bandwidth, samp_rate) * rng.random()
        offset = float(rng.uniform(-reach, reach))
    least = min(_LEAST_VIEW_HZ, bandwidth)
    return offset if Band.in_view(bandwidth, samp_rate, offset).width_hz >= least else 0.0


def draw_front_end(
    samp_rate: float, rng: np.random.Generator, profile: str | None = None
) -> frontend.FrontEnd:
    """A receiver; what an RTL-SDR cannot sample, a HackRF does."""
    front_end = frontend.FrontEnd.random(rng, profile)
    if samp_rate > _RTL_SDR_HZ and front_end.profile == "rtl-sdr":
        return frontend.FrontEnd.random(rng, "hackrf")
    return front_end


def _draw_snr(rng: np.random.Generator) -> float:
    """-5 to 30 dB, or at times a cable: 30 to 65 dB, where idle samples are all but zero."""
    return float(rng.uniform(30.0, 65.0) if rng.random() < 0.2 else rng.uniform(-5.0, 30.0))


def draw_scene(kind: str, samp_rate: float, rng: np.random.Generator) -> Scene:
    """Draw a scene of a kind ("wifi", "lte", "nr" or "none") at a receiver's sample rate (Hz)."""
    transmitter = draw_transmitter(kind, samp_rate, rng)
    front_end = draw_front_end(samp_rate, rng)
    offset = draw_offset(transmitter, samp_rate, rng)
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


__all__ = [
    "NONE",
    "PROTOCOLS",
    "Fading",
    "Measured",
    "Scene",
    "draw_front_end",
    "draw_offset",
    "draw_scene",
    "draw_transmitter",
    "render",
    "render_measured",
]
