# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of one city: a compressed ``npz`` of integers, nothing pickled."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .footprint import Footprint
from .site_paths import COLUMNS, SitePaths

_GRID = "footprint/grid"  # corner x, corner y and cell in centimetres, rows, columns
_BUILDINGS = "footprint/buildings"  # packed bits, row by row


def write_city(path: Path, footprint: Footprint, sites: Mapping[str, SitePaths]) -> None:
    """Writes a city: its buildings and, by name, its sites.

    Raises:
        ValueError: a value is beyond what the file's integers hold.
        OSError: it cannot be written.
    """
    rows, columns = footprint.buildings.shape
    metres = (footprint.corner_x_m, footprint.corner_y_m, footprint.cell_m)
    arrays: dict[str, NDArray[Any]] = {
        _GRID: np.array([*(round(100 * value) for value in metres), rows, columns], np.int32),
        _BUILDINGS: np.packbits(footprint.buildings),
    }
    for name, paths in sites.items():
        arrays |= {f"{name}/{column}": value for column, value in paths.to_columns().items()}
    write_arrays(path, arrays)


def read_city(path: Path) -> tuple[Footprint, dict[str, SitePaths]]:
    """What :func:`write_city` wrote.

    Raises:
        ValueError: it is no such file.
        OSError: it cannot be read.
    """
    arrays = read_arrays(path)
    try:
        names = sorted({name.rpartition("/")[0] for name in arrays} - {"footprint"})
        x, y, cell, rows, columns = (int(value) for value in arrays[_GRID])
        bits = np.unpackbits(arrays[_BUILDINGS].astype(np.uint8), count=rows * columns)
        footprint = Footprint(x / 100, y / 100, cell / 100, bits.reshape(rows, columns) > 0)
        sites = {
            name: SitePaths.from_columns({column: arrays[f"{name}/{column}"] for column in COLUMNS})
            for name in names
        }
    except KeyError as error:
        raise ValueError(f"{path}: expected an array {error}, got none") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return footprint, sites


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """A compressed npz, whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez_compressed(file, **arrays)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an npz.

    Raises:
        ValueError: it is not one, or would run code.
        OSError: it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as npz:
            arrays = {name: npz[name] for name in npz.files}
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError, AttributeError, TypeError):
        arrays = {"": None}
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ValueError(f"{path}: expected an npz file of plain arrays")
    return arrays
