# SPDX-License-Identifier: GPL-3.0-or-later
"""The training loop (Lightning Fabric) of experts and router: a stopped run goes on exactly.

What a step and a validation are is the learner's. The loop has the rest: learning rate, gradients,
epochs, checkpoints, the curve, and when to end.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from . import checkpoint, curve, optimiser, order
from .checkpoint import Progress
from .config import Training
from .source import Index
from .world import Alone

OnStep = Callable[[int, int, int, dict[str, float]], None]


@dataclass(frozen=True)
class Plan:
    """How long to train, and where it goes.

    Attributes:
        config: rates and lengths.
        seed: of all that is random.
        folder: of checkpoint and curve.
        identity: digest of what decides the result.
        restart: begins anew where there is a checkpoint.
        tensorboard: shows the curve there too.
        on_step: called with the step, the number of steps, windows a step, and the terms.
        stop_after: steps after which to stop as if killed, for tests.
    """

    config: Training
    seed: int
    folder: Path
    identity: str
    restart: bool = False
    tensorboard: bool = False
    on_step: OnStep | None = None
    stop_after: int | None = None


class Learner(ABC):
    """What is trained.

    Attributes:
        module: whose weights.
        adam: their optimiser; each group has ``share``, see ``optimiser.build``.
        steps_per_epoch: steps, each with its windows.
    """

    module: nn.Module
    adam: torch.optim.Optimizer
    steps_per_epoch: int

    @abstractmethod
    def epoch(self, number: int) -> Sequence[Index]:
        """The windows of each step of an epoch, those of all processes together."""

    @abstractmethod
    def loss(self, module: nn.Module, rows: Index, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of this process's share of a step, and the terms of it to show.

        The mean of each over the processes is that of all windows of the step: see
        ``world.Together``.

        Args:
            module: that of the learner, as Fabric has set it up.
            rows: of the windows.
            step: from 0.
        """

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Figures of the validation windows over all processes; ``loss`` decides which is best."""

    @abstractmethod
    def save_best(self, row: dict[str, float]) -> None:
        """Keeps the weights as they are; ``row`` of the curve says how good they are."""


def fit(plan: Plan, learner: Learner, fabric: Fabric, world: Alone) -> Progress:
    """Trains until the last epoch, or until the validation loss has not fallen for long enough.

    A run that was stopped goes on with the step after its last checkpoint, and gives the same
    weights bit for bit.

    Raises:
        ValueError: a checkpoint of another run.
        RuntimeError: a gradient is not finite.
    """
    return _Loop(plan, learner, fabric, world).run()


class _Loop:
    def __init__(self, plan: Plan, learner: Learner, fabric: Fabric, world: Alone) -> None:
        self.plan, self.learner, self.fabric, self.world = plan, learner, fabric, world
        self.last = plan.config.epochs * learner.steps_per_epoch
        self.path = plan.folder / checkpoint.CHECKPOINT
        self.progress = Progress()
        if self.path.exists() and not plan.restart:
            self.progress = checkpoint.restore(
                self.path, learner.module, learner.adam, plan.identity
            )
        fabric.barrier()  # all have read it before the first writes the next
        self.saved = time.monotonic()
        self.board = None
        if world.rank == 0:
            plan.folder.mkdir(parents=True, exist_ok=True)
            self.board = curve.TensorBoard(plan.folder) if plan.tensorboard else None

    def run(self) -> Progress:
        if self.progress.finished:
            return self.progress
        adam = self.learner.adam
        module, wrapped = self.fabric.setup(self.learner.module, adam)
        optimiser.move_moments(adam)
        first = self.progress.step // self.learner.steps_per_epoch
        for number in range(first, self.plan.config.epochs):
            if not self._epoch(module, wrapped, number) or self.progress.finished:
                break
        self.fabric.barrier()  # what the first has written is there for all
        return self.progress

    def _epoch(self, module: nn.Module, adam: torch.optim.Optimizer, number: int) -> bool:
        """The rest of an epoch; False if it was to stop within."""
        plan, progress = self.plan, self.progress
        length = self.learner.steps_per_epoch
        rows = self.learner.epoch(number)
        module.train()
        began, windows = time.monotonic(), 0
        for at in range(progress.step % length, length):
            self._step(module, adam, rows[at])
            windows += len(rows[at])
            whole = at + 1 == length  # saved when it has been validated
            if not whole and time.monotonic() - self.saved >= plan.config.checkpoint_s:
                self._save()
            if plan.stop_after is not None and progress.step >= plan.stop_after:
                return False
        self._end_epoch(number, windows / (time.monotonic() - began))
        return True

    def _step(self, module: nn.Module, adam: torch.optim.Optimizer, rows: Index) -> None:
        plan, progress = self.plan, self.progress
        began = time.monotonic()
        rate = optimiser.rate(plan.config, progress.step, self.learner.steps_per_epoch)
        optimiser.set_rate(self.learner.adam, rate)
        order.seed_torch(plan.seed, progress.step, self.world.rank)
        loss, terms = self.learner.loss(module, rows, progress.step)
        adam.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(module, adam, max_norm=plan.config.clip)
        adam.step()
        progress.step += 1
        values = self._over_processes(terms)
        for name, value in (values | {"steps": 1.0}).items():
            progress.sums[name] = progress.sums.get(name, 0.0) + value
        progress.seconds += time.monotonic() - began
        if plan.on_step is not None and self.world.rank == 0:
            plan.on_step(progress.step, self.last, len(rows), values)

    def _over_processes(self, terms: dict[str, Tensor]) -> dict[str, float]:
        stacked = torch.stack([term.detach().float() for term in terms.values()])
        return dict(zip(terms, (self.world.total(stacked) / self.world.size).tolist(), strict=True))

    def _end_epoch(self, number: int, windows_per_s: float) -> None:
        plan, progress = self.plan, self.progress
        began = time.monotonic()
        figures = self.learner.validate()
        steps = progress.sums.pop("steps")
        row = {
            "epoch": float(number + 1),
            "step": float(progress.step),
            "learning_rate": max(group["lr"] for group in self.learner.adam.param_groups),
            **{f"train_{name}": value / steps for name, value in progress.sums.items()},
            **{f"val_{name}": value for name, value in figures.items()},
        }
        progress.sums = {}
        progress.curve.append(row)
        progress.worse += 1
        if figures["loss"] < progress.best:
            progress.best, progress.worse = figures["loss"], 0
            if self.world.rank == 0:
                self.learner.save_best(row)
        progress.finished = progress.step >= self.last or progress.worse >= plan.config.patience
        progress.seconds += time.monotonic() - began
        if self.world.rank == 0:
            curve.write(plan.folder, progress.curve)
            if self.board is not None:
                self.board.add(row | {"windows_per_s": windows_per_s})
        self._save()

    def _save(self) -> None:
        if self.world.rank == 0:
            module, adam = self.learner.module, self.learner.adam
            checkpoint.save(self.path, module, adam, self.progress, self.plan.identity)
        self.saved = time.monotonic()
