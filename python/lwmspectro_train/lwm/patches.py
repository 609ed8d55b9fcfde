# SPDX-License-Identifier: GPL-3.0-or-later
"""Patch embedding and positions (eq. 11 and 12)."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from . import config
from .config import Source

POSITION_STD = 0.02  # unit variance would drown the tokens


def cut(image: Tensor, cell: tuple[int, int]) -> Tensor:
    """An image (b, c, rows, columns) in patches (b, n, e c), row by row, planes of an element last.

    Patch i and its elements are in row-major order.
    """
    rows, cols = cell
    tiles = image.unflatten(3, (-1, cols)).unflatten(2, (-1, rows))  # (b, c, R, rows, C, cols)
    return tiles.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)  # (b, R C, rows cols c)


class PatchEmbedding(nn.Module):
    """Patches (b, n, e c) of one source to tokens (b, n, d), and the positions of these."""

    def __init__(self, source: Source, dim: int) -> None:
        super().__init__()
        self.source = source
        planes = source.image[0]
        widths = (planes, *source.lift)
        self.lift = nn.Sequential()
        for n_in, n_out in itertools.pairwise(widths):
            self.lift.append(nn.Linear(n_in, n_out))
            self.lift.append(nn.GELU())
        features = widths[-1] * (1 if source.arrange == config.MEAN else source.elements)
        # each row of C3 is a quantity of its own: a projection for each
        self.copies = source.tokens if source.kind == config.CORRELOGRAM else 1
        self.weight = nn.Parameter(torch.empty(self.copies, features, dim))
        self.bias = nn.Parameter(torch.zeros(dim))
        self.position = nn.Parameter(torch.empty(source.tokens, dim))
        nn.init.normal_(self.weight, std=features**-0.5)
        nn.init.normal_(self.position, std=POSITION_STD)

    def forward(self, patches: Tensor, index: Tensor | None = None) -> Tensor:
        """Patches to tokens.

        Args:
            patches: (b, n, e c).
            index: which patches of the source these are, (b, n); all of them where None.

        Returns:
            (b, n, d), without positions.
        """
        x = patches
        if self.source.lift:
            elements = x.unflatten(2, (self.source.elements, -1))  # (b, n, e, c)
            lifted = self.lift(elements)  # (b, n, e, k)
            x = self._mean(lifted, elements) if self.source.arrange == config.MEAN else lifted
            x = x.flatten(2) if x.dim() == 4 else x
        if self.copies == 1:
            return x @ self.weight[0] + self.bias  # (11)
        weight = self.weight if index is None else self.weight[index]  # (n or b n, f, d)
        return (x[:, :, None] @ weight)[:, :, 0] + self.bias  # (11)

    def place(self, tokens: Tensor, index: Tensor | None = None) -> Tensor:
        """Adds the positions to tokens (b, n, d); ``index`` as above."""
        return tokens + (self.position if index is None else self.position[index])  # (12)

    def _mean(self, lifted: Tensor, elements: Tensor) -> Tensor:
        """Mean over the elements that are present, (b, n, k)."""
        if self.source.kind != config.SYMBOL_GRID:
            return lifted.mean(dim=2)
        present = elements[..., -1:]  # (b, n, e, 1)
        mean: Tensor = (lifted * present).sum(dim=2) / present.sum(dim=2).clamp(min=1.0)
        return mean
