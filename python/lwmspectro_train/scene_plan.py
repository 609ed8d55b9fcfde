# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scene has which number in a data set: a pure function of (configuration, number)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.sites import Site, SiteSet, split_of
from gnuradio.lwmspectro.waveforms import scene
from gnuradio.lwmspectro.waveforms.channels import (
    Channel,
    Fading,
    SiteChannel,
    TdlModel,
    speed_kmh,
)
from gnuradio.lwmspectro.waveforms.common import log_uniform
from gnuradio.lwmspectro.waveforms.negatives import NegativeConfig
from gnuradio.lwmspectro.waveforms.scene import NONE, PROTOCOLS, Scene

from .dataset_config import DatasetConfig
from .dataset_mixes import SnrMix

LABELS = (*PROTOCOLS, NONE)
MOBILITY = ("static", "pedestrian", "vehicular")

_PEDESTRIAN_KMH = 15.0  # and below
_SHORTEST, _LONGEST = 0.12, 0.95  # of a window that is cut short


@dataclass(frozen=True)
class PlannedScene:
    """One numbered scene.

    Attributes:
        number: position in the data set.
        scene: what is rendered.
        fraction: share of a window that is rendered, 1 but for windows cut short.
        seed: what the random generator of the rendering starts from.
    """

    number: int
    scene: Scene
    fraction: float
    seed: tuple[int, int, int]

    @property
    def speed_kmh(self) -> float:
        """Speed that belongs to the Doppler shift at the carrier frequency."""
        return speed_kmh(self.scene.channel.doppler_hz, self.scene.center_freq)

    @property
    def mobility(self) -> str:
        """One of ``MOBILITY``."""
        speed = self.speed_kmh
        if speed <= 0.0:
            return "static"
        return "pedestrian" if speed <= _PEDESTRIAN_KMH else "vehicular"

    def n_samples(self, spec: kernels.window_spec) -> int:
        """Samples to render."""
        whole = _window_len(self.scene.samp_rate, spec.n_frames, spec.frame_us)
        return max(1, round(self.fraction * whole))


@functools.lru_cache(maxsize=4096)
def _window_len(samp_rate: float, n_frames: int, frame_us: int) -> int:
    spec = kernels.window_spec(n_frames=n_frames, frame_us=frame_us, hop_frames=n_frames)
    return kernels.window_tokenizer(samp_rate, spec).window_len()


def sites_of(config: DatasetConfig) -> Sequence[Site]:
    """The traced sites that a configuration may use; none where it asks for no site.

    Raises:
        ValueError: there are none, or they break the split by city.
    """
    if config.channels.weights.get("site", 0.0) <= 0.0:
        return ()
    return chosen_sites(config, SiteSet.load(config.split).sites)


def chosen_sites(config: DatasetConfig, sites: Sequence[Site]) -> Sequence[Site]:
    """Of a split's sites, those in the cities that a configuration names.

    Raises:
        ValueError: there are none, or one is of another split.
    """
    wrong = sorted(s.name for s in sites if split_of(s.city, s.name) != config.split)
    if wrong:
        raise ValueError(f"sites: expected those of {config.split}, got {wrong}")
    cities = config.channels.cities
    chosen = [site for site in sites if not cities or site.city in cities]
    missing = sorted(set(cities) - {site.city for site in chosen})
    if not chosen or missing:
        known = sorted({site.city for site in sites})
        raise ValueError(f"channels.cities: expected some of {known}, got {missing or 'none'}")
    return chosen


def draw_rate(config: DatasetConfig, protocol: str, rng: np.random.Generator) -> float:
    """A sample rate in Hz."""
    mixes = config.rates_of(protocol)
    mix = mixes[_draw([mix.share for mix in mixes], rng)]
    if rng.random() < mix.any_rate:
        return 1e4 * float(rng.integers(192, 2500))
    chosen = _draw(mix.weights or [1.0] * len(mix.msps), rng)
    return round(1e6 * mix.msps[chosen], 3)


