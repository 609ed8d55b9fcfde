# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a data set: shards of tokens and labels, and a manifest.

Shard k holds the scenes k * shard_size and on, and each scene is a function of the seed and its
number: the data do not depend on the number of workers, and a run that was stopped goes on with
the shards that are missing.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import scene

from . import flowgraph
from .dataset import MANIFEST
from .files import write_json
from .scene_plan import LABELS, PlannedScene, plan

CLAIM = "generate.json"
SHARD = "shard-{:05d}.npz"


@dataclass(frozen=True)
class GenerateConfig:
    """What to generate.

    Attributes:
        folder: where the shards go.
        n_windows: windows in the data set, a whole number of shards.
        seed: of everything random.
        shard_size: windows in a shard.
        workers: processes.
    """

    folder: Path
    n_windows: int
    seed: int = 1
    shard_size: int = 500
    workers: int = 2

    def __post_init__(self) -> None:
        if self.n_windows < 1 or self.n_windows % self.shard_size:
            raise ValueError(
                f"n_windows: expected a positive multiple of {self.shard_size}, "
                f"got {self.n_windows}"
            )
        if self.workers < 1:
            raise ValueError(f"workers: expected at least 1, got {self.workers}")


def _write_shard(path: Path, rows: list[tuple[PlannedScene, str, np.ndarray]]) -> None:
    scenes = [planned.scene for planned, _, _ in rows]
    content = {
        "tokens": np.stack([tokens for _, _, tokens in rows]),  # (shard_size, vlen) float16
        "label": np.array([LABELS.index(label) for _, label, _ in rows], np.int8),
        "number": np.array([planned.number for planned, _, _ in rows], np.int64),
        "samp_rate": np.array([s.samp_rate for s in scenes]),
        "snr_db": np.array([s.snr_db for s in scenes], np.float32),
        "doppler_hz": np.array([s.fading.doppler_hz if s.fading else 0.0 for s in scenes]),
        "fraction": np.array([planned.fraction for planned, _, _ in rows], np.float32),
        "detail": np.array([repr(s.transmitter)[:400] for s in scenes]),
    }
    partial = path.with_name("part-" + path.name)
    np.savez_compressed(partial, **content)
    os.replace(partial, path)


def _work(config: GenerateConfig, shards: list[int], progress: object) -> None:
    """Makes some shards with one flowgraph."""
    rows: list[tuple[PlannedScene, str, np.ndarray]] = []

    def scenes() -> Iterator[PlannedScene]:
        for shard in shards:
            first = shard * config.shard_size
            for number in range(first, first + config.shard_size):
                yield plan(config.seed, number)

    def deliver(planned: PlannedScene, label: str, tokens: np.ndarray) -> None:
        rows.append((planned, label, tokens.astype(np.float16)))
        if len(rows) == config.shard_size:
            shard = planned.number // config.shard_size
            _write_shard(config.folder / SHARD.format(shard), rows)
            rows.clear()
            progress.put(shard)  # type: ignore[attr-defined]

    flowgraph.run(scenes(), kernels.window_spec(), deliver)


def _paths(config: GenerateConfig) -> list[Path]:
    count = config.n_windows // config.shard_size
    return [config.folder / SHARD.format(k) for k in range(count)]


def missing_shards(config: GenerateConfig) -> list[int]:
    """Numbers of the shards that are not there yet."""
    return [k for k, path in enumerate(_paths(config)) if not path.exists()]


def _sources() -> dict[str, str]:
    """What decides the content of a data set beside its seed: SHA-256 of the generator."""
    digest = hashlib.sha256()
    waveforms = Path(scene.__file__).parent
    for path in sorted([*waveforms.glob("*.py"), *Path(__file__).parent.glob("scene_plan.py")]):
        digest.update(path.read_bytes())
    return {"generator": digest.hexdigest(), "features": str(kernels.features_version)}


def _claim(config: GenerateConfig) -> None:
    """Marks the folder as this data set's.

    Raises:
        ValueError: it holds another one, of which shards would be mixed with this one's.
    """
    record = {"seed": config.seed, "shard_size": config.shard_size, **_sources()}
    target = config.folder / CLAIM
    if not target.exists():
        if any(config.folder.glob("shard-*.npz")):
            raise ValueError(f"{config.folder}: expected {CLAIM} beside the shards, found none")
        write_json(target, record)
    found = json.loads(target.read_text(encoding="utf-8"))
    for key, value in record.items():
        if found.get(key) != value:
            raise ValueError(
                f"{config.folder}: expected a data set of {key} {value}, got {found.get(key)}"
            )


def generate(config: GenerateConfig, on_shard: Callable[[int], None] | None = None) -> Path:
    """Makes what is missing of a data set and writes its manifest.

    Args:
        config: what to generate.
        on_shard: called with the number of each shard when it is written.

    Returns:
        Path of the manifest.

    Raises:
        RuntimeError: a worker failed.
        ValueError: the folder holds a data set of another seed or generator.
    """
    config.folder.mkdir(parents=True, exist_ok=True)
    _claim(config)
    missing = missing_shards(config)
    context = multiprocessing.get_context("spawn")
    progress = context.Queue()
    workers = [
        context.Process(target=_work, args=(config, missing[k :: config.workers], progress))
        for k in range(min(config.workers, len(missing)))
    ]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers) or not progress.empty():
        for worker in workers:
            worker.join(timeout=0.5)
        while not progress.empty():
            shard = progress.get()
            if on_shard is not None:
                on_shard(shard)
    if any(worker.exitcode for worker in workers):
        raise RuntimeError(f"workers ended with {[worker.exitcode for worker in workers]}")
    return _write_manifest(config)


def _write_manifest(config: GenerateConfig) -> Path:
    shards = _paths(config)
    labels = np.concatenate([np.load(path)["label"] for path in shards])
    manifest = {
        "seed": config.seed,
        "n_windows": config.n_windows,
        **_sources(),
        "labels": list(LABELS),
        "counts": {name: int(np.sum(labels == k)) for k, name in enumerate(LABELS)},
        "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in shards},
    }
    target = config.folder / MANIFEST
    write_json(target, manifest)
    return target
