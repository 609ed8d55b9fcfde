# SPDX-License-Identifier: GPL-3.0-or-later
"""The training loop (Lightning Fabric): any number of processes, and a run that goes on exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from ..lwm.objective import total
from . import checkpoint, curve, optimiser, order
from .batch import Batch, Part, random_numbers
from .checkpoint import Progress
from .config import Training, to_json
from .measure import Figures
from .tasks import Task
from .world import Alone

_FIXED = 0  # seed of the masks of validation

OnStep = Callable[[int, int, int, dict[str, float]], None]


@dataclass(frozen=True)
class Run:
    """What is trained, on what, and where it goes.

    Attributes:
        task: terms of the loss.
        training, validation: windows.
        config: of the stage.
        seed: of all that is random.
        folder: of weights, checkpoint and curve.
        identity: of what decides the result, besides ``config``.
        record: to keep with the weights.
        restart: begins anew where there is a checkpoint.
        tensorboard: shows the curve there too.
        on_step: called with the step, the number of steps, windows a step, and the terms.
        stop_after: steps after which to stop as if killed, for tests.
    """

    task: Task
    training: Part
    validation: Part
    config: Training
    seed: int
    folder: Path
    identity: Any
    record: dict[str, Any]
    restart: bool = False
    tensorboard: bool = False
    on_step: OnStep | None = None
    stop_after: int | None = None


def fit(run: Run, fabric: Fabric, world: Alone) -> Progress:
    """Trains until the last epoch, or until the validation loss has not fallen for long enough.

    The best weights lie in ``run.folder``. A run that was stopped goes on with the step after its
    last checkpoint, and gives the same weights bit for bit.

    Raises:
        ValueError: fewer windows than processes, or a checkpoint of another run.
        RuntimeError: a gradient is not finite.
    """
    return _Fit(run, fabric, world).run()


class _Fit:
    def __init__(self, run: Run, fabric: Fabric, world: Alone) -> None:
        self.settings, self.fabric, self.world = run, fabric, world
        config, windows = run.config, len(run.training.rows)
        self.batch = min(config.batch, windows)
        self.batch -= self.batch % world.size
        if not self.batch:
            raise ValueError(f"windows: expected {world.size} or more to train on, got {windows}")
        self.steps_per_epoch = windows // self.batch
        self.last = config.epochs * self.steps_per_epoch
        self.adam = optimiser.build(run.task, config)
        source = type(run.training.source).__name__  # in memory or not: another order of windows
        identity = [run.identity, to_json(replace(config, checkpoint_s=0.0)), run.seed, source]
        self.identity = checkpoint.digest([identity, windows, self.batch])
        self.path = run.folder / checkpoint.CHECKPOINT
        self.progress = Progress()
        if self.path.exists() and not run.restart:
            self.progress = checkpoint.restore(self.path, run.task, self.adam, self.identity)
        fabric.barrier()  # all have read it before the first writes the next
        self.saved = time.monotonic()
        self.board = None
        if world.rank == 0:
            run.folder.mkdir(parents=True, exist_ok=True)
            self.board = curve.TensorBoard(run.folder) if run.tensorboard else None

    def run(self) -> Progress:
        if self.progress.finished:
            return self.progress
        module, adam = self.fabric.setup(self.settings.task, self.adam)
        optimiser.move_moments(self.adam)
        for epoch in range(self.progress.step // self.steps_per_epoch, self.settings.config.epochs):
            if not self._epoch(module, adam, epoch) or self.progress.finished:
                break
        self.fabric.barrier()  # what the first has written is there for all
        return self.progress

    def _epoch(self, module: nn.Module, adam: Any, epoch: int) -> bool:
        """The rest of an epoch; False if it was to stop within."""
        run, progress = self.settings, self.progress
        rows = order.epoch(run.training.source, run.training.groups(), self.batch, run.seed, epoch)
        module.train()
        started, first = time.monotonic(), progress.step
        for at in range(progress.step % self.steps_per_epoch, self.steps_per_epoch):
            self._step(module, adam, rows[at])
            whole = at + 1 == self.steps_per_epoch  # saved when it has been validated
            if not whole and time.monotonic() - self.saved >= run.config.checkpoint_s:
                self._save()
            if run.stop_after is not None and progress.step >= run.stop_after:
                return False
        speed = (progress.step - first) * self.batch / (time.monotonic() - started)
        self._end_epoch(epoch, speed)
        return True

    def _mine(self, rows: Any) -> slice:
        share = len(rows) // self.world.size
        return slice(self.world.rank * share, (self.world.rank + 1) * share)

    def _batch(self, part: Part, rows: Any, seed: int, step: int) -> Batch:
        numbers = order.uniform(
            seed, step, len(rows), random_numbers(self.settings.task.expert.model)
        )
        mine = self._mine(rows)
        return part.batch(rows[mine], numbers[mine], self.fabric.device)

    def _step(self, module: nn.Module, adam: Any, rows: Any) -> None:
        run, progress = self.settings, self.progress
        optimiser.set_rate(
            self.adam, optimiser.rate(run.config, progress.step, self.steps_per_epoch)
        )
        order.seed_torch(run.seed, progress.step, self.world.rank)
        terms, _ = module(self._batch(run.training, rows, run.seed, progress.step), self.world)
        adam.zero_grad(set_to_none=True)
        self.fabric.backward(total(terms, run.task.weights))
        self.fabric.clip_gradients(module, adam, max_norm=run.config.clip)
        adam.step()
        progress.step += 1
        values = self._over_processes(terms)
        for name, value in (values | {"steps": 1.0}).items():
            progress.sums[name] = progress.sums.get(name, 0.0) + value
        if run.on_step is not None and self.world.rank == 0:
            run.on_step(progress.step, self.last, self.batch, values)

    def _over_processes(self, terms: dict[str, Tensor]) -> dict[str, float]:
        stacked = torch.stack([term.detach().float() for term in terms.values()])
        return dict(zip(terms, (self.world.total(stacked) / self.world.size).tolist(), strict=True))

    def _end_epoch(self, epoch: int, speed: float) -> None:
        run, progress = self.settings, self.progress
        figures = self.validate()
        steps = progress.sums.pop("steps")
        row = {
            "epoch": float(epoch + 1),
            "step": float(progress.step),
            "learning_rate": max(g["lr"] for g in self.adam.param_groups),
            **{f"train_{name}": value / steps for name, value in progress.sums.items()},
            **{f"val_{name}": value for name, value in figures.items()},
        }
        progress.sums = {}
        progress.curve.append(row)
        progress.worse += 1
        if figures["loss"] < progress.best:
            progress.best, progress.worse = figures["loss"], 0
            self._save_best(row)
        progress.finished = progress.step >= self.last or progress.worse >= run.config.patience
        if self.world.rank == 0:
            curve.write(run.folder, progress.curve)
            if self.board is not None:
                self.board.add(row | {"windows_per_s": speed})
        self._save()

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Terms of the loss and figures of the answers over the validation windows."""
        run, task = self.settings, self.settings.task
        task.eval()
        figures = Figures(
            task.weights, run.validation.labels, run.validation.rows, self.fabric.device
        )
        rows, alone = run.validation.rows, Alone()  # each process has whole batches, the same ones
        for number in range(self.world.rank, -(-len(rows) // self.batch), self.world.size):
            chosen = rows[number * self.batch : (number + 1) * self.batch]
            numbers = order.uniform(_FIXED, number, len(chosen), random_numbers(task.expert.model))
            batch = run.validation.batch(chosen, numbers, self.fabric.device)
            with self.fabric.autocast():
                terms, answers = task(batch, alone)
            figures.update(terms, answers, batch.labels, task.expert)
        return figures.compute(self.world)

    def _save_best(self, row: dict[str, float]) -> None:
        if self.world.rank == 0:
            record = self.settings.record | {"validation": row}
            checkpoint.save_expert(self.settings.folder, self.settings.task.expert, record)

    def _save(self) -> None:
        if self.world.rank == 0:
            checkpoint.save(self.path, self.settings.task, self.adam, self.progress, self.identity)
        self.saved = time.monotonic()
