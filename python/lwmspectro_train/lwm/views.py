# SPDX-License-Identifier: GPL-3.0-or-later
"""Views of a window, as the tokenizer gives them, to standardised images (eq. 10).

Statistics are those of the training corpus, stored with the weights: a z-score of each window
would erase what tells SNR and fading apart.
"""

from __future__ import annotations

import torch
from gnuradio.lwmspectro import kernels
from torch import Tensor, nn

from . import config
from .config import Source

_RANGE_DB = 50.0  # cells further below the strongest count as that far below it
ABSENT_DB = -199.0
"""An element that is absent reads less, see element_planes.h."""

_POWER_DB = (-30.0, 20.0)  # of an element against the mean of those that are there
_PART = 4.0  # largest magnitude of a part of an element over its gain
_CORRELOGRAM_DB = (-10.0, 50.0)
_LEAST_STD = 1e-3


class View(nn.Module):
    """Raw tokens of one column to an image (b, c, rows, columns) of zero mean and unit variance."""

    mean: Tensor  # (c, rows or 1, 1)
    std: Tensor

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        planes, rows, _ = source.image
        own_rows = rows if source.kind == config.CORRELOGRAM else 1  # quantities of their own
        self.register_buffer("mean", torch.zeros(planes, own_rows, 1))
        self.register_buffer("std", torch.ones(planes, own_rows, 1))

    def image(self, raw: Tensor) -> Tensor:
        """What is standardised, (b, c, rows, columns)."""
        raise NotImplementedError

    @torch.no_grad()
    def fit(self, raw: Tensor) -> None:
        """Takes the statistics of a sample of the training corpus."""
        self.fit_image(self.image(raw))

    @torch.no_grad()
    def fit_image(self, image: Tensor) -> None:
        """Likewise, of what is standardised."""
        over = (0, 3) if self.mean.shape[1] > 1 else (0, 2, 3)
        self.mean.copy_(image.mean(dim=over).reshape(self.mean.shape))
        self.std.copy_(image.std(dim=over).clamp(min=_LEAST_STD).reshape(self.std.shape))

    def standardise(self, image: Tensor) -> Tensor:
        """An image of the training corpus to zero mean and unit variance."""
        return (image - self.mean) / self.std

    def forward(self, raw: Tensor) -> Tensor:
        """Raw tokens to a standardised image (b, c, rows, columns), in full precision."""
        with torch.autocast(raw.device.type, enabled=False):
            return self.standardise(self.image(raw))


def centred_db(c0: Tensor, range_db: float = _RANGE_DB) -> Tensor:
    """C0 over its mean in dB, (b, frames, bins): blind to the receiver's gain.

    The range is limited first: a few frames of zeros would move the mean by tens of dB.
    """
    below_peak = (c0 - c0.amax(dim=(1, 2), keepdim=True)).clamp(min=-range_db)
    # one axis after the other: runtimes that add 16,384 floats in a row lose digits
    return below_peak - below_peak.mean(dim=2, keepdim=True).mean(dim=1, keepdim=True)


class SpectrogramView(View):
    """C0 (b, frames, bins), dB, to (b, 1, frames, bins)."""

    def image(self, raw: Tensor) -> Tensor:
        """Centred, dB."""
        return centred_db(raw)[:, None]


class GridView(View):
    """A symbol grid (b, planes, symbols, subcarriers) to (b, planes + 1, ...); the last: present.

    Power is centred over the elements that are present; absent ones are zero in every plane after
    standardisation, as the mean would be.
    """

    def image(self, raw: Tensor) -> Tensor:
        """Planes as they are standardised, absent elements zero."""
        present = (raw[:, :1] > ABSENT_DB).to(raw.dtype)  # (b, 1, rows, columns)
        count = present.sum(dim=3, keepdim=True).sum(dim=2, keepdim=True).clamp(min=1.0)
        power = raw[:, :1].clamp(min=ABSENT_DB) * present
        level = power.sum(dim=3, keepdim=True).sum(dim=2, keepdim=True) / count
        power = (power - level).clamp(*_POWER_DB) * present
        parts = raw[:, 1:].clamp(-_PART, _PART) * present
        return torch.cat([power, parts, present], dim=1)

    @torch.no_grad()
    def fit_image(self, image: Tensor) -> None:
        """Statistics over the elements that are present; the plane that says so stays as it is."""
        present = image[:, -1] > 0.5  # (b, rows, columns)
        if not present.any():
            return
        cells = image.transpose(0, 1)[:-1, present]  # (c - 1, elements)
        self.mean[:-1] = cells.mean(dim=1)[:, None, None]
        self.std[:-1] = cells.std(dim=1).clamp(min=_LEAST_STD)[:, None, None]

    def standardise(self, image: Tensor) -> Tensor:
        """A grid to a standardised one."""
        return (image - self.mean) / self.std * image[:, -1:]


class CorrelogramView(View):
    """C3 (b, rows, columns), dB, to (b, 1, rows, features): as it is, sorted, Fourier magnitudes.

    The timing of a signal against the window is arbitrary: sorting and the magnitudes of the
    Fourier series do not depend on it.
    """

    basis: Tensor

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        n = kernels.correlogram_cols
        self.register_buffer("basis", _fourier(n), persistent=False)

    def image(self, raw: Tensor) -> Tensor:
        """Features of each row."""
        x = (raw.clamp(*_CORRELOGRAM_DB) - 5.0) / 8.0  # near unity; the statistics do the rest
        ordered = torch.topk(x, x.shape[-1], dim=-1).values
        power = (x @ self.basis).square().unflatten(2, (2, -1)).sum(dim=2)
        series = 0.5 * torch.log(power + 1.0) - 2.0
        return torch.cat([x, ordered, series], dim=-1)[:, None]


class FluctuationView(View):
    """C0 (b, frames, bins) to (b, 1, bands, frequencies): how fast the powers of a band vary.

    The squared magnitude of the Fourier transform along time of the centred C0, averaged over the
    bins of a band, in nepers. Frequency k is k / 25.6 ms: the Doppler spread lies in it. What
    every frame of a bin has alike is left out.
    """

    basis: Tensor

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.bands = source.bands
        self.register_buffer("basis", _fourier(kernels.window_spec().n_frames), persistent=False)

    def image(self, raw: Tensor) -> Tensor:
        """Log of the power spectrum of each band."""
        series = centred_db(raw).transpose(1, 2)  # (b, bins, frames)
        power = (series @ self.basis).square().unflatten(2, (2, -1)).sum(dim=2)
        bands = power.unflatten(1, (self.bands, -1)).mean(dim=2)  # (b, bands, frequencies)
        return torch.log(bands + 1.0)[:, None]


def _fourier(n: int) -> Tensor:
    """Cosines and sines of the frequencies 1 to n / 2 - 1, (n, n - 2)."""
    phase = torch.arange(n, dtype=torch.float64)[:, None] * torch.arange(
        1, n // 2, dtype=torch.float64
    )
    angle = 2.0 * torch.pi * phase / n
    return torch.cat([torch.cos(angle), torch.sin(angle)], dim=1).float()
