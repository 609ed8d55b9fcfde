# SPDX-License-Identifier: GPL-3.0-or-later
"""Learning curves: a CSV file with a row for each epoch, and TensorBoard for who has it."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

NAME = "curve.csv"


def write(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Writes all rows anew, by a rename."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    partial = folder / f"{NAME}.part"
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(partial, folder / NAME)


class TensorBoard:
    """Shows the rows in TensorBoard.

    Raises:
        ModuleNotFoundError: the Python package tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(folder / "tensorboard")

    def add(self, row: dict[str, float]) -> None:
        """A row of the curve."""
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, int(row["epoch"]))
        self._writer.flush()
