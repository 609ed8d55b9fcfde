# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train quantise."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HELP = "Write a faster variant of a bundle, its experts in int8, if it is nearly as good."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("bundle", type=Path, help="folder of a bundle with experts")
    parser.add_argument("out", type=Path, help="folder of the new bundle, replaced if there")
    parser.add_argument(
        "--test", type=Path, required=True, metavar="DIR", help="data set to measure on"
    )


def run(args: argparse.Namespace) -> None:
    """Quantises and measures."""
    from gnuradio.lwmspectro.bundle import Bundle

    from ..stages.quantise import quantise

    made, compared = quantise(Bundle.load(args.bundle), args.test, args.out)
    sys.stdout.write(json.dumps(compared, indent=1) + "\n")
    sys.stdout.write(f"{made.folder}: {made.manifest.name} {made.manifest.version}\n")
