# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens what the cells of one kind of links need: windows, labels, splits, encoders."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..chunks import sha256
from ..dataset import ROUTER_VIEWS, Windows
from ..lwm.config import Model
from ..router_files import WEIGHTS as ROUTER_WEIGHTS
from ..router_files import restore
from ..stages.checkpoint import WEIGHTS, digest
from ..stages.config import PROTOCOLS
from ..stages.source import Index, WindowSource, open_source
from . import labels
from .cells import ALL
from .city import City, open_city
from .encoders import (
    AnyEncoder,
    Encoder,
    Read,
    RoutedEncoder,
    RoutedReader,
    pretrained,
    read_images,
)
from .fit import steps_per_epoch
from .images import views_model
from .methods import METHODS, Bench
from .preset import Links, Preset
from .splits import Split, split

ROUTED = "routed"
_BATCH = 256  # windows that are routed at once


@dataclass
class Ground:
    """One kind of links: labels and splits at once, windows and encoders when first asked for.

    Attributes:
        links: see there.
        city: the data set.
        label: class of every window, ``NO_LABEL`` where it takes no part, shape (n,).
        names: of the classes.
        snr_db: class of each window's SNR, shape (n,).
        splits: by count and seed.
        preset: of all studies.
        methods: that may run; weights of others are not read.
    """

    links: Links
    city: City
    label: npt.NDArray[np.int64]
    names: tuple[str, ...]
    snr_db: npt.NDArray[np.float64]
    splits: dict[tuple[int, int], Split]
    preset: Preset
    methods: tuple[str, ...] = tuple(METHODS)

    @cached_property
    def used(self) -> Index:
        """Windows of any split."""
        parts = [rows for s in self.splits.values() for rows in (s.train, s.validation, s.test)]
        return np.unique(np.concatenate(parts))

    def folders(self, stage: str) -> list[Path]:
        """Of the weights of a stage, one for each expert."""
        routed = self.links.expert == ROUTED
        experts = PROTOCOLS if routed else (self.links.expert,)
        return [Path(self.links.experts, expert, stage) for expert in experts]

    def lacking(self, name: str) -> str:
        """Why a method cannot run here, "" where it can."""
        method = METHODS[name]
        if packages := method.missing():
            return f"expected Python package {packages[0]}, found none"
        if not method.stage:
            return ""
        wanted = [folder / WEIGHTS for folder in self.folders(method.stage)]
        if self.links.expert == ROUTED:
            wanted.append(Path(self.links.router, ROUTER_WEIGHTS))
        for path in wanted:
            if not path.is_file():
                return f"expected weights {path}, found none"
        return ""

    def identity(self, name: str, count: int, seed: int) -> str:
        """Digest of all that decides a cell."""
        method = METHODS[name]
        weights = []
        if method.stage:
            weights = [sha256(folder / WEIGHTS) for folder in self.folders(method.stage)]
            if self.links.expert == ROUTED:
                weights.append(sha256(Path(self.links.router, ROUTER_WEIGHTS)))
        preset = self.preset.to_json()
        decides = {
            "data": self.city.sha256,
            "links": [self.links.task, self.links.protocols, self.links.grids],
            "training": self._training(count, seed) if method.steps else None,
            "split": preset["split"],
            "image": None if method.stage else preset["image"],
            "method": name,
            "weights": weights,
            "cell": [count, seed],
        }
        return digest(decides)[:16]

    def _training(self, count: int, seed: int) -> dict[str, Any]:
        """Settings that matter with so many windows: more are trained with in as many steps."""
        settings = self.preset.training
        steps = steps_per_epoch(len(self.splits[count, seed].train), settings)
        return asdict(replace(settings, least_steps=steps))

    @cached_property
    def bench(self) -> Bench:
        """What methods need; encoders that are missing are left out."""
        images = open_source(
            self.links_folder, views_model(self.links.grids), self.used, self.preset.memory
        )
        bench = Bench(
            label=self.label,
            classes=len(self.names),
            images=images,
            grids=self.links.grids,
            encoders={},
            readers={},
            used=self.used,
            size=self.preset.image,
            settings=self.preset.training,
        )
        sources: dict[Model, list[WindowSource]] = {}  # stages that read alike share their windows
        for stage in sorted({METHODS[name].stage for name in self.methods} - {""}):
            if all((folder / WEIGHTS).is_file() for folder in self.folders(stage)):
                bench.encoders[stage], bench.readers[stage] = self._encoder(stage, sources)
        return bench

    def close(self) -> None:
        """Gives the memory of windows and embeddings back."""
        self.__dict__.pop("bench", None)

    @property
    def links_folder(self) -> Path:
        """Of the data set."""
        return Path(self.links.data)

    def _encoder(
        self, stage: str, sources: dict[Model, list[WindowSource]]
    ) -> tuple[AnyEncoder, Read]:
        experts = [pretrained(folder) for folder in self.folders(stage)]
        model = experts[0].model
        if model not in sources:
            own = [self.used]
            if len(experts) > 1:
                own = [self.used[self.route[self.used] == k] for k in range(len(experts))]
            folder, memory = self.links_folder, self.preset.memory
            sources[model] = [
                open_source(folder, expert.model, rows, memory, prepared=True)
                for expert, rows in zip(experts, own, strict=True)
            ]
        if len(experts) == 1:
            (source,) = sources[model]
            return Encoder(experts[0]), lambda rows: read_images(source, rows)
        return RoutedEncoder(experts), RoutedReader(self.route, sources[model])

    @cached_property
    def route(self) -> Index:
        """Expert that the router chooses for each used window (section IV-B), -1 for others."""
        router = restore(Path(self.links.router))
        windows = Windows(self.links_folder, ROUTER_VIEWS)
        route = np.full(len(windows), -1, np.int64)
        with torch.no_grad():
            for first in range(0, len(self.used), _BATCH):
                rows = self.used[first : first + _BATCH]
                logits = router(torch.from_numpy(windows.tokens(rows)).float())
                route[rows] = logits[:, : len(PROTOCOLS)].argmax(dim=1).numpy()
        return route


def open_ground(
    links: Links, counts: tuple[int, ...], preset: Preset, methods: tuple[str, ...]
) -> Ground:
    """Opens a data set and draws the splits of every count and seed.

    Args:
        links: whose windows.
        counts: training windows per class.
        preset: of all studies.
        methods: that may run.

    Raises:
        FileNotFoundError: the data set is not complete.
        ValueError: it is of another city, or has too few windows of a class.
    """
    city = open_city(Path(links.data))
    label, names = labels.of_rows(city.table, links.task, city.rows(links.protocols))
    try:
        splits = {
            (count, seed): split(label, city.place, count, seed, preset.split)
            for count in counts
            for seed in preset.seeds
        }
    except ValueError as error:
        raise ValueError(f"{links.data}: {error}") from None
    snr_db = labels.snr_of(city.table)
    return Ground(links, city, label, names, snr_db, splits, preset, methods)


def ordered(counts: tuple[int, ...]) -> list[int]:
    """Few windows first, all of them last."""
    return sorted(counts, key=lambda count: (count == ALL, count))
