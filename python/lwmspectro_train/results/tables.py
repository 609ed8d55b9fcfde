# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables II and III: documents made from their cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import paper, plots, report
from .cells import Cell
from .methods import METHODS
from .preset import Preset, Study
from .provenance import lines
from .study import Outcome

TABLE_2, TABLE_3, ABLATION = "table2", "table3", "ablation"


@dataclass(frozen=True)
class Made:
    """What a document is made of.

    Attributes:
        study, preset: see there.
        outcome: of the run.
        command: that gives the same.
        out: folder.
    """

    study: Study
    preset: Preset
    outcome: Outcome
    command: str
    out: Path

    def of(self, links: str) -> list[Cell]:
        """Cells of one kind of links."""
        return [cell for cell in self.outcome.cells if cell.key.links == links]

    def end(self) -> str:
        """Speeds, what was left out and where it all comes from."""
        outcome = self.outcome
        text = "\n## How it was made\n\n" + report.speeds(outcome.cells, self.study.methods) + "\n"
        text += lines(self.command, outcome.data, outcome.cells, self.preset.threads)
        for (links, name), why in outcome.skipped.items():
            text += f"- left out: {METHODS[name].title} on {links}: {why}\n"
        if outcome.left:
            text += f"- not measured yet: {outcome.left} cells; the command goes on with them\n"
        return text


def f1(cell: Cell) -> float:
    """F1 of a cell."""
    return cell.f1


def accuracy(cell: Cell) -> float:
    """Accuracy of a cell."""
    return cell.accuracy


def table_2(made: Made) -> Path:
    """Writes Table II beside the paper's: F1 by windows per class."""
    (links,) = made.study.links
    cells, methods = made.of(links.name), made.study.methods
    text = (
        "# Table II: SNR and mobility together, LTE\n\n"
        "F1 in percent, averaged over 14 classes (seven SNRs, pedestrian or vehicular), on San "
        "Francisco. LWM's encoder was trained with labels of other cities; all methods get the "
        "same windows of San Francisco.\n\n"
        + report.by_count(cells, methods, made.study.counts, f1, paper.table_2)
        + f"\n![F1 over windows per class]({TABLE_2}.svg)\n"
        + made.end()
    )
    theirs = {name: (paper.TABLE_2_COUNTS, row) for name, row in paper.TABLE_2.items()}
    plots.by_count(
        made.out / f"{TABLE_2}.svg", "Table II: F1, LTE", cells, methods, f1, "F1, %", theirs
    )
    return _write(made.out / f"{TABLE_2}.md", text)


def table_3(made: Made) -> Path:
    """Writes Table III beside the paper's: accuracy and F1 of three protocols mixed."""
    (links,) = made.study.links
    cells, methods = made.of(links.name), made.study.methods
    text = (
        "# Table III: SNR and mobility together, three protocols mixed\n\n"
        "14 classes over WiFi, LTE and NR alike, on San Francisco. LWM is the mixture of three "
        "experts, of which the router chooses one for each window.\n\n## F1, %\n\n"
        + report.by_count(cells, methods, made.study.counts, f1, paper.table_3)
        + "\n## Accuracy, %\n\n"
        + report.by_count(cells, methods, made.study.counts, accuracy, paper.table_3_accuracy)
        + f"\n![F1 over windows per class]({TABLE_3}.svg)\n"
        + made.end()
    )
    theirs = {name: (paper.TABLE_3_COUNTS, row) for name, row in paper.TABLE_3.items()}
    plots.by_count(
        made.out / f"{TABLE_3}.svg", "Table III: F1, mixed", cells, methods, f1, "F1, %", theirs
    )
    return _write(made.out / f"{TABLE_3}.md", text)


def ablation(made: Made) -> Path:
    """Writes the ablation: for each kind of links what each change costs."""
    text = "# Ablation\n\nF1 in percent on San Francisco, by windows per class.\n"
    for links in made.study.links:
        cells = made.of(links.name)
        text += f"\n## {links.name}\n\n"
        if cells:
            text += report.by_count(cells, made.study.methods, made.study.counts, f1)
        else:
            text += "Nothing is measured yet.\n"
    return _write(made.out / f"{ABLATION}.md", text + made.end())


def _write(path: Path, text: str) -> Path:
    report.write(path, text)
    return path
