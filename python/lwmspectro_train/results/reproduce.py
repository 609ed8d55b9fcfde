# SPDX-License-Identifier: GPL-3.0-or-later
"""From the name of a table or figure to its documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import figure_3, figure_5, tables
from .preset import Preset, Study
from .study import OnCell, run
from .tables import Made


def reproduce(
    what: str, preset: Preset, command: str, minutes: float | None, on_cell: OnCell | None
) -> Path:
    """Measures what is missing and writes CSV, Markdown and pictures into ``preset.out``.

    Args:
        what: "table2", "table3", "fig3", "fig5" or "ablation".
        preset: how large.
        command: that gives the same, for the document.
        minutes: after so many no measurement is begun.
        on_cell: called after each measurement.

    Returns:
        the document.

    Raises:
        FileNotFoundError: a data set is not complete.
        ValueError: a data set is not the unseen city's, or too small.
    """
    if what == figure_3.FIGURE_3:
        return figure_3.figure_3(preset.fig3, preset, command)
    out = Path(preset.out)
    study, document = _studies(preset)[what]
    outcome = run(study, preset, out / f"{what}.csv", minutes=minutes, on_cell=on_cell)
    return document(Made(study, preset, outcome, command, out))


def _studies(preset: Preset) -> dict[str, tuple[Study, Callable[[Made], Path]]]:
    return {
        tables.TABLE_2: (preset.table2, tables.table_2),
        tables.TABLE_3: (preset.table3, tables.table_3),
        figure_5.FIGURE_5: (preset.fig5, figure_5.figure_5),
        tables.ABLATION: (preset.ablation, tables.ablation),
    }
