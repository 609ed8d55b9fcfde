# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command lines share: options, the results' own stdout, and one-line errors."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn, TextIO

from ..errors import UserError
from ..inference import DEFAULT_PROVIDER, DEFAULT_THREADS
from ..moe_classifier import DEFAULT_BATCH, DEFAULT_QUEUE_DEPTH
from ..recording import check_number
from ..worker import POLICIES

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line long."""

    def error(self, message: str) -> NoReturn:
        """Prints the complaint and leaves with status 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: error: {one_line(message)}\n")


def add_model_options(parser: argparse.ArgumentParser, policy: str) -> None:
    """Options on the model and on how it is run; ``policy`` is the default one."""
    group = parser.add_argument_group("model")
    group.add_argument("--model", metavar="DIR", default="", help="bundle (default: the shipped)")
    group.add_argument(
        "--policy",
        choices=POLICIES,
        default=policy,
        help="when the model is slower than the input: drop windows, or block the input "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--queue",
        metavar="N",
        type=whole(1, 100_000),
        default=DEFAULT_QUEUE_DEPTH,
        help="most windows that wait for the model (default: %(default)s)",
    )
    group.add_argument(
        "--batch",
        metavar="N",
        type=whole(1, 256),
        default=DEFAULT_BATCH,
        help="most windows for the model at once (default: %(default)s)",
    )
    group.add_argument(
        "--threads",
        metavar="N",
        type=whole(1, 256),
        default=DEFAULT_THREADS,
        help="threads of the model (default: %(default)s)",
    )
    group.add_argument(
        "--provider",
        metavar="NAME",
        default=DEFAULT_PROVIDER,
        help="what runs the model: cpu, openvino, cuda, or a name in onnxruntime "
        "(default: %(default)s)",
    )


def number(text: str) -> float:
    """Type of options that are a finite number, as 2.4e6."""
    try:
        return check_number(float(text), "value")
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a finite number, got {text!r}") from None


def positive(text: str) -> float:
    """Type of options that are a finite number above zero."""
    value = number(text)
    if value <= 0.0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    """Type of options that count something."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            expected = f"expected a whole number from {low} to {high}"
            raise argparse.ArgumentTypeError(f"{expected}, got {text!r}")
        return value

    return convert


def one_line(text: object) -> str:
    """A text without line breaks and other control characters."""
    printable = "".join(char if char.isprintable() else " " for char in str(text))
    return " ".join(printable.split())


@contextmanager
def results_stream() -> Iterator[TextIO]:
    """The real stdout, for results alone; whatever else is written there goes to stderr.

    GNU Radio, UHD and SoapySDR log to stdout, from C++; they would break JSON Lines.
    """
    _fill_closed_streams()
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        yield results
    finally:
        with suppress(BrokenPipeError):
            results.close()
        if sys.stdout is not None:
            sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def _fill_closed_streams() -> None:
    """Opens /dev/null in place of standard streams that are closed, before files take them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def guarded(prog: str, command: Callable[[], int]) -> int:
    """Runs a command; what the user can mend becomes one line on stderr and status 2.

    A reader of stdout that goes away ends the command without complaint.
    """
    try:
        return command()
    except BrokenPipeError:
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except UserError as error:
        return complain(prog, error)
    except OSError as error:
        return complain(prog, f"{error.filename or 'system'}: {error.strerror or error}")


def complain(prog: str, error: object, status: int = EXIT_USAGE) -> int:
    """One line on stderr; returns ``status``."""
    if sys.stderr is not None:
        sys.stderr.write(f"{prog}: error: {one_line(error)}\n")
    return status


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is looking."""
    try:
        return stream is not None and stream.isatty()
    except (ValueError, io.UnsupportedOperation):
        return False
