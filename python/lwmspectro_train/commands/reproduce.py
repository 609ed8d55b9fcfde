# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train reproduce."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import CommandError

if TYPE_CHECKING:
    from ..results.cells import Cell

HELP = "Measure the paper's tables and figures on the unseen city; goes on where it was stopped."

WHAT = ("table2", "table3", "fig3", "fig5", "ablation")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("what", choices=WHAT, help="table or figure of the paper, or the ablation")
    parser.add_argument(
        "--preset",
        default="small",
        metavar="NAME",
        help=f"TOML file, or one that comes along: {', '.join(_shipped())} (%(default)s)",
    )
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="begin nothing new after so many minutes"
    )
    group = parser.add_argument_group("in place of what the preset says")
    group.add_argument("--out", metavar="DIR", help="folder of what is made")
    group.add_argument("--threads", type=int, metavar="N", help="of PyTorch")
    group.add_argument("--seeds", type=int, nargs="+", metavar="N", help="of splits and weights")


def _shipped() -> list[str]:
    folder = Path(__file__).parents[1] / "configs" / "results"
    return sorted(path.stem for path in folder.glob("*.toml"))


def run(args: argparse.Namespace) -> None:
    """Measures, and writes CSV, Markdown and pictures."""
    if args.minutes is not None and not args.minutes >= 0.0:
        raise CommandError(f"--minutes: expected 0 or more, got {args.minutes:g}")
    from ..results import preset as presets
    from ..results.reproduce import reproduce

    preset = presets.load(args.preset, out=args.out, threads=args.threads, seeds=args.seeds)
    path = reproduce(args.what, preset, _command(args), args.minutes, _said)
    sys.stdout.write(f"{path}\n")


def _command(args: argparse.Namespace) -> str:
    command = f"lwmspectro-train reproduce {args.what} --preset {args.preset}"
    if args.seeds:
        command += f" --seeds {' '.join(map(str, args.seeds))}"
    return command if args.threads is None else f"{command} --threads {args.threads}"


def _said(done: int, wanted: int, cell: Cell) -> None:
    key = cell.key
    count = key.count or "all"
    sys.stderr.write(
        f"{done}/{wanted}: {key.links}, {key.method}, {count} per class, seed {key.seed}: "
        f"F1 {100 * cell.f1:.1f} %, {cell.seconds:.0f} s\n"
    )
