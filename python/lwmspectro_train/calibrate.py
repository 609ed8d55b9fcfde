# SPDX-License-Identifier: GPL-3.0-or-later
"""Temperature and thresholds of the decision, from validation windows."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.decision import energy_excess_db
from gnuradio.lwmspectro.thresholds import Thresholds
from gnuradio.lwmspectro.waveforms.negatives import NegativeConfig
from gnuradio.lwmspectro.waveforms.scene import draw_scene, render
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import beta

from . import dataset_config
from .scene_plan import LABELS, draw_rate

Logits = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

_NONE = LABELS.index("none")
_LEAST_P = 0.5
_CONFIDENCE = 0.9


def temperature(logits: Logits, label: Labels) -> float:
    """The T that minimises the cross entropy of softmax(logits / T), logits (n, classes)."""

    def loss(log_t: float) -> float:
        log_p = log_softmax(logits.astype(np.float64) / np.exp(log_t), axis=1)
        return float(-log_p[np.arange(len(label)), label].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def calibration_error(p: npt.NDArray[np.float64], label: Labels, bins: int = 15) -> float:
    """Expected calibration error of probabilities p (n, classes)."""
    confidence, hit = p.max(axis=1), p.argmax(axis=1) == label
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(hit[which == b].mean() - confidence[which == b].mean())) * np.mean(which == b)
        for b in np.unique(which)
    ]
    return float(sum(gaps))


def calibration_error_by_chance(
    p: npt.NDArray[np.float64], draws: int = 100, seed: int = 1
) -> float:
    """Mean calibration error of probabilities p (n, classes) that are right, with labels so drawn.

    It is not 0, since a bin holds few windows.
    """
    rng = np.random.default_rng(seed)
    edges = p.cumsum(axis=1)[:, :-1]
    labels = [(rng.random((len(p), 1)) > edges).sum(axis=1) for _ in range(draws)]
    return float(np.mean([calibration_error(p, label) for label in labels]))


def noise_excess_db(n_windows: int, seed: int) -> npt.NDArray[np.float64]:
    """Energy excess of windows of receiver noise alone, through random front ends, dB."""
    spec = kernels.window_spec()
    receivers = dataset_config.load("live")
    excess = []
    for number in range(n_windows):
        rng = np.random.default_rng([seed, number])
        rate = draw_rate(receivers, "none", rng)
        noise = dataclasses.replace(
            draw_scene("none", rate, rng),
            transmitter=NegativeConfig.random(rng, rate, "white"),
            fading=None,
        )
        kernel = kernels.window_tokenizer(rate, spec)
        iq, _ = render(noise, kernel.window_len(), rng)
        c0 = kernel.process(iq)[: spec.spectrogram_size]
        excess.append(energy_excess_db(c0.reshape(spec.n_frames, spec.n_bins)))
    return np.array(excess)


def share_bound(events: npt.ArrayLike, trials: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Upper bound on the probability of an event seen ``events`` times in ``trials``.

    One-sided, of confidence ``_CONFIDENCE`` (Clopper and Pearson, 1934). Any shape.
    """
    k, n = np.asarray(events), np.asarray(trials)
    bound: npt.NDArray[np.float64] = beta.ppf(_CONFIDENCE, k + 1, np.maximum(n - k, 1e-9))
    return bound


def least_p(negatives: npt.NDArray[np.float64], accepted: float) -> float:
    """Lowest limit that, but for luck in the sample, a share ``accepted`` of negatives reaches.

    1 where there are too few of them to promise that.
    """
    highest = np.sort(negatives)[::-1]
    above = share_bound(np.arange(highest.size), np.full(highest.size, highest.size))
    kept = np.flatnonzero(above <= accepted)  # so many may reach it
    return float(np.nextafter(highest[kept[-1]], 1.0)) if kept.size else 1.0


def least_sure_p(
    best: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], mistaken: float
) -> float:
    """Lowest limit on ``best`` above which, likewise, a share ``mistaken`` is not ``right``."""
    order = np.argsort(-best)
    wrong = share_bound(np.cumsum(~right[order]), np.arange(1, best.size + 1))
    kept = np.flatnonzero(wrong <= mistaken)
    return float(best[order[kept[-1]]]) if kept.size else 1.0


def _rounded_up(p: float) -> float:
    return min(1.0, math.ceil(p * 1e4) / 1e4)


def thresholds(
    logits: Logits,
    label: Labels,
    partial: npt.NDArray[np.bool_],
    noise_windows: int = 400,
    seed: int = 1,
    accepted: float = 0.03,
    mistaken: float = 0.02,
) -> Thresholds:
    """Limits that name a protocol in at most a share ``accepted`` of the negatives.

    A window cut short may be too short to tell LTE from NR: of those, at most a share ``mistaken``
    of the windows that are named may be named wrongly. Both hold with 90 % confidence: the
    validation windows are few, and the best epoch was chosen by them.

    Args:
        logits: of validation windows, shape (n, classes).
        label: their truth, shape (n,).
        partial: which of them were cut short, shape (n,).
        noise_windows: windows of noise to render for the energy test.
        seed: of these.
        accepted: share of negatives that may be named.
        mistaken: share of named windows, cut short, that may be named wrongly.

    Returns:
        Temperature, least probability (0.5 or more), and the energy above which a window that
        is not named is "unknown": 99 % of noise windows lie below.
    """
    t = temperature(logits, label)
    p = softmax(logits.astype(np.float64) / t, axis=1)[:, :_NONE]
    best, right = p.max(axis=1), p.argmax(axis=1) == label
    negatives = best[~partial & (label == _NONE)]
    protocol_p = max(_LEAST_P, least_p(negatives, accepted))
    partial_p = max(protocol_p, least_sure_p(best[partial], right[partial], mistaken))
    return Thresholds(
        protocol_p=_rounded_up(protocol_p),
        partial_p=_rounded_up(partial_p),
        energy_db=round(float(np.quantile(noise_excess_db(noise_windows, seed), 0.99)), 2),
        evidence_db=0.0,
        temperature=round(t, 4),
    )
