# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes model bundles, all or nothing."""

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from . import strict_json
from .bundle import Bundle
from .errors import BundleError
from .manifest import CARD, FORMAT, MANIFEST, FileEntry, Manifest, check_file_name


def write_bundle(
    folder: str | os.PathLike[str],
    fields: Mapping[str, object],
    contents: Mapping[str, bytes],
    card: str,
) -> Bundle:
    """Writes a bundle beside ``folder``, checks it as a reader would, then moves it there.

    A bundle that was in ``folder`` is replaced; it is left alone when anything fails. A
    folder that holds anything else is left alone too.

    Args:
        folder: where the bundle is to be.
        fields: the fields of :class:`~.manifest.Manifest` but ``format`` and ``files``.
        contents: bytes of every file that ``fields["models"]`` names, by file name.
        card: text of MODEL_CARD.md.

    Returns:
        The bundle, read back from ``folder``.

    Raises:
        BundleError: what was given does not make a bundle, or ``folder`` is in use for
            something else.
        ValueError: a name in ``contents`` is not a plain file name.
        OSError: it cannot be written.
    """
    target = Path(folder)
    _check_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
        fresh, old = Path(work, "new"), Path(work, "old")
        fresh.mkdir()
        files = {**contents, CARD: card.encode()}
        for name, content in files.items():
            check_file_name(name)
            (fresh / name).write_bytes(content)
        manifest = {**strict_json.to_json(fields), "format": FORMAT, "files": _entries(files)}
        order = [field.name for field in dataclasses.fields(Manifest)]
        manifest.update({key: manifest.pop(key) for key in order if key in manifest})
        text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
        (fresh / MANIFEST).write_text(text, encoding="utf-8")
        Bundle.load(fresh)
        try:
            if target.exists():
                target.rename(old)
            fresh.rename(target)
        except BaseException:
            if old.exists():
                old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    return Bundle.load(target)


def _check_replaceable(target: Path) -> None:
    """Refuses to replace anything but a bundle or an empty folder."""
    if not os.path.lexists(target):
        return
    if target.is_symlink() or not target.is_dir():
        raise BundleError(f"{target}: expected a bundle's folder, got a file or a link")
    names = {path.name for path in target.iterdir()}
    if names and MANIFEST not in names:
        raise BundleError(
            f"{target}: expected a bundle or nothing, got a folder without {MANIFEST}"
        )
    if foreign := sorted(names - _files_of_bundle(target)):
        raise BundleError(f"{target}: expected files of a bundle alone, got also {foreign}")


def _files_of_bundle(folder: Path) -> set[str]:
    """Files that a bundle's bundle.json lists, itself, and the card of old ones."""
    try:
        manifest = strict_json.parse((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        manifest = None
    files = manifest.get("files") if isinstance(manifest, dict) else None
    return {MANIFEST, CARD, *(files if isinstance(files, dict) else ())}


def _entries(contents: Mapping[str, bytes]) -> dict[str, object]:
    return {
        name: strict_json.to_json(FileEntry(hashlib.sha256(content).hexdigest(), len(content)))
        for name, content in contents.items()
    }
