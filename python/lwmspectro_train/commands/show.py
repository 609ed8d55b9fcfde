# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train show."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "Draw contact sheets of a data set: protocols, SNR by mobility and by modulation."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("data", type=Path, help="folder of the data set")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the pictures (DATA/sheets)"
    )
    parser.add_argument(
        "--view",
        default="spectrogram",
        metavar="NAME",
        help="which tokens: spectrogram, correlogram, or a symbol grid's column (%(default)s)",
    )


def run(args: argparse.Namespace) -> None:
    """Draws."""
    from ..dataset import Windows
    from ..sheets import Sheets

    sheets = Sheets(Windows(args.data, [args.view]), args.view)
    for path in sheets.draw_all(args.out or args.data / "sheets"):
        sys.stdout.write(f"{path}\n")
