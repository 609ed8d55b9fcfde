# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train pretrain."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from gnuradio.lwmspectro.cli.console import whole

from . import CommandError

if TYPE_CHECKING:
    from ..stages.config import Experts, Training
    from ..stages.experts import Options
    from ..stages.progress import Bar

HELP = "Pretrain a protocol's expert by masked modelling; goes on where it was stopped."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add_config(parser)
    add_protocol(parser)
    add_schedule(parser, "pretraining")
    add_training(parser)


def add_config(parser: argparse.ArgumentParser) -> None:
    """The configuration, and what replaces parts of it."""
    folder = Path(__file__).parents[1] / "configs" / "experts"
    shipped = ", ".join(sorted(path.stem for path in folder.glob("*.toml")))
    parser.add_argument("config", help=f"TOML file, or the name of one that comes along: {shipped}")
    group = parser.add_argument_group("in place of what the file says")
    group.add_argument("--data", metavar="DIR", help="data set to train on")
    group.add_argument("--test", metavar="DIR", help="data set to measure on")
    group.add_argument("--out", metavar="DIR", help="folder of weights and curves")
    group.add_argument("--seed", type=whole(0, 2**31), metavar="N", help="of everything random")
    group.add_argument("--threads", type=whole(1, 4096), metavar="N", help="of PyTorch")


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """Whose expert."""
    parser.add_argument(
        "--protocol",
        required=True,
        choices=("wifi", "lte", "nr", "mixed"),
        help="whose expert; mixed: one for all three, in balanced batches",
    )


def add_schedule(parser: argparse.ArgumentParser, stage: str) -> None:
    """How long and how fast a stage learns."""
    group = parser.add_argument_group(f"in place of what the file says of {stage}")
    group.add_argument("--epochs", type=whole(1, 10**6), metavar="N", help="at most")
    group.add_argument("--batch", type=whole(1, 10**6), metavar="N", help="windows a step")
    group.add_argument("--learning-rate", type=float, metavar="X", help="after the warm-up")


def add_training(parser: argparse.ArgumentParser) -> None:
    """How a stage runs; several processes share it where torchrun starts them."""
    group = parser.add_argument_group("how it runs")
    group.add_argument(
        "--limit", type=whole(1, 10**9), metavar="N", help="train on N windows at most, for trials"
    )
    group.add_argument(
        "--restart", action="store_true", help="begin anew where there is a checkpoint"
    )
    group.add_argument(
        "--accelerator",
        choices=("auto", "cpu", "gpu"),
        default="auto",
        help="what computes (%(default)s)",
    )
    group.add_argument(
        "--tensorboard", action="store_true", help="write the curves for TensorBoard as well"
    )


def configured(args: argparse.Namespace) -> Experts:
    """The configuration that the arguments give."""
    from ..stages.config import load

    return load(
        args.config,
        train=args.data,
        test=args.test,
        out=args.out,
        seed=args.seed,
        threads=args.threads,
    )


def scheduled(training: Training, args: argparse.Namespace) -> Training:
    """How a stage trains, as the arguments of :func:`add_schedule` have it.

    Raises:
        CommandError: one is out of range.
    """
    wanted = {name: getattr(args, name) for name in ("epochs", "batch", "learning_rate")}
    changed = {name: value for name, value in wanted.items() if value is not None}
    try:
        return dataclasses.replace(training, **changed)
    except ValueError as error:
        raise CommandError(f"{args.config}: {error}") from None


def options(args: argparse.Namespace, bar: Bar) -> Options:
    """How the arguments want it run.

    Raises:
        CommandError: TensorBoard is asked for and not installed.
    """
    from ..stages.experts import Options

    if args.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise CommandError("--tensorboard: expected the Python package tensorboard, found none")
    return Options(
        limit=args.limit,
        restart=args.restart,
        accelerator=args.accelerator,
        tensorboard=args.tensorboard,
        on_step=bar.on_step,
    )


def run(args: argparse.Namespace) -> None:
    """Trains."""
    from ..stages.experts import pretrain
    from ..stages.progress import Bar, said

    config = configured(args)
    config = dataclasses.replace(config, pretrain=scheduled(config.pretrain, args))
    with Bar() as bar:
        progress = pretrain(config, args.protocol, options(args, bar))
    said(config.folder(args.protocol, "pretrain"), progress)
