# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables in Markdown, made from measured cells and from nothing else."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .bench import ordered
from .cells import ALL, Cell
from .methods import METHODS
from .statistics import Estimate, estimate

ABSENT = "–"
Paper = Callable[[str, int], float | None]


def write(path: Path, text: str) -> None:
    """Writes a text under another name, then renames it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def percent(value: Estimate | None) -> str:
    """ "91.2 ± 0.8": mean and margin; one seed has no margin."""
    if value is None:
        return ABSENT
    if math.isnan(value.margin):
        return f"{100 * value.mean:.1f} (1 seed)"
    return f"{100 * value.mean:.1f} ± {100 * value.margin:.1f}"


def count_name(count: int) -> str:
    """ "all" for all windows."""
    return "all" if count == ALL else f"{count:,}"


def of_seeds(
    cells: Iterable[Cell], method: str, count: int, value: Callable[[Cell], float | None]
) -> Estimate | None:
    """A quantity over the seeds; None where none was measured."""
    values = [
        v
        for cell in cells
        if cell.key.method == method and cell.key.count == count and (v := value(cell)) is not None
    ]
    return estimate(values) if values else None


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def by_count(
    cells: list[Cell],
    methods: Sequence[str],
    counts: Sequence[int],
    value: Callable[[Cell], float],
    paper: Paper | None = None,
) -> str:
    """Methods by windows per class; below each method that the paper has, the paper's figures.

    Args:
        cells: of one kind of links.
        methods, counts: rows and columns; those that nothing was measured of are left out.
        value: of a cell, 0 to 1.
        paper: its figure in percent by method and count.
    """
    columns = [c for c in ordered(tuple(counts)) if any(cell.key.count == c for cell in cells)]
    rows = []
    for name in methods:
        found = [of_seeds(cells, name, count, value) for count in columns]
        if any(found):
            rows.append([METHODS[name].title, *map(percent, found)])
        theirs = [paper(name, count) if paper else None for count in columns]
        if any(found) and any(v is not None for v in theirs):
            figures = [ABSENT if v is None else f"{v:.1f}" for v in theirs]
            rows.append(["– *the paper*", *figures])
    return table(["windows per class", *map(count_name, columns)], rows)


def by_snr(cells: list[Cell], methods: Sequence[str], count: int) -> str:
    """Methods by SNR, at one number of windows per class."""
    levels = sorted({snr for cell in cells if cell.key.count == count for snr in cell.by_snr})
    rows = []
    for name in methods:
        found = [of_seeds(cells, name, count, _at(snr)) for snr in levels]
        if any(found):
            rows.append([METHODS[name].title, *map(percent, found)])
    return table(["SNR, dB", *(f"{snr:g}" for snr in levels)], rows)


def _at(snr: float) -> Callable[[Cell], float | None]:
    return lambda cell: cell.by_snr.get(snr)


def speeds(cells: list[Cell], methods: Sequence[str]) -> str:
    """Seconds and speed of each method over all cells."""
    rows = []
    for name in methods:
        own = [cell for cell in cells if cell.key.method == name]
        if own:
            rates = sorted(cell.windows_per_s for cell in own if cell.windows_per_s)
            rate = f"{rates[len(rates) // 2]:.0f}" if rates else ABSENT
            seconds = sum(cell.seconds for cell in own)
            rows.append([METHODS[name].title, str(len(own)), f"{seconds:.0f}", rate])
    return table(["method", "cells", "s in all", "windows/s in training (median)"], rows)
