# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a generated data set into memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class TokenSet:
    """Windows and what is known of them, all of the same length n.

    Attributes:
        tokens: float16, shape (n, vlen), dB.
        label: index into ``scene_plan.LABELS``, shape (n,).
        samp_rate: Hz, shape (n,).
        snr_db: dB, shape (n,).
        fraction: share of the window that is not padding, shape (n,).
        detail: transmitter in words, shape (n,).
    """

    tokens: npt.NDArray[np.float16]
    label: npt.NDArray[np.int64]
    samp_rate: npt.NDArray[np.float64]
    snr_db: npt.NDArray[np.float32]
    fraction: npt.NDArray[np.float32]
    detail: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: slice) -> TokenSet:
        """Some of the windows, without a copy."""
        return TokenSet(
            self.tokens[index],
            self.label[index],
            self.samp_rate[index],
            self.snr_db[index],
            self.fraction[index],
            self.detail[index],
        )


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``generate`` wrote last of all: seed, counts and hashes.

    Raises:
        FileNotFoundError: there is none; the data set is not complete.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise FileNotFoundError(f"{folder}: expected {MANIFEST} of a whole data set, found none")
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def load(folder: Path) -> TokenSet:
    """Reads the shards that a folder's manifest lists.

    Raises:
        FileNotFoundError: the manifest or a shard is missing.
        ValueError: a shard is not what the manifest says.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest["sha256"].items():
        got = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if got != expected:
            raise ValueError(f"{folder / name}: expected SHA-256 {expected}, got {got}")
    shards = [np.load(folder / name, allow_pickle=False) for name in manifest["sha256"]]
    first = shards[0]["tokens"]
    tokens = np.empty((manifest["n_windows"], first.shape[1]), np.float16)
    np.concatenate([shard["tokens"] for shard in shards], out=tokens)
    return TokenSet(
        tokens=tokens,
        label=np.concatenate([shard["label"] for shard in shards]).astype(np.int64),
        samp_rate=np.concatenate([shard["samp_rate"] for shard in shards]),
        snr_db=np.concatenate([shard["snr_db"] for shard in shards]),
        fraction=np.concatenate([shard["fraction"] for shard in shards]),
        detail=np.concatenate([shard["detail"] for shard in shards]),
    )


def split(data: TokenSet, held_out: float) -> tuple[TokenSet, TokenSet]:
    """Training windows and the last ``held_out`` share of them, which come from other scenes."""
    first = round(len(data) * (1.0 - held_out))
    return data.take(slice(first)), data.take(slice(first, None))
