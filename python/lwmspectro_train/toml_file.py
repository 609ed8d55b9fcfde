# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations as TOML files: those of the user, and those that come with the package."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def names(folder: Path) -> list[str]:
    """Of the files in a folder of the package."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def locate(name: str | Path, folder: Path) -> Path:
    """A file that the user names, or by its name one of a folder of the package."""
    path = Path(name)
    if path.suffix != ".toml" and path.name == str(name) and not path.is_file():
        return folder / f"{name}.toml"
    return path


def read(path: Path, name: str | Path, folder: Path) -> dict[str, Any]:
    """The content of a file.

    Args:
        path: of the file.
        name: by which it was asked for.
        folder: of the package, whose names are said where there is no such file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not TOML.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{name}: expected a TOML file or one of {', '.join(names(folder))}, found none"
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not TOML: {error}") from None
