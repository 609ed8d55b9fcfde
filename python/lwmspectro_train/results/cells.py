# SPDX-License-Identifier: GPL-3.0-or-later
"""Finished measurements: a CSV file that is whole after every row, so that a run can be resumed."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

ALL = 0
"""Count per class of a cell that trains on every window there is."""

SNR = "snr_"
"""Begins the columns of accuracies by SNR."""


@dataclass(frozen=True)
class Key:
    """Which measurement.

    Attributes:
        links: whose windows: "lte", "mixed", "single_carrier", ...
        method: name of ``methods``.
        count: training windows per class, ``ALL`` for all.
        seed: of split and weights.
    """

    links: str
    method: str
    count: int
    seed: int


@dataclass(frozen=True)
class Cell:
    """A finished measurement.

    Attributes:
        key: which.
        identity: digest of all that decides it: method, training, data, split, sizes, weights.
        accuracy, f1: share of test windows that are right, and F1 averaged over classes; 0 to 1.
        by_snr: accuracy by SNR in dB.
        train, test: windows.
        epochs: passes until the best or last one; 0 where nothing is trained by epochs.
        seconds: of training and testing, wall clock.
        windows_per_s: through the method while training; 0 where that means nothing.
    """

    key: Key
    identity: str
    accuracy: float
    f1: float
    train: int
    test: int
    epochs: int = 0
    seconds: float = 0.0
    windows_per_s: float = 0.0
    by_snr: dict[float, float] = field(default_factory=dict)


_KEY = [f.name for f in fields(Key)]
_FIGURES = [f.name for f in fields(Cell) if f.name not in ("key", "by_snr")]
_KINDS: dict[str, Any] = {
    "links": str,
    "method": str,
    "count": int,
    "seed": int,
    "identity": str,
    "train": int,
    "test": int,
    "epochs": int,
}


class CellFile:
    """Cells by their keys, on the disk after each :meth:`add`."""

    def __init__(self, path: Path) -> None:
        """Opens a file, or begins one.

        Raises:
            ValueError: it is not one of these.
        """
        self.path = path
        self._cells = {cell.key: cell for cell in read(path)} if path.exists() else {}

    def find(self, key: Key, identity: str) -> Cell | None:
        """The cell, if it was measured with the same data and settings."""
        cell = self._cells.get(key)
        return cell if cell is not None and cell.identity == identity else None

    def add(self, cell: Cell) -> None:
        """Keeps a cell; one of the same key goes."""
        self._cells[cell.key] = cell
        _write(self.path, self._cells.values())

    def cells(self) -> list[Cell]:
        """All of them."""
        return list(self._cells.values())


def _row(cell: Cell) -> dict[str, str]:
    row = {name: str(getattr(cell.key, name)) for name in _KEY}
    for name in _FIGURES:
        value = getattr(cell, name)
        row[name] = f"{value:.6g}" if isinstance(value, float) else str(value)
    return row | {f"{SNR}{snr:g}": f"{value:.6g}" for snr, value in cell.by_snr.items()}


def _write(path: Path, cells: Iterable[Cell]) -> None:
    rows = [_row(cell) for cell in cells]
    spans = {float(name.removeprefix(SNR)) for row in rows for name in row if name.startswith(SNR)}
    names = [*_KEY, *_FIGURES, *(f"{SNR}{snr:g}" for snr in sorted(spans))]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> list[Cell]:
    """The cells of a file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: a column is missing, or a value is not what it should be.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = sorted({*_KEY, *_FIGURES} - set(reader.fieldnames or ()))
        if missing:
            raise ValueError(f"{path}: expected columns {', '.join(missing)}, found none")
        return [_cell(path, number, row) for number, row in enumerate(reader, 2)]


def _cell(path: Path, line: int, row: dict[str, str]) -> Cell:
    try:
        values = {name: _KINDS.get(name, float)(row[name]) for name in (*_KEY, *_FIGURES)}
        by_snr = {
            float(name.removeprefix(SNR)): float(value)
            for name, value in row.items()
            if name.startswith(SNR) and value
        }
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: line {line}: expected a measurement, got {error}") from None
    key = Key(**{name: values.pop(name) for name in _KEY})
    return Cell(key=key, by_snr=by_snr, **values)
