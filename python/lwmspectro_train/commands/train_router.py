# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train train-router."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import CommandError

HELP = "Train the router; keeps the best epoch, and goes on where it was stopped."

_INPUTS = {"both": (True, True), "spectrogram": (True, False), "correlogram": (False, True)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("data", type=Path, help="data set to train and validate on")
    parser.add_argument("out", type=Path, help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=12, help="%(default)s")
    parser.add_argument(
        "--learning-rate", type=float, default=5e-4, metavar="X", help="%(default)s"
    )
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="of a trained router to begin with"
    )
    parser.add_argument("--seed", type=int, default=1, help="%(default)s")
    parser.add_argument("--threads", type=int, default=2, help="%(default)s")
    parser.add_argument(
        "--precision",
        choices=("32-true", "bf16-mixed"),
        default="32-true",
        help="bf16-mixed is twice as fast on CPUs with AMX (%(default)s)",
    )
    parser.add_argument(
        "--inputs", choices=_INPUTS, default="both", help="which inputs it sees (%(default)s)"
    )
    parser.add_argument(
        "--restart", action="store_true", help="begin anew where there is a checkpoint"
    )


def run(args: argparse.Namespace) -> None:
    """Trains."""
    if not args.learning_rate > 0.0:
        raise CommandError(f"--learning-rate: expected more than 0, got {args.learning_rate:g}")
    from ..router import RouterConfig
    from ..router_files import WEIGHTS
    from ..stages.progress import Bar, said
    from ..train_router import Running, TrainConfig, is_trained, train

    spectrogram, correlogram = _INPUTS[args.inputs]
    size = RouterConfig(use_spectrogram=spectrogram, use_correlogram=correlogram)
    config = TrainConfig(
        args.data,
        args.out,
        seed=args.seed,
        epochs=args.epochs,
        threads=args.threads,
        precision=args.precision,
        learning_rate=args.learning_rate,
        weights=args.weights,
    )
    if not args.restart and is_trained(config, size):
        sys.stdout.write(f"{args.out}: trained already; --restart begins anew\n")
        return
    with Bar() as bar:
        progress = train(config, size, Running(args.restart, on_step=bar.on_step))
    said(args.out, progress, WEIGHTS)
