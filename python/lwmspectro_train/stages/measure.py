# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of the validation windows, added up over batches and processes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import MeanAbsoluteError, Metric
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from ..lwm import answers
from ..lwm.contrastive import NO_LABEL
from ..lwm.expert import Expert
from ..lwm.objective import Weights
from .labels import Labels
from .source import Index
from .world import Alone


class Figures(nn.Module):
    """Mean terms of the loss, and how good the answers are that have a weight.

    Args:
        weights: of the terms.
        labels: of all windows.
        rows: those that are measured; an answer without labels there is left out.
        device: where batches are.
    """

    def __init__(self, weights: Weights, labels: Labels, rows: Index, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.weights = weights.terms()
        self.sums: dict[str, Tensor] = {}
        self.metrics = nn.ModuleDict()
        for name in answers.ANSWERS:
            label = labels[name][rows]
            known = ~np.isnan(label) if name == answers.SNR else label != NO_LABEL
            if self.weights[name] and known.any():
                self.metrics.update(_metrics_of(name))
        self.to(device)

    def update(
        self,
        terms: dict[str, Tensor],
        found: dict[str, Tensor],
        labels: dict[str, Tensor],
        expert: Expert,
    ) -> None:
        """A batch."""
        n = torch.tensor(float(len(next(iter(labels.values())))))
        for name, term in (terms | {"windows": torch.ones(())}).items():
            self.sums[name] = self.sums.get(name, torch.zeros(())) + n * term.detach().cpu().float()
        for key, metric in self.metrics.items():
            name = key.partition("__")[0]
            if name == answers.SNR:
                known = ~labels[name].isnan()
                if known.any():
                    metric(expert.snr_db(found[name].float())[known, 0], labels[name][known])
            else:
                metric(found[name].float(), labels[name])

    def compute(self, world: Alone) -> dict[str, float]:
        """``loss``, its terms, and figures by name."""
        names = ["windows", *(name for name in self.weights if self.weights[name])]
        sums = torch.stack([self.sums.get(name, torch.zeros(())) for name in names])
        sums = world.total(sums.to(self.device))
        means = dict(zip(names[1:], (sums[1:] / sums[0]).tolist(), strict=True))
        loss = sum(self.weights[name] * value for name, value in means.items())
        found = {}
        for key, metric in self.metrics.items():
            assert isinstance(metric, Metric)
            found[key.replace("__", "_")] = float(metric.compute())
        return {"loss": loss, **means, **found}


def _metrics_of(name: str) -> dict[str, Metric]:
    if name == answers.SNR:
        return {f"{name}__mae": MeanAbsoluteError()}
    classes = answers.CLASSES[name]
    found: dict[str, Metric] = {
        f"{name}__accuracy": MulticlassAccuracy(classes, average="micro", ignore_index=NO_LABEL)
    }
    if name == answers.JOINT:
        found[f"{name}__f1"] = MulticlassF1Score(classes, average="macro", ignore_index=NO_LABEL)
    return found
