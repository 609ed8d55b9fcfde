# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains a classifier as the paper does: AdamW, a few epochs, early stopping (section V-B)."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchmetrics.functional.classification import multiclass_f1_score

from ..stages.config import PRECISIONS
from ..stages.source import Index
from ..stages.world import fastest, precision_plugin
from .splits import Split

Labels = npt.NDArray[np.int64]
Read = Callable[[Index], Any]
"""Rows to the network's input."""


@dataclass(frozen=True)
class Settings:
    """How networks are trained.

    Attributes:
        epochs: at most. An epoch sees every training window, and so many of them again that it has
            ``least_steps`` steps: eight passes over 70 windows would train nothing.
        patience: epochs without a better validation F1 after which training stops.
        batch: windows a step.
        least_steps: of an epoch.
        learning_rate: of networks that begin with random weights, and of heads.
        fine_rate: of networks and encoders that begin with trained weights.
        weight_decay: of AdamW.
        precision: of Lightning: "32-true", "bf16-mixed".
    """

    epochs: int = 8
    patience: int = 3
    batch: int = 32
    least_steps: int = 20
    learning_rate: float = 1e-3
    fine_rate: float = 2e-4
    weight_decay: float = 0.05
    precision: str = "32-true"

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch", "least_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1, got {getattr(self, name)}")
        for name in ("learning_rate", "fine_rate"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name}: expected more than 0, got {getattr(self, name):g}")
        if not self.weight_decay >= 0.0:
            raise ValueError(f"weight_decay: expected 0 or more, got {self.weight_decay:g}")
        if self.precision not in PRECISIONS:
            names = ", ".join(PRECISIONS)
            raise ValueError(f"precision: expected one of {names}, got {self.precision!r}")


@dataclass(frozen=True)
class Fitted:
    """What training gave.

    Attributes:
        predicted: class of each test window.
        epochs: until the best one.
        windows_per_s: while training.
    """

    predicted: Labels
    epochs: int
    windows_per_s: float


def steps_per_epoch(windows: int, settings: Settings) -> int:
    """Of so many training windows."""
    return max(settings.least_steps, -(-windows // settings.batch))


def _epoch(train: Index, settings: Settings, rng: np.random.Generator) -> list[Index]:
    """Batches of every training window, and of some again where there are few."""
    steps = steps_per_epoch(len(train), settings)
    size = min(settings.batch, len(train))
    rows = np.concatenate([rng.permutation(train) for _ in range(-(-steps * size // len(train)))])
    return [rows[k * size : (k + 1) * size] for k in range(steps)]


@torch.no_grad()
def predict(network: nn.Module, read: Read, rows: Index, fabric: Fabric, batch: int) -> Tensor:
    """Class of each window, (n,)."""
    network.eval()
    parts = []
    for first in range(0, len(rows), batch):
        with fabric.autocast():
            inputs = fabric.to_device(read(rows[first : first + batch]))
            parts.append(network(inputs).argmax(dim=1))
    return torch.cat(parts).cpu()


def fit(
    network: nn.Module,
    read: Read,
    label: Labels,
    split: Split,
    classes: int,
    seed: int,
    settings: Settings,
    rates: list[dict[str, Any]] | None = None,
) -> Fitted:
    """Trains a network, keeps the epoch with the best validation F1, and tests it.

    Args:
        network: inputs to logits (b, classes).
        read: rows to inputs.
        label: class of every window, shape (n,).
        split: rows.
        classes: number of them.
        seed: of order and dropout.
        settings: see there.
        rates: parameter groups of AdamW; all at ``settings.learning_rate`` where None.

    Raises:
        RuntimeError: a loss is not finite.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 1])
    plugin = precision_plugin(settings.precision, fastest())
    fabric = Fabric(accelerator=fastest(), devices=1, plugins=[plugin])
    groups = rates or [{"params": list(network.parameters()), "lr": settings.learning_rate}]
    adam = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
    module, optimiser = fabric.setup(network, adam)
    truth = torch.from_numpy(label)
    best, best_epoch, state = -1.0, 0, copy.deepcopy(network.state_dict())
    trained, spent = 0, 0.0
    total = settings.epochs * steps_per_epoch(len(split.train), settings)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, total)
    for epoch in range(1, settings.epochs + 1):
        module.train()
        begun = time.perf_counter()
        for rows in _epoch(split.train, settings, rng):
            logits = module(fabric.to_device(read(rows))).float()
            loss = cross_entropy(logits, truth[rows].to(fabric.device))
            if not bool(loss.isfinite()):
                raise RuntimeError(f"loss: expected a finite one, got {float(loss.detach())}")
            optimiser.zero_grad(set_to_none=True)
            fabric.backward(loss)
            optimiser.step()
            schedule.step()
            trained += len(rows)
        spent += time.perf_counter() - begun
        guess = predict(module, read, split.validation, fabric, settings.batch)
        score = float(multiclass_f1_score(guess, truth[split.validation], classes, average="macro"))
        if score > best:
            best, best_epoch, state = score, epoch, copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= settings.patience:
            break
    network.load_state_dict(state)
    predicted = predict(module, read, split.test, fabric, settings.batch)
    return Fitted(predicted.numpy().astype(np.int64), best_epoch, trained / max(spent, 1e-9))
