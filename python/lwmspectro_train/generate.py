# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a data set: chunks of tokens and labels, and a manifest.

A window is a function of the configuration and its number: the data do not depend on the number
of workers, and a run that was stopped, or killed, goes on with the chunks that are missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from gnuradio.lwmspectro import kernels, sites
from gnuradio.lwmspectro.waveforms import scene

from . import chunks, columns, engines
from .chunk_maker import chosen_renderer
from .dataset import FORMAT, MANIFEST
from .dataset_config import DatasetConfig
from .files import write_json
from .scene_plan import plan, sites_of

CLAIM = "dataset.json"
LOCK = ".lock"

_COMPRESSED = 0.65  # of the tokens' bytes; 0.58 was measured on the mix "live"
_LABEL_BYTES = 500  # of a window
_REHEARSED = 32  # windows
_VERSIONS = ("numpy", "scipy", "pyarrow")  # may change the last bit of a sample, or the files
_HASHED = ("*.py", "*.npz")  # of the waveforms
_SOURCES = ("scene_plan.py", "dataset_config.py", "dataset_mixes.py", "columns.py")


@dataclass(frozen=True)
class GenerateConfig:
    """What to generate, and how.

    Attributes:
        folder: where the chunks go.
        dataset: what they hold.
        workers: processes, or actors.
        engine: one of ``engines.ENGINES``.
        renderer: one of ``chunk_maker.RENDERERS``.
    """

    folder: Path
    dataset: DatasetConfig
    workers: int = 2
    engine: str = "local"
    renderer: str = "auto"

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers: expected at least 1, got {self.workers}")

    @property
    def n_chunks(self) -> int:
        """Files of the data set."""
        return -(-self.dataset.windows // self.dataset.chunk_windows)

    def chunk_size(self, chunk: int) -> int:
        """Windows in a chunk; the last one may have fewer."""
        size = self.dataset.chunk_windows
        return min(size, self.dataset.windows - chunk * size)


@dataclass
class Watcher:
    """Who wants to know how a run goes on.

    Attributes:
        on_start: called with the windows that are there, and with all there will be.
        on_windows: called with the number of windows finished since the last call.
        on_chunk: called with the number of each chunk that is written.
    """

    on_start: Callable[[int, int], None] = field(default=lambda there, windows: None)
    on_windows: Callable[[int], None] = field(default=lambda n: None)
    on_chunk: Callable[[int], None] = field(default=lambda chunk: None)


def generate(config: GenerateConfig, watcher: Watcher | None = None) -> Path:
    """Makes what is missing of a data set and writes its manifest.

    Returns:
        Path of the manifest.

    Raises:
        RuntimeError: a worker failed.
        ValueError: the folder holds another data set, or is in use; the configuration asks for
            what cannot be had here.
        OSError: the disk has too little room.
    """
    watcher = watcher or Watcher()
    chosen_renderer(config.renderer)
    versions = {name: importlib.metadata.version(name) for name in _VERSIONS}
    _rehearse(config.dataset)
    config.folder.mkdir(parents=True, exist_ok=True)
    with _locked(config.folder):
        claim(config)
        chunks.remove_partial(config.folder)
        missing = missing_chunks(config)
        to_do = sum(map(config.chunk_size, missing))
        check_disk(config, to_do)
        if missing:  # until they are there, no manifest says that the data set is whole
            (config.folder / MANIFEST).unlink(missing_ok=True)
        watcher.on_start(config.dataset.windows - to_do, config.dataset.windows)
        digests: dict[int, str] = {}

        def on_chunk(chunk: int, digest: str) -> None:
            digests[chunk] = digest
            watcher.on_chunk(chunk)

        engines.run(
            config.engine,
            engines.Job(
                config=config.dataset,
                folder=config.folder,
                missing=missing,
                workers=config.workers,
                renderer=config.renderer,
                on_windows=watcher.on_windows,
                on_chunk=on_chunk,
            ),
        )
        return _write_manifest(config, digests, versions)


def _rehearse(dataset: DatasetConfig) -> None:
    """Plans the first scenes, so that what cannot be had fails here, and not in a worker."""
    sites = sites_of(dataset)
    for number in range(min(_REHEARSED, dataset.windows)):
        channel = plan(dataset, number, sites).scene.fading
        if channel is not None:
            channel.profile()


def missing_chunks(config: GenerateConfig) -> list[int]:
    """Numbers of the chunks that are not there yet, or not with all their windows.

    Raises:
        ValueError: the folder holds more chunks than the data set has.
    """
    there = sorted(config.folder.glob(chunks.NAME.replace("{:06d}", "*")))
    if len(there) > config.n_chunks:
        raise ValueError(
            f"{config.folder}: expected at most {config.n_chunks} chunks of "
            f"{config.dataset.windows} windows, got {len(there)}"
        )
    return [
        k
        for k in range(config.n_chunks)
        if chunks.rows(chunks.path_of(config.folder, k)) != config.chunk_size(k)
    ]


def check_disk(config: GenerateConfig, windows: int) -> None:
    """Refuses to start what the disk cannot hold.

    Raises:
        OSError: the room is less than ``windows`` take.
    """
    vlen = config.dataset.tokens.window_spec().vlen
    needed = windows * (2 * vlen * _COMPRESSED + _LABEL_BYTES)
    free = shutil.disk_usage(config.folder).free
    if needed > free:
        raise OSError(
            f"{config.folder}: expected {needed / 1e9:.2f} GB of free disk, got {free / 1e9:.2f} GB"
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps other runs out of the folder; the lock ends with the process, however that ends."""
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(
                f"{folder}: expected a free folder, another run writes there"
            ) from None
        yield


def sources(dataset: DatasetConfig) -> dict[str, str]:
    """What decides the content beside the configuration: SHA-256 of the generator's sources.

    Of its tables too, and where sites are asked for, of their manifest, which has the hashes of
    their files. Kernels have versions.
    """
    digest = hashlib.sha256()
    waveforms, here = Path(scene.__file__).parent, Path(__file__).parent
    paths = [path for kind in _HASHED for path in sorted(waveforms.rglob(kind))]
    paths += [*sorted(Path(sites.__file__).parent.glob("*.py"))]
    for path in [*paths, *(here / name for name in _SOURCES)]:
        digest.update(path.read_bytes())
    found = {
        "generator": digest.hexdigest(),
        "features": str(kernels.features_version),
        "fading": str(kernels.fading_version),
    }
    if dataset.channels.weights.get("site", 0.0) > 0.0:
        found["sites"] = chunks.sha256(sites.DATA / sites.MANIFEST_NAME)
    return found


def claim(config: GenerateConfig) -> None:
    """Marks the folder as this data set's.

    Raises:
        ValueError: it holds another one, whose chunks would be mixed with this one's.
    """
    record = {"config": config.dataset.content(), **sources(config.dataset)}
    target = config.folder / CLAIM
    if not target.exists():
        others = [p.name for p in config.folder.iterdir() if p.name != LOCK]
        if others:
            raise ValueError(
                f"{config.folder}: expected an empty folder or a data set with {CLAIM}, "
                f"found {sorted(others)[0]}"
            )
        write_json(target, record)
    try:
        found = json.loads(target.read_text(encoding="utf-8"))
        differing = first_difference(record, found)
    except (ValueError, AttributeError):
        raise ValueError(f"{target}: expected the claim of a data set, cannot read it") from None
    if differing:
        name, expected, got = differing
        raise ValueError(
            f"{config.folder}: holds another data set: expected {name} {expected}, got {got}"
        )


def first_difference(
    expected: dict[str, Any], got: dict[str, Any], where: str = ""
) -> tuple[str, Any, Any] | None:
    """The first key whose values differ: its path, what was expected and what came."""
    for key in sorted({*expected, *got}):
        name = f"{where}{key}"
        left, right = expected.get(key), got.get(key)
        if isinstance(left, dict) and isinstance(right, dict):
            if found := first_difference(left, right, f"{name}."):
                return found
        elif left != right:
            return name, left, right
    return None


def _write_manifest(
    config: GenerateConfig, digests: dict[int, str], versions: dict[str, str]
) -> Path:
    spec = config.dataset.tokens.window_spec()
    files = [chunks.path_of(config.folder, k) for k in range(config.n_chunks)]
    protocol = pq.ParquetDataset(list(map(str, files))).read(columns=["protocol"])["protocol"]
    counts = {row["values"]: row["counts"] for row in pc.value_counts(protocol).to_pylist()}
    manifest = {
        "format": FORMAT,
        "windows": config.dataset.windows,
        "seed": config.dataset.seed,
        "config": config.dataset.content(),
        **sources(config.dataset),
        "spec": {
            "n_frames": spec.n_frames,
            "frame_us": spec.frame_us,
            "n_bins": spec.n_bins,
            "correlogram_rows": list(kernels.correlogram_rows),
            "vlen": spec.vlen,
        },
        "views": {part.name: list(part.shape) for part in columns.views(spec)},
        "columns": {c.name: {"unit": c.unit, "description": c.text} for c in columns.COLUMNS},
        "counts": dict(sorted(counts.items())),
        "versions": versions,
        "files": [
            {
                "name": path.name,
                "windows": config.chunk_size(k),
                "sha256": digests.get(k) or chunks.sha256(path),
            }
            for k, path in enumerate(files)
        ],
    }
    target = config.folder / MANIFEST
    write_json(target, manifest)
    return target
