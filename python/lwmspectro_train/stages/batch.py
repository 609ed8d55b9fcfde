# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows of a stage, and the part of a step's batch that a process works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..dataset import Windows, column
from ..lwm.answers import MODULATION, SNR
from ..lwm.config import Model
from ..lwm.contrastive import NO_LABEL
from . import labels
from .augmentation import DRAWS
from .config import MIXED, PROTOCOLS, Data
from .labels import Labels
from .source import CPU, Index, WindowSource, open_source

LIKENESS = "likeness"
"""Label of the contrastive loss."""

_FITTED_ON = 2000  # windows from which statistics are taken


@dataclass  # not frozen: Fabric builds it anew
class Batch:
    """Windows of one process.

    Attributes:
        views: raw, float32, by column of the data set, each (b, ...); or prepared, by source.
        labels: by answer, and ``LIKENESS``, each (b,).
        uniform: random numbers from 0 to 1, (b, DRAWS and n of all sources).
    """

    views: dict[str, Tensor]
    labels: dict[str, Tensor]
    uniform: Tensor
    prepared: bool = False


@dataclass(frozen=True)
class Part:
    """Windows for training or validation.

    Attributes:
        source: of their views.
        rows: in the data set.
        labels: of all windows of the data set.
        protocol: likewise.
        prepared: whether the source gives images of views.
    """

    source: WindowSource
    rows: Index
    labels: Labels
    protocol: Index
    prepared: bool = False

    def groups(self) -> list[Index]:
        """Rows of each protocol."""
        numbers = self.protocol[self.rows]
        return [self.rows[numbers == k] for k in np.unique(numbers)]

    def batch(self, rows: Index, uniform: Tensor, device: torch.device) -> Batch:
        """Windows ``rows``, on a device."""
        return Batch(
            views=self.source.tensors(rows, device),
            labels={
                name: torch.from_numpy(values[rows]).to(device)
                for name, values in self.labels.items()
            },
            uniform=uniform.to(device),
            prepared=self.prepared,
        )

    def sample(self) -> dict[str, Tensor]:
        """Views of some windows, spread over all, to take statistics from."""
        rows = self.rows[:: -(-len(self.rows) // _FITTED_ON)]
        return self.source.tensors(rows, CPU)

    def label_sample(self) -> tuple[Tensor, Tensor]:
        """SNR in dB and modulation of all windows."""
        return (
            torch.from_numpy(self.labels[SNR][self.rows]),
            torch.from_numpy(self.labels[MODULATION][self.rows]),
        )


def random_numbers(model: Model) -> int:
    """How many a window takes in a step."""
    return DRAWS + model.tokens


def open_part(
    folder: Path,
    model: Model,
    data: Data,
    protocol: str,
    span: tuple[float, float],
    *,
    limit: int | None = None,
    likeness: Sequence[str] = (),
    device: torch.device = CPU,
) -> Part:
    """Windows of a protocol.

    Args:
        folder: of the data set.
        model: that reads them.
        data: names of columns.
        protocol: of ``config.PROTOCOLS``, or ``MIXED``.
        span: share of the data set where they begin and end.
        limit: so many at most.
        likeness: labels that make two windows alike.
        device: that prepares views.

    Raises:
        FileNotFoundError: the data set is not complete.
        ValueError: there are no such windows, or a column is missing.
    """
    windows = Windows(folder, ())
    numbers = labels.protocol_numbers(windows.table)
    row = np.arange(len(windows))
    low, high = (round(share * len(windows)) for share in span)
    wanted = numbers != NO_LABEL if protocol == MIXED else numbers == PROTOCOLS.index(protocol)
    wanted &= (row >= low) & (row < high)
    wanted &= column(windows.table, "fraction") >= data.least_fraction
    rows = np.flatnonzero(wanted)[:limit]
    if not len(rows):
        where = "" if span == (0.0, 1.0) else f" from {low} to {high} of {len(windows)}"
        raise ValueError(f"{folder}: expected windows of {protocol}{where}, got none")
    found = labels.of_table(windows.table, data)
    if likeness:
        found = found | {LIKENESS: labels.combined(found, tuple(likeness))}
    source = open_source(folder, model, rows, data.memory, data.prepared, device)
    return Part(source, rows, found, numbers, data.prepared)


def training_and_validation(
    model: Model,
    data: Data,
    protocol: str,
    *,
    limit: int | None,
    likeness: Sequence[str] = (),
    device: torch.device = CPU,
) -> tuple[Part, Part]:
    """Both parts of the data of a stage; see :func:`open_part`."""
    last = 1.0 if data.validation else 1.0 - data.held_out
    few = None if limit is None else max(1, round(limit * data.held_out))
    folder = Path(data.train)
    validation = Path(data.validation or data.train), (0.0 if data.validation else last, 1.0)
    how: dict[str, Any] = {"likeness": likeness, "device": device}
    training = open_part(folder, model, data, protocol, (0.0, last), limit=limit, **how)
    return training, open_part(
        validation[0], model, data, protocol, validation[1], limit=few, **how
    )
