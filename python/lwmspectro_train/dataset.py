# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a generated data set: whole into memory, window by window, or shuffled batch by batch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from gnuradio.lwmspectro import strict_json

from . import chunks
from .scene_plan import LABELS

MANIFEST = "manifest.json"
FORMAT = "lwmspectro-dataset-1"
ROUTER_VIEWS = ("spectrogram", "correlogram")
"""What the router reads, in this order."""

_KEYS = {
    "windows": int,
    "seed": int,
    "config": dict,
    "views": dict,
    "columns": dict,
    "counts": dict,
    "files": list,
}
_KEYS_OF_FILE = {"name": str, "windows": int, "sha256": str}
_WORDS = {int: "a whole number", str: "a string", dict: "an object", list: "an array"}

Float16 = npt.NDArray[np.float16]


@dataclass(frozen=True)
class TokenSet:
    """Windows and what is known of them, all of the same length n.

    Attributes:
        tokens: float16, shape (n, vlen), dB.
        label: index into ``scene_plan.LABELS``, shape (n,).
        table: all labels, a row for each window; see ``columns.COLUMNS``.
    """

    tokens: Float16
    label: npt.NDArray[np.int64]
    table: pa.Table

    def __len__(self) -> int:
        return len(self.label)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A label of all windows, shape (n,): numbers with NaN, strings with None, for null."""
        return column(self.table, name)

    @property
    def samp_rate(self) -> npt.NDArray[np.float64]:
        """Hz, shape (n,)."""
        return self.column("samp_rate")

    @property
    def snr_db(self) -> npt.NDArray[np.float32]:
        """As measured, dB, shape (n,); NaN where nothing was sent."""
        return self.column("snr_db")

    @property
    def fraction(self) -> npt.NDArray[np.float32]:
        """Share of the window that is not padding, shape (n,)."""
        return self.column("fraction")

    def take(self, index: slice) -> TokenSet:
        """Some of the windows, without a copy."""
        start, stop, step = index.indices(len(self))
        if step != 1:
            raise ValueError(f"slice: expected a step of 1, got {step}")
        table = self.table.slice(start, max(0, stop - start))
        return TokenSet(self.tokens[index], self.label[index], table)


def column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """A column of labels as an array: numbers with NaN, strings with None, for null."""
    values = table[name]
    if pa.types.is_string(values.type) or pa.types.is_boolean(values.type):
        return np.array(values.to_pylist(), dtype=object)
    array: npt.NDArray[Any] = values.to_numpy()
    return array


def labels_of(table: pa.Table) -> npt.NDArray[np.int64]:
    """Index into ``LABELS`` of each row; whatever is no protocol of these is "none"."""
    index = {name: k for k, name in enumerate(LABELS)}
    none = index["none"]
    return np.array([index.get(p, none) for p in table["protocol"].to_pylist()], np.int64)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``generate`` wrote last of all: configuration, counts and hashes.

    Raises:
        FileNotFoundError: there is none; the data set is not complete.
        ValueError: it is not of this format, or something in it is missing.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise FileNotFoundError(
            f"{folder}: expected {MANIFEST} of a whole data set, found none "
            "(lwmspectro-train generate makes it)"
        )
    try:
        manifest = strict_json.parse(path.read_bytes())
    except strict_json.SchemaError as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(manifest, dict):
        raise ValueError(f"{path}: expected an object, got {strict_json.describe(manifest)}")
    if manifest.get("format") != FORMAT:
        raise ValueError(f"{path}: expected format {FORMAT}, got {manifest.get('format')}")
    _check_keys(manifest, _KEYS, str(path))
    for n, entry in enumerate(manifest["files"]):
        _check_keys(entry, _KEYS_OF_FILE, f"{path}: files[{n}]")
    return manifest


def _check_keys(found: Any, kinds: Mapping[str, type], where: str) -> None:
    for key, kind in kinds.items():
        value = found.get(key) if isinstance(found, dict) else None
        if not isinstance(value, kind):
            got = (
                strict_json.describe(value) if isinstance(found, dict) and key in found else "none"
            )
            raise ValueError(f"{where}: expected {key}, {_WORDS[kind]}, got {got}")


def load(folder: Path, views: Sequence[str] | None = None, *, check: bool = True) -> TokenSet:
    """Reads the chunks that a folder's manifest lists.

    Args:
        folder: of the data set.
        views: columns of tokens, concatenated in this order; all of them where None.
        check: compare the files' hashes with the manifest's.

    Raises:
        FileNotFoundError: the manifest or a chunk is missing.
        ValueError: a chunk is not what the manifest says, or there is no such view.
    """
    windows = Windows(folder, views)
    if check:
        windows.check()
    tokens = np.empty((len(windows), windows.vlen), np.float16)
    at = 0
    for k in range(windows.n_chunks):
        part = windows.chunk(k)
        tokens[at : at + len(part)] = part
        at += len(part)
    return TokenSet(tokens, labels_of(windows.table), windows.table)


def split(data: TokenSet, held_out: float) -> tuple[TokenSet, TokenSet]:
    """Training windows and the last ``held_out`` share of them, which come from other scenes."""
    first = round(len(data) * (1.0 - held_out))
    return data.take(slice(first)), data.take(slice(first, None))


class Windows:
    """A data set on the disk: all labels in memory, tokens read when they are asked for."""

    def __init__(
        self, folder: Path, views: Sequence[str] | None = None, cache_groups: int = 64
    ) -> None:
        """Opens a data set.

        Args:
            folder: of the data set.
            views: columns of tokens, concatenated in this order; all of them where None.
            cache_groups: row groups (of 50 windows) kept in memory for random access.

        Raises:
            FileNotFoundError: the manifest or a chunk is missing.
            ValueError: there is no such view.
        """
        self.folder = folder
        self.manifest = read_manifest(folder)
        shapes: dict[str, list[int]] = self.manifest["views"]
        self.views = tuple(shapes if views is None else views)
        if unknown := sorted(set(self.views) - set(shapes)):
            raise ValueError(f"{folder}: expected views {sorted(shapes)}, got {unknown}")
        self.shapes = {name: tuple(shapes[name]) for name in self.views}
        self.vlen = sum(int(np.prod(shape)) for shape in self.shapes.values())
        self._files = [entry["name"] for entry in self.manifest["files"]]
        counts = [entry["windows"] for entry in self.manifest["files"]]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        paths = [self._path(k) for k in range(len(self._files))]
        self.table: pa.Table = pa.concat_tables(
            [pq.read_table(path, columns=list(self.manifest["columns"])) for path in paths]
        ).replace_schema_metadata()
        self._cache: OrderedDict[tuple[int, int], Float16] = OrderedDict()
        self._cache_groups = cache_groups

    def _path(self, chunk: int) -> Path:
        path = self.folder / self._files[chunk]
        if not path.exists():
            raise FileNotFoundError(f"{path}: expected a chunk of {MANIFEST}, found none")
        return path

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def n_chunks(self) -> int:
        """Files of the data set."""
        return len(self._files)

    def check(self) -> None:
        """Compares the files with the hashes of the manifest.

        Raises:
            ValueError: one differs.
        """
        for k, entry in enumerate(self.manifest["files"]):
            got = chunks.sha256(self._path(k))
            if got != entry["sha256"]:
                expected = entry["sha256"]
                raise ValueError(f"{self._path(k)}: expected SHA-256 {expected}, got {got}")

    def chunk(self, k: int) -> Float16:
        """Tokens of a whole file, shape (n, vlen)."""
        return self._join(pq.read_table(self._path(k), columns=list(self.views)))

    def _join(self, table: pa.Table) -> Float16:
        parts = []
        for name in self.views:
            values = table[name].combine_chunks()
            flat = values.flatten() if isinstance(values, pa.Array) else values.chunk(0).flatten()
            parts.append(flat.to_numpy().reshape(len(table), -1))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _group(self, chunk: int, group: int) -> Float16:
        key = (chunk, group)
        if key not in self._cache:
            file = pq.ParquetFile(self._path(chunk))
            self._cache[key] = self._join(file.read_row_group(group, columns=list(self.views)))
            while len(self._cache) > self._cache_groups:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    def tokens(self, index: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Float16:
        """Tokens of any windows, in any order, shape (len(index), vlen).

        Raises:
            IndexError: there is no such window.
        """
        wanted = np.asarray(index, np.int64)
        if wanted.size and not (wanted.min() >= 0 and wanted.max() < len(self)):
            raise IndexError(f"windows: expected 0 to {len(self) - 1}, got {wanted}")
        chunk = np.searchsorted(self._starts, wanted, side="right") - 1
        within = wanted - self._starts[chunk]
        group, row = np.divmod(within, chunks.ROW_GROUP)
        out = np.empty((wanted.size, self.vlen), np.float16)
        for k, g in sorted(set(zip(chunk.tolist(), group.tolist(), strict=True))):
            chosen = (chunk == k) & (group == g)
            out[chosen] = self._group(k, g)[row[chosen]]
        return out

    def shuffled(
        self, batch: int, seed: int, chunks_at_once: int = 8
    ) -> Iterator[tuple[Float16, npt.NDArray[np.int64]]]:
        """Every window once, in random order, reading each file once.

        Windows of ``chunks_at_once`` files, chosen at random, are mixed: so many are in memory.

        Args:
            batch: windows a batch; the last one may have fewer.
            seed: of the order.
            chunks_at_once: files that are mixed.

        Yields:
            tokens of shape (batch, vlen), and the numbers of these windows, shape (batch,).
        """
        rng = np.random.default_rng(seed)
        order = rng.permutation(self.n_chunks)
        rest = np.empty((0, self.vlen), np.float16), np.empty(0, np.int64)
        for first in range(0, self.n_chunks, chunks_at_once):
            chosen = order[first : first + chunks_at_once]
            tokens = np.concatenate([rest[0], *(self.chunk(k) for k in chosen)])
            spans = [np.arange(self._starts[k], self._starts[k + 1]) for k in chosen]
            numbers = np.concatenate([rest[1], *spans])
            shuffle = rng.permutation(len(numbers))
            whole = len(numbers) - len(numbers) % batch
            for at in range(0, whole, batch):
                index = shuffle[at : at + batch]
                yield tokens[index], numbers[index]
            left = shuffle[whole:]
            rest = tokens[left], numbers[left]
        if len(rest[1]):
            yield rest
