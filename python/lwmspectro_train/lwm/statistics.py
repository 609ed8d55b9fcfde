# SPDX-License-Identifier: GPL-3.0-or-later
"""Views that hold statistics in place of values: of a constellation, and of how a channel changes.

A patch of a symbol grid is a cloud of hundreds of points. What tells its modulation is how they
are distributed, not which of them lies where; what tells the speed of a terminal is how alike
frames are that lie some milliseconds apart. Both are fixed functions with nothing to learn, so that
they can be computed once for each window.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .soft_counts import LAGS, LARGER, POWER, SMALLER, hats_of, lattice_sums
from .views import ABSENT_DB, View, centred_db

_DB = 10.0  # of a level, to be near unity
_ACTIVE_DB = 10.0  # rows so far below the strongest count half
_ACTIVE_SLOPE = 6.0
_LEAST_POWER = 1e-4  # of a correlation, in squares of 10 dB
_LEAST_WEIGHT = 8.0
_GRID_LEVEL = (-3.0, 2.0)  # of elements against their mean, in 10 dB


class ConstellationView(View):
    """A symbol grid (b, 5, symbols, subcarriers) to statistics (b, features, patch rows, columns).

    Of the elements of a patch that are present: the joint histogram of the larger and the smaller
    part; for each step of power its share and the means of cos 2 dphi, cos 4 dphi, cos^2 2 dphi, of
    the square of the size over the gain, and of its square; how well both parts lie on the
    lattices of 16-, 64- and 256-QAM, which the histogram is too coarse for; and the share that is
    present.
    """

    def image(self, raw: Tensor) -> Tensor:
        """Statistics of each patch."""
        rows, cols = self.source.patch
        tiles = raw.unflatten(3, (-1, cols)).unflatten(2, (-1, rows)).transpose(3, 4).flatten(4)
        power, cos2, cos4, larger, smaller = tiles.unbind(dim=1)  # each (b, R, C, elements)
        there = (power > ABSENT_DB).to(raw.dtype)  # what is absent is 0 in all other planes
        elements = there.sum(dim=-1)  # (b, R, C)
        level = (power.clamp(min=ABSENT_DB) * there).sum(dim=-1).flatten(1).sum(dim=1)
        level = level / elements.flatten(1).sum(dim=1).clamp(min=1.0)
        count = elements.clamp(min=1.0)[..., None]
        both = _with_sums(LARGER.ramps(larger), SMALLER.ramps(smaller), there)
        joint = hats_of(hats_of(both, -2), -1)
        size = (larger.square() + smaller.square()).clamp(max=9.0)
        values = torch.stack([there, cos2, cos4, cos2.square(), size, size.square()], dim=-2)
        # those that are absent are weaker than any ramp begins
        rising = POWER.ramps(power - level[:, None, None, None]) @ values.transpose(-1, -2)
        means = hats_of(torch.cat([values.sum(dim=-1)[..., None, :], rising], dim=-2), -2)
        parts = torch.cat([larger, smaller], dim=-1)  # absent ones are 0, whose cosine is 1
        fit = 0.5 * lattice_sums(parts) + (elements - there.shape[-1])[..., None]
        features = torch.cat([joint.flatten(3), means.flatten(3), fit], dim=-1) / count
        share = there.mean(dim=-1, keepdim=True)
        return torch.cat([features, share], dim=-1).permute(0, 3, 1, 2)


class SimilarityView(View):
    """How alike rows at some distance in time are, (b, 1, bands + 1, features).

    Rows are frames of C0, or symbols of a grid. In each band the rows' shape (what is left of the
    levels in dB when their mean over the band and their mean over time are taken off) and their
    mean level are correlated with themselves at ``LAGS``, and for all bands together their mean
    level. Fading makes them drift apart, within milliseconds for a car; noise does so at once, and
    a change of load in the level alone. Rows far weaker than the strongest count less.
    """

    def image(self, raw: Tensor) -> Tensor:
        """Correlations of each band, and of all."""
        if self.source.numerology:
            present = (raw[:, 0] > ABSENT_DB).to(raw.dtype)  # (b, rows, columns)
            level = raw[:, 0].clamp(min=ABSENT_DB)
            level = (level - mean_over(level, present)[:, None, None]) / _DB
            return self._compare(level.clamp(*_GRID_LEVEL) * present, present.mean(dim=2))
        return self._compare(centred_db(raw) / _DB, None)

    def _compare(self, x: Tensor, weight: Tensor | None) -> Tensor:
        """Features of levels x (b, rows, columns) whose rows have a weight (b, rows)."""
        bands = x.unflatten(2, (self.source.bands, -1)).transpose(1, 2)  # (b, k, rows, columns)
        level = bands.mean(dim=3)  # (b, k, rows)
        below = level - level.amax(dim=2, keepdim=True)
        active = torch.sigmoid((below + _ACTIVE_DB / _DB) * _ACTIVE_SLOPE)
        if weight is not None:
            active = active * weight[:, None]
        total = active.sum(dim=2).clamp(min=1.0)[..., None]  # (b, k, 1)
        shape = bands - level[..., None]
        mean = (shape * active[..., None]).sum(dim=2) / total  # (b, k, columns)
        shape = (shape - mean[:, :, None]) * active[..., None]
        moved = (level - (level * active).sum(dim=2)[..., None] / total) * active  # (b, k, rows)
        mean = [moved.mean(dim=1)[:, None], active.mean(dim=1)[:, None]]
        both = torch.cat([torch.stack([moved, active], 3), torch.stack(mean, 3)], dim=1)
        # (b, k + 1, lags) each, the last of all
        of_level, weights = _at_lags(power_spectrum(both).transpose(2, 3)).unbind(dim=2)
        of_shape = _at_lags(power_spectrum(shape).sum(dim=3))
        levels = _features(of_level, weights)
        shapes = _features(of_shape, weights[:, :-1] * shape.shape[3])
        whole = levels[:, -1:]
        shapes = torch.cat([shapes, whole], dim=1)
        return torch.cat([shapes, levels], dim=2)[:, None]


def _with_sums(a: Tensor, b: Tensor, there: Tensor) -> Tensor:
    """Sums over n of products of rows of a (..., i, n) and b (..., j, n), and of these alone.

    Returns:
        (..., 1 + i, 1 + j): before the first row and column the sums of ``there``, a and b.
    """
    of_a, of_b = a.sum(dim=-1)[..., None], b.sum(dim=-1)[..., None, :]
    count = there.sum(dim=-1)[..., None, None]
    below = torch.cat([of_a, a @ b.transpose(-1, -2)], dim=-1)
    return torch.cat([torch.cat([count, of_b], dim=-1), below], dim=-2)


# Sums of products of rows with those ``LAGS`` later are the inverse transform of the power spectrum
# (Wiener-Khinchin) of rows with as many zeros behind: two products of matrices.


def power_spectrum(x: Tensor) -> Tensor:
    """Of rows x (b, k, rows, columns), along these: (b, k, rows + 1, columns)."""
    rows = x.shape[2]
    phases = torch.pi / rows * torch.arange(rows + 1)[:, None].double() * torch.arange(rows)
    to_spectrum = torch.cat([phases.cos(), phases.sin()]).to(x)
    real, imaginary = (to_spectrum @ x).square().chunk(2, dim=2)
    return real + imaginary


def _at_lags(power: Tensor) -> Tensor:
    """Power spectra (..., rows + 1) to sums of products at ``LAGS``, (..., lags)."""
    rows = power.shape[-1] - 1
    return power @ to_lags(rows, torch.tensor(LAGS)).to(power)


def to_lags(rows: int, lags: Tensor) -> Tensor:
    """What makes sums of products at lags (n,) of power spectra, float64 (rows + 1, n)."""
    turns = torch.arange(rows + 1, dtype=torch.float64)[:, None] / (2 * rows)
    share = torch.full_like(turns, 1.0 / rows)  # of a frequency and its negative
    share[0] = share[-1] = 0.5 / rows
    return (2.0 * torch.pi * turns * lags).cos() * share


def _features(sums: Tensor, share: Tensor) -> Tensor:
    """Of the sums of :func:`_at_lags` and of the weight that each rests on, (b, k, lags) both.

    Returns:
        (b, k, features): log of the power, correlation over it at each lag, and at each the log of
        the weight.
    """
    found = sums / share.clamp(min=_LEAST_WEIGHT)
    power = found[..., :1].clamp(min=_LEAST_POWER)
    trust = torch.log(share + 1.0) / 8.0
    return torch.cat([torch.log(power), found[..., 1:] / power, trust], dim=2)


def mean_over(x: Tensor, present: Tensor) -> Tensor:
    """Mean of x (b, rows, columns) over what is present, (b,)."""
    count = present.sum(dim=2).sum(dim=1).clamp(min=1.0)
    return (x * present).sum(dim=2).sum(dim=1) / count
