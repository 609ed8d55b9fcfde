# SPDX-License-Identifier: GPL-3.0-or-later
"""All stages in turn, from data sets to a model bundle; each goes on where it was stopped."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gnuradio.lwmspectro.bundle import Bundle
from gnuradio.lwmspectro.manifest import EMBEDDING_SIZE

from ..dataset import read_manifest
from ..router import RouterConfig
from ..train_router import Running, TrainConfig, is_trained, refuse_another, train
from .bundle import bundle, router_data, router_folder
from .config import PROTOCOLS, Experts
from .experts import Options, finetune, pretrain


def train_all(config: Experts, options: Options, say: Callable[[str], None]) -> Bundle:
    """Pretrains and fine-tunes every expert, trains the router, and writes the bundle.

    The router is trained once the experts are (section IV-C); it does not read their weights.

    Args:
        config: of all stages.
        options: how they run; ``restart`` begins all of them anew.
        say: told which stage begins.

    Raises:
        FileNotFoundError: a data set is not complete; said before anything is trained.
        ValueError: something in configuration, data or checkpoints does not fit.
    """
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise ValueError("train-all: expected one process; torchrun takes pretrain and finetune")
    if config.model.dim != EMBEDDING_SIZE:  # said before days of training
        raise ValueError(
            f"model.dim: expected {EMBEDDING_SIZE}, a bundle's embedding, got {config.model.dim}"
        )
    data, test = router_data(config)
    settings = TrainConfig(
        data,
        router_folder(config),
        seed=config.seed,
        epochs=config.router.epochs,
        threads=config.threads,
        precision="bf16-mixed" if config.pretrain.precision == "bf16-mixed" else "32-true",
    )
    for name in sorted({config.data.train, config.data.validation, str(data), str(test)} - {""}):
        read_manifest(Path(name))
    if not options.restart:
        refuse_another(settings, RouterConfig())
    for protocol in PROTOCOLS:
        say(f"pretrain {protocol}")
        pretrain(config, protocol, options)
        say(f"finetune {protocol}")
        finetune(config, protocol, options, None)
    if options.restart or not is_trained(settings, RouterConfig()):
        say("train-router")
        train(
            settings, RouterConfig(), Running(options.restart, options.accelerator, options.on_step)
        )
    say("export")
    return bundle(config, options.limit)
