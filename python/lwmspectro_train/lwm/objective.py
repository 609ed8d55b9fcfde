# SPDX-License-Identifier: GPL-3.0-or-later
"""What training minimises (eq. 21 to 23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor

RECONSTRUCTION, CONTRASTIVE = "reconstruction", "contrastive"


@dataclass(frozen=True)
class Weights:
    """Of each term of the fine-tuning loss; a term that weighs 0 is not computed.

    Attributes:
        reconstruction, contrastive: of eq. 22.
        modulation, snr_db, snr_bins, mobility, joint: of the answers' losses.
    """

    reconstruction: float = 1.0
    contrastive: float = 0.3
    modulation: float = 1.0
    snr_db: float = 1.0
    snr_bins: float = 0.3
    mobility: float = 1.0
    joint: float = 0.3

    def __post_init__(self) -> None:
        for name, value in self.terms().items():
            if not value >= 0.0:
                raise ValueError(f"{name}: expected a weight of 0 or more, got {value:g}")
        if not any(self.terms().values()):
            raise ValueError("weights: expected one above 0, got none")

    def terms(self) -> dict[str, float]:
        """Weights by the names of the terms."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


PRETRAINING = Weights(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Reconstruction alone (eq. 21)."""


def total(terms: Mapping[str, Tensor], weights: Weights) -> Tensor:
    """L = lambda_rec L_rec + lambda_con L_con (eq. 22), and the answers' losses.

    Its gradient with respect to the encoder is the same sum of the terms' gradients (eq. 23), by
    which automatic differentiation trains.
    """
    factor = weights.terms()
    return torch.stack([factor[name] * term for name, term in terms.items()]).sum()  # (22)
