# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights between those that training on began with and those that it came to.

Of windows few against those seen before, training on learns much by heart; part of the way back
is better on all of them (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of the way that are tried."""

_BATCH = 256


def mixed(before: nn.Module, after: nn.Module, share: float) -> dict[str, Tensor]:
    """State ``share`` of the way from one module to another of the same shapes."""
    end = after.state_dict()
    return {
        name: torch.lerp(start, end[name], share) if start.is_floating_point() else end[name]
        for name, start in before.state_dict().items()
    }


@torch.no_grad()
def loss_of(model: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Mean cross entropy of a classifier over windows (n, ...) with labels (n,)."""
    model.eval()
    total = 0.0
    for first in range(0, len(labels), _BATCH):
        some = slice(first, first + _BATCH)
        logits = model(inputs[some].float())
        total += float(functional.cross_entropy(logits, labels[some], reduction="sum"))
    return total / len(labels)


def best_between(
    before: nn.Module,
    after: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    shares: Sequence[float] = SHARES,
) -> float:
    """Leaves in ``after`` the state between both that has the least loss, and says where it is.

    Args:
        before: the classifier that training on began with.
        after: the one that it came to.
        inputs: of validation windows, (n, ...).
        labels: of these, (n,).
        shares: of the way; the first of the best is taken.

    Returns:
        The share taken.
    """
    states = {share: mixed(before, after, share) for share in shares}
    losses = {}
    for share, state in states.items():
        after.load_state_dict(state)
        losses[share] = loss_of(after, inputs, labels)
    best = min(shares, key=losses.__getitem__)
    after.load_state_dict(states[best])
    return best
