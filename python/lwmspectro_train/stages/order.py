# SPDX-License-Identifier: GPL-3.0-or-later
"""Which windows a step sees, and every random number in it, from the seed and the step alone.

Nothing else is random, so that a run that was stopped goes on as if it had not been, and any number
of processes that share a batch do what one does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .source import Index, WindowSource

_ORDER, _UNIFORM, _TORCH = 1, 2, 3  # streams of random numbers


def _rng(seed: int, stream: int, number: int) -> np.random.Generator:
    return np.random.default_rng((seed, stream, number))


def epoch(source: WindowSource, groups: list[Index], batch: int, seed: int, number: int) -> Index:
    """The windows of an epoch, step by step, (steps, batch).

    Args:
        source: gives each group its order.
        groups: windows of each protocol. Every batch has as many of each, give or take one; those
            of a smaller group come up more than once in an epoch.
        batch: windows a step.
        seed, number: of the run, and of the epoch.
    """
    rng = _rng(seed, _ORDER, number)
    total = sum(map(len, groups))
    share = -(-total // len(groups))
    parts = []
    for group in groups:
        rounds = -(-share // len(group))
        parts.append(np.concatenate([source.order(group, rng) for _ in range(rounds)])[:share])
    order = np.stack(parts, axis=1).reshape(-1)[:total]  # one of each in turn
    steps = total // batch
    return order[: steps * batch].reshape(steps, batch)


def shuffled(n: int, seed: int, number: int) -> Index:
    """The numbers 0 to n - 1 in the order of an epoch, (n,)."""
    return _rng(seed, _ORDER, number).permutation(n)


def uniform(seed: int, step: int, batch: int, n: int) -> Tensor:
    """Numbers from 0 to 1 of a step for all windows of its batch, float32 (batch, n)."""
    values: npt.NDArray[np.float32] = _rng(seed, _UNIFORM, step).random((batch, n), np.float32)
    return torch.from_numpy(values)


def seed_torch(seed: int, step: int, rank: int) -> None:
    """Sets the generators of torch, which dropout draws from, for a step of a process."""
    torch.manual_seed(int(_rng(seed, _TORCH, step).integers(2**31)) + rank)
