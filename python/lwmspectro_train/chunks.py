# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a data set: Parquet, one for each chunk of windows, there whole or not at all.

Chunk k holds the windows k * chunk_windows and on. A file is written under another name and
renamed, so that a killed run leaves no half of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .columns import View

NAME = "chunk-{:06d}.parquet"
PART = ".part"
ROW_GROUP = 50  # windows that are read at once

_LEVEL = 3  # of Zstandard: 9 is 2 % smaller and takes half as long again


def encode(table: pa.Table, parts: tuple[View, ...]) -> bytes:
    """A chunk as the bytes of its file; the same bytes for the same table."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=ROW_GROUP,
        compression="zstd",
        compression_level=_LEVEL,
        # bytes of equal weight side by side: a fifth smaller, and faster to read
        use_byte_stream_split=[f"{part.name}.list.element" for part in parts],
        use_dictionary=[f.name for f in table.schema if pa.types.is_string(f.type)],
    )
    content: bytes = sink.getvalue().to_pybytes()
    return content


def path_of(folder: Path, chunk: int) -> Path:
    """File of a chunk."""
    return folder / NAME.format(chunk)


def write(folder: Path, chunk: int, content: bytes) -> str:
    """Writes a chunk; returns its SHA-256."""
    target = path_of(folder, chunk)
    partial = target.with_name(f"{target.name}.{os.getpid()}{PART}")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, target)
    return hashlib.sha256(content).hexdigest()


def remove_partial(folder: Path) -> None:
    """Removes what a killed run left half written."""
    for path in folder.glob(f"*{PART}"):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def rows(path: Path) -> int | None:
    """Windows in a file; None where there is none, or none that can be read."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowInvalid):
        return None


def sha256(path: Path) -> str:
    """Hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
