# SPDX-License-Identifier: GPL-3.0-or-later
"""Fig. 5: modulation over windows per class and over SNR, beside the physical limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..dataset import column
from ..lwm.config import SNR_BINS_DB
from . import labels, likelihood, plots, report
from .cells import ALL, Cell
from .city import open_city
from .preset import Links
from .tables import Made, accuracy

FIGURE_5 = "fig5"
_TRIALS = 40  # bursts of each constellation and SNR
_SEED = 1


def limits_of(links: Links) -> tuple[int, dict[str, dict[float, float]]]:
    """Symbols that a window shows on the average, and the best accuracy by SNR over so many.

    A window has ``links.symbols`` places; of these the share ``data_share`` carries data. Real
    channels lie between the two that are given: flat, and fading from symbol to symbol.
    """
    city = open_city(Path(links.data))
    table = city.table
    label, names = labels.of_rows(table, links.task, city.rows(links.protocols))
    share = 1.0
    if "data_share" in table.column_names:
        share = float(np.nanmean(column(table, "data_share")[label >= 0]))
    symbols = max(1, round(links.symbols * share))
    return symbols, {
        f"limit, {name}": likelihood.curve(
            SNR_BINS_DB, symbols, _TRIALS, _SEED, names, rayleigh=fades
        )
        for name, fades in (("flat", False), ("Rayleigh", True))
    }


def figure_5(made: Made) -> Path:
    """Writes the accuracies of each kind of links and their curves."""
    text = (
        "# Fig. 5: modulation\n\n"
        "Accuracy in percent on San Francisco. The paper gives its curves as a picture without "
        "figures, so none stand beside these. The physical limit is an average-likelihood test "
        "that knows channel and noise and sees as many symbols as a window shows "
        "(`lwmspectro_train/results/likelihood.py`).\n"
    )
    for number, links in enumerate(made.study.links, 1):
        text += _section(made, links, f"{FIGURE_5}-{number}")
    path = made.out / f"{FIGURE_5}.md"
    report.write(path, text + made.end())
    return path


def _section(made: Made, links: Links, picture: str) -> str:
    cells, methods = made.of(links.name), made.study.methods
    text = f"\n## {links.name}\n\n"
    if not cells:
        return text + "Nothing is measured yet.\n"
    text += report.by_count(cells, methods, made.study.counts, accuracy)
    title = f"Modulation, {links.name}"
    plots.by_count(
        made.out / f"{picture}-count.svg", title, cells, methods, accuracy, "accuracy, %"
    )
    text += f"\n![accuracy over windows per class]({picture}-count.svg)\n"
    largest = most(cells)
    symbols, limits = limits_of(links) if links.symbols else (0, {})
    text += f"\n### By SNR, with {report.count_name(largest)} windows per class\n\n"
    text += report.by_snr(cells, methods, largest)
    if limits:
        text += f"\nPhysical limits over {symbols:,} symbols, accuracy in percent:\n\n"
        rows = [[name, *(f"{100 * v:.1f}" for v in row.values())] for name, row in limits.items()]
        text += report.table(["SNR, dB", *(f"{snr:g}" for snr in SNR_BINS_DB)], rows)
    plots.by_snr(made.out / f"{picture}-snr.svg", title, cells, methods, largest, limits)
    return text + f"\n![accuracy over SNR]({picture}-snr.svg)\n"


def most(cells: list[Cell]) -> int:
    """The largest count that was measured; all windows are more than any."""
    counts = {cell.key.count for cell in cells}
    return ALL if ALL in counts else max(counts)
