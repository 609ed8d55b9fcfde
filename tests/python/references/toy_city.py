# SPDX-License-Identifier: GPL-3.0-or-later
"""A data set of a city whose views plainly show the labels, in the files' own format."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from gnuradio.lwmspectro import kernels
from lwmspectro_train import columns, dataset

MODULATIONS = np.array(["BPSK", "QPSK", "16QAM", "64QAM", "256QAM"], object)
MOBILITIES = np.array(["pedestrian", "vehicular"], object)
SNRS_DB = np.arange(-5.0, 26.0, 5.0)


def write(
    folder: Path,
    n: int = 140,
    protocols: tuple[str, ...] = ("lte",),
    grids: tuple[str, ...] = ("cp_15khz",),
    seed: int = 1,
    city: str = "san_francisco",
    split: str = "test",
) -> Path:
    """n windows, as many of each SNR, mobility and modulation as there can be."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    number = np.arange(n)
    snr_db, mobility = SNRS_DB[number % 7], number // 7 % 2
    modulation, protocol = number % 5, number % len(protocols)
    level = rng.normal(size=(n, 1, 1))
    tone = np.cos(2 * np.pi * np.where(mobility, 20, 3)[:, None] * np.arange(128) / 128)
    c0 = rng.normal(size=(n, 128, 128)) + level - 60.0
    c0[:, :, 32:96] += snr_db[:, None, None] + 3.0 * tone[:, :, None]
    c3 = 3.0 * rng.normal(size=(n, len(kernels.correlogram_rows), 128))
    views = {"spectrogram": c0, "correlogram": c3}
    for name in grids:
        grid = 0.3 * rng.normal(size=(n, 5, 128, 128))
        grid[:, 1:] += 0.4 * modulation[:, None, None, None]
        views[columns.GRID + name] = grid
    table: dict[str, Any] = {
        "protocol": pa.array(list(np.array(protocols, object)[protocol])),
        "modulation": pa.array(list(MODULATIONS[modulation])),
        "mobility": pa.array(list(MOBILITIES[mobility])),
        "snr_db": pa.array(snr_db.astype(np.float32)),
        "fraction": pa.array(np.ones(n, np.float32)),
        "data_share": pa.array(np.ones(n, np.float32)),
        "city": pa.array([city] * n),
        "site": pa.array([f"{city}-{k % 5}" for k in number]),
        "user": pa.array(number.astype(np.int32)),
    }
    labels = list(table)
    for name, view in views.items():
        flat = pa.array(view.astype(np.float16).reshape(-1), pa.float16())
        table[name] = pa.FixedSizeListArray.from_arrays(flat, view[0].size)
    path = folder / "chunk-000000.parquet"
    pq.write_table(pa.table(table), path, row_group_size=50)
    manifest = {
        "format": dataset.FORMAT,
        "windows": n,
        "seed": seed,
        "config": {"split": split},
        "views": {name: list(view.shape[1:]) for name, view in views.items()},
        "columns": dict.fromkeys(labels, ""),
        "counts": {},
        "files": [
            {
                "name": path.name,
                "windows": n,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
        ],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
