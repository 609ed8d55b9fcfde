# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-classify: says what is in recordings, one result a window."""

import argparse
import sys
from collections.abc import Sequence
from typing import TextIO

from gnuradio import gr
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .. import message
from ..bundle import Bundle, open_bundle
from ..classifier import classifier
from ..errors import InputError
from ..inference import Router
from ..iq_file_source import iq_file_source
from ..iqfile import STDIN, open_recording
from ..message import Message
from ..moe_classifier import Model
from ..recording import SAMP_RATE_RANGE, Recording
from ..sample_format import FORMATS
from ..worker import BLOCK
from . import rows
from .console import (
    EXIT_FAILED,
    EXIT_OK,
    Parser,
    add_model_options,
    complain,
    guarded,
    is_terminal,
    number,
    results_stream,
)

PROG = "lwmspectro-classify"
PROGRESS_SAMPLES = 20_000_000
"""Recordings longer than this have a progress bar."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    args = _parser().parse_args(argv)
    gr.logging().set_default_level(gr.log_levels.critical)  # errors are reported here
    with results_stream() as results:
        return guarded(PROG, lambda: run(args, results))


def run(args: argparse.Namespace, results: TextIO) -> int:
    """Classifies all inputs; every one of them is checked before the first result.

    Raises:
        UserError: an input, the bundle or the provider is wrong.
    """
    if args.input.count(STDIN) > 1:
        raise InputError(f"{STDIN}: expected standard input once, got it more often")
    recordings = [open_recording(name, args.samp_rate, args.dtype) for name in args.input]
    bundle = open_bundle(args.model)
    for recording in recordings:
        _check_length(recording, bundle)
    router = Router(bundle, args.provider, args.threads)
    status = EXIT_OK
    for recording in recordings:
        failure = classify_recording(recording, bundle, router, args, results)
        if failure is not None:
            status = complain(PROG, f"{recording.name}: {failure}", EXIT_FAILED)
    return status


def classify_recording(
    recording: Recording,
    bundle: Bundle,
    router: Model,
    args: argparse.Namespace,
    results: TextIO,
) -> Exception | None:
    """Writes the results of one recording; returns what made the model fail, if it did.

    Raises:
        InputError: the samples turned out to be wrong while they were read.
    """
    source = iq_file_source(recording, args.center_freq)
    block = classifier(
        recording.samp_rate,
        args.center_freq or 0.0,
        bundle,
        args.policy,
        queue_depth=args.queue,
        batch=args.batch,
        router=router,
    )
    writer = _Writer(recording.name, args.format, results)
    graph = gr.top_block(PROG)
    graph.handle_sigint = False
    graph.connect(source, block)
    with _progress(recording) as progress:
        task = progress.add_task(recording.name, total=recording.n_samples)

        def listen(answer: Message) -> None:
            progress.update(task, completed=source.position)
            if not writer.write(answer):
                block.cancel()
                graph.stop()

        block.add_listener(listen)
        graph.start()
        try:
            graph.wait()
        except BaseException:
            block.cancel()
            graph.stop()
            graph.wait()
            raise
    if writer.broken:
        raise BrokenPipeError
    if source.error is not None:
        raise source.error
    if not source.ended:
        return block.error or RuntimeError("the flowgraph stopped before the end of the samples")
    if not block.counts.submitted:
        raise InputError(f"{recording.name}: too short: expected at least one frame of samples")
    return block.error


class _Writer:
    """Results of one recording, as they come."""

    def __init__(self, name: str, form: str, results: TextIO) -> None:
        self._name = name
        self._form = form
        self._results = results
        self._window = 0
        self._console = rows.console_on(results)
        self.broken = False

    def write(self, answer: Message) -> bool:
        """False when nobody reads any more."""
        if self.broken:
            return False
        try:
            if self._form == "jsonl":
                record = {"file": self._name, "window": self._window, **message.to_record(answer)}
                self._results.write(message.to_json(record) + "\n")
            else:
                if self._window == 0:
                    self._console.print(self._name)
                    self._console.print(rows.heading())
                self._console.print(rows.row(answer))
            self._results.flush()
        except BrokenPipeError:
            self.broken = True
        self._window += 1
        return not self.broken


def _check_length(recording: Recording, bundle: Bundle) -> None:
    frame = int(recording.samp_rate * bundle.spec.frame_us / 1_000_000)
    if recording.n_samples is not None and recording.n_samples < frame:
        raise InputError(
            f"{recording.name}: expected at least {frame} samples (one frame of "
            f"{bundle.spec.frame_us} us), got {recording.n_samples}"
        )


def _progress(recording: Recording) -> Progress:
    total = recording.n_samples
    shown = is_terminal(sys.stderr) and (total is None or total > PROGRESS_SAMPLES)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeRemainingColumn(),
        console=rows.console_on(sys.stderr),
        transient=True,
        disable=not shown,
    )


def _parser() -> argparse.ArgumentParser:
    low, high = (rate / 1e6 for rate in SAMP_RATE_RANGE)
    parser = Parser(
        prog=PROG,
        description="Says which wireless protocol is in each 25.6 ms of a recording.",
        epilog="Exit status: 0 done, 1 the model failed on some windows, 2 wrong input or usage.",
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        nargs="+",
        help="SigMF recording (.sigmf-meta, .sigmf-data, their name without suffix, or a "
        ".sigmf archive), file of raw samples, or - for raw samples on standard input",
    )
    parser.add_argument(
        "--format",
        choices=("jsonl", "table"),
        default="jsonl",
        help="results as JSON Lines or as a table (default: %(default)s)",
    )
    group = parser.add_argument_group("samples")
    group.add_argument(
        "--samp-rate",
        metavar="HZ",
        type=number,
        help=f"sample rate of raw samples, {low:g} to {high:g} MS/s",
    )
    group.add_argument("--dtype", choices=tuple(FORMATS), help="format of raw samples")
    group.add_argument(
        "--center-freq", metavar="HZ", type=number, help="centre frequency, where not recorded"
    )
    add_model_options(parser, BLOCK)
    return parser


if __name__ == "__main__":
    sys.exit(main())
