# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a generated data set into memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt


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

    def take(self, index: npt.NDArray[np.int64]) -> TokenSet:
        """The windows of an index."""
        return TokenSet(
            self.tokens[index],
            self.label[index],
            self.samp_rate[index],
            self.snr_db[index],
            self.fraction[index],
            self.detail[index],
        )


def load(folder: Path) -> TokenSet:
    """Reads all complete shards of a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    paths = sorted(p for p in folder.glob("shard-[0-9]*.npz") if not p.name.endswith(".part.npz"))
    if not paths:
        raise FileNotFoundError(f"{folder}: expected shard-*.npz files, found none")
    shards = [np.load(path, allow_pickle=False) for path in paths]
    return TokenSet(
        tokens=np.concatenate([shard["tokens"] for shard in shards]),
        label=np.concatenate([shard["label"] for shard in shards]).astype(np.int64),
        samp_rate=np.concatenate([shard["samp_rate"] for shard in shards]),
        snr_db=np.concatenate([shard["snr_db"] for shard in shards]),
        fraction=np.concatenate([shard["fraction"] for shard in shards]),
        detail=np.concatenate([shard["detail"] for shard in shards]),
    )


def split(data: TokenSet, held_out: float) -> tuple[TokenSet, TokenSet]:
    """Training windows and the last ``held_out`` share of them, which come from other scenes."""
    first = round(len(data) * (1.0 - held_out))
    index = np.arange(len(data))
    return data.take(index[:first]), data.take(index[first:])
