# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a channel changes: the characteristic function of what levels change by.

A schedule switches resource blocks on and off by 10 dB and more, fading moves the level of each by
a few dB in milliseconds. A correlation or a mean square sees the former; cos(w d), of a change d
in dB, is bounded, and its mean over many cells falls with the spread of those that only fade.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from .soft_counts import PERIODS_DB, RANGES
from .statistics import power_spectrum, to_lags
from .views import View

_BINS = 8  # neighbours taken together
_RANGE_DB = 70.0
_QUIET, _LOUD, _WEAK_BINS = 13, 20, 4  # frames, frames, bins
_TOP_GROUPS = 4
_GAP_DB = 6.0  # of loud frames over quiet ones, from which on the latter are noise
_ABOVE_NOISE_DB, _BELOW_TOP_DB = 3.0, 20.0  # of cells that count
_LEAST_COSINE = 0.02
_DOUBT = 3.0  # cells' worth of no correlation
_TO_DB = 10.0 / math.log(10.0)


class DriftView(View):
    """C0 (b, frames, bins) to (b, ``DRIFT_FEATURES``, 2, 1).

    Pairs of frames some time apart are compared in groups of bins, where both stand out of the
    noise: the mean of cos(w d) for each w and range of lags. Of the two tokens one compares levels
    as they are, the other without what a frame has in all bins alike: a frame may hold a part of a
    burst. The receiver's gain, and which way the spectrum lies, do not matter.
    """

    def image(self, raw: Tensor) -> Tensor:
        """Statistics of changes.

        Args:
            raw: C0, dB, (b, frames, bins); as many frames as ``RANGES`` ends with.

        Returns:
            (b, ``DRIFT_FEATURES``, 2, 1): for each period the decay at each range of lags, in
            nepers, then the mean cosine against that at the shortest lags; for both tokens alike
            the log of the pairs at each range, and six figures of the window.
        """
        below = (raw - raw.amax(dim=(1, 2), keepdim=True)).clamp(min=-_RANGE_DB)
        power = torch.exp(below / _TO_DB)
        noise, least, gap_db = _noise(power)
        level, weight = _levels(power, noise, least)
        mean = (weight * level).sum(dim=2) / weight.sum(dim=2).clamp(min=0.5)  # (b, t)
        shape = level - mean[:, :, None]

        alike, pairs = _mean_cosines(level, shape, weight)  # (b, 2 w, lags), (b, lags)
        nepers = -torch.log(alike.clamp(_LEAST_COSINE, 1.0))
        fallen = alike - alike[:, :, :3].amax(dim=2, keepdim=True)
        both = torch.cat([nepers, fallen], dim=2).unflatten(1, (2, -1)).flatten(2)  # (b, 2, 2 w l)

        above_db = _TO_DB * torch.log(power.mean(dim=2).mean(dim=1) / least.mean(dim=1))
        about = [gap_db / 10.0, above_db / 10.0, *_unrest(shape, weight)]
        common = torch.cat([torch.log(pairs + 1.0), torch.stack(about, dim=1)], dim=1)
        features = torch.cat([both, common[:, None].expand(-1, 2, -1)], dim=2)
        return features.transpose(1, 2)[..., None]


