# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train finetune."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from . import pretrain

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
    pretrain.add_schedule(parser, "fine-tuning")
    pretrain.add_training(parser)


def _configured(args: argparse.Namespace) -> Experts:
    config = pretrain.configured(args)
    training = pretrain.scheduled(config.finetune.training, args)
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
