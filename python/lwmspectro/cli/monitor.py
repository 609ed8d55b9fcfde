# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-monitor: says live what is on the air, until it is stopped."""

import argparse
import math
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TextIO

from gnuradio import gr

from .. import keys
from ..bundle import open_bundle
from ..classifier import classifier
from ..message import Message, to_record
from ..worker import DROP
from ..zmq_publisher import DEFAULT_ENDPOINT, ZmqPublisher
from .console import (
    EXIT_FAILED,
    EXIT_OK,
    Parser,
    add_model_options,
    command_line,
    complain,
    is_terminal,
    positive,
    stop_signals,
)
from .displays import Display, JsonLines, LiveTable, PlainTable
from .sources import Source, add_source_options, open_source
from .tally import Tally

PROG = "lwmspectro-monitor"
REFRESH_S = 0.25


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    args = _parser().parse_args(argv)
    gr.logging().set_default_level(gr.log_levels.critical)  # errors are reported here
    with stop_signals() as stop:
        return command_line(PROG, lambda results: run(args, results, stop))


def run(args: argparse.Namespace, results: TextIO, stop: threading.Event) -> int:
    """Shows results until ``stop`` is set, the source ends, or the time is over.

    Raises:
        UserError: the source, the bundle, the provider or the endpoint is wrong.
        OSError: the results cannot be written.
    """
    bundle = open_bundle(args.model)
    source = open_source(args)
    block = classifier(
        source.samp_rate,
        source.center_freq,
        bundle,
        args.policy,
        args.provider,
        args.threads,
        args.queue,
        args.batch,
    )
    tally = Tally()
    with ExitStack() as stack:
        publisher = None
        if args.publish is not None:
            publisher = ZmqPublisher(args.publish)
            stack.callback(publisher.close)
        display = stack.enter_context(_display(args, results, tally, block))
        listener = _Listener(tally, display, publisher, stop)
        block.add_listener(listener)
        started = time.monotonic()
        _run_graph(source, block, display, stop, args.duration)
        elapsed = time.monotonic() - started
    if listener.error is not None:
        raise listener.error
    sys.stderr.write(f"{PROG}: {tally.summary(block.counts, elapsed)}\n")
    failure = source.error() or block.error
    if failure is None and not (source.ends or stop.is_set() or args.duration):
        failure = RuntimeError("the source ended")
    return EXIT_OK if failure is None else complain(PROG, failure, EXIT_FAILED)


class _Listener:
    """Hands each message on, in the thread of the model."""

    def __init__(
        self,
        tally: Tally,
        display: Display,
        publisher: ZmqPublisher | None,
        stop: threading.Event,
    ) -> None:
        self._tally = tally
        self._display = display
        self._publisher = publisher
        self._stop = stop
        self._answered = 0
        self.error: OSError | None = None

    def __call__(self, answer: Message) -> None:
        record = {keys.WINDOW: self._answered, **to_record(answer)}
        self._answered += 1
        self._tally.add(answer)
        if self._publisher is not None:
            self._publisher.send(record)
        if self.error is not None:
            return
        try:
            self._display.show(answer, record)
        except OSError as error:
            self.error = error
            self._stop.set()


def _run_graph(
    source: Source,
    block: classifier,
    display: Display,
    stop: threading.Event,
    duration: float | None,
) -> None:
    graph = gr.top_block(PROG)
    graph.connect(*source.chain, block)
    graph.start()
    waiter = threading.Thread(target=graph.wait, daemon=True)
    waiter.start()
    deadline = math.inf if duration is None else time.monotonic() + duration
    try:
        while waiter.is_alive() and not stop.is_set() and time.monotonic() < deadline:
            stop.wait(max(0.0, min(REFRESH_S, deadline - time.monotonic())))
            display.refresh()
        if stop.is_set():
            block.cancel()
    except BaseException:
        block.cancel()
        raise
    finally:  # listeners are not called after this
        graph.stop()
        waiter.join()
    display.refresh()


def _display(args: argparse.Namespace, results: TextIO, tally: Tally, block: classifier) -> Display:
    if args.format == "jsonl":
        return JsonLines(results)
    if is_terminal(results):
        return LiveTable(results, lambda: (tally, block.counts))
    return PlainTable(results)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROG,
        description="Says live which wireless protocol is on the air, and, with a model that "
        "has experts, in which modulation, at what SNR and at which speed, in windows of 25.6 ms, "
        "until SIGINT or SIGTERM; then prints a summary on stderr.",
        epilog="Exit status: 0 stopped or done, 1 the source or the model failed or results could "
        "not be written, 2 wrong input or usage.",
    )
    add_source_options(parser)
    group = parser.add_argument_group("results")
    group.add_argument(
        "--format",
        choices=("table", "jsonl"),
        default="table",
        help="live table, plain lines where stdout is no terminal, or JSON Lines "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--publish",
        metavar="ENDPOINT",
        nargs="?",
        const=DEFAULT_ENDPOINT,
        help="publish JSON on a ZeroMQ PUB socket bound there (%(const)s where none is given)",
    )
    group.add_argument(
        "--duration", metavar="SECONDS", type=positive, help="stop by itself after that time"
    )
    add_model_options(parser, DROP)
    return parser


if __name__ == "__main__":
    sys.exit(main())
