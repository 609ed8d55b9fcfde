# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the buildings of a city are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Footprint:
    """Buildings on a grid of square cells; rows go along y, columns along x, from the corner."""

    corner_x_m: float
    corner_y_m: float
    cell_m: float
    buildings: NDArray[np.bool_]  # (rows, columns)

    @property
    def extent_m(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top, as matplotlib's ``imshow`` takes them."""
        rows, columns = self.buildings.shape
        right = self.corner_x_m + columns * self.cell_m
        return self.corner_x_m, right, self.corner_y_m, self.corner_y_m + rows * self.cell_m

    def at(self, xy_m: NDArray[np.floating]) -> NDArray[np.bool_]:
        """(n,) whether the cell of each point (n, 2) has a building; beyond the grid none has."""
        corner = (self.corner_x_m, self.corner_y_m)
        column, row = np.floor((np.asarray(xy_m) - corner) / self.cell_m).astype(int).T
        rows, columns = self.buildings.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        result = np.zeros(len(row), bool)
        result[inside] = self.buildings[row[inside], column[inside]]
        return result
