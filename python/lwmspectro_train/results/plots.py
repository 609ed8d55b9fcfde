# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the measured cells, SVG."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import colormaps
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from .bench import ordered
from .cells import ALL, Cell
from .methods import METHODS
from .report import of_seeds

_SIZE = (9.5, 4.8)  # inches


def save(figure: Figure, path: Path) -> None:
    """Writes an SVG file under another name, then renames it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    FigureCanvasSVG(figure).print_svg(partial, metadata={"Date": None})
    os.replace(partial, path)


def shade(k: int, n: int) -> tuple[float, float, float, float]:
    """Colour k of n from dark to bright."""
    colour: tuple[float, float, float, float] = colormaps["viridis"](k / max(1, n - 1))
    return colour


def _axes(title: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.set_ylim(0, 102)
    return figure, axes


def _style(k: int) -> dict[str, Any]:
    return {"marker": "osD^v<>PX*hp"[k % 12], "color": _colour(k)}


def _colour(k: int) -> tuple[float, float, float, float]:
    """The strong ones of 20 colours first, then the pale ones."""
    colour: tuple[float, float, float, float] = colormaps["tab20"](2 * (k % 10) + k // 10 % 2)
    return colour


def by_count(
    path: Path,
    title: str,
    cells: list[Cell],
    methods: Sequence[str],
    value: Callable[[Cell], float],
    label: str,
    paper: Mapping[str, tuple[Sequence[int], Sequence[float]]] | None = None,
) -> None:
    """Curves over windows per class, with confidence intervals; the paper's dotted."""
    figure, axes = _axes(title)
    counts = ordered(tuple({cell.key.count for cell in cells}))
    largest = max((cell.train for cell in cells), default=1)
    for k, name in enumerate(methods):
        points = [
            (_place(count, cells, largest), found)
            for count in counts
            if (found := of_seeds(cells, name, count, value)) is not None
        ]
        if not points:
            continue
        x = [place for place, _ in points]
        y = [100 * found.mean for _, found in points]
        margin = [0.0 if math.isnan(f.margin) else 100 * f.margin for _, f in points]
        axes.errorbar(x, y, margin, capsize=2, label=METHODS[name].title, **_style(k))
        if paper and name in paper:
            axes.plot(*paper[name], color=_colour(k), linestyle=":", alpha=0.7)
    axes.set_xscale("log")
    axes.set_xlabel("training windows per class" + (" (dotted: the paper)" if paper else ""))
    axes.set_ylabel(label)
    figure.legend(loc="outside right upper", fontsize="small")  # over no curve
    save(figure, path)


def _place(count: int, cells: list[Cell], largest: int) -> float:
    """All windows stand to the right of the largest count."""
    counts = [cell.key.count for cell in cells if cell.key.count != ALL]
    return count if count != ALL else min(largest, 2 * max(counts, default=largest))


def by_snr(
    path: Path,
    title: str,
    cells: list[Cell],
    methods: Sequence[str],
    count: int,
    limits: Mapping[str, Mapping[float, float]] | None = None,
) -> None:
    """Curves over SNR at one number of windows per class, beside physical limits."""
    figure, axes = _axes(title)
    levels = sorted({snr for cell in cells if cell.key.count == count for snr in cell.by_snr})
    for k, name in enumerate(methods):
        found = [of_seeds(cells, name, count, lambda cell, s=s: cell.by_snr.get(s)) for s in levels]  # type: ignore[misc]
        points = [(s, f) for s, f in zip(levels, found, strict=True) if f is not None]
        if points:
            axes.plot(
                [s for s, _ in points],
                [100 * f.mean for _, f in points],
                label=METHODS[name].title,
                **_style(k),
            )
    for style, (name, limit) in zip(("k-", "k:"), (limits or {}).items(), strict=False):
        axes.plot(list(limit), [100 * v for v in limit.values()], style, lw=2, label=name)
    axes.set_xlabel("SNR, dB")
    axes.set_ylabel("accuracy, %")
    figure.legend(loc="outside right upper", fontsize="small")  # over no curve
    save(figure, path)
