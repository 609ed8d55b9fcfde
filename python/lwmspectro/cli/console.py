# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command lines share: options, the results' own stdout, and one-line errors."""

import argparse
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn, TextIO

from ..errors import UserError
from ..inference import DEFAULT_PROVIDER, DEFAULT_THREADS
from ..recording import check_number
from ..worker import POLICIES

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MODEL_HELP = "folder or name of a bundle (default: $LWMSPECTRO_MODEL, or lwmspectro-live)"
_STOPPING = (signal.SIGINT, signal.SIGTERM)
EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


class OutputError(OSError):
    """Results cannot be written: a full disk, say. Not that nobody reads them any more."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line long."""

    def error(self, message: str) -> NoReturn:
        """Prints the complaint and leaves with status 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: error: {one_line(message)}\n")


def add_model_options(parser: argparse.ArgumentParser, policy: str) -> None:
    """Options on the model and on how it is run; ``policy`` is the default one."""
    # needs GNU Radio, which not all command lines do
    from ..moe_classifier import DEFAULT_BATCH, DEFAULT_QUEUE_DEPTH

    group = parser.add_argument_group("model")
    group.add_argument("--model", metavar="DIR", default="", help=MODEL_HELP)
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


def within(low: float, high: float) -> Callable[[str], float]:
    """Type of options that are a finite number of a range."""

    def convert(text: str) -> float:
        value = number(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected {low:g} to {high:g}, got {text!r}")
        return value

    return convert


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


class _ResultsFile(io.FileIO):
    """Tells the errors of results from all others."""

    def write(self, data: "ReadableBuffer") -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            closed = error.errno == errno.EBADF
            reason = "standard output is closed" if closed else error.strerror
            raise OutputError(error.errno, f"results cannot be written: {reason}") from None


def command_line(prog: str, command: Callable[[TextIO], int]) -> int:
    """Runs a command that writes results to the stream it is given; see :func:`guarded`."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # of a driver's socket: no reason to end

    def write_all() -> int:
        status = command(results)
        results.close()  # what is left may not fit either
        return status

    with results_stream() as results:
        return guarded(prog, write_all)


@contextmanager
def results_stream() -> Iterator[TextIO]:
    """The real stdout, for results alone; whatever else is written there goes to stderr.

    GNU Radio, UHD and SoapySDR log to stdout, from C++; they would break JSON Lines. What
    UTF-8 cannot hold (names of files are bytes) is written as escapes.
    """
    _fill_closed_streams()
    file = io.BufferedWriter(_ResultsFile(os.dup(1), "w"))
    results = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace")
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        yield results
    finally:
        with suppress(OSError):  # who wants to know has closed it
            results.close()
        if sys.stdout is not None:
            sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def _fill_closed_streams() -> None:
    """Opens /dev/null in place of standard streams that are closed, before files take them.

    Not to be written, in place of stdout: results would be lost without a word.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            mode = os.O_RDONLY if number == 1 else os.O_RDWR
            os.open(os.devnull, mode)  # takes the lowest number that is free


@contextmanager
def _handling(
    numbers: Iterable[signal.Signals], handler: Callable[[int, object], None]
) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal ends the process at once."""
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    with _handling(_STOPPING, on_signal):
        yield stop


@contextmanager
def held_interrupts() -> Iterator[threading.Event]:
    """SIGINT and SIGTERM set an event in here, and end nothing.

    An exception in the midst of starting or stopping a flowgraph would leave threads behind that
    wait for Python while Python waits for them. A signal that is ignored stays so.
    """
    asked = threading.Event()
    heeded = [n for n in _STOPPING if signal.getsignal(n) is not signal.SIG_IGN]
    with _handling(heeded, lambda *_: asked.set()):
        yield asked


def guarded(prog: str, command: Callable[[], int]) -> int:
    """Runs a command; what the user can mend becomes one line on stderr and status 2.

    Results that cannot be written are status 1; a reader of them that goes away ends the
    command without complaint.
    """
    try:
        return command()
    except BrokenPipeError:
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except UserError as error:
        return complain(prog, error)
    except OutputError as error:
        return complain(prog, error.strerror, EXIT_FAILED)
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
