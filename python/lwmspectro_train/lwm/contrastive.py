# SPDX-License-Identifier: GPL-3.0-or-later
"""Projection and supervised contrastive loss (eq. 18 and 19)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

NO_LABEL = -1
"""A window whose label is null: neither anchor, positive nor negative."""


class Projection(nn.Module):
    """Embeddings (b, d) to unit vectors (b, p) (eq. 18)."""

    def __init__(self, dim: int, hidden: int, out: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, out))

    def forward(self, embedding: Tensor) -> Tensor:
        """Projects and normalises."""
        return normalize(self.layers(embedding).float(), dim=1)  # (18)


def supervised_contrastive_loss(z: Tensor, label: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss (eq. 19; Khosla et al. 2020, L_out).

    Args:
        z: unit vectors, (b, p).
        label: (b,), ``NO_LABEL`` for windows that do not take part.
        temperature: tau.

    Returns:
        mean over the anchors that have a positive; zero, with a gradient, where none has.
    """
    b = z.shape[0]
    known = label != NO_LABEL
    other = ~torch.eye(b, dtype=torch.bool, device=z.device) & known[None]  # A(i)
    positive = other & (label[:, None] == label[None]) & known[:, None]  # P(i)
    with torch.autocast(z.device.type, enabled=False):  # divided by tau, bfloat16 shows its steps
        similarity = (z @ z.T) / temperature
    least = torch.finfo(similarity.dtype).min
    log_total = torch.logsumexp(similarity.masked_fill(~other, least), dim=1)  # over A(i)
    log_share = (similarity - log_total[:, None]).masked_fill(~positive, 0.0)
    count = positive.sum(dim=1)
    anchors = count > 0
    each = -log_share.sum(dim=1) / count.clamp(min=1)  # (19)
    return torch.where(anchors, each, 0.0).sum() / anchors.sum().clamp(min=1)
