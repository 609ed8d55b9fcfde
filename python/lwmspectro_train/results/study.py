# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the cells of a study that are not measured yet, few windows first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torchmetrics.functional.classification import multiclass_f1_score

from .bench import Ground, open_ground, ordered
from .cells import Cell, CellFile, Key
from .fit import Fitted
from .methods import METHODS
from .preset import Preset, Study
from .splits import Split

OnCell = Callable[[int, int, Cell], None]
"""Cells that are done, of how many, and the one just done."""


@dataclass(frozen=True)
class Outcome:
    """How a run of a study ended.

    Attributes:
        cells: all that are measured with these data and settings.
        skipped: why a method was left out, by links and method.
        left: cells that were not begun for want of time.
        data: SHA-256 of each data set, by links.
    """

    cells: list[Cell]
    skipped: dict[tuple[str, str], str]
    left: int
    data: dict[str, str]


def run(
    study: Study,
    preset: Preset,
    path: Path,
    *,
    minutes: float | None = None,
    on_cell: OnCell | None = None,
) -> Outcome:
    """Measures what is missing; every finished cell is in the file at once.

    Args:
        study: see there.
        preset: of all studies.
        path: CSV file of the cells.
        minutes: after so many no cell is begun.
        on_cell: called after each.

    Raises:
        FileNotFoundError: a data set is not complete.
        ValueError: a data set is not the unseen city's, or too small, or the file is no such file.
    """
    torch.set_num_threads(preset.threads)
    if study.training is not None:
        preset = replace(preset, training=study.training)
    file = CellFile(path)
    until = float("inf") if minutes is None else time.monotonic() + 60.0 * minutes
    grounds = [open_ground(links, study.counts, preset, study.methods) for links in study.links]
    skipped = {
        (ground.links.name, name): why
        for ground in grounds
        for name in study.methods
        if (why := ground.lacking(name))
    }
    wanted = {
        ground.links.name: [
            Key(ground.links.name, name, count, seed)
            for count in ordered(study.counts)
            for seed in preset.seeds
            for name in study.methods
            if (ground.links.name, name) not in skipped and study.wants(name, count)
        ]
        for ground in grounds
    }
    total = sum(map(len, wanted.values()))
    done, left = [], 0
    for ground in grounds:
        for key in wanted[ground.links.name]:
            identity = ground.identity(key.method, key.count, key.seed)
            cell = file.find(key, identity)
            if cell is None and time.monotonic() >= until:
                left += 1
                continue
            if cell is None:
                cell = measure(ground, key, identity)
                file.add(cell)
            done.append(cell)
            if on_cell is not None:
                on_cell(len(done), total, cell)
        ground.close()
    data = {ground.links.name: ground.city.sha256 for ground in grounds}
    return Outcome(done, skipped, left, data)


def measure(ground: Ground, key: Key, identity: str) -> Cell:
    """Trains and tests one method."""
    split = ground.splits[key.count, key.seed]
    bench = ground.bench
    begun = time.perf_counter()
    fitted = METHODS[key.method].run(bench, split, key.seed)
    return score(ground, key, identity, split, fitted, time.perf_counter() - begun)


def score(
    ground: Ground, key: Key, identity: str, split: Split, fitted: Fitted, seconds: float
) -> Cell:
    """What the predictions on the test windows are worth."""
    truth, guess = ground.label[split.test], fitted.predicted
    right = truth == guess
    f1 = multiclass_f1_score(
        torch.from_numpy(guess), torch.from_numpy(truth), len(ground.names), average="macro"
    )
    snr = ground.snr_db[split.test]
    return Cell(
        key=key,
        identity=identity,
        accuracy=float(right.mean()),
        f1=float(f1),
        train=len(split.train),
        test=len(split.test),
        epochs=fitted.epochs,
        seconds=seconds,
        windows_per_s=fitted.windows_per_s,
        by_snr={float(s): float(right[snr == s].mean()) for s in np.unique(snr[np.isfinite(snr)])},
    )
