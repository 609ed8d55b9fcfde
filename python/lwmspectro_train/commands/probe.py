# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train probe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "Ask a data set with linear probes what its tokens tell of modulation, mobility and SNR."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("data", type=Path, help="folder of the data set")


def run(args: argparse.Namespace) -> None:
    """Probes, and prints a table in Markdown."""
    from ..probes import as_markdown, probe

    sys.stdout.write(as_markdown(probe(args.data)))
