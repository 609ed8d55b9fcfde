# SPDX-License-Identifier: GPL-3.0-or-later
"""Random scheduling of data in time and frequency, for cells with realistic traffic."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MAX_USERS = 16  # keeps the classes of resource elements within a byte


@dataclass(frozen=True)
class Traffic:
    """How a cell fills its resources.

    Attributes:
        time_load: share of scheduling intervals (subframe or slot) that carry data, 0..1.
        freq_load: mean share of the resource block groups used in an interval with data, 0..1.
        burst: mean number of consecutive intervals with data, >= 1.
        n_users: most users that share one interval, 1..16.
        scattered: True picks resource block groups anywhere, False fills them in order.
    """

    time_load: float = 1.0
    freq_load: float = 1.0
    burst: float = 1.0
    n_users: int = 1
    scattered: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.time_load <= 1 and 0 <= self.freq_load <= 1):
            raise ValueError(f"expected loads in [0, 1], got {self}")
        if self.burst < 1 or not 1 <= self.n_users <= MAX_USERS:
            raise ValueError(f"expected burst >= 1 and n_users in 1..{MAX_USERS}, got {self}")

    @classmethod
    def random(cls, rng: np.random.Generator) -> Traffic:
        """Draw traffic from idle to full, with both extremes frequent."""
        kind = rng.random()
        if kind < 0.25:
            time_load, freq_load = 1.0, 1.0
        elif kind < 0.4:
            time_load, freq_load = float(rng.choice([0.0, 0.02, 0.05])), float(rng.random())
        else:
            time_load, freq_load = (float(v) for v in rng.uniform(0.05, 1.0, 2))
            if rng.random() < 0.3:
                time_load = 1.0
            if rng.random() < 0.3:
                freq_load = 1.0
        return cls(
            time_load,
            freq_load,
            float(1.0 + rng.exponential(4.0) * (rng.random() < 0.6)),
            int(rng.integers(1, 9)),
            bool(rng.random() < 0.4),
        )


def active_intervals(traffic: Traffic, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Two-state Markov chain of intervals with data, shape (count,)."""
    load = traffic.time_load
    if load >= 1.0 or load <= 0.0:
        return np.full(count, load >= 1.0)
    leave = 1.0 / traffic.burst
    enter = min(1.0, leave * load / (1.0 - load))
    leave = enter * (1.0 - load) / load
    draws = rng.random(count)
    out = np.empty(count, np.bool_)
    state = bool(rng.random() < load)
    for i in range(count):
        state = bool(draws[i] >= leave) if state else bool(draws[i] < enter)
        out[i] = state
    return out


def allocate(
    traffic: Traffic, count: int, n_groups: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Assign resource block groups to users, one interval after the other.

    Args:
        traffic: how full the cell is.
        count: scheduling intervals.
        n_groups: resource block groups of the carrier.
        rng: source of randomness.

    Returns:
        uint8, shape (count, n_groups): 0 is empty, 1..n_users the user.
    """
    out = np.zeros((count, n_groups), np.uint8)
    for i in np.flatnonzero(active_intervals(traffic, count, rng)):
        share = traffic.freq_load
        if share < 1.0:
            share = float(rng.beta(6.0 * share + 1e-3, 6.0 * (1.0 - share)))
        used = max(1, round(share * n_groups))
        users = int(rng.integers(1, min(traffic.n_users, used) + 1))
        names = rng.permutation(traffic.n_users)[:users].astype(np.uint8) + 1
        cuts = sorted(rng.integers(0, used + 1, users - 1).tolist())
        sizes = [high - low for low, high in pairwise([0, *cuts, used])]
        groups = rng.permutation(n_groups)[:used] if traffic.scattered else slice(0, used)
        out[i, groups] = np.repeat(names, sizes)
    return out
