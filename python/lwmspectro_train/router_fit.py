# SPDX-License-Identifier: GPL-3.0-or-later
"""Training the router: what one step and one validation of it are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy

from .augment import mute_idle
from .dataset import TokenSet
from .router import Router
from .router_files import save
from .stages import loop, order
from .stages.checkpoint import Progress
from .stages.loop import Learner, Plan
from .stages.source import Index
from .stages.world import Alone

BEST = "best"
"""Folder, within that of the run, of the weights of the best epoch so far."""


@dataclass(frozen=True)
class Windows:
    """What the router learns from.

    Attributes:
        training, validation: windows.
        muted: share of the training windows whose idle noise is turned to zeros.
        label_smoothing: of the cross entropy.
    """

    training: TokenSet
    validation: TokenSet
    muted: float
    label_smoothing: float


def fit(plan: Plan, windows: Windows, router: Router, fabric: Fabric) -> Progress:
    """Trains as ``loop.fit`` does; the best weights lie in ``plan.folder / BEST``.

    Raises:
        ValueError: a checkpoint of another run.
        RuntimeError: a gradient, or a validation loss, is not finite.
    """
    return loop.fit(plan, _RouterLearner(plan, windows, router, fabric), fabric, Alone())


class _RouterLearner(Learner):
    def __init__(self, plan: Plan, windows: Windows, router: Router, fabric: Fabric) -> None:
        self._windows, self._seed, self._batch = windows, plan.seed, plan.config.batch
        self._folder = plan.folder / BEST
        self._fabric = fabric
        self._tokens = torch.from_numpy(windows.training.tokens)
        self._label = torch.from_numpy(windows.training.label)
        config = plan.config
        self.module = self._router = router
        self.adam = torch.optim.AdamW(
            [{"params": list(router.parameters()), "share": 1.0}],
            lr=config.learning_rate,
            betas=(config.betas[0], config.betas[1]),
            weight_decay=config.weight_decay,
        )
        self.steps_per_epoch = -(-len(self._label) // self._batch)

    def epoch(self, number: int) -> Sequence[Index]:
        rows = order.shuffled(len(self._label), self._seed, number)
        return [rows[at : at + self._batch] for at in range(0, len(rows), self._batch)]

    def loss(self, module: nn.Module, rows: Index, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        windows = self._windows
        tokens, label = self._moved(self._tokens, self._label, torch.from_numpy(rows))
        logits = module(mute_idle(tokens, windows.muted))
        loss = functional.cross_entropy(logits, label, label_smoothing=windows.label_smoothing)
        return loss, {"loss": loss}

    def _moved(self, tokens: Tensor, label: Tensor, rows: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Half the bytes on their way to a GPU."""
        return tokens[rows].to(self._fabric.device).float(), label[rows].to(self._fabric.device)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Loss and accuracy."""
        tokens = torch.from_numpy(self._windows.validation.tokens)
        label = torch.from_numpy(self._windows.validation.label)
        mean = MeanMetric(nan_strategy="error").to(self._fabric.device)
        right = MulticlassAccuracy(self._router.cfg.classes, average="micro").to(
            self._fabric.device
        )
        self._router.eval()
        for first in range(0, len(label), self._batch):
            some, truth = self._moved(tokens, label, slice(first, first + self._batch))
            with self._fabric.autocast():
                logits = self._router(some).float()
            mean.update(functional.cross_entropy(logits, truth, reduction="none"))
            right.update(logits, truth)
        return {"loss": float(mean.compute()), "accuracy": float(right.compute())}

    def save_best(self, row: dict[str, float]) -> None:
        save(self._router, self._folder)
