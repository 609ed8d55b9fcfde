# SPDX-License-Identifier: GPL-3.0-or-later
"""Several data sets as one: a manifest that lists the files of all of them where they lie."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .dataset import MANIFEST, read_manifest
from .files import write_json

PARTS = "parts"
"""Key of a manifest: what each data set that was joined says of itself."""

_ALIKE = ("spec", "views", "columns", "features")
_SPLIT = "split"  # of the configuration: test sites must not come in by a side door
_HOW_MANY = ("windows", "chunk_windows", "seed", "out")  # of the configuration
_OF_PART = ("seed", "windows", "counts", "config", "generator")


def join(folders: Sequence[Path], out: Path) -> Path:
    """Writes the manifest of a data set that holds the windows of others, in this order.

    Nothing is copied: the others must stay where they are. The last windows are those that
    training holds out, so that the data set whose scenes nothing else shares comes last.

    Args:
        folders: of two data sets or more, each whole.
        out: folder of the new one, where none is.

    Returns:
        Path of the manifest. Seed and configuration are those of the first data set; ``parts``
        has those of all.

    Raises:
        FileNotFoundError: one is not complete, or a file of it is gone.
        ValueError: fewer than two, or some with the same windows; they hold other tokens or
            labels, or are of different splits; ``out`` is not empty.
    """
    if len(folders) < 2:
        raise ValueError(f"data sets: expected two or more, got {len(folders)}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out}: expected an empty folder, or none")
    manifests = [read_manifest(folder) for folder in folders]
    first = manifests[0]
    for folder, manifest in zip(folders, manifests, strict=True):
        for key in _ALIKE:
            if manifest.get(key) != first.get(key):
                raise ValueError(f"{folder}: expected the same {key} as {folders[0]}, got others")
        split, expected = (m["config"].get(_SPLIT) for m in (manifest, first))
        if split != expected:
            raise ValueError(f"{folder}: expected the {expected} split, got {split}")
    parts = [part for manifest in manifests for part in _parts(manifest)]
    _refuse_the_same_windows(parts)
    out.mkdir(parents=True, exist_ok=True)
    files: list[dict[str, Any]] = [
        file | {"name": _name(folder / file["name"], out)}
        for folder, manifest in zip(folders, manifests, strict=True)
        for file in manifest["files"]
    ]
    joined = first | {
        "windows": sum(manifest["windows"] for manifest in manifests),
        "counts": _counts(manifests),
        PARTS: parts,
        "files": files,
    }
    path = out / MANIFEST
    write_json(path, joined)
    return path


def seeds(data_set: Mapping[str, Any]) -> list[int]:
    """Of a manifest, or of what weights say of their data: the seeds of all its parts."""
    parts: list[dict[str, Any]] = data_set.get(PARTS, [data_set])
    return [part["seed"] for part in parts]


def shared_seeds(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[int]:
    """Seeds that parts of both have."""
    return set(seeds(one)) & set(seeds(other))


def _refuse_the_same_windows(parts: Sequence[Mapping[str, Any]]) -> None:
    """A window is a function of seed, number and configuration, but for how many there are."""
    made = []
    for part in parts:
        config = {name: v for name, v in part["config"].items() if name not in _HOW_MANY}
        if (part["seed"], config) in made:
            raise ValueError(
                f"data sets: expected different windows, got seed {part['seed']} twice with the "
                "same configuration"
            )
        made.append((part["seed"], config))


def _name(file: Path, out: Path) -> str:
    """A file's path as seen from a folder, whatever links lie between."""
    return os.path.relpath(file.resolve(strict=True), out.resolve())


def _parts(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    own = {key: manifest[key] for key in _OF_PART if key in manifest}
    parts: list[dict[str, Any]] = manifest.get(PARTS, [own])
    return parts


def _counts(manifests: Sequence[dict[str, Any]]) -> dict[str, int]:
    names = sorted({name for manifest in manifests for name in manifest["counts"]})
    return {name: sum(m["counts"].get(name, 0) for m in manifests) for name in names}
