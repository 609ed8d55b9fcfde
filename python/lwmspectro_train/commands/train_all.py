# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train train-all."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from . import pretrain

HELP = "Run all stages from data sets to a model bundle; goes on where it was stopped."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    pretrain.add_config(parser)
    parser.add_argument("--bundle", metavar="DIR", help="folder of the bundle, replaced if there")
    pretrain.add_training(parser)


def run(args: argparse.Namespace) -> None:
    """Trains and exports."""
    from ..stages.progress import Bar
    from ..stages.train_all import train_all

    config = pretrain.configured(args)
    if args.bundle:
        config = dataclasses.replace(config, bundle=args.bundle)
    with Bar() as bar:

        def say(stage: str) -> None:
            bar.stop()
            sys.stderr.write(f"lwmspectro-train: {stage}\n")

        made = train_all(config, pretrain.options(args, bar), say)
    sys.stdout.write(f"{made.folder}: {made.manifest.name} {made.manifest.version}\n")
