# SPDX-License-Identifier: GPL-3.0-or-later
"""Histograms with soft edges, and the lags and steps of the statistics of ``statistics.py``."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Hats:
    """Functions that rise from one point to the next and fall again: soft bins.

    Attributes:
        low: where the first is one.
        step: to the next.
        count: how many.
    """

    low: float
    step: float
    count: int

    def __call__(self, x: Tensor) -> Tensor:
        """Values of all functions, (..., count); they add up to one, with x held within."""
        points = torch.arange(self.count, dtype=x.dtype, device=x.device) * self.step + self.low
        inside = x.clamp(self.low, self.low + self.step * (self.count - 1))[..., None]
        return (1.0 - (inside - points).abs() / self.step).clamp(min=0.0)


LARGER = Hats(0.0, 0.24, 10)
SMALLER = Hats(0.0, 0.16, 9)
POWER = Hats(-20.0, 4.0, 9)  # dB against the mean of the elements that are present
POWER_MEANS = 6  # for each step of power
PATCH_FEATURES = LARGER.count * SMALLER.count + POWER.count * POWER_MEANS + 1
"""Of a constellation's patch."""

LAGS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 32, 40, 50, 64, 80)
"""Rows between two that are compared."""
BAND_FEATURES = 2 * 2 * len(LAGS)
"""Of a band's similarity: of its shape and of its level, the power, the correlation at each lag but
the first, and the weight at each lag."""
