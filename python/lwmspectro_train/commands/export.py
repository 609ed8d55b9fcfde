# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train export."""

from __future__ import annotations

import argparse
import sys

from gnuradio.lwmspectro.cli.console import whole

from . import pretrain

HELP = "Write the model bundle of the router and the fine-tuned experts."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    pretrain.add_config(parser)
    parser.add_argument("--bundle", metavar="DIR", help="folder of the bundle, replaced if there")
    parser.add_argument(
        "--limit",
        type=whole(1, 10**9),
        metavar="N",
        help="calibrate and measure each expert on N windows at most",
    )


def run(args: argparse.Namespace) -> None:
    """Exports."""
    import dataclasses

    from ..stages.bundle import bundle

    config = pretrain.configured(args)
    if args.bundle:
        config = dataclasses.replace(config, bundle=args.bundle)
    made = bundle(config, args.limit)
    sys.stdout.write(f"{made.folder}: {made.manifest.name} {made.manifest.version}\n")
