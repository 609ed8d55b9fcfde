# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the training package: lwmspectro-train COMMAND."""

from __future__ import annotations

import argparse
import logging
import sys

from gnuradio.lwmspectro.cli.console import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_OK,
    Parser,
    complain,
)

from . import commands
from .commands import CommandError

PROG = "lwmspectro-train"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROG, description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in commands.found().items():
        sub = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        sub.set_defaults(run=module.run)
        module.add_arguments(sub)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status, 2 for what the user can mend."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format=f"{PROG}: %(message)s")
    try:
        args.run(args)
    except (CommandError, OSError, ValueError) as error:
        return complain(PROG, str(error) or type(error).__name__)
    except RuntimeError as error:
        return complain(PROG, error, EXIT_FAILED)
    except KeyboardInterrupt:
        sys.stderr.write(f"{PROG}: stopped\n")
        return EXIT_INTERRUPTED
    return EXIT_OK


def script() -> int:
    """As :func:`main`, for the launcher that pip makes, which says nothing of what is missing."""
    try:
        return main()
    except ModuleNotFoundError as error:
        return complain(PROG, f"expected the Python package {error.name}, found none")


if __name__ == "__main__":
    sys.exit(main())
