# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train probe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import CommandError

HELP = "Ask a data set with linear probes what its tokens tell of modulation, mobility and SNR."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("data", type=Path, help="folder of the data set")
    parser.add_argument(
        "--windows", type=int, metavar="N", help="only the first N of them (all of them)"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes (%(default)s)")


def run(args: argparse.Namespace) -> None:
    """Probes, and prints a table in Markdown."""
    from ..dataset import read_manifest
    from ..probes import HELD_OUT, LEAST, as_markdown, probe

    for name in ("windows", "workers"):
        if (value := getattr(args, name)) is not None and value < 1:
            raise CommandError(f"--{name}: expected at least 1, got {value}")
    found = probe(args.data, args.windows, args.workers)
    if not found:
        there = sum(entry["windows"] for entry in read_manifest(args.data)["files"])
        raise CommandError(
            f"{args.data}: expected, for one question at least, {LEAST} windows among the first "
            f"{100 * (1 - HELD_OUT):.0f} % and {LEAST * HELD_OUT:.0f} among the rest, got "
            f"{min(args.windows or there, there)} windows in all"
        )
    sys.stdout.write(as_markdown(found))
