# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths from one base station to its users, and the integers that a file keeps them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

# One step of each integer. 0.2 ns is 6 cm of way and 1/80 of a sample at 61.44 MS/s.
_METRES = 0.01
_FIRST_DELAY_S = 1e-12
_EXCESS_DELAY_S = 0.2e-9
_DECIBELS = 0.01
_DEGREES = 0.01

MIN_GAIN_DB = -300.0
"""A path below this is no path; the integers end at -327.68 dB."""


@dataclass(frozen=True)
class SitePaths:
    """Users of a site and their paths, the strongest of a user first.

    ``n`` users have ``m`` paths in all, one user after the other; user ``i`` has ``n_paths[i]``.
    Angles are those of the scene's axes: azimuth from x towards y, zenith from z, both of the
    direction in which a wave leaves the base station or from which it reaches the user.
    """

    positions_m: NDArray[np.float64]  # (n, 3)
    n_paths: NDArray[np.int64]  # (n,) kept, at least one
    n_traced: NDArray[np.int64]  # (n,) before the weakest were left out
    total_gain_db: NDArray[np.float64]  # (n,) power of all that were traced, summed
    delays_s: NDArray[np.float64]  # (m,) of propagation, from the antenna
    gains_db: NDArray[np.float64]  # (m,) power received over power sent
    departure_azimuth_deg: NDArray[np.float64]  # (m,) -180 to 180
    departure_zenith_deg: NDArray[np.float64]  # (m,) 0 to 180
    arrival_azimuth_deg: NDArray[np.float64]  # (m,)
    arrival_zenith_deg: NDArray[np.float64]  # (m,)
    n_reflections: NDArray[np.int64]  # (m,); of DeepMIMO also scatterings and transmissions
    n_diffractions: NDArray[np.int64]  # (m,); a path with neither is the line of sight

    def __post_init__(self) -> None:
        n, m = len(self.n_paths), int(self.n_paths.sum())
        for field in fields(self):
            shape = np.shape(getattr(self, field.name))
            wanted: tuple[int, ...] = (n,) if field.name in _OF_USERS else (m,)
            if field.name == "positions_m":
                wanted = (n, 3)
            if shape != wanted:
                raise ValueError(f"{field.name}: expected shape {wanted}, got {shape}")
        if n == 0 or self.n_paths.min() < 1:
            raise ValueError("n_paths: expected users with at least one path each")

    @property
    def starts(self) -> NDArray[np.int64]:
        """(n + 1,) where the paths of each user begin, and where the last one's end."""
        return np.concatenate([[0], np.cumsum(self.n_paths)])

    @property
    def los(self) -> NDArray[np.bool_]:
        """(n,) which users see the base station."""
        direct = (self.n_reflections == 0) & (self.n_diffractions == 0)
        return np.logical_or.reduceat(direct, self.starts[:-1])

    def first(self, n_users: int) -> SitePaths:
        """The first users and their paths."""
        n_paths = int(self.starts[n_users])
        length = {f.name: n_users if f.name in _OF_USERS else n_paths for f in fields(self)}
        return SitePaths(**{name: getattr(self, name)[:n] for name, n in length.items()})

    @classmethod
    def concatenate(cls, pieces: Sequence[SitePaths]) -> SitePaths:
        """Users of one piece after those of another."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in pieces]) for name in names})

    def to_columns(self) -> dict[str, NDArray[Any]]:
        """The integers of a file, by name.

        Raises:
            ValueError: a value is beyond what its integers hold.
        """
        first_s = np.minimum.reduceat(self.delays_s, self.starts[:-1])
        first = _quantise("first_delay", first_s, _FIRST_DELAY_S, np.uint32)
        excess_s = self.delays_s - np.repeat(first * _FIRST_DELAY_S, self.n_paths)
        columns = {
            "position": _quantise("position", self.positions_m, _METRES, np.int32),
            "n_paths": _quantise("n_paths", self.n_paths, 1, np.uint8),
            "n_traced": _quantise("n_traced", self.n_traced, 1, np.uint16),
            "total_gain": _quantise("total_gain", self.total_gain_db, _DECIBELS, np.int16),
            "first_delay": first,
            "excess_delay": _quantise("excess_delay", excess_s, _EXCESS_DELAY_S, np.uint16),
            "gain": _quantise("gain", self.gains_db, _DECIBELS, np.int16),
            "n_reflections": _quantise("n_reflections", self.n_reflections, 1, np.uint8),
            "n_diffractions": _quantise("n_diffractions", self.n_diffractions, 1, np.uint8),
        }
        for name in _ANGLES:
            angles = getattr(self, f"{name}_deg")
            columns[name] = _quantise(name, angles, _DEGREES, np.int16)
        return columns

    @classmethod
    def from_columns(cls, columns: Mapping[str, NDArray[Any]]) -> SitePaths:
        """What :meth:`to_columns` made; each value within half a step of what it was.

        Raises:
            ValueError: a column is missing, or they do not fit together.
        """
        if missing := sorted(COLUMNS - set(columns)):
            raise ValueError(f"expected columns {sorted(COLUMNS)}, got none of {missing}")
        whole = {name: np.asarray(columns[name]).astype(np.int64) for name in COLUMNS}
        if len(whole["first_delay"]) != len(whole["n_paths"]):
            raise ValueError(
                f"first_delay: expected {len(whole['n_paths'])} values, "
                f"got {len(whole['first_delay'])}"
            )
        first_s = np.repeat(whole["first_delay"] * _FIRST_DELAY_S, whole["n_paths"])
        if len(first_s) != len(whole["excess_delay"]):
            raise ValueError(
                f"excess_delay: expected {len(first_s)} values, got {len(whole['excess_delay'])}"
            )
        return cls(
            positions_m=whole["position"] * _METRES,
            n_paths=whole["n_paths"],
            n_traced=whole["n_traced"],
            total_gain_db=whole["total_gain"] * _DECIBELS,
            delays_s=first_s + whole["excess_delay"] * _EXCESS_DELAY_S,
            gains_db=whole["gain"] * _DECIBELS,
            n_reflections=whole["n_reflections"],
            n_diffractions=whole["n_diffractions"],
            **{f"{name}_deg": whole[name] * _DEGREES for name in _ANGLES},
        )


_OF_USERS = ("positions_m", "n_paths", "n_traced", "total_gain_db")  # the rest is of paths
_ANGLES = ("departure_azimuth", "departure_zenith", "arrival_azimuth", "arrival_zenith")
COLUMNS = frozenset(
    {"position", "n_paths", "n_traced", "total_gain", "first_delay", "excess_delay", "gain"}
    | {"n_reflections", "n_diffractions", *_ANGLES}
)
"""Names of the columns of a site in a file."""


def _quantise(
    name: str, values: NDArray[Any], step: float, dtype: type[np.integer]
) -> NDArray[Any]:
    steps = np.rint(np.asarray(values, np.float64) / step)
    limits = np.iinfo(dtype)
    good = np.isfinite(steps) & (steps >= limits.min) & (steps <= limits.max)
    if not good.all():
        raise ValueError(
            f"{name}: expected {limits.min * step:g} to {limits.max * step:g}, "
            f"got {np.asarray(values)[~good].flat[0]:g}"
        )
    return steps.astype(dtype)
