# SPDX-License-Identifier: GPL-3.0-or-later
"""Mean and confidence interval over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """Of a quantity that was measured with several seeds.

    Attributes:
        mean: of the seeds.
        margin: half the 95 % confidence interval of the mean; NaN for one seed.
        seeds: how many.
    """

    mean: float
    margin: float
    seeds: int


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and 95 % confidence interval by Student's t distribution.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("values: expected at least one, got none")
    n = len(values)
    mean = float(np.mean(values))
    if n == 1:
        return Estimate(mean, math.nan, 1)
    quantile = float(stats.t.ppf(0.5 + LEVEL / 2, n - 1))
    return Estimate(mean, quantile * float(np.std(values, ddof=1)) / math.sqrt(n), n)
