# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-demo: links of WiFi, LTE and NR through a live flowgraph, answers beside the truth."""

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from gnuradio import blocks, gr

from ..bundle import Bundle, open_bundle
from ..errors import UserError
from ..lwmspectro_python import tokenizer
from ..moe_classifier import moe_classifier
from ..recording import check_samp_rate
from ..synthetic_scenes import LINKS
from ..synthetic_source import TOUR, synthetic_source
from ..worker import DROP
from .console import (
    EXIT_FAILED,
    EXIT_OK,
    MODEL_HELP,
    Parser,
    command_line,
    complain,
    is_terminal,
    number,
    positive,
    stop_signals,
)
from .demo_display import Lines, LiveTable, score_table
from .demo_picture import draw
from .demo_record import Record, excerpts
from .rows import console_on

PROG = "lwmspectro-demo"
DEFAULT_DURATION_S = 20.0
DEFAULT_SAMP_RATE = 20e6
DEFAULT_PNG = "lwmspectro-demo.png"
REFRESH_S = 0.1
SLACK_S, SLACK = 1.0, 0.05  # over real time, before it is mentioned


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    args = _parser().parse_args(argv)
    gr.logging().set_default_level(gr.log_levels.critical)  # errors are reported here
    return command_line(PROG, lambda results: run(args, results))


def run(args: argparse.Namespace, results: TextIO) -> int:
    """Plays the scenes, shows what is said of them, and draws the picture.

    Raises:
        UserError: an option or the bundle is wrong.
        OSError: the picture or the results cannot be written.
    """
    bundle = open_bundle(args.model)
    path = Path(args.png)
    if path.is_dir() or not path.parent.is_dir():
        raise UserError(f"--png: expected a file in a folder that exists, got {args.png}")
    samp_rate = check_samp_rate(args.samp_rate, "--samp-rate")
    sys.stderr.write(f"{PROG}: making {samp_rate / 1e6:g} MS/s of {len(LINKS)} scenes\n")
    with stop_signals() as stop:
        demo = Demo(bundle, samp_rate, args.duration, args.seed)
        shown = LiveTable if is_terminal(results) else Lines
        with shown(results, demo.record, bool(bundle.experts)) as display:
            demo.play(display, stop)
        demo.summarise(results)
        spec, name = bundle.spec, bundle.id
        draw(demo.record, demo.excerpts.of_scene, spec, samp_rate, name, path)
    results.write(f"picture: {path}\n")
    error = demo.model.error
    return EXIT_OK if error is None else complain(PROG, error, EXIT_FAILED)


class Demo:
    """The flowgraph: synthetic source, throttle, tokenizer, classifier."""

    def __init__(self, bundle: Bundle, samp_rate: float, duration_s: float, seed: int) -> None:
        """All scenes share ``duration_s`` seconds of signal."""
        n_samples = max(round(duration_s * samp_rate), len(LINKS))
        dwell_s = -(-n_samples // len(LINKS)) / samp_rate
        self._signal_s = n_samples / samp_rate
        self._elapsed_s = 0.0
        source = synthetic_source(samp_rate, TOUR, dwell_s, seed=seed)
        to_tokens = tokenizer(samp_rate, bundle.spec.kernel_spec())
        self.model = moe_classifier(bundle, DROP)
        self.excerpts = excerpts(bundle.spec, source)
        self.record = Record(source)
        self.model.add_listener(self.record.add)
        size = gr.sizeof_gr_complex
        self._graph = gr.top_block(PROG)
        self._graph.connect(
            source, blocks.head(size, n_samples), blocks.throttle(size, samp_rate), to_tokens
        )
        self._graph.connect(to_tokens, self.model)
        self._graph.connect(to_tokens, self.excerpts)

    def play(self, display: Lines, stop: threading.Event) -> None:
        """Runs until all has been played, or ``stop`` is set."""
        started = time.monotonic()
        self._graph.start()
        waiter = threading.Thread(target=self._graph.wait, daemon=True)
        waiter.start()
        try:
            while waiter.is_alive() and not stop.is_set():
                waiter.join(REFRESH_S)
                display.refresh()
            self._elapsed_s = time.monotonic() - started
            if stop.is_set():
                self.model.cancel()
                self._signal_s = min(self._signal_s, self._elapsed_s)
        except BaseException:
            self.model.cancel()
            raise
        finally:
            self._graph.stop()
            waiter.join()
        display.refresh()

    def summarise(self, results: TextIO) -> None:
        """Writes what came out."""
        counts = self.model.counts
        console = console_on(results)
        console.print()
        experts = self.model.bundle.experts
        console.print(score_table(self.record, bool(experts)))
        if not experts:
            console.print(
                f"\n{self.model.bundle.id} has no experts: it answers the protocol alone, "
                "not modulation, SNR and mobility"
            )
        console.print(
            f"\n{counts.done} windows answered, {counts.dropped} dropped; "
            f"latency {self.record.tally.latency()}"
        )
        if self._elapsed_s > SLACK_S + (1.0 + SLACK) * self._signal_s:
            console.print(
                f"{self._signal_s:.1f} s of signal took {self._elapsed_s:.1f} s: "
                "try a lower --samp-rate"
            )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROG,
        description="Plays links of WiFi, LTE and NR, with different modulations and speeds, and "
        "idle noise, each through a fading channel and a noisy receiver, at real-time rate through "
        "a GNU Radio flowgraph, shows live what the model says of them beside the truth, and draws "
        "a picture of it.",
        epilog="Exit status: 0 done or stopped by SIGINT, 1 the model failed or results could not "
        "be written, 2 wrong usage.",
    )
    parser.add_argument(
        "--duration",
        metavar="SECONDS",
        type=positive,
        default=DEFAULT_DURATION_S,
        help="of all scenes together (default: %(default)g)",
    )
    parser.add_argument(
        "--samp-rate",
        metavar="HZ",
        type=number,
        default=DEFAULT_SAMP_RATE,
        help="sample rate (default: %(default)g)",
    )
    parser.add_argument("--seed", metavar="N", type=_seed, default=0, help="random seed")
    parser.add_argument(
        "--png", metavar="FILE", default=DEFAULT_PNG, help="picture (default: %(default)s)"
    )
    parser.add_argument("--model", metavar="DIR", default="", help=MODEL_HELP)
    return parser


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
