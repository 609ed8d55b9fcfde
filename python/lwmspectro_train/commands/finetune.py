# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train finetune."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from gnuradio.lwmspectro.cli.console import whole

from . import CommandError, pretrain

if TYPE_CHECKING:
    from ..stages.config import Experts

HELP = "Fine-tune a pretrained expert with labels; goes on where it was stopped."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    pretrain.add_config(parser)
    pretrain.add_protocol(parser)
    group = parser.add_argument_group("what it begins with")
    weights = group.add_mutually_exclusive_group()
    weights.add_argument(
        "--weights",
        type=Path,
        metavar="DIR",
        help="folder of a pretrained or fine-tuned expert (the one that pretrain wrote)",
    )
    weights.add_argument("--scratch", action="store_true", help="random weights")
    group.add_argument(
        "--frozen", action="store_true", help="keep the encoder's weights and train heads alone"
    )
    group = parser.add_argument_group("in place of what the file says of fine-tuning")
    group.add_argument("--epochs", type=whole(1, 10**6), metavar="N", help="at most")
    group.add_argument("--learning-rate", type=float, metavar="X", help="after the warm-up")
    pretrain.add_training(parser)


def _configured(args: argparse.Namespace) -> Experts:
    config = pretrain.configured(args)
    changed = {"epochs": args.epochs, "learning_rate": args.learning_rate}
    changed = {name: value for name, value in changed.items() if value is not None}
    try:
        training = dataclasses.replace(config.finetune.training, **changed)
    except ValueError as error:
        raise CommandError(f"finetune: {error}") from None
    frozen = args.frozen or config.finetune.frozen
    how = dataclasses.replace(config.finetune, training=training, frozen=frozen)
    return dataclasses.replace(config, finetune=how)


def run(args: argparse.Namespace) -> None:
    """Trains."""
    from ..stages.experts import finetune
    from ..stages.progress import Bar, said

    config = _configured(args)
    with Bar() as bar:
        options = pretrain.options(args, bar)
        progress = finetune(config, args.protocol, options, args.weights, scratch=args.scratch)
    said(config.folder(args.protocol, "finetune"), progress)
