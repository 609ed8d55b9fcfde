# SPDX-License-Identifier: GPL-3.0-or-later
"""A data set whose views are noise that plainly shows the labels, in the files' own format."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from gnuradio.lwmspectro import kernels
from lwmspectro_train import columns, dataset

GRIDS = tuple(kernels.symbol_grids)
MODULATIONS = np.array(["BPSK", "QPSK", "16QAM", "64QAM", "mixed", None], object)
MOBILITIES = np.array(["static", "pedestrian", "vehicular"], object)
KIND = "NegativeConfig(kind='white', samp_rate=2e7)"
PROTOCOLS = np.array(["wifi", "lte", "nr", "none"], object)


def labels(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    modulation = rng.integers(0, len(MODULATIONS), n)
    mobility = rng.integers(0, len(MOBILITIES), n)
    protocol = rng.integers(0, len(PROTOCOLS), n)
    snr_db = rng.uniform(-5.0, 25.0, n).astype(np.float32)
    snr_db[protocol == 3] = np.nan
    return {"modulation": modulation, "mobility": mobility, "protocol": protocol, "snr_db": snr_db}


def views(
    truth: dict[str, np.ndarray], rng: np.random.Generator, grids: tuple[str, ...] = GRIDS
) -> dict[str, np.ndarray]:
    """Modulation is a level of the grids' planes, SNR a step in C0, mobility a tone along time."""
    n = len(truth["snr_db"])
    c0 = rng.standard_normal((n, 128, 128), np.float32) - 60.0
    c0[:, :, 32:96] += np.nan_to_num(truth["snr_db"])[:, None, None]
    time = np.arange(128)
    for k, cycles in enumerate((0, 8, 30)):
        tone = 3.0 * np.cos(2.0 * np.pi * cycles * time / 128) * (cycles > 0)
        c0[truth["mobility"] == k] += tone[:, None]
    made = {"spectrogram": c0, "correlogram": rng.normal(size=(n, 9, 128)) * 4.0}
    for name in grids:
        grid = 0.3 * rng.standard_normal((n, 5, 128, 128), np.float32)
        grid[:, 1:] += 0.3 * truth["modulation"][:, None, None, None]
        grid[:, :, :, 100:] = 0.0
        grid[:, 0, :, 100:] = -200.0
        made[columns.GRID + name] = grid
    return {name: view.astype(np.float16) for name, view in made.items()}


def write(
    folder: Path, sizes: tuple[int, ...], seed: int = 1, grids: tuple[str, ...] = GRIDS
) -> Path:
    """A data set of chunks of these sizes."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    files, shapes = [], {}
    for number, n in enumerate(sizes):
        truth = labels(n, rng)
        other = np.random.default_rng([seed, number])
        table = {
            "protocol": pa.array(list(PROTOCOLS[truth["protocol"]])),
            "modulation": pa.array(list(MODULATIONS[truth["modulation"]])),
            "mobility": pa.array(list(MOBILITIES[truth["mobility"]])),
            "snr_db": pa.array(truth["snr_db"], from_pandas=True),
            "snr_active_db": pa.array(truth["snr_db"], from_pandas=True),
            "data_share": pa.array(other.uniform(0.0, 1.0, n).astype(np.float32)),
            "los": pa.array(list(other.integers(0, 2, n) > 0)),
            "active": pa.array(other.uniform(0.0, 1.0, n).astype(np.float32)),
            "detail": pa.array(np.where(truth["protocol"] == 3, KIND, "a transmitter").tolist()),
            "samp_rate": pa.array(np.full(n, 20e6)),
            "fraction": pa.array(np.ones(n, np.float32)),
        }
        named = list(table)
        for name, view in views(truth, rng, grids).items():
            shapes[name] = list(view.shape[1:])
            flat = pa.array(view.reshape(-1), pa.float16())
            table[name] = pa.FixedSizeListArray.from_arrays(flat, view[0].size)
        path = folder / f"chunk-{number:06d}.parquet"
        pq.write_table(pa.table(table), path, row_group_size=50)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append({"name": path.name, "windows": n, "sha256": digest})
    manifest = {
        "format": dataset.FORMAT,
        "windows": sum(sizes),
        "seed": seed,
        "config": {},
        "views": shapes,
        "columns": dict.fromkeys(named, ""),
        "counts": {},
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
