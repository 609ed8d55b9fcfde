# SPDX-License-Identifier: GPL-3.0-or-later
"""A few dozen numbers that say what is in a window's tokens, for linear probes.

What each group can see, and what it cannot, is plain: a probe that succeeds on a group shows that
the answer is there, and where.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

_LAGS = (1, 2, 4, 8, 16, 32)  # frames of 200 us
_EMPTY_DB = 6.0  # above the floor of a spectrum: something is sent there
_EVERY = 4  # elements between two whose rank counts
_ABSENT_DB = -199.0  # an element that is absent reads less, see element_planes.h
_QUANTILES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)


def shape_moments(x: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
    """Standard deviation, skewness and excess kurtosis along an axis, in a new last axis."""
    centred = x - x.mean(axis=axis, keepdims=True)
    square = centred * centred  # much faster than powers
    scale = np.sqrt(np.maximum(square.mean(axis=axis), 1e-12))
    skewness = (square * centred).mean(axis=axis) / scale**3
    kurtosis = (square * square).mean(axis=axis) / scale**4 - 3.0
    return np.stack([scale, skewness, kurtosis], axis=-1)


def band_edges(c0: Float32) -> npt.NDArray[np.float64]:
    """Quantiles of the mean spectrum against its strongest bin: empty edges, and nothing else.

    Args:
        c0: spectrograms, dB, shape (n, frames, bins).

    Returns:
        dB, shape (n, 7).
    """
    spectrum = _mean_db(c0, 1)
    spectrum -= spectrum.max(axis=1, keepdims=True)
    return np.quantile(spectrum, _QUANTILES, axis=1).T


def texture(c0: Float32) -> npt.NDArray[np.float64]:
    """How the occupied bins vary from frame to frame and from bin to bin, each against its mean.

    Blind to gain, to band edges and to what every frame shows alike.

    Args:
        c0: spectrograms, dB, shape (n, frames, bins).

    Returns:
        shape (n, 26).
    """
    out = []
    for window in np.asarray(c0, np.float32):
        spectrum = 10.0 * np.log10(np.mean(10.0 ** (0.1 * window), axis=0) + 1e-20)
        occupied = spectrum >= min(spectrum.min() + _EMPTY_DB, np.quantile(spectrum, 0.9))
        cells = window[:, occupied]
        cells = np.clip(cells - np.median(cells, axis=0), -30.0, 30.0)
        level = cells.mean(axis=1)  # (frames,)
        rest = cells - level[:, None]
        out.append(
            np.concatenate(
                [
                    shape_moments(cells.reshape(-1), 0),
                    shape_moments(level, 0),
                    shape_moments(rest.reshape(-1), 0),
                    [occupied.mean()],
                    [_correlation(level[:-lag], level[lag:]) for lag in _LAGS],
                    [_correlation(rest[:-lag], rest[lag:]) for lag in _LAGS],
                    [_correlation(rest[:, :-lag], rest[:, lag:]) for lag in (1, 2, 4, 8)],
                ]
            )
        )
    return np.stack(out)


def coherence(c3: Float32) -> npt.NDArray[np.float64]:
    """Largest value and mean of each row of the numerology correlogram.

    Args:
        c3: dB over noise, shape (n, rows, columns).

    Returns:
        dB, shape (n, 2 rows).
    """
    x = np.asarray(c3, np.float64)
    return np.concatenate([x.max(axis=2), x.mean(axis=2)], axis=1)


def constellation(grid: Float32) -> npt.NDArray[np.float64]:
    """Moments of a symbol grid's elements, plane by plane, over those that are present.

    Args:
        grid: shape (n, planes, rows, columns).

    Returns:
        shape (n, 1 + 10 (planes - 1)): the share that is present, and of all planes but the
        power's the mean, the moments of shape and quantiles.
    """
    out = []
    for window in np.asarray(grid, np.float32):
        present = window[0] > _ABSENT_DB
        cells = (
            window[1:, present].astype(np.float64)
            if present.any()
            else np.zeros((len(window) - 1, 1))
        )
        quantiles = np.quantile(cells[:, ::_EVERY], (0.05, 0.2, 0.4, 0.6, 0.8, 0.95), axis=1)
        each = [cells.mean(axis=1)[:, None], shape_moments(cells, 1), quantiles.T]
        out.append(np.concatenate([[present.mean()], np.concatenate(each, axis=1).reshape(-1)]))
    return np.stack(out)


def shuffle_frames(c0: Float32, seed: int) -> Float32:
    """The same frames in another order: what is left says nothing about time."""
    rng = np.random.default_rng(seed)
    return np.stack([window[rng.permutation(window.shape[0])] for window in c0])


def _mean_db(c0: Float32, axis: int) -> npt.NDArray[np.float64]:
    power = np.mean(10.0 ** (0.1 * np.asarray(c0, np.float64)), axis=axis)
    mean: npt.NDArray[np.float64] = 10.0 * np.log10(power + 1e-20)
    return mean


def _correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Pearson's; 0 where one of both does not vary."""
    x, y = a - a.mean(), b - b.mean()
    scale = np.sqrt((x * x).mean() * (y * y).mean())
    return float((x * y).mean() / scale) if scale > 1e-9 else 0.0
