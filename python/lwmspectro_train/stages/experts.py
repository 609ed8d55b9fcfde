# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages that train experts: pretraining and fine-tuning (section III-G)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..dataset import read_manifest
from ..join import PARTS
from ..lwm.config import Model, shares_encoder
from ..lwm.expert import Expert, random
from .batch import Part, training_and_validation
from .checkpoint import Progress, load_expert
from .config import Experts, Training, to_json
from .fit import Run, fit
from .loop import OnStep
from .tasks import FineTune, Pretraining, Task
from .world import launch

PRETRAIN, FINETUNE = STAGES = ("pretrain", "finetune")


@dataclass(frozen=True)
class Options:
    """How a stage runs.

    Attributes:
        limit: windows at most, for trials.
        restart: begins anew where there is a checkpoint.
        accelerator: of Lightning: "auto", "cpu", "gpu".
        tensorboard: shows curves there too.
        on_step: see ``loop.Plan``.
        stop_after: likewise.
    """

    limit: int | None = None
    restart: bool = False
    accelerator: str = "auto"
    tensorboard: bool = False
    on_step: OnStep | None = None
    stop_after: int | None = None


def pretrain(config: Experts, protocol: str, options: Options) -> Progress:
    """Pretrains a protocol's expert by masked modelling (eq. 21).

    Raises:
        FileNotFoundError: the data set is not complete.
        ValueError: there is no such protocol or no window of it, or the checkpoint is another's.
    """
    model = config.expert(protocol)

    def task(training: Part) -> Task:
        return Pretraining(_fresh(model, config.seed, training), config.pretrain.augmentation)

    return _run(config, protocol, PRETRAIN, config.pretrain, options, task, {})


def finetune(
    config: Experts, protocol: str, options: Options, weights: Path | None, scratch: bool = False
) -> Progress:
    """Fine-tunes a pretrained expert with labels (eq. 22).

    Args:
        config: of all stages.
        protocol: whose expert.
        options: how it runs.
        weights: folder of the pretrained expert; that of the stage before where None.
        scratch: begins with random weights in their place.

    Raises:
        FileNotFoundError: the data set is not complete, or there are no weights.
        ValueError: as :func:`pretrain`, or the weights are of an expert of another size.
    """
    model = config.expert(protocol)
    folder = weights or config.folder(protocol, PRETRAIN)
    record: dict[str, Any] = {}
    if not scratch:  # said before any data are read
        _, record = load_expert(folder)

    def task(training: Part) -> Task:
        if scratch:
            expert = _fresh(model, config.seed, training)
        else:
            before, _ = load_expert(folder)
            if not shares_encoder(before.model, model):
                raise ValueError(
                    f"{folder}: expected an expert of the size configured, with a view in "
                    "common at least, got another"
                )
            new = set(model.sources) - set(before.model.sources)
            expert = _fresh(model, config.seed, training) if new else random(model, config.seed)
            expert.take_over(before)
        expert.fit_labels(*training.label_sample())
        return FineTune(expert, config.finetune)

    how = config.finetune
    about = {"finetune": to_json(how), "from": "random weights" if scratch else record}
    return _run(config, protocol, FINETUNE, how.training, options, task, about)


def _fresh(model: Model, seed: int, training: Part) -> Expert:
    expert = random(model, seed)
    if training.prepared:
        expert.fit_images(training.sample())
    else:
        expert.fit_views(training.sample())
    return expert


def _run(
    config: Experts,
    protocol: str,
    stage: str,
    training: Training,
    options: Options,
    task: Callable[[Part], Task],
    about: dict[str, Any],
) -> Progress:
    torch.set_num_threads(config.threads)
    model = config.expert(protocol)
    identity = about | {
        "protocol": protocol,
        "stage": stage,
        "model": to_json(model),
        "limit": options.limit,
        "data": {name: _data_set(folder) for name, folder in _folders(config).items()},
        "columns": to_json(config.data)
        | {"train": "", "validation": "", "test": "", "memory": 0, "prepared": 0},
    }
    fabric, world = launch(training.precision, options.accelerator)
    windows = training_and_validation(
        model,
        config.data,
        protocol,
        limit=options.limit,
        likeness=config.finetune.contrastive_labels if stage == FINETUNE else (),
        device=fabric.device,
    )
    run = Run(
        task=task(windows[0]),
        training=windows[0],
        validation=windows[1],
        config=training,
        seed=config.seed,
        folder=config.folder(protocol, stage),
        identity=identity,
        record=identity | {"training": to_json(training), "seed": config.seed},
        restart=options.restart,
        tensorboard=options.tensorboard,
        on_step=options.on_step,
        stop_after=options.stop_after,
    )
    return fit(run, fabric, world)


def _folders(config: Experts) -> dict[str, str]:
    folders = {"train": config.data.train, "validation": config.data.validation}
    return {name: folder for name, folder in folders.items() if folder}


def _data_set(folder: str) -> dict[str, Any]:
    manifest = read_manifest(Path(folder))
    own = ("seed", "windows", "counts", "config", PARTS)
    return {key: manifest[key] for key in own if key in manifest}
