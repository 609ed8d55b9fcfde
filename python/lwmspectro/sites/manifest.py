# SPDX-License-Identifier: GPL-3.0-or-later
"""What a folder of traced sites says about itself: ``manifest.json``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..strict_json import SchemaError, build, parse

MANIFEST_NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class CityFile:
    """The file of one city."""

    file: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class SiteRecord:
    """One base station and what was found around it."""

    name: str
    city: str
    kind: str  # rooftop or street
    center_freq_hz: float
    position_m: tuple[float, ...]  # x, y, z of the antenna in the scene
    height_m: float  # over the ground
    radius_m: float  # users are within
    seed: int
    n_users: int
    n_los: int
    n_nlos: int
    n_drawn: int  # points outdoors that it took to find users with a link


@dataclass(frozen=True)
class Manifest:
    """All sites of a folder and how they were made."""

    format: int
    seed: int
    versions: dict[str, str]
    trace: dict[str, Any]
    cities: dict[str, CityFile]
    sites: tuple[SiteRecord, ...]

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Reads a folder's manifest.

        Raises:
            ValueError: it is not one, or of another format.
            OSError: it cannot be read.
        """
        path = folder / MANIFEST_NAME
        try:
            manifest = build(cls, parse(path.read_bytes()), "manifest")
        except SchemaError as error:
            raise SchemaError(f"{path}: {error}") from None
        if manifest.format != FORMAT:
            raise SchemaError(f"{path}: expected format {FORMAT}, got {manifest.format}")
        for site in manifest.sites:
            if len(site.position_m) != 3:
                raise SchemaError(
                    f"{path}: expected three coordinates of {site.name}, got {len(site.position_m)}"
                )
        return manifest


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
