# SPDX-License-Identifier: GPL-3.0-or-later
"""Where base stations stand and users walk: drawn at random, the same for one seed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import ROOFTOP, PlannedSite, TraceConfig
from .scene import CityScene
from .surface import Surface

_MAST_M = 5.0  # over a roof
_ROOFS_M = (12.0, 45.0)  # worth a base station
_ROOF_EDGE_M = 5.0  # further in, the roof itself hides the street
_POST_M = (6.0, 10.0)  # lamp posts
_POST_WALL_M = (2.0, 8.0)  # from the wall to the post
_APART_M = 80.0  # two sites of a city
_MARGIN_M = 40.0  # to the end of the scene
_USER_WALL_M = 1.0
_NEAREST_M = 10.0  # a user to the site, TR 38.901 table 7.2-1 UMi
_LOS_SHARE = (0.15, 0.5)  # of the points around a site: what it should see
_CHOICES = 40  # places that are compared
_TRIES = 2000


@dataclass(frozen=True)
class PlacedSite:
    """A planned site and where its antenna is."""

    plan: PlannedSite
    position_m: tuple[float, float, float]
    height_m: float  # over the ground
    seed: int  # of its users and its rays


def site_seed(seed: int, name: str) -> int:
    """The seed of one site, whichever others are traced beside it."""
    return int(np.random.SeedSequence([seed, zlib.crc32(name.encode())]).generate_state(1)[0])


def place_sites(
    scene: CityScene,
    surface: Surface,
    plans: Sequence[PlannedSite],
    config: TraceConfig,
    seed: int,
) -> list[PlacedSite]:
    """Places all sites of a city, one after the other, apart from each other.

    Raises:
        RuntimeError: nowhere in the city will do.
    """
    placed: list[PlacedSite] = []
    for plan in plans:
        own_seed = site_seed(seed, plan.name)
        rng = np.random.default_rng([own_seed, 0])
        wanted = rng.uniform(*_LOS_SHARE)
        choices: list[tuple[float, PlacedSite]] = []
        candidates = _candidates(surface, plan.kind)
        for row, column in rng.permutation(candidates)[:_TRIES]:
            site = _on_cell(scene, surface, plan, row, column, own_seed, rng)
            if site is None or any(_distance(site, other) < _APART_M for other in placed):
                continue
            users = draw_users(scene, surface, site, config, 200, rng)
            los = float(scene.visible(np.array(site.position_m), users).mean())
            choices.append((abs(los - wanted), site))
            if len(choices) == _CHOICES:
                break
        if not choices:
            raise RuntimeError(f"{plan.name}: expected a place for it, found none")
        placed.append(min(choices, key=lambda choice: choice[0])[1])
    return placed


def draw_users(
    scene: CityScene,
    surface: Surface,
    site: PlacedSite,
    config: TraceConfig,
    n_users: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """(n_users, 3) points outdoors, uniform over the area that the site serves."""
    found = np.zeros((0, 3))
    low, high = scene.bounds_m[:, :2]
    while len(found) < n_users:
        angle = rng.uniform(0, 2 * np.pi, 4 * n_users)
        radius = site.plan.radius_m * np.sqrt(rng.uniform(0, 1, 4 * n_users))
        xy = site.position_m[:2] + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        xy = xy[np.all((xy > low + _MARGIN_M / 2) & (xy < high - _MARGIN_M / 2), axis=1)]
        # As a file holds them, so that who traces again traces the same points.
        xy = np.round(xy, 2)
        height, outdoors = scene.look_down(xy)
        users = np.column_stack([xy, np.round(height + config.user_height_m, 2)])
        good = outdoors & (_at(surface, surface.wall_distance_m, xy) >= _USER_WALL_M)
        good &= np.linalg.norm(users - site.position_m, axis=1) >= _NEAREST_M
        found = np.concatenate([found, users[good]])
    return found[:n_users]


def _candidates(surface: Surface, kind: str) -> NDArray[np.intp]:
    """(n, 2) rows and columns of the cells where a site of this kind may stand."""
    if kind == ROOFTOP:
        good = (surface.roof_m >= _ROOFS_M[0]) & (surface.roof_m <= _ROOFS_M[1])
        good &= surface.street_distance_m <= _ROOF_EDGE_M
    else:
        good = ~surface.footprint.buildings
        good &= surface.wall_distance_m >= _POST_WALL_M[0]
        good &= surface.wall_distance_m <= _POST_WALL_M[1]
    # The middle half of the city, so that there are streets all around.
    rows, columns = good.shape
    good[: rows // 4] = good[rows - rows // 4 :] = False
    good[:, : columns // 4] = good[:, columns - columns // 4 :] = False
    return np.argwhere(good)


def _on_cell(
    scene: CityScene,
    surface: Surface,
    plan: PlannedSite,
    row: int,
    column: int,
    seed: int,
    rng: np.random.Generator,
) -> PlacedSite | None:
    footprint = surface.footprint
    x = footprint.corner_x_m + footprint.cell_m * (column + 0.5)
    y = footprint.corner_y_m + footprint.cell_m * (row + 0.5)
    if plan.kind == ROOFTOP:
        over_ground = surface.roof_m[row, column] + _MAST_M
        z = surface.top_m[row, column] + _MAST_M
    else:
        over_ground = rng.uniform(*_POST_M)
        z = surface.top_m[row, column] + over_ground
    position = (round(float(x), 2), round(float(y), 2), round(float(z), 2))
    above = scene.look_down(np.array([position[:2]]))[0][0]
    if not above < position[2]:
        return None
    return PlacedSite(plan, position, round(float(over_ground), 2), seed)


def _distance(a: PlacedSite, b: PlacedSite) -> float:
    return float(np.linalg.norm(np.subtract(a.position_m, b.position_m)))


def _at(
    surface: Surface, grid: NDArray[np.float64], xy_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    footprint = surface.footprint
    corner = (footprint.corner_x_m, footprint.corner_y_m)
    cells = np.floor((xy_m - corner) / footprint.cell_m).astype(int)
    rows, columns = grid.shape
    return grid[np.clip(cells[:, 1], 0, rows - 1), np.clip(cells[:, 0], 0, columns - 1)]
