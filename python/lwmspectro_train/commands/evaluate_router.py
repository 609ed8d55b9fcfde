# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train evaluate-router."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

HELP = "Calibrate a router and print its figures as JSON."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("weights", type=Path, help="folder that train-router wrote")
    parser.add_argument("data", type=Path, help="its data set, for calibration")
    parser.add_argument("test", type=Path, help="data set of another seed, to measure on")


def run(args: argparse.Namespace) -> None:
    """Calibrates and measures."""
    from ..assess import assess

    result = assess(args.weights, args.data, args.test)
    record = {"thresholds": dataclasses.asdict(result.limits), "metrics": result.metrics}
    sys.stdout.write(json.dumps(record, indent=1) + "\n")
