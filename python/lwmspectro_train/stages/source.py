# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a stage gets its windows: float16 in memory where they fit, else from the disk.

Windows come as the columns of the data set that a model reads, or prepared: as the images of its
views, which are then computed once and not in every epoch.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..dataset import Windows
from ..lwm.config import Model, planes_read
from .prepared import Images

Float16 = npt.NDArray[np.float16]
Index = npt.NDArray[np.int64]

CPU = torch.device("cpu")
_CHUNKS_AT_ONCE = 8  # files that are mixed where windows come from the disk
_OF_GPU = 0.25  # of its memory, for the windows of one part: training has two
_KEPT = 6 * _CHUNKS_AT_ONCE  # in memory: of three protocols, whose batches reach into the next ones


class WindowSource(Protocol):
    """Windows that a model reads, by their place in a data set."""

    def order(self, rows: Index, rng: np.random.Generator) -> Index:
        """Some windows in random order."""

    def read(self, rows: Index) -> dict[str, Float16]:
        """Windows by column, or by source if prepared, each (b, ...)."""

    def tensors(self, rows: Index, device: torch.device) -> dict[str, Tensor]:
        """As :meth:`read`, float32 on a device."""


class _Reader:
    """The columns and planes of a data set that a model reads, a file at a time."""

    def __init__(
        self, folder: Path, model: Model, prepared: bool = False, device: torch.device = CPU
    ) -> None:
        self.windows = Windows(folder, model.columns)
        self.planes = planes_read(model)
        starts = np.cumsum([0, *(f["windows"] for f in self.windows.manifest["files"])])
        self.starts = starts.astype(np.int64)
        self.shapes = {
            name: (len(self.planes[name]), *shape[1:]) if name in self.planes else shape
            for name, shape in self.windows.shapes.items()
        }
        self.images = Images(model, device) if prepared else None
        if self.images is not None:
            self.shapes = self.images.shapes

    @property
    def bytes_each(self) -> int:
        """Of a window in memory."""
        return 2 * sum(int(np.prod(shape)) for shape in self.shapes.values())

    def file(self, k: int, within: Index) -> dict[str, Float16]:
        """Windows ``within`` file ``k``."""
        tokens = self.windows.chunk(k)[within]
        parts, first = {}, 0
        for name, shape in self.windows.shapes.items():
            size = int(np.prod(shape))
            view = tokens[:, first : first + size].reshape(-1, *shape)
            if (planes := self.planes.get(name)) and len(planes) != shape[0]:
                view = view[:, list(planes)]
            parts[name], first = view, first + size
        return parts if self.images is None else self.images(parts)

    def file_of(self, rows: Index) -> Index:
        """Number of the file that holds each window."""
        found: Index = np.searchsorted(self.starts, rows, side="right") - 1
        return found


class MemorySource:
    """Windows in memory."""

    def __init__(self, reader: _Reader, rows: Index) -> None:
        self._place = np.full(len(reader.windows), -1, np.int64)
        self._place[rows] = np.arange(len(rows))
        self._parts = {
            name: np.empty((len(rows), *shape), np.float16) for name, shape in reader.shapes.items()
        }
        self._resident: dict[str, Tensor] = {}
        files = reader.file_of(rows)
        for k in np.unique(files):
            chosen = rows[files == k]
            for name, part in reader.file(int(k), chosen - reader.starts[k]).items():
                self._parts[name][self._place[chosen]] = part

    def order(self, rows: Index, rng: np.random.Generator) -> Index:
        """Any order."""
        return rng.permutation(rows)

    def read(self, rows: Index) -> dict[str, Float16]:
        """Copies of windows."""
        place = self._place[rows]
        return {name: part[place] for name, part in self._parts.items()}

    def keep_on(self, device: torch.device) -> None:
        """Puts all on a device too, where batches are then put together."""
        self._resident = {
            name: torch.from_numpy(part).to(device) for name, part in self._parts.items()
        }

    def tensors(self, rows: Index, device: torch.device) -> dict[str, Tensor]:
        """From the copy on the device where there is one."""
        if not self._resident or device.type != next(iter(self._resident.values())).device.type:
            return _float32(self.read(rows), device)
        place = torch.from_numpy(self._place[rows]).to(device)
        return {name: part[place].float() for name, part in self._resident.items()}


class DiskSource:
    """Windows read when they are asked for: a few files are mixed at a time."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._files: OrderedDict[int, dict[str, Float16]] = OrderedDict()

    def order(self, rows: Index, rng: np.random.Generator) -> Index:
        """Files in random order, and windows of eight of these in random order."""
        files = self._reader.file_of(rows)
        order = rng.permutation(np.unique(files))
        groups = np.array_split(order, max(1, -(-len(order) // _CHUNKS_AT_ONCE)))
        return np.concatenate([rng.permutation(rows[np.isin(files, group)]) for group in groups])

    def _file(self, k: int) -> dict[str, Float16]:
        if k not in self._files:
            size = int(self._reader.starts[k + 1] - self._reader.starts[k])
            self._files[k] = self._reader.file(k, np.arange(size))
            while len(self._files) > _KEPT:
                self._files.popitem(last=False)
        self._files.move_to_end(k)
        return self._files[k]

    def read(self, rows: Index) -> dict[str, Float16]:
        """Windows, from files that are kept while others of them are asked for."""
        files = self._reader.file_of(rows)
        out = {
            name: np.empty((len(rows), *shape), np.float16)
            for name, shape in self._reader.shapes.items()
        }
        for k in np.unique(files):
            chosen = files == k
            for name, part in self._file(int(k)).items():
                out[name][chosen] = part[rows[chosen] - self._reader.starts[k]]
        return out

    def tensors(self, rows: Index, device: torch.device) -> dict[str, Tensor]:
        """Read, and taken to the device."""
        return _float32(self.read(rows), device)


def _float32(views: dict[str, Float16], device: torch.device) -> dict[str, Tensor]:
    # half the bytes on the way
    return {name: torch.from_numpy(view).to(device).float() for name, view in views.items()}


def available_memory() -> int:
    """Bytes that can be had without swapping."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            values = dict(line.split(":", 1) for line in file)
        return 1024 * int(values["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        return 0  # not Linux: read from the disk


def open_source(
    folder: Path,
    model: Model,
    rows: Index,
    share: float,
    prepared: bool = False,
    device: torch.device = CPU,
) -> WindowSource:
    """Windows for a model: in memory where they take at most ``share`` of what is free.

    Args:
        folder: of the data set.
        model: that reads them.
        rows: which windows.
        share: of the free memory.
        prepared: as images of the model's views.
        device: that computes these; where it is a GPU, windows that fit into a quarter of its own
            memory are kept there as well.

    Raises:
        FileNotFoundError: the data set is not complete.
        ValueError: it lacks a column that the model reads.
    """
    reader = _Reader(folder, model, prepared, device)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # of torchrun, each with its own
    size = len(rows) * reader.bytes_each
    if size > share * available_memory() / processes:
        return DiskSource(reader)
    source = MemorySource(reader, rows)
    if device.type == "cuda" and size <= _OF_GPU * torch.cuda.mem_get_info(device)[1]:
        source.keep_on(device)
    return source
