# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-classify: says what is in recordings, one result a window."""

import argparse
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TextIO

from gnuradio import gr
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .. import keys, message
from ..bundle import Bundle, open_bundle
from ..classifier import classifier
from ..errors import InputError
from ..inference import Router, open_experts
from ..iq_file_source import iq_file_source
from ..iqfile import STDIN, open_recording
from ..message import Message
from ..mixture import Expert
from ..mixture import Router as RouterModel
from ..recording import SAMP_RATE_RANGE, Recording
from ..sample_format import FORMATS
from ..spec import Spec
from ..window_info import WindowInfo
from ..worker import BLOCK
from . import rows
from .console import (
    EXIT_FAILED,
    EXIT_OK,
    Parser,
    add_model_options,
    command_line,
    complain,
    is_terminal,
    number,
    one_line,
)

PROG = "lwmspectro-classify"
PROGRESS_SAMPLES = 20_000_000
"""From so many samples on there is a progress bar."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    args = _parser().parse_args(argv)
    gr.logging().set_default_level(gr.log_levels.critical)  # errors are reported here
    return command_line(PROG, lambda results: run(args, results))


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
        _check_fits(recording, bundle.spec)
    router = Router(bundle, args.provider, args.threads)
    experts = open_experts(bundle, args.provider, args.threads)
    failure = classify_recordings(recordings, bundle, router, experts, args, results)
    return EXIT_OK if failure is None else complain(PROG, failure, EXIT_FAILED)


def classify_recordings(
    recordings: Sequence[Recording],
    bundle: Bundle,
    router: RouterModel,
    experts: Mapping[str, Expert],
    args: argparse.Namespace,
    results: TextIO,
) -> BaseException | None:
    """Writes the results of all windows; returns what made the model fail, if it did.

    One flowgraph plays them all: GNU Radio 3.10 never frees blocks written in Python, nor
    the buffers beside them.

    Raises:
        InputError: samples turned out to be wrong while they were read.
        OSError: the results cannot be written; BrokenPipeError where nobody reads them.
    """
    source = iq_file_source(recordings, args.center_freq)
    block = classifier(
        recordings[0].samp_rate,
        args.center_freq,
        bundle,
        args.policy,
        queue_depth=args.queue,
        batch=args.batch,
        router=router,
        experts=experts,
    )
    writer = _Writer(source, args.format, results)
    graph = gr.top_block(PROG)
    graph.handle_sigint = False
    graph.connect(source, block)

    def listen(answer: Message) -> None:
        if not writer.write(answer):
            block.cancel()
            graph.stop()

    with _Progress(recordings, source, results) as progress:
        block.add_arrival_listener(writer.expect)
        block.add_listener(listen)
        block.add_listener(progress.update)
        graph.start()
        try:
            graph.wait()
        except BaseException:
            block.cancel()
            graph.stop()
            graph.wait()
            raise
    if writer.error is not None:
        raise writer.error
    if source.error is not None:
        raise source.error
    writer.complain_of_samples()
    if not source.ended:
        return block.error or RuntimeError("the flowgraph stopped before the end of the samples")
    return block.error


class _Writer:
    """Results, as they come, in the thread of the model."""

    def __init__(self, source: iq_file_source, form: str, results: TextIO) -> None:
        self._source = source
        self._form = form
        self._results = results
        self._console = rows.console_on(results)
        self._arriving: Recording | None = None
        self._arrived = 0
        self._expected: deque[tuple[int, int]] = deque()
        self._headed: Recording | None = None
        self._bad: list[tuple[str, int]] = []
        self.error: OSError | None = None

    def expect(self, info: WindowInfo) -> None:
        """Numbers a window within its recording; it may be dropped before it is answered."""
        recording, _ = self._source.locate(info.sample_start)
        if recording is not self._arriving:
            self._arriving, self._arrived = recording, 0
            self._bad.append((recording.name, 0))
        self._expected.append((info.sample_start, self._arrived))
        self._arrived += 1
        if info.nonfinite:
            name, count = self._bad[-1]
            self._bad[-1] = (name, count + info.nonfinite)

    def complain_of_samples(self) -> None:
        """A line on stderr for each recording with samples that the tokenizer took as zero."""
        for name, count in self._bad:
            if count and sys.stderr is not None:
                said = f"{name}: samples that are not finite, or above 1e8, taken as 0: {count}"
                sys.stderr.write(f"{PROG}: warning: {one_line(said)}\n")

    def write(self, answer: Message) -> bool:
        """False when results cannot be written any more."""
        if self.error is not None:
            return False
        begin = answer[keys.SAMPLE_START]
        recording, start = self._source.locate(begin)
        begun, number = self._expected.popleft()
        while begun != begin:  # that one was dropped, or the model failed on it
            begun, number = self._expected.popleft()
        try:
            self._write({**answer, keys.SAMPLE_START: start}, recording, number)
            self._results.flush()
        except OSError as error:
            self.error = error
        return self.error is None

    def _write(self, answer: Message, recording: Recording, number: int) -> None:
        if self._form == "jsonl":
            place = {keys.FILE: recording.name, keys.WINDOW: number}
            self._results.write(message.to_json({**place, **message.to_record(answer)}) + "\n")
            return
        if recording is not self._headed:
            self._headed = recording
            self._console.print(recording.name)
            self._console.print(rows.heading())
        self._console.print(rows.row(answer))


class _Progress:
    """A bar on stderr, when a person is looking and there is something to wait for.

    Results that go to the terminal show the progress themselves, and a bar would break them.
    """

    def __init__(
        self, recordings: Sequence[Recording], source: iq_file_source, results: TextIO
    ) -> None:
        total = sum(recording.n_samples or 0 for recording in recordings)
        known = all(recording.n_samples is not None for recording in recordings)
        self._source = source
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeRemainingColumn(),
            console=rows.console_on(sys.stderr),
            transient=True,
            disable=not is_terminal(sys.stderr)
            or is_terminal(results)
            or (known and total < PROGRESS_SAMPLES),
        )
        self._task = self._bar.add_task("", total=total if known else None)

    def __enter__(self) -> "_Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, answer: Message) -> None:
        """Moves on to the window that was answered."""
        end = answer[keys.SAMPLE_START] + answer[keys.SAMPLE_COUNT]
        recording, _ = self._source.locate(answer[keys.SAMPLE_START])
        self._bar.update(self._task, completed=end, description=recording.name)


def _check_fits(recording: Recording, spec: Spec) -> None:
    """Refuses recordings of which the model could not say anything."""
    try:
        spec.check_samp_rate(recording.samp_rate)
    except InputError as error:
        raise InputError(f"{recording.name}: {error}") from None


def _parser() -> argparse.ArgumentParser:
    low, high = (rate / 1e6 for rate in SAMP_RATE_RANGE)
    parser = Parser(
        prog=PROG,
        description="Says which wireless protocol is in each 25.6 ms of a recording, and, "
        "with a model that has experts, in which modulation, at what SNR and at which speed.",
        epilog="Exit status: 0 done, 1 the model failed on some windows or results could not be "
        "written, 2 wrong input or usage.",
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
        help=f"sample rate of raw samples, and where not recorded; {low:g} to {high:g} MS/s",
    )
    group.add_argument("--dtype", choices=tuple(FORMATS), help="format of raw samples")
    group.add_argument(
        "--center-freq",
        metavar="HZ",
        type=number,
        default=0.0,
        help="centre frequency, where not recorded",
    )
    add_model_options(parser, BLOCK)
    return parser


if __name__ == "__main__":
    sys.exit(main())
