# SPDX-License-Identifier: GPL-3.0-or-later
"""A base station with its users, and one of those users."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .site_paths import SitePaths
from .site_profile import MAX_K_FACTOR_DB, SiteProfile, site_profile


@dataclass(frozen=True)
class SiteUser:
    """One user of a site and the paths to it, the strongest first; arrays are of shape (n,).

    Angles are in the scene's axes: azimuth from x towards y, zenith from z, of the direction in
    which a wave leaves the base station or from which it reaches the user.
    """

    site: str
    city: str
    index: int
    center_freq_hz: float
    site_position_m: tuple[float, float, float]
    position_m: tuple[float, float, float]
    total_gain_db: float
    delays_s: NDArray[np.float64]
    gains_db: NDArray[np.float64]
    departure_azimuth_deg: NDArray[np.float64]
    departure_zenith_deg: NDArray[np.float64]
    arrival_azimuth_deg: NDArray[np.float64]
    arrival_zenith_deg: NDArray[np.float64]
    n_reflections: NDArray[np.int64]
    n_diffractions: NDArray[np.int64]

    @property
    def line_of_sight(self) -> NDArray[np.bool_]:
        """(n,) which path it is, if any."""
        return (self.n_reflections == 0) & (self.n_diffractions == 0)

    @property
    def is_los(self) -> bool:
        """Whether the user sees the base station."""
        return bool(self.line_of_sight.any())

    @property
    def path_loss_db(self) -> float:
        """Power sent over power received between isotropic antennas, dB."""
        return -self.total_gain_db

    @property
    def distance_m(self) -> float:
        """From antenna to antenna."""
        return math.dist(self.site_position_m, self.position_m)

    @property
    def delay_spread_s(self) -> float:
        """RMS delay spread."""
        power = 10 ** (self.gains_db / 10)
        return float(_rms_spread(self.delays_s, power, np.array([0]))[0])

    def profile(
        self,
        doppler_hz: float = 0.0,
        *,
        resolution_s: float = 10e-9,
        max_taps: int = 12,
        max_k_factor_db: float = MAX_K_FACTOR_DB,
        heading_deg: float | None = None,
    ) -> SiteProfile:
        """The user's channel for the ``tdl_channel``: see :func:`site_profile`.

        Args:
            doppler_hz: maximum Doppler shift, 0 to 10 kHz.
            resolution_s: paths closer than this are one tap.
            max_taps: taps kept, the strongest.
            max_k_factor_db: most that K of the line of sight may be, dB.
            heading_deg: azimuth that the user moves to, which sets the Doppler shift of the
                line of sight by its angle of arrival; None for the channel's own 0.7 of the
                maximum.

        Raises:
            ValueError: a value is out of range.
        """
        ratio = None
        if heading_deg is not None:
            if not math.isfinite(heading_deg):
                raise ValueError(f"heading_deg: expected an angle in degrees, got {heading_deg}")
            ratio = self._towards(heading_deg)
        return site_profile(
            self.delays_s,
            self.gains_db,
            self.line_of_sight,
            self.total_gain_db,
            doppler_hz,
            resolution_s,
            max_taps,
            max_k_factor_db,
            ratio,
        )

    def _towards(self, heading_deg: float) -> float | None:
        """Cosine of the angle between the heading and the line of sight, if there is one."""
        if not self.is_los:
            return None
        path = int(np.argmax(self.line_of_sight))
        turn = math.radians(heading_deg - float(self.arrival_azimuth_deg[path]))
        cosine = math.cos(turn) * math.sin(math.radians(float(self.arrival_zenith_deg[path])))
        return min(1.0, max(-1.0, cosine))


@dataclass(frozen=True)
class Site:
    """A base station and its users."""

    name: str
    city: str
    kind: str  # rooftop or street
    center_freq_hz: float
    position_m: tuple[float, float, float]
    height_m: float  # over the ground
    paths: SitePaths

    def __len__(self) -> int:
        """How many users there are."""
        return len(self.paths.n_paths)

    def user(self, index: int) -> SiteUser:
        """One user, 0 to ``len(site) - 1``.

        Raises:
            IndexError: there is no such user.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"{self.name}: expected a user of 0 to {len(self) - 1}, got {index}")
        paths = self.paths
        own = slice(int(self._starts[index]), int(self._starts[index + 1]))
        x, y, z = (float(value) for value in paths.positions_m[index])
        return SiteUser(
            site=self.name,
            city=self.city,
            index=index,
            center_freq_hz=self.center_freq_hz,
            site_position_m=self.position_m,
            position_m=(x, y, z),
            total_gain_db=float(paths.total_gain_db[index]),
            delays_s=paths.delays_s[own],
            gains_db=paths.gains_db[own],
            departure_azimuth_deg=paths.departure_azimuth_deg[own],
            departure_zenith_deg=paths.departure_zenith_deg[own],
            arrival_azimuth_deg=paths.arrival_azimuth_deg[own],
            arrival_zenith_deg=paths.arrival_zenith_deg[own],
            n_reflections=paths.n_reflections[own],
            n_diffractions=paths.n_diffractions[own],
        )

    @functools.cached_property
    def _starts(self) -> NDArray[np.int64]:
        return self.paths.starts

    @property
    def is_los(self) -> NDArray[np.bool_]:
        """(users,) which of them see the base station."""
        return self.paths.los

    @property
    def path_loss_db(self) -> NDArray[np.float64]:
        """(users,) power sent over power received between isotropic antennas, dB."""
        return -self.paths.total_gain_db

    @property
    def distance_m(self) -> NDArray[np.float64]:
        """(users,) from antenna to antenna."""
        return np.asarray(np.linalg.norm(self.paths.positions_m - self.position_m, axis=1))

    @property
    def delay_spread_s(self) -> NDArray[np.float64]:
        """(users,) RMS delay spread."""
        power = 10 ** (self.paths.gains_db / 10)
        return _rms_spread(self.paths.delays_s, power, self._starts[:-1])


def _rms_spread(
    delays_s: NDArray[np.float64], power: NDArray[np.float64], starts: NDArray[np.integer]
) -> NDArray[np.float64]:
    total = np.add.reduceat(power, starts)
    counts = np.diff(np.append(starts, len(power)))
    mean = np.add.reduceat(power * delays_s, starts) / total
    deviation = delays_s - np.repeat(mean, counts)
    return np.sqrt(np.add.reduceat(power * deviation**2, starts) / total)
