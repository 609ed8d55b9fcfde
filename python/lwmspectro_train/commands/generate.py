# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train generate."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gnuradio.lwmspectro.cli.console import whole

from . import CommandError

if TYPE_CHECKING:
    from ..generate import Watcher

HELP = "Synthesise a data set; goes on where it was stopped."

_EVERY_S = 10.0  # between lines where nobody looks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "config",
        help=f"TOML file, or the name of one that comes along: {', '.join(_shipped())}",
    )
    group = parser.add_argument_group("in place of what the file says")
    group.add_argument("--windows", type=whole(1, 10**9), metavar="N", help="windows")
    group.add_argument("--seed", type=whole(0, 2**62), metavar="N", help="of everything random")
    group.add_argument("--split", metavar="NAME", help="train, validation or test")
    group.add_argument("--out", metavar="DIR", help="folder of the data set")
    group = parser.add_argument_group("how it runs; the data do not depend on it")
    group.add_argument(
        "--workers", type=whole(1, 4096), default=2, metavar="N", help="processes (%(default)s)"
    )
    group.add_argument(
        "--engine",
        choices=("local", "ray", "kernels"),
        default="local",
        help="processes here, or a Ray cluster; kernels is short for local with --renderer kernels "
        "(%(default)s)",
    )
    group.add_argument(
        "--renderer",
        choices=("auto", "gnuradio", "kernels"),
        default="auto",
        help="what runs the signal processing: GNU Radio's scheduler where it is there, or the "
        "kernels alone (%(default)s)",
    )
    group.add_argument(
        "--profile",
        action="store_true",
        help="make --windows windows (default: 20) in this process, write nothing, and say where "
        "the time goes",
    )


def _shipped() -> list[str]:
    folder = Path(__file__).parents[1] / "configs"
    return sorted(path.stem for path in folder.glob("*.toml"))


def run(args: argparse.Namespace) -> None:
    """Generates."""
    from .. import dataset_config

    kernels_alone = args.engine == "kernels"
    if kernels_alone and args.renderer == "gnuradio":
        raise CommandError("--renderer: expected kernels with --engine kernels, got gnuradio")
    config = dataset_config.load(
        args.config, windows=args.windows, seed=args.seed, split=args.split, out=args.out
    )
    if args.profile:
        from ..profile import profile

        sys.stdout.write(profile(config, args.windows or 20).text() + "\n")
        return
    from .. import generate

    if Path(config.out).exists() and not Path(config.out).is_dir():
        raise CommandError(f"{config.out}: expected a folder, got a file")
    wanted = generate.GenerateConfig(
        folder=Path(config.out),
        dataset=config,
        workers=args.workers,
        engine="local" if kernels_alone else args.engine,
        renderer="kernels" if kernels_alone else args.renderer,
    )
    with _Display() as display:
        generate.generate(wanted, display.watcher)


class _Display:
    """A bar with rate and remaining time on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("windows"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("windows", rate="", start=False)
        self._there = self._made = self._windows = 0
        self._started = self._said = 0.0

    def __enter__(self) -> _Display:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @property
    def watcher(self) -> Watcher:
        """What ``generate`` tells."""
        from ..generate import Watcher

        return Watcher(on_start=self._on_start, on_windows=self._on_windows)

    def _on_start(self, there: int, windows: int) -> None:
        self._there, self._windows = there, windows
        self._started = self._said = time.monotonic()
        self._progress.reset(self._task, total=windows, completed=there)

    def _on_windows(self, n: int) -> None:
        self._made += n
        now = time.monotonic()
        rate = self._made / max(now - self._started, 1e-9)
        self._progress.update(self._task, advance=n, rate=f"{rate:.1f} windows/s")
        done = self._there + self._made
        if not self._console.is_terminal and (
            now - self._said >= _EVERY_S or done == self._windows
        ):
            self._said = now
            left = (self._windows - done) / rate
            self._console.print(
                f"windows: {done}/{self._windows}, {rate:.1f} windows/s, {left:.0f} s left",
                highlight=False,
            )
