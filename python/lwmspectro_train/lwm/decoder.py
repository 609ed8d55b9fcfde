# SPDX-License-Identifier: GPL-3.0-or-later
"""The light decoder and the reconstruction loss (eq. 16 and 17)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Model
from .encoder import Encoder
from .masking import Mask, pick
from .patches import POSITION_STD


class Decoder(nn.Module):
    """Encoded tokens (b, n, d), hidden ones among them, to the patches of each source (eq. 16)."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        dim = model.decoder_dim
        self.sizes = [source.tokens for source in model.sources]
        self.narrow = nn.Linear(model.dim, dim)
        self.position = nn.Parameter(torch.empty(model.tokens, dim))
        nn.init.normal_(self.position, std=POSITION_STD)
        self.encoder = Encoder(dim, model.decoder_layers, model.decoder_heads, model.decoder_ffn)
        self.predict = nn.ModuleList(
            nn.Linear(dim, source.elements * source.image[0]) for source in model.sources
        )

    def forward(self, encoded: Tensor, masks: list[Mask]) -> list[Tensor]:
        """Predicted values of the hidden patches, (b, m, e c) for each source."""
        x = self.encoder(self.narrow(encoded) + self.position)  # (b, n, decoder_dim)
        parts = x.split(self.sizes, dim=1)
        return [
            predict(pick(part, mask.hidden))  # (16)
            for predict, part, mask in zip(self.predict, parts, masks, strict=True)
        ]


def reconstruction_loss(predicted: list[Tensor], target: list[Tensor], hidden: bool) -> Tensor:
    """Mean squared error over hidden patches alone, each source weighing by its tokens (eq. 17).

    Args:
        predicted: values of the hidden patches of each source, (b, m, e c).
        target: the same of the standardised image.
        hidden: whether there is any.

    Returns:
        a scalar.
    """
    if not hidden:
        raise ValueError("mask_ratio: expected hidden tokens to reconstruct, got none")
    count = sum(part.shape[1] for part in predicted)
    errors = [
        (p.float() - t.float()).square().mean() * (p.shape[1] / count)  # (17)
        for p, t in zip(predicted, target, strict=True)
        if p.shape[1]
    ]
    return torch.stack(errors).sum()
