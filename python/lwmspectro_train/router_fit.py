# SPDX-License-Identifier: GPL-3.0-or-later
"""The router's training loop (Lightning Fabric): a run that was stopped goes on exactly."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from .stages import checkpoint, curve, optimiser, order
from .stages.checkpoint import Progress
from .stages.config import Training
from .stages.fit import OnStep

BEST = "best"
"""Folder, within that of the run, of the weights of the best epoch so far."""


@dataclass(frozen=True)
class Run:
    """What the router learns from, and how.

    Attributes:
        training, validation: windows.
        config: of the loop.
        seed: of order, dropout and muted windows.
        muted: share of the training windows whose idle noise is turned to zeros.
        label_smoothing: of the cross entropy.
        folder: of best weights, checkpoint and curve.
        identity: digest of what decides the result.
        on_step: called with the step, the number of steps, windows a step, and the loss.
        stop_after: steps after which to stop as if killed, for tests.
    """

    training: TokenSet
    validation: TokenSet
    config: Training
    seed: int
    muted: float
    label_smoothing: float
    folder: Path
    identity: str
    on_step: OnStep | None = None
    stop_after: int | None = None


def fit(run: Run, router: Router, fabric: Fabric) -> Progress:
    """Trains until the last epoch, or until the validation loss has not fallen for long enough.

    The best weights lie in ``run.folder / BEST``. A run that was stopped goes on with the step
    after its last checkpoint, and gives the same weights bit for bit.

    Raises:
        ValueError: a checkpoint of another run.
        RuntimeError: a gradient, or a validation loss, is not finite.
    """
    return _Fit(run, router, fabric).run()


class _Fit:
    def __init__(self, run: Run, router: Router, fabric: Fabric) -> None:
        self.settings, self.router, self.fabric = run, router, fabric
        self.tokens = torch.from_numpy(run.training.tokens)
        self.label = torch.from_numpy(run.training.label)
        config = run.config
        self.steps_per_epoch = -(-len(self.label) // config.batch)
        self.last = config.epochs * self.steps_per_epoch
        self.adam = torch.optim.AdamW(
            [{"params": list(router.parameters()), "share": 1.0}],
            lr=config.learning_rate,
            betas=(config.betas[0], config.betas[1]),
            weight_decay=config.weight_decay,
        )
        self.path = run.folder / checkpoint.CHECKPOINT
        self.progress = Progress()
        if self.path.exists():
            self.progress = checkpoint.restore(self.path, router, self.adam, run.identity)
        self.saved = time.monotonic()

    def run(self) -> Progress:
        if self.progress.finished:
            return self.progress
        module, adam = self.fabric.setup(self.router, self.adam)
        optimiser.move_moments(self.adam)
        for epoch in range(self.progress.step // self.steps_per_epoch, self.settings.config.epochs):
            if not self._epoch(module, adam, epoch) or self.progress.finished:
                break
        return self.progress

    def _epoch(self, module: nn.Module, adam: Any, epoch: int) -> bool:
        """The rest of an epoch; False if it was to stop within."""
        run, progress = self.settings, self.progress
        rows = order.shuffled(len(self.label), run.seed, epoch)
        module.train()
        for at in range(progress.step % self.steps_per_epoch, self.steps_per_epoch):
            self._step(module, adam, rows[at * run.config.batch : (at + 1) * run.config.batch])
            whole = at + 1 == self.steps_per_epoch  # saved when it has been validated
            if not whole and time.monotonic() - self.saved >= run.config.checkpoint_s:
                self._save()
            if run.stop_after is not None and progress.step >= run.stop_after:
                return False
        self._end_epoch(module, epoch)
        return True

    def _step(self, module: nn.Module, adam: Any, rows: Any) -> None:
        run, progress = self.settings, self.progress
        started = time.monotonic()
        rate = optimiser.rate(run.config, progress.step, self.steps_per_epoch)
        optimiser.set_rate(self.adam, rate)
        order.seed_torch(run.seed, progress.step, 0)
        tokens, label = self._batch(self.tokens, self.label, torch.from_numpy(rows))
        logits = module(mute_idle(tokens, run.muted))
        loss = functional.cross_entropy(logits, label, label_smoothing=run.label_smoothing)
        adam.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(module, adam, max_norm=run.config.clip)
        adam.step()
        progress.step += 1
        new = {"loss": float(loss.detach()), "steps": 1.0, "seconds": time.monotonic() - started}
        for name, value in new.items():
            progress.sums[name] = progress.sums.get(name, 0.0) + value
        if run.on_step is not None:
            run.on_step(progress.step, self.last, len(rows), {"loss": new["loss"]})

    def _batch(self, tokens: Tensor, label: Tensor, rows: Any) -> tuple[Tensor, Tensor]:
        """Half the bytes on their way to a GPU."""
        device = self.fabric.device
        return tokens[rows].to(device).float(), label[rows].to(device)

    def _end_epoch(self, module: nn.Module, epoch: int) -> None:
        run, progress = self.settings, self.progress
        started = time.monotonic()
        figures = self._validate(module)
        row = {
            "epoch": float(epoch + 1),
            "step": float(progress.step),
            "learning_rate": self.adam.param_groups[0]["lr"],
            "train_loss": progress.sums["loss"] / progress.sums["steps"],
            **{f"val_{name}": value for name, value in figures.items()},
            "seconds": progress.sums["seconds"] + time.monotonic() - started,
        }
        progress.sums = {}
        progress.curve.append(row)
        progress.worse += 1
        if figures["loss"] < progress.best:
            progress.best, progress.worse = figures["loss"], 0
            save(self.router, run.folder / BEST)
        progress.finished = progress.step >= self.last or progress.worse >= run.config.patience
        run.folder.mkdir(parents=True, exist_ok=True)
        curve.write(run.folder, progress.curve)
        self._save()

    @torch.no_grad()
    def _validate(self, module: nn.Module) -> dict[str, float]:
        """Loss and accuracy over the validation windows."""
        run, device = self.settings, self.fabric.device
        tokens = torch.from_numpy(run.validation.tokens)
        label = torch.from_numpy(run.validation.label)
        mean = MeanMetric(nan_strategy="error").to(device)
        right = MulticlassAccuracy(self.router.cfg.classes, average="micro").to(device)
        module.eval()
        for first in range(0, len(label), run.config.batch):
            rows = slice(first, first + run.config.batch)
            some, truth = self._batch(tokens, label, rows)
            logits = module(some)
            mean.update(functional.cross_entropy(logits, truth, reduction="none"))
            right.update(logits, truth)
        return {"loss": float(mean.compute()), "accuracy": float(right.compute())}

    def _save(self) -> None:
        checkpoint.save(self.path, self.router, self.adam, self.progress, self.settings.identity)
        self.saved = time.monotonic()
