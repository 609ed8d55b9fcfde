# SPDX-License-Identifier: GPL-3.0-or-later
"""Histograms with soft edges, and the steps, lattices, lags and periods of statistics."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Hats:
    """Functions that rise from one point to the next and fall again: soft bins.

    They are counted as differences of ramps, which take two operations an element.

    Attributes:
        low: where the first is one.
        step: to the next.
        count: how many.
    """

    low: float
    step: float
    count: int

    def ramps(self, x: Tensor) -> Tensor:
        """How far values have come from each point to the next, 0 to 1.

        Args:
            x: values (..., n); those that do not count are at most ``low``.

        Returns:
            (..., count - 1, n): a row for each point but the last.
        """
        points = torch.arange(self.count - 1, dtype=x.dtype, device=x.device)[:, None]
        way = ((x - self.low) * (1.0 / self.step))[..., None, :]
        return (way - points).clamp(0.0, 1.0)


def hats_of(ramps: Tensor, dim: int) -> Tensor:
    """Sums over ramps to sums over hats, along ``dim``; the sum of what counts goes before them."""
    last = ramps.shape[dim] - 1
    rest = ramps.narrow(dim, 0, last) - ramps.narrow(dim, 1, last)
    return torch.cat([rest, ramps.narrow(dim, last, 1)], dim=dim)


LARGER = Hats(0.0, 0.24, 10)
SMALLER = Hats(0.0, 0.16, 9)
POWER = Hats(-20.0, 4.0, 9)  # dB against the mean of the elements that are present
POWER_MEANS = 6  # for each step of power
LATTICE = 2.0 * 42.0**-0.5
"""Distance of neighbouring points of 64-QAM of unit power (TS 36.211 7.1)."""
N_LATTICES = 3
"""Twice, once and half as far: within 2.4 % the distances of 16-, 64- and 256-QAM."""


def lattice_sums(parts: Tensor) -> Tensor:
    """How well values lie on lattices twice, once and half as far as ``LATTICE``.

    The cosine of the double angle is had from that of the single one, which costs a tenth.

    Args:
        parts: larger and smaller parts of elements, (..., n).

    Returns:
        sums of cos(2 pi x / distance), (..., N_LATTICES), -n to n.
    """
    far = (parts * (torch.pi / LATTICE)).cos()
    middle = 2.0 * far.square() - 1.0
    near = 2.0 * middle.square() - 1.0
    return torch.stack([x.sum(dim=-1) for x in (far, middle, near)], dim=-1)


PATCH_FEATURES = LARGER.count * SMALLER.count + POWER.count * POWER_MEANS + N_LATTICES + 1
"""Of a constellation's patch."""

LAGS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 32, 40, 50, 64, 80)
"""Rows between two that are compared."""
BAND_FEATURES = 2 * 2 * len(LAGS)
"""Of a band's similarity: of its shape and of its level, the power, the correlation at each lag but
the first, and the weight at each lag."""

PERIODS_DB = (20.0, 10.0, 5.0, 2.5)
"""Of the waves that changes of level are read by: each half the one before."""
RANGES = (1, 2, 3, 4, 6, 9, 13, 19, 28, 41, 61, 91, 128)
"""Frames between two that are compared: from each number to less than the next."""
DRIFT_FEATURES = 2 * len(PERIODS_DB) * (len(RANGES) - 1) + len(RANGES) - 1 + 6
"""Of each token of a drift: decay at each period and range of lags, and against the shortest lags;
the pairs at each; and what the window is like."""