def _noise(power: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Noise of each bin to take off, the least it can be (b, bins), and how deep pauses are, dB.

    Noise is what the quietest frames hold where these are pauses; else there is no telling.
    """
    frame = power.mean(dim=2)
    quietest = torch.topk(frame, _QUIET, dim=1, largest=False).values
    pause = (frame <= quietest.amax(dim=1, keepdim=True)).to(power.dtype)[..., None]
    idle = (power * pause).sum(dim=1) / pause.sum(dim=1)
    loud = torch.topk(frame, _LOUD, dim=1).values.mean(dim=1)
    gap_db = _TO_DB * torch.log(loud / quietest.mean(dim=1))
    noise = idle * torch.sigmoid((gap_db - _GAP_DB) * 1.5)[:, None]
    weak = torch.topk(power.mean(dim=1), _WEAK_BINS, dim=1, largest=False).values
    return noise, noise.maximum(0.5 * weak.amax(dim=1, keepdim=True)), gap_db


def _levels(power: Tensor, noise: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """Levels in dB without noise, and how much each counts, 0 to 1; both (b, frames, groups)."""
    taken = (power - 0.9 * noise[:, None]).maximum(0.1 * least[:, None])
    level = _TO_DB * torch.log(taken.unflatten(2, (-1, _BINS)).mean(dim=3))
    floor = _TO_DB * torch.log(least.unflatten(1, (-1, _BINS)).mean(dim=2))[:, None]
    strongest = torch.topk(level.amax(dim=1), _TOP_GROUPS, dim=1).values.mean(dim=1)
    weight = torch.sigmoid(level - floor - _ABOVE_NOISE_DB)
    near_top = torch.sigmoid((level - strongest[:, None, None] + _BELOW_TOP_DB) / 1.5)
    return level, weight * near_top


def _mean_cosines(level: Tensor, shape: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cos(w d) over pairs at each range of lags, (b, 2 w, n), and the pairs, (b, n)."""
    waves = _waves(level, shape) * torch.cat([weight, weight], dim=2)[:, :, None]
    kinds = waves.shape[2]
    spectrum = power_spectrum(torch.cat([waves.flatten(2), weight], dim=2)[:, None])[:, 0]
    of_waves, of_weight = spectrum.split([spectrum.shape[2] - weight.shape[2], weight.shape[2]], 2)
    sums = _over_lags(of_waves.unflatten(2, (kinds, -1)).sum(dim=3))
    pairs = _over_lags(of_weight.sum(dim=2)[..., None])
    return sums / (pairs + _DOUBT), pairs[:, 0]


def _unrest(shape: Tensor, weight: Tensor) -> list[Tensor]:
    """How uneven the spectrum is, how much of it moves, what cells and frames count; (b,) each."""
    here, of_bin = weight.sum(dim=2), weight.sum(dim=1)
    steady = (weight * shape).sum(dim=1) / of_bin.clamp(min=1e-3)  # (b, groups)
    total = here.sum(dim=1).clamp(min=1.0)
    uneven = (of_bin * steady.square()).sum(dim=1) / total
    moving = (weight * (shape - steady[:, None]).square()).sum(dim=2).sum(dim=1) / total
    return [
        torch.log(uneven + 0.01),
        torch.log(moving + 0.01),
        weight.mean(dim=2).mean(dim=1),
        (here > 2.0).to(shape.dtype).mean(dim=1),
    ]


def _waves(*levels: Tensor) -> Tensor:
    """cos w x and sin w x for each of ``PERIODS_DB``, of each of some levels x (b, frames, bins).

    Returns:
        (b, frames, levels w, 2 bins).
    """
    found = []
    for level in levels:
        angle = level * (2.0 * torch.pi / PERIODS_DB[0])
        cosine, sine = angle.cos(), angle.sin()
        found.append(torch.cat([cosine, sine], dim=2))
        for _ in PERIODS_DB[1:]:
            cosine, sine = 2.0 * cosine.square() - 1.0, 2.0 * cosine * sine
            found.append(torch.cat([cosine, sine], dim=2))
    return torch.stack(found, dim=2)


def _over_lags(power: Tensor) -> Tensor:
    """Power spectra (b, frames + 1, k) to sums of products in each of ``RANGES``, (b, k, n)."""
    lags = torch.arange(RANGES[-1])
    each = to_lags(power.shape[1] - 1, lags)
    ranges = [each[:, low:high].sum(dim=1) for low, high in itertools.pairwise(RANGES)]
    return power.transpose(1, 2) @ torch.stack(ranges, dim=1).to(power)
