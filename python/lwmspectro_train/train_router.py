# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the router: AdamW, warm-up and cosine decay, early stopping."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from gnuradio.lwmspectro import strict_json

from . import router_fit
from .between import best_between
from .chunks import sha256
from .dataset import ROUTER_VIEWS, TokenSet, load, read_manifest, split
from .files import write_json
from .join import PARTS
from .router import Router, RouterConfig
from .router_files import WEIGHTS, restore, save
from .stages import checkpoint, order
from .stages.checkpoint import Progress, digest
from .stages.config import Training
from .stages.loop import OnStep, Plan
from .stages.world import fastest, launch

TRAINING = "training.json"


@dataclass(frozen=True)
class TrainConfig:
    """How the router is trained.

    Attributes:
        data: folder of the data set.
        out: folder of the weights and the learning curve.
        seed: of weights, order and dropout.
        epochs: at most.
        patience: epochs without a better validation loss.
        batch: windows a step.
        learning_rate, weight_decay: of AdamW (paper, table of settings).
        warmup_epochs: linear, then a cosine to 1e-8.
        label_smoothing: of the cross entropy; keeps the probabilities modest.
        muted: share of the training windows whose idle noise is turned to zeros.
        held_out: share of the windows for validation, from scenes that training never sees.
        threads: of torch.
        precision: of Fabric: "32-true" anywhere, "bf16-mixed" where the CPU has it.
        weights: folder of a trained router to begin with; random weights where None. What comes
            out is between these and the best epoch, see ``between``.
    """

    data: Path
    out: Path
    seed: int = 1
    epochs: int = 12
    patience: int = 5
    batch: int = 64
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    warmup_epochs: float = 1.0
    label_smoothing: float = 0.02
    muted: float = 0.25
    held_out: float = 0.1
    threads: int = 2
    precision: str = "32-true"
    weights: Path | None = None


@dataclass(frozen=True)
class Running:
    """What does not decide the result.

    Attributes:
        restart: begins anew where there is a checkpoint.
        accelerator: as Fabric names it; the fastest one here where it is "auto".
        on_step: called with the step, the number of steps, windows a step, and the loss.
        checkpoint_s: seconds between checkpoints, besides one at the end of each epoch.
        stop_after: steps after which to stop as if killed, for tests.
    """

    restart: bool = False
    accelerator: str = "auto"
    on_step: OnStep | None = None
    checkpoint_s: float = 60.0
    stop_after: int | None = None


RUNNING = Running()


