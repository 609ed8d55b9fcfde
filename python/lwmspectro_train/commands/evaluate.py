# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train evaluate."""

from __future__ import annotations

import argparse
import json
import sys

from gnuradio.lwmspectro.cli.console import whole

from . import CommandError, pretrain

HELP = "Measure the fine-tuned experts on the test set and print their figures as JSON."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    pretrain.add_config(parser)
    parser.add_argument(
        "--protocol",
        choices=("wifi", "lte", "nr", "mixed"),
        help="one expert alone; all that are there otherwise",
    )
    parser.add_argument(
        "--limit", type=whole(1, 10**9), metavar="N", help="measure on N windows each at most"
    )


def run(args: argparse.Namespace) -> None:
    """Measures."""
    from ..stages.assess import assess, trained

    config = pretrain.configured(args)
    if not config.data.test:
        raise CommandError("data.test: expected a data set to measure on (--test), got none")
    protocols = [args.protocol] if args.protocol else trained(config)
    found = {name: assess(config, name, args.limit).metrics for name in protocols}
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
