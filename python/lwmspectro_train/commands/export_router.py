# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train export-router."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import evaluate_router

HELP = "Calibrate a router and write a model bundle."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    evaluate_router.add_arguments(parser)
    parser.add_argument("bundle", type=Path, help="folder of the bundle, replaced if there")


def run(args: argparse.Namespace) -> None:
    """Calibrates and exports."""
    from ..assess import assess
    from ..card import model_card
    from ..export import export

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
