# SPDX-License-Identifier: GPL-3.0-or-later
"""What the baselines see: views of a window as planes of one image of 128 x 128, or less.

The views are standardised as the model's are (``lwm.views``), by statistics of the cell's own
training windows. Where an image is smaller, power of C0 is pooled before its logarithm: means of
decibels would lose what fades.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ..lwm.config import SPECTROGRAM, SYMBOL_GRID, Model, Source
from ..lwm.view_kinds import VIEWS
from ..lwm.views import View
from ..stages.source import Index, WindowSource

_WHOLE = 128
_FITTED_ON = 500  # training windows from which statistics are taken


def views_model(grids: tuple[str, ...]) -> Model:
    """C0, and symbol grids with all their planes, as something that data can be read for."""
    sources = [Source(SPECTROGRAM), *(Source(SYMBOL_GRID, numerology=name) for name in grids)]
    return Model(sources=tuple(sources))


class Images(nn.Module):
    """Reads windows and stacks their standardised views, (b, c, size, size).

    Args:
        source: of the windows.
        grids: symbol grids beside C0.
        train: windows that statistics are taken from.
        size: rows and columns, a divisor of 128.
    """

    def __init__(
        self, source: WindowSource, grids: tuple[str, ...], train: Index, size: int = _WHOLE
    ) -> None:
        super().__init__()
        self.source = source
        self.pool = _WHOLE // size
        self.views = nn.ModuleDict(
            {part.name: VIEWS[part.kind](part) for part in views_model(grids).sources}
        )
        step = -(-len(train) // _FITTED_ON)
        raw = self._raw(train[::step])
        for view in self._views():
            view.fit(raw[view.source.column])

    def _views(self) -> list[View]:
        return [view for view in self.views.values() if isinstance(view, View)]

    def _raw(self, rows: Index) -> dict[str, Tensor]:
        parts = self.source.read(rows)
        raw = {name: torch.from_numpy(part).float() for name, part in parts.items()}
        if self.pool > 1:
            power = 10.0 ** (raw[SPECTROGRAM] / 10.0)  # (b, 128, 128)
            raw[SPECTROGRAM] = 10.0 * torch.log10(avg_pool2d(power, self.pool).clamp(min=1e-30))
        return raw

    @property
    def planes(self) -> int:
        """c: one of C0, and of each grid its planes and which elements are there."""
        return sum(view.source.image[0] for view in self._views())

    @torch.no_grad()
    def read(self, rows: Index) -> Tensor:
        """Windows ``rows``, (b, c, size, size)."""
        raw = self._raw(rows)
        images = [view(raw[view.source.column]) for view in self._views()]
        if self.pool > 1:
            images[1:] = [avg_pool2d(image, self.pool) for image in images[1:]]
        return torch.cat(images, dim=1)
