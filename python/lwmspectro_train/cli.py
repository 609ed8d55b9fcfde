# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the training package: lwmspectro-train COMMAND."""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

from gnuradio.lwmspectro.cli.console import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_OK,
    Parser,
    complain,
)
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .sites import command as sites

PROG = "lwmspectro-train"
_BYTES_A_WINDOW = 28e3  # compressed
_INPUTS = {"both": (True, True), "spectrogram": (True, False), "correlogram": (False, True)}


class CommandError(Exception):
    """What the user gave cannot be done; the text is one line."""


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROG, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    sub = command("generate", _generate, "Synthesise a data set; goes on where it was stopped.")
    sub.add_argument("data", type=Path, help="folder of the data set")
    sub.add_argument("--windows", type=int, default=30000, help="a multiple of 500 (%(default)s)")
    sub.add_argument("--seed", type=int, default=1, help="%(default)s")
    sub.add_argument("--workers", type=int, default=2, help="processes (%(default)s)")

    sub = command("train-router", _train, "Train the router; keeps the best epoch.")
    sub.add_argument("data", type=Path, help="data set to train and validate on")
    sub.add_argument("out", type=Path, help="folder of the weights")
    sub.add_argument("--epochs", type=int, default=12, help="%(default)s")
    sub.add_argument("--seed", type=int, default=1, help="%(default)s")
    sub.add_argument("--threads", type=int, default=2, help="%(default)s")
    sub.add_argument(
        "--precision",
        choices=("32-true", "bf16-mixed"),
        default="32-true",
        help="bf16-mixed is twice as fast on CPUs with AMX (%(default)s)",
    )
    sub.add_argument(
        "--inputs", choices=_INPUTS, default="both", help="which inputs it sees (%(default)s)"
    )

    text = "Trace rays from base stations in cities; goes on where it was stopped."
    sites.add_arguments(command("sites", sites.run, text))

    for name, run, text in (
        ("evaluate", _evaluate, "Calibrate a router and print its figures as JSON."),
        ("export-router", _export, "Calibrate a router and write a model bundle."),
    ):
        sub = command(name, run, text)
        sub.add_argument("weights", type=Path, help="folder that train-router wrote")
        sub.add_argument("data", type=Path, help="its data set, for calibration")
        sub.add_argument("test", type=Path, help="data set of another seed, to measure on")
    sub.add_argument("bundle", type=Path, help="folder of the bundle, replaced if there")
    return parser


def _generate(args: argparse.Namespace) -> None:
    from . import generate

    config = generate.GenerateConfig(args.data, args.windows, seed=args.seed, workers=args.workers)
    missing = generate.missing_shards(config)
    args.data.mkdir(parents=True, exist_ok=True)
    needed = len(missing) * config.shard_size * _BYTES_A_WINDOW
    free = shutil.disk_usage(args.data).free
    if needed > free:
        raise CommandError(
            f"{args.data}: expected {needed / 1e9:.1f} GB of free disk, got {free / 1e9:.1f} GB"
        )
    columns = (TextColumn("shards"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("shards", total=len(missing))
        generate.generate(config, on_shard=lambda _: progress.advance(task))


def _train(args: argparse.Namespace) -> None:
    from .router import RouterConfig
    from .train_router import TrainConfig, train

    spectrogram, correlogram = _INPUTS[args.inputs]
    size = RouterConfig(use_spectrogram=spectrogram, use_correlogram=correlogram)
    config = TrainConfig(
        args.data,
        args.out,
        seed=args.seed,
        epochs=args.epochs,
        threads=args.threads,
        precision=args.precision,
    )
    train(config, size)


def _evaluate(args: argparse.Namespace) -> None:
    from .assess import assess

    result = assess(args.weights, args.data, args.test)
    record = {"thresholds": dataclasses.asdict(result.limits), "metrics": result.metrics}
    sys.stdout.write(json.dumps(record, indent=1) + "\n")


def _export(args: argparse.Namespace) -> None:
    from .assess import assess
    from .card import model_card
    from .export import export

    result = assess(args.weights, args.data, args.test)
    bundle = export(
        result.router,
        args.bundle,
        result.limits,
        result.metrics,
        result.provenance,
        result.test,
        model_card(args.bundle.name, result),
    )
    sys.stdout.write(f"{bundle.folder}: {bundle.manifest.name} {bundle.manifest.version}\n")


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status, 2 for what the user can mend."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format=f"{PROG}: %(message)s")
    try:
        args.run(args)
    except (CommandError, OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        return complain(PROG, str(error) or type(error).__name__)
    except RuntimeError as error:
        return complain(PROG, error, EXIT_FAILED)
    except KeyboardInterrupt:
        sys.stderr.write(f"{PROG}: stopped\n")
        return EXIT_INTERRUPTED
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
