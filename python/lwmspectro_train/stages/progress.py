# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees of a stage: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from . import checkpoint, curve

_EVERY_S = 10.0  # between lines where nobody looks


class Bar:
    """Steps, windows a second, and the terms of the loss; one after the other for many stages."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._begun, self._first = 0.0, 0
        self._shown = float("-inf")

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        """However it ends, the terminal is left as it was."""
        self.stop()

    def _start(self, step: int) -> Progress:
        self._begun, self._first = time.monotonic(), step
        self._bar = Progress(
            TextColumn("steps"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._bar.start()
        self._task = self._bar.add_task("steps", said="")
        return self._bar

    def stop(self) -> None:
        """A stage is done."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def on_step(self, step: int, steps: int, batch: int, terms: dict[str, float]) -> None:
        """A step is done; the bar ends with the last one."""
        bar = self._bar or self._start(step)
        now = time.monotonic()
        rate = (step - self._first) * batch / max(now - self._begun, 1e-9)
        losses = ", ".join(f"{name} {value:.4f}" for name, value in terms.items())
        said = f"{rate:.0f} windows/s, {losses}"
        bar.update(self._task, completed=step, total=steps, said=said)
        if not self._console.is_terminal and (now - self._shown >= _EVERY_S or step == steps):
            self._shown = now
            sys.stderr.write(f"step {step}/{steps}, {said}\n")
        if step >= steps:
            self.stop()


def said(folder: Path, progress: checkpoint.Progress, weights: str = checkpoint.WEIGHTS) -> None:
    """One line on how a stage ended, from the first of its processes."""
    if os.environ.get("RANK", "0") != "0":
        return
    best = min(progress.curve, key=lambda row: row["val_loss"])
    sys.stdout.write(
        f"{folder}: {len(progress.curve)} epochs, least validation loss {best['val_loss']:.4f} "
        f"in epoch {best['epoch']:.0f}; weights in {weights}, curve in {curve.NAME}\n"
    )
