# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels that a link may pass: a drawn profile, a 3GPP model, or a user of a traced site.

All of them are a tapped delay line with 3GPP fading (LWM-Spectro, eq. 5-6; TR 38.901 7.7.2),
computed by the kernel of the live ``tdl_channel`` block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .. import kernels
from ..sites import SiteUser
from .common import Complex64, log_uniform

TDL_MODELS: tuple[str, ...] = ("A", "B", "C", "D", "E")
_LOS_MODELS = ("D", "E")  # TR 38.901, tables 7.7.2-4 and 7.7.2-5
_LIGHT_SPEED = 299_792_458.0


@dataclass(frozen=True)
class ChannelTruth:
    """What is known of a channel, for labels.

    Attributes:
        kind: "cable", "fading", "tdl-a" to "tdl-e" or "site".
        doppler_hz: maximum Doppler shift.
        delay_spread_s: root mean square, over the paths' mean powers.
        los: whether a line of sight exists; None where the channel does not say.
        city, site, user: where it was traced; None for all other channels.
        heading_deg: azimuth of the user's motion there, None where it is not known.
    """

    kind: str
    doppler_hz: float = 0.0
    delay_spread_s: float = 0.0
    los: bool | None = None
    city: str | None = None
    site: str | None = None
    user: int | None = None
    heading_deg: float | None = None


class Channel(Protocol):
    """A channel of a scene."""

    def profile(self) -> kernels.tdl_profile:
        """The tapped delay line."""

    def truth(self) -> ChannelTruth:
        """Its labels."""


def delay_spread_s(profile: kernels.tdl_profile) -> float:
    """Root mean square delay spread of a tapped delay line, s."""
    delays = np.asarray(profile.delays_s)
    power = 10.0 ** (np.asarray(profile.powers_db) / 10.0)
    power /= power.sum()
    mean = float(power @ delays)
    return float(np.sqrt(max(float(power @ (delays - mean) ** 2), 0.0)))


def speed_kmh(doppler_hz: float, center_freq_hz: float) -> float:
    """Speed at which a carrier is shifted by at most doppler_hz, km/h."""
    return 3.6 * doppler_hz * _LIGHT_SPEED / center_freq_hz


def apply(channel: Channel, iq: Complex64, samp_rate: float, seed: int) -> Complex64:
    """Samples of shape (n,) at samp_rate (Hz) through a channel, same length."""
    out: Complex64 = kernels.tdl_fading(samp_rate, channel.profile(), seed).process(iq)
    return out


@dataclass(frozen=True)
class Fading:
    """A tapped delay line of one's own.

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
    def random(cls, rng: np.random.Generator, doppler_hz: float | None = None) -> Fading:
        """Exponential power delay profile of 1 to 10 taps, 10 ns to 1 us.

        Static to 400 Hz unless a Doppler shift is given.
        """
        n_taps = int(rng.integers(1, 11))
        spread = log_uniform(rng, 10e-9, 1e-6)
        delays = np.sort(rng.exponential(spread, n_taps))
        delays = np.minimum(delays - delays[0], 15e-6)
        powers = -10.0 * np.log10(np.e) * delays / spread + rng.normal(0.0, 3.0, n_taps)
        return cls(
            delays_s=tuple(float(d) for d in delays),
            powers_db=tuple(float(p) for p in powers),
            doppler_hz=_draw_doppler(rng) if doppler_hz is None else doppler_hz,
            k_factor_db=float(rng.uniform(-3.0, 15.0)) if rng.random() < 0.5 else None,
        )

    def profile(self) -> kernels.tdl_profile:
        """The tapped delay line."""
        k_factors = [-np.inf] * len(self.delays_s)
        if self.k_factor_db is not None:
            k_factors[0] = self.k_factor_db
        return kernels.tdl_profile(
            list(self.delays_s), list(self.powers_db), self.doppler_hz, k_factors
        )

    def truth(self) -> ChannelTruth:
        """Its labels."""
        return ChannelTruth("fading", self.doppler_hz, delay_spread_s(self.profile()))

    def apply(self, iq: Complex64, samp_rate: float, seed: int) -> Complex64:
        """Pass samples of shape (n,) at samp_rate (Hz) through the channel, same length."""
        return apply(self, iq, samp_rate, seed)


def _draw_doppler(rng: np.random.Generator) -> float:
    motion = rng.random()
    if motion > 0.7:
        return log_uniform(rng, 25.0, 400.0)
    return log_uniform(rng, 1.0, 25.0) if motion > 0.4 else 0.0


@dataclass(frozen=True)
class TdlModel:
    """TDL-A to TDL-E of TR 38.901 7.7.2.

    Attributes:
        name: "A" to "E".
        delay_spread_s: root mean square delay spread that the model is scaled to.
        doppler_hz: maximum Doppler shift.
    """

    name: str
    delay_spread_s: float = 100e-9
    doppler_hz: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in TDL_MODELS:
            raise ValueError(f"TDL model: expected one of {TDL_MODELS}, got {self.name!r}")

    def profile(self) -> kernels.tdl_profile:
        """The tapped delay line."""
        return kernels.tdl_model(f"TDL-{self.name}", self.delay_spread_s, self.doppler_hz)

    def truth(self) -> ChannelTruth:
        """Its labels."""
        return ChannelTruth(
            kind=f"tdl-{self.name.lower()}",
            doppler_hz=self.doppler_hz,
            delay_spread_s=self.delay_spread_s,
            los=self.name in _LOS_MODELS,
        )


@dataclass(frozen=True)
class SiteChannel:
    """The paths of one user of a traced site.

    Attributes:
        user: the position.
        doppler_hz: maximum Doppler shift.
        heading_deg: azimuth that the user moves to, which sets the Doppler shift of a line of
            sight; None for the profile's own.
    """

    user: SiteUser
    doppler_hz: float = 0.0
    heading_deg: float | None = None

    def profile(self) -> kernels.tdl_profile:
        """The tapped delay line."""
        return self.user.profile(self.doppler_hz, heading_deg=self.heading_deg).tdl

    def truth(self) -> ChannelTruth:
        """Its labels."""
        return ChannelTruth(
            kind="site",
            doppler_hz=self.doppler_hz,
            delay_spread_s=float(self.user.delay_spread_s),
            los=bool(self.user.is_los),
            city=str(self.user.city),
            site=str(self.user.site),
            user=int(self.user.index),
            heading_deg=self.heading_deg,
        )
