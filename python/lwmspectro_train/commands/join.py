# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train join."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "Make one data set of several, without copying them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("data", type=Path, nargs="+", help="folders of data sets, two or more")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="of the new one")


def run(args: argparse.Namespace) -> None:
    """Joins."""
    from ..join import join

    sys.stdout.write(f"{join(args.data, args.out)}\n")
