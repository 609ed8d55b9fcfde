# SPDX-License-Identifier: GPL-3.0-or-later
"""The unseen city's windows: refuses a data set of any other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from gnuradio.lwmspectro.sites.split import TEST, TEST_CITIES

from ..dataset import Windows, column, read_manifest
from ..stages.checkpoint import digest
from ..stages.source import Index


@dataclass(frozen=True)
class City:
    """A data set of links in a city that no training ever saw.

    Attributes:
        folder: of the data set.
        table: labels.
        protocol, place: of each window, shape (n,); no two places are the same user's.
        sha256: of the hashes of its files.
    """

    folder: Path
    table: pa.Table
    protocol: npt.NDArray[Any]
    place: npt.NDArray[Any]
    sha256: str

    def rows(self, protocols: tuple[str, ...]) -> Index:
        """Windows of some protocols."""
        return np.flatnonzero(np.isin(self.protocol.astype(str), protocols))


def open_city(folder: Path) -> City:
    """Opens a data set for the tables.

    Raises:
        FileNotFoundError: it is not complete.
        ValueError: it holds windows from anywhere but the test city's sites.
    """
    manifest = read_manifest(folder)
    table = Windows(folder, ()).table
    cities = column(table, "city")
    sent = column(table, "protocol") != "none"
    split = manifest["config"].get("split")
    if split != TEST:
        raise ValueError(f"{folder}: expected a data set of the {TEST} split, got {split!r}")
    others = sorted({str(city) for city in cities[sent]} - set(TEST_CITIES))
    if others:
        raise ValueError(
            f"{folder}: expected sites of {', '.join(sorted(TEST_CITIES))} alone, got {others}: "
            "weights = { site = 1.0 }"
        )
    site, user = column(table, "site"), column(table, "user")
    place = np.array([f"{s}/{u}" for s, u in zip(site, user, strict=True)], object)
    return City(
        folder=folder,
        table=table,
        protocol=column(table, "protocol"),
        place=place.astype(str),
        sha256=digest([entry["sha256"] for entry in manifest["files"]]),
    )
