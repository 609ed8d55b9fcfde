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
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from . import checkpoint, curve

_EVERY_S = 10.0  # between lines where nobody looks


class Bar:
    """Steps, windows a second, and the terms of the loss."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
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
        self._task = self._bar.add_task("steps", said="", start=False)
        self._begun = 0.0
        self._first = 0
        self._shown = float("-inf")

    def on_step(self, step: int, steps: int, batch: int, terms: dict[str, float]) -> None:
        """A step is done; it ends with the last one."""
        now = time.monotonic()
        if not self._begun:
            self._begun, self._first = now, step
            self._bar.start()
            self._bar.start_task(self._task)
        rate = (step - self._first) * batch / max(now - self._begun, 1e-9)
        losses = ", ".join(f"{name} {value:.4f}" for name, value in terms.items())
        said = f"{rate:.0f} windows/s, {losses}"
        self._bar.update(self._task, completed=step, total=steps, said=said)
        if step >= steps:
            self._bar.stop()
        if not self._console.is_terminal and now - self._shown >= _EVERY_S:
            self._shown = now
            self._console.print(f"step {step}/{steps}, {said}", highlight=False)


def said(folder: Path, progress: checkpoint.Progress) -> None:
    """One line on how a stage ended, from the first of its processes."""
    if os.environ.get("RANK", "0") != "0":
        return
    best = min(progress.curve, key=lambda row: row["val_loss"])
    sys.stdout.write(
        f"{folder}: {len(progress.curve)} epochs, least validation loss {best['val_loss']:.4f} "
        f"in epoch {best['epoch']:.0f}; weights in {checkpoint.WEIGHTS}, curve in {curve.NAME}\n"
    )
