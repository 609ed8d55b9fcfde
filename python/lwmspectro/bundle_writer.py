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
from .bundle import CARD, FORMAT, MANIFEST, Bundle, FileEntry, Manifest, check_file_name


def write_bundle(
    folder: str | os.PathLike[str],
    fields: Mapping[str, object],
    contents: Mapping[str, bytes],
    card: str,
) -> Bundle:
    """Writes a bundle beside ``folder``, checks it as a reader would, then moves it there.

    A bundle that was in ``folder`` is replaced; it is left alone when anything fails.

    Args:
        folder: where the bundle is to be.
        fields: the fields of :class:`~.bundle.Manifest` but ``format`` and ``files``.
        contents: bytes of every file that ``fields["models"]`` names, by file name.
        card: text of MODEL_CARD.md.

    Returns:
        The bundle, read back from ``folder``.

    Raises:
        BundleError: what was given does not make a bundle.
        ValueError: a name in ``contents`` is not a plain file name.
        OSError: it cannot be written.
    """
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
        fresh, old = Path(work, "new"), Path(work, "old")
        fresh.mkdir()
        for name, content in contents.items():
            check_file_name(name)
            (fresh / name).write_bytes(content)
        (fresh / CARD).write_text(card, encoding="utf-8")
        manifest = {**strict_json.to_json(fields), "format": FORMAT, "files": _entries(contents)}
        order = [field.name for field in dataclasses.fields(Manifest)]
        manifest.update({key: manifest.pop(key) for key in order if key in manifest})
        text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
        (fresh / MANIFEST).write_text(text, encoding="utf-8")
        Bundle.load(fresh)
        if target.exists():
            target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    return Bundle.load(target)


def _entries(contents: Mapping[str, bytes]) -> dict[str, object]:
    return {
        name: strict_json.to_json(FileEntry(hashlib.sha256(content).hexdigest(), len(content)))
        for name, content in contents.items()
    }