def draw_snr(mix: SnrMix, rng: np.random.Generator) -> float:
    """A wanted ratio in dB."""
    if rng.random() < mix.strong_share:
        return float(rng.uniform(mix.strong_low_db, mix.strong_high_db))
    if mix.grid_db:
        return float(rng.choice(mix.grid_db))
    return float(rng.uniform(mix.low_db, mix.high_db))


def draw_doppler(config: DatasetConfig, center_freq: float, rng: np.random.Generator) -> float:
    """A maximum Doppler shift in Hz."""
    motion = config.mobility[_draw([motion.weight for motion in config.mobility], rng)]
    low, high = motion.speed_kmh or motion.doppler_hz
    value = log_uniform(rng, low, high) if low > 0.0 else 0.0
    return kernels.doppler_of(value, center_freq) if motion.speed_kmh else value


def plan(config: DatasetConfig, number: int, sites: Sequence[Site] = ()) -> PlannedScene:
    """The scene of a number; every other number may be drawn without it.

    Args:
        config: of the data set.
        number: 0 and up.
        sites: traced ones, see :func:`sites_of`.
    """
    rng = np.random.default_rng([config.seed, number, 0])
    layer = _draw_key(config.protocols, rng)
    samp_rate = draw_rate(config, layer, rng)
    fraction = float(rng.uniform(_SHORTEST, _LONGEST)) if rng.random() < config.partial else 1.0
    transmitter = _draw_transmitter(config, layer, samp_rate, rng)
    channel, center = _draw_channel(config, _draw_center(config, layer, rng), sites, rng)
    drawn = Scene(
        transmitter=transmitter,
        samp_rate=samp_rate,
        offset_hz=scene.draw_offset(transmitter, samp_rate, rng, config.carriers.off_centre),
        snr_db=draw_snr(config.snr, rng),
        snr_over=config.snr.over,
        fading=channel,
        front_end=scene.draw_front_end(samp_rate, rng, _draw_key(config.front_ends, rng)),
        center_freq=center,
    )
    return PlannedScene(number, drawn, fraction, (config.seed, number, 1))


def _draw_transmitter(
    config: DatasetConfig, layer: str, samp_rate: float, rng: np.random.Generator
) -> Any:
    if layer == NONE:
        return NegativeConfig.random(rng, samp_rate, among=config.negatives.kinds)
    drawn = scene.draw_transmitter(layer, samp_rate, rng)
    choices = config.transmitters.get(layer, ())
    if not choices:
        return drawn
    return dataclasses.replace(drawn, **config.replaced(layer, int(rng.integers(len(choices)))))


def _draw_center(config: DatasetConfig, layer: str, rng: np.random.Generator) -> float:
    if layer == "wifi":
        return 1e9 * float(rng.choice(config.carriers.wifi_center_freq_ghz))
    low, high = config.carriers.center_freq_ghz
    return 1e9 * float(rng.uniform(low, high))


def _draw_channel(
    config: DatasetConfig, center: float, sites: Sequence[Site], rng: np.random.Generator
) -> tuple[Channel | None, float]:
    """A channel, and the carrier frequency in Hz: a site's paths were traced at its own."""
    mix = config.channels
    kind = _draw_key(mix.weights, rng)
    if kind == "cable":
        return None, center
    if kind == "site":
        site = sites[int(rng.integers(len(sites)))]
        user = site.user(int(rng.integers(len(site))))
        center = user.center_freq_hz
        doppler_hz = draw_doppler(config, center, rng)
        return SiteChannel(user, doppler_hz, float(rng.uniform(0.0, 360.0))), center
    doppler_hz = draw_doppler(config, center, rng)
    if kind == "fading":
        return Fading.random(rng, doppler_hz), center
    low, high = mix.delay_spread_ns
    spread_ns = log_uniform(rng, low, high)
    return TdlModel(str(rng.choice(mix.tdl_models)), 1e-9 * spread_ns, doppler_hz), center


def _draw(weights: Sequence[float], rng: np.random.Generator) -> int:
    p = np.asarray(weights, float)
    return int(rng.choice(p.size, p=p / p.sum()))


def _draw_key(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    names = sorted(weights)  # the order in a file means nothing
    return names[_draw([weights[name] for name in names], rng)]