def train(config: TrainConfig, size: RouterConfig, run: Running = RUNNING) -> Progress:
    """Trains a router, and leaves its best state in ``config.out``; goes on where it was stopped.

    The learning curve is ``curve.csv`` there.

    Raises:
        FileNotFoundError: the data set is not complete, or there is no router to begin with.
        ValueError: that one is of another size, or a file of it is not what it should be; there is
            a checkpoint of another run, or too few windows; or torchrun has started several
            processes.
        RuntimeError: a gradient, or a validation loss, is not finite.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ValueError("train-router: expected one process; torchrun takes pretrain and finetune")
    torch.set_num_threads(config.threads)
    if config.weights is not None and config.weights.resolve() == config.out.resolve():
        raise ValueError(f"{config.out}: expected another folder than that of --weights")
    before = None if config.weights is None else restore(config.weights)
    if config.weights is not None:
        record(config.weights)  # said now, not after hours
    if before is not None and before.cfg != size:
        raise ValueError(f"{config.weights}: expected a router of {size}, got {before.cfg}")
    training, validation = split(load(config.data, ROUTER_VIEWS), config.held_out)
    if not len(training) or not len(validation):
        raise ValueError(
            f"{config.data}: expected windows to train on and to validate on, got "
            f"{len(training)} and {len(validation)}"
        )
    if run.restart:
        _forget(config.out)
    order.seed_torch(config.seed, 0, 0)
    router = before or Router(size)
    if before is None:
        sample = torch.from_numpy(training.tokens[:: max(1, len(training) // 2000)])
        router.fit_normalisation(sample.float())
    accelerator = fastest() if run.accelerator == "auto" else run.accelerator
    fabric, _ = launch(config.precision, accelerator)
    plan = Plan(
        replace(_schedule(config), checkpoint_s=run.checkpoint_s),
        config.seed,
        config.out,
        _digest(config, size),
        on_step=run.on_step,
        stop_after=run.stop_after,
    )
    windows = router_fit.Windows(training, validation, config.muted, config.label_smoothing)
    progress = router_fit.fit(plan, windows, router, fabric)
    if progress.finished:
        _finish(config, progress, validation)
    return progress


def refuse_another(config: TrainConfig, size: RouterConfig) -> None:
    """Makes sure that ``config.out`` holds no router in training that is not this one.

    Raises:
        FileNotFoundError: the data set is not complete.
        ValueError: it does.
    """
    checkpoint.refuse_another(config.out / checkpoint.CHECKPOINT, _digest(config, size))


def _digest(config: TrainConfig, size: RouterConfig) -> str:
    return digest([identity(config), asdict(size)])


def _forget(folder: Path) -> None:
    """Takes away what would be taken for a run that begins anew, the last first."""
    for name in (TRAINING, checkpoint.CHECKPOINT, f"{router_fit.BEST}/{WEIGHTS}"):
        (folder / name).unlink(missing_ok=True)


def _schedule(config: TrainConfig) -> Training:
    return Training(
        epochs=config.epochs,
        patience=config.patience,
        batch=config.batch,
        learning_rate=config.learning_rate,
        final_rate=min(1e-8, config.learning_rate),
        warmup_epochs=config.warmup_epochs,
        weight_decay=config.weight_decay,
        betas=(0.9, 0.999),
        precision=config.precision,
    )


def _finish(config: TrainConfig, progress: Progress, validation: TokenSet) -> None:
    """The best epoch's weights, or the best between these and the first ones, and the record."""
    router = restore(config.out / router_fit.BEST)
    manifest = read_manifest(config.data)
    outcome: dict[str, Any] = {
        "data": {key: manifest[key] for key in ("seed", "windows", PARTS) if key in manifest},
        "threads": config.threads,
        "epochs_run": len(progress.curve),
        "seconds": round(progress.seconds),
    }
    if config.weights is not None:
        outcome["from"] = record(config.weights)
        outcome["share_of_the_way"] = best_between(
            restore(config.weights),
            router,
            torch.from_numpy(validation.tokens),
            torch.from_numpy(validation.label),
        )
    save(router, config.out)
    write_json(config.out / TRAINING, identity(config) | outcome)


def record(folder: Path) -> dict[str, Any]:
    """How a router was trained; ``from`` has the record of the one that it began with.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is not what it should be.
    """
    path = folder / TRAINING
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected the record of a trained router, found none")
    try:
        found = strict_json.parse(path.read_bytes())
    except strict_json.SchemaError as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("held_out"), float):
        raise ValueError(f"{path}: expected the record of a training with held_out, got none")
    return found


def identity(config: TrainConfig) -> dict[str, Any]:
    """What decides the weights, as it stands beside them: settings, and the data set's own.

    Raises:
        FileNotFoundError: the data set is not complete.
    """
    manifest = read_manifest(config.data)
    own = [manifest[key] for key in ("seed", "windows", "config", PARTS) if key in manifest]
    settings = asdict(config)
    for name in ("data", "out", "threads", "weights"):
        del settings[name]
    if config.weights is not None:
        settings["from_sha256"] = sha256(config.weights / WEIGHTS)
    return settings | {"data_sha256": digest(own)}


def is_trained(config: TrainConfig, size: RouterConfig) -> bool:
    """Whether ``config.out`` holds a router that was trained just so, to the end."""
    try:
        found = strict_json.parse((config.out / TRAINING).read_bytes())
        router = restore(config.out)
    except (FileNotFoundError, ValueError):
        return False
    return (
        isinstance(found, dict) and identity(config).items() <= found.items() and router.cfg == size
    )
