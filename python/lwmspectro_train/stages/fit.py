# SPDX-License-Identifier: GPL-3.0-or-later
"""Training an expert, by any number of processes: what one step and one validation of it are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from ..lwm.objective import total
from . import checkpoint, loop, optimiser, order
from .batch import Batch, Part, random_numbers
from .checkpoint import Progress
from .config import Training, to_json
from .loop import Learner, OnStep, Plan
from .measure import Figures
from .source import Index
from .tasks import Task
from .world import Alone

_FIXED = 0  # seed of the masks of validation


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
        restart, tensorboard, on_step, stop_after: as in ``loop.Plan``.
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
    """Trains as ``loop.fit`` does; the best weights lie in ``run.folder``.

    Raises:
        ValueError: fewer windows than processes, or a checkpoint of another run.
        RuntimeError: a gradient is not finite.
    """
    learner = _ExpertLearner(run, fabric, world)
    source = type(run.training.source).__name__  # in memory or not: another order of windows
    identity = [run.identity, to_json(replace(run.config, checkpoint_s=0.0)), run.seed, source]
    plan = Plan(
        run.config,
        run.seed,
        run.folder,
        checkpoint.digest([identity, len(run.training.rows), learner.batch]),
        run.restart,
        run.tensorboard,
        run.on_step,
        run.stop_after,
    )
    return loop.fit(plan, learner, fabric, world)


class _ExpertLearner(Learner):
    def __init__(self, run: Run, fabric: Fabric, world: Alone) -> None:
        self._run, self._fabric, self._world = run, fabric, world
        windows = len(run.training.rows)
        self.batch = min(run.config.batch, windows)
        self.batch -= self.batch % world.size
        if not self.batch:
            raise ValueError(f"windows: expected {world.size} or more to train on, got {windows}")
        self.module = run.task
        self.adam = optimiser.build(run.task, run.config)
        self.steps_per_epoch = windows // self.batch

    def epoch(self, number: int) -> list[Index]:
        training, seed = self._run.training, self._run.seed
        return list(order.epoch(training.source, training.groups(), self.batch, seed, number))

    def loss(self, module: nn.Module, rows: Index, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        terms, _ = module(self._batch(rows, step), self._world)
        return total(terms, self._run.task.weights), terms

    def _batch(self, rows: Index, step: int) -> Batch:
        """This process's share of a step."""
        run = self._run
        share = len(rows) // self._world.size
        mine = slice(self._world.rank * share, (self._world.rank + 1) * share)
        numbers = order.uniform(run.seed, step, len(rows), random_numbers(run.task.expert.model))
        return run.training.batch(rows[mine], numbers[mine], self._fabric.device)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Terms of the loss and figures of the answers."""
        run, task, world = self._run, self._run.task, self._world
        task.eval()
        figures = Figures(
            task.weights, run.validation.labels, run.validation.rows, self._fabric.device
        )
        rows, alone = run.validation.rows, Alone()  # each process has whole batches, the same ones
        for number in range(world.rank, -(-len(rows) // self.batch), world.size):
            chosen = rows[number * self.batch : (number + 1) * self.batch]
            numbers = order.uniform(_FIXED, number, len(chosen), random_numbers(task.expert.model))
            batch = run.validation.batch(chosen, numbers, self._fabric.device)
            with self._fabric.autocast():
                terms, answers = task(batch, alone)
            figures.update(terms, answers, batch.labels, task.expert)
        return figures.compute(world)

    def save_best(self, row: dict[str, float]) -> None:
        record = self._run.record | {"validation": row}
        checkpoint.save_expert(self._run.folder, self._run.task.expert, record)
