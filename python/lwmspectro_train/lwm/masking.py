# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tokens masked modelling hides (eq. 15)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .config import Model


@dataclass(frozen=True)
class Mask:
    """Hidden and visible tokens of one source, the same number in every window.

    Attributes:
        hidden: their numbers, (b, m), ascending.
        visible: the others, (b, n - m), ascending.
    """

    hidden: Tensor
    visible: Tensor


def hidden_counts(model: Model, ratio: float | None = None) -> list[int]:
    """How many tokens of each source are hidden: 70 % of each, so that no view is left out."""
    ratio = model.mask_ratio if ratio is None else ratio
    return [round(ratio * source.tokens) if source.mask else 0 for source in model.sources]


def draw(model: Model, uniform: Tensor, ratio: float | None = None) -> list[Mask]:
    """A mask for each source.

    Args:
        model: whose sources.
        uniform: numbers from 0 to 1, drawn afresh each step, (b, n of all sources). The tokens
            with the lowest are hidden: every set of so many is equally likely.
        ratio: share of the tokens that is hidden; the model's where None.
    """
    masks, first = [], 0
    for source, hidden in zip(model.sources, hidden_counts(model, ratio), strict=True):
        order = uniform[:, first : first + source.tokens].argsort(dim=1)  # (b, n)
        masks.append(
            Mask(order[:, :hidden].sort(dim=1).values, order[:, hidden:].sort(dim=1).values)
        )
        first += source.tokens
    return masks


def pick(tokens: Tensor, index: Tensor) -> Tensor:
    """Tokens (b, n, d) by their numbers (b, m), to (b, m, d)."""
    b, n, _ = tokens.shape
    row = index + n * torch.arange(b, device=index.device)[:, None]
    # whole rows are copied: several times as fast as gather
    return tokens.flatten(0, 1).index_select(0, row.flatten()).unflatten(0, (b, -1))


def put(visible: Tensor, mask: Mask, filling: Tensor) -> Tensor:
    """Visible tokens in their places and ``filling`` (d) in those of the hidden ones (eq. 15).

    Args:
        visible: (b, n - m, d).
        mask: of a source with n tokens.
        filling: the mask embedding, (d).

    Returns:
        (b, n, d).
    """
    b, m = mask.hidden.shape
    both = torch.cat([visible, filling.to(visible.dtype).expand(b, m, -1)], dim=1)
    place = torch.cat([mask.visible, mask.hidden], dim=1).argsort(dim=1)  # inverse permutation
    return pick(both, place)
