# SPDX-License-Identifier: GPL-3.0-or-later
"""A city seen from above, on a grid: where one may stand, and how high the roofs are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gnuradio.lwmspectro.sites.footprint import Footprint
from numpy.typing import NDArray
from scipy import ndimage

from .scene import CityScene

CELL_M = 2.0


@dataclass(frozen=True)
class Surface:
    """Grids of shape (rows along y, columns along x), heights in metres."""

    footprint: Footprint
    top_m: NDArray[np.float64]
    roof_m: NDArray[np.float64]  # height of a roof over the ground beside it; 0 outdoors
    wall_distance_m: NDArray[np.float64]  # outdoors: to the nearest building
    street_distance_m: NDArray[np.float64]  # on a roof: to the nearest point outdoors


def survey(scene: CityScene) -> Surface:
    """Looks down at every cell of a city."""
    low, high = scene.bounds_m[:, :2]
    columns, rows = (int(n) for n in np.floor((high - low) / CELL_M))
    x = low[0] + CELL_M * (np.arange(columns) + 0.5)
    y = low[1] + CELL_M * (np.arange(rows) + 0.5)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    heights, on_ground = scene.look_down(grid)
    top = heights.reshape(rows, columns)
    outdoors = on_ground.reshape(rows, columns) & np.isfinite(top)
    street_cells, nearest = ndimage.distance_transform_edt(~outdoors, return_indices=True)
    roof = np.where(outdoors, 0.0, top - top[tuple(nearest)])
    return Surface(
        footprint=Footprint(float(low[0]), float(low[1]), CELL_M, ~outdoors),
        top_m=top,
        roof_m=roof,
        wall_distance_m=CELL_M * ndimage.distance_transform_edt(outdoors),
        street_distance_m=CELL_M * street_cells,
    )
