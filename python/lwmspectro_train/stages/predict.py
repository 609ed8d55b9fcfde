# SPDX-License-Identifier: GPL-3.0-or-later
"""What an expert says of the windows of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..dataset import Windows, column
from ..lwm.expert import Expert
from .batch import open_part
from .config import Data
from .labels import Labels

Float32 = npt.NDArray[np.float32]

_BATCH = 64


@dataclass(frozen=True)
class Predictions:
    """Of n windows.

    Attributes:
        answers: by name: logits (n, classes); ``snr_db`` in dB (n, 1); ``embedding`` (n, d).
        labels: by name, each (n,); see labels.py.
        rows: of the windows in the data set.
        table: columns of labels of these windows, by name.
    """

    answers: dict[str, Float32]
    labels: Labels
    rows: npt.NDArray[np.int64]
    table: dict[str, npt.NDArray[Any]]


@torch.no_grad()
def predict(
    expert: Expert,
    folder: Path,
    data: Data,
    protocol: str,
    *,
    span: tuple[float, float] = (0.0, 1.0),
    limit: int | None = None,
    device: str = "cpu",
) -> Predictions:
    """Runs an expert over the windows of a protocol.

    Args:
        expert: trained.
        folder: of the data set.
        data: names of columns.
        protocol: of the windows, as in ``batch.open_part``.
        span: share of the data set where they begin and end.
        limit: so many at most.
        device: that computes.

    Raises:
        FileNotFoundError: the data set is not complete.
        ValueError: there are no such windows.
    """
    part = open_part(
        folder, expert.model, data, protocol, span, limit=limit, device=torch.device(device)
    )
    expert = expert.eval().to(device)
    found: dict[str, list[Float32]] = {}
    for first in range(0, len(part.rows), _BATCH):
        rows = part.rows[first : first + _BATCH]
        batch = part.batch(rows, torch.zeros(len(rows), 0), torch.device(device))
        for name, answer in expert(batch.views, batch.prepared).items():
            found.setdefault(name, []).append(answer.float().cpu().numpy())
    table = Windows(folder, ()).table.take(part.rows)
    return Predictions(
        answers={name: np.concatenate(parts) for name, parts in found.items()},
        labels={name: values[part.rows] for name, values in part.labels.items()},
        rows=part.rows,
        table={name: column(table, name) for name in table.column_names},
    )
