# SPDX-License-Identifier: GPL-3.0-or-later
"""Views of windows as images, computed once before training, and their augmentation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..lwm import config
from ..lwm.config import Model, Source
from ..lwm.view_kinds import VIEWS
from .augmentation import roll, symbols_side_by_side
from .config import Augmentation

Float16 = npt.NDArray[np.float16]

_AT_ONCE = 16  # windows: what they need stays in the processor's cache
_AT_ONCE_ON_GPU = 256


class Images:
    """Columns of a data set to the images of a model's views, float16, not standardised yet.

    Args:
        model: whose views.
        device: that computes them.
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        self.sources = model.sources
        self.device = device
        self.views = {
            source.name: VIEWS[source.kind](source).to(device) for source in model.sources
        }

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the image of each source."""
        return {source.name: source.image for source in self.sources}

    @torch.no_grad()
    def __call__(self, parts: Mapping[str, Float16]) -> dict[str, Float16]:
        """Columns, each (b, ...), to images by source, each (b, planes, rows, columns)."""
        n = len(next(iter(parts.values())))
        out = {name: np.empty((n, *shape), np.float16) for name, shape in self.shapes.items()}
        at_once = _AT_ONCE if self.device.type == "cpu" else _AT_ONCE_ON_GPU
        for first in range(0, n, at_once):
            some = slice(first, first + at_once)
            raw = {
                name: torch.from_numpy(part[some]).to(self.device).float()
                for name, part in parts.items()
            }
            for source in self.sources:
                image = self.views[source.name].image(raw[source.column])
                out[source.name][some] = image.half().cpu().numpy()
        return out


def augment_images(
    images: Mapping[str, Tensor], sources: tuple[Source, ...], uniform: Tensor, shares: Augmentation
) -> dict[str, Tensor]:
    """Some windows changed, as ``augmentation.augment`` changes their views.

    C0 is turned along time, what is along frequency is mirrored, and patches of constellations are
    turned along frequency by a whole number of them. What else there is needs the views themselves.

    Args:
        images: by source, each (b, planes, rows, columns); not changed.
        sources: whose they are.
        uniform: numbers from 0 to 1, (b, DRAWS).
        shares: of the windows that each change befalls.
    """
    u = uniform.unbind(1)
    mirrored = u[3] < shares.mirror
    out = dict(images)
    for source in sources:
        x = out[source.name]
        if source.kind == config.SPECTROGRAM and shares.roll_time:
            shift = torch.where(u[1] < shares.roll_time, u[2] * x.shape[2], 0.0).long()
            x = roll(x, shift, 2)
        if source.kind == config.CONSTELLATION and shares.roll_columns:
            most = 2 * (shares.columns // source.patch[1]) + 1
            shift = torch.where(u[4] < shares.roll_columns, u[5] * most - most // 2, 0.0).floor()
            apart = _symbols_apart(source, x)
            x = roll(apart, shift.long(), 4).flatten(3)
        if shares.mirror:
            flipped = _mirror(source, x)
            x = torch.where(mirrored[:, None, None, None], flipped, x)
        out[source.name] = x
    return out


def _mirror(source: Source, x: Tensor) -> Tensor:
    if source.kind == config.SPECTROGRAM:
        return x.flip(3)
    if source.kind == config.CONSTELLATION:
        return _symbols_apart(source, x).flip(4).flatten(3)
    if source.kind == config.FLUCTUATION:
        return x.flip(2)
    if source.kind == config.SIMILARITY:
        symbols = symbols_side_by_side(source.column)
        bands = x[:, :, :-1].unflatten(2, (symbols, -1)).flip(3).flatten(2, 3)
        return torch.cat([bands, x[:, :, -1:]], dim=2)  # the last is of all bands
    return x


def _symbols_apart(source: Source, x: Tensor) -> Tensor:
    return x.unflatten(3, (symbols_side_by_side(source.column), -1))
