# SPDX-License-Identifier: GPL-3.0-or-later
"""Temperature and thresholds of the decision, from validation windows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from gnuradio.lwmspectro.bundle import Thresholds
from gnuradio.lwmspectro.decision import energy_excess_db
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from .scene_plan import LABELS

Logits = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

_NONE = LABELS.index("none")
_LEAST_P = 0.5
_PARTIAL_MARGIN = 0.5  # a window cut short must leave half as much doubt


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


def thresholds(
    logits: Logits,
    label: Labels,
    tokens: npt.NDArray[np.float16],
    white: npt.NDArray[np.bool_],
    n_frames: int = 128,
    accepted: float = 0.01,
) -> Thresholds:
    """Limits that name a protocol in at most a share ``accepted`` of the negatives.

    Args:
        logits: of validation windows, shape (n, classes).
        label: their truth, shape (n,).
        tokens: the windows, shape (n, vlen), dB.
        white: which of them hold nothing but receiver noise, shape (n,).
        n_frames: frames of C0.
        accepted: share of negatives that may be named.

    Returns:
        Temperature, least probability (0.5 or more), and the energy above which a window that
        is not named is "unknown": 99 % of noise windows lie below.
    """
    t = temperature(logits, label)
    p = softmax(logits.astype(np.float64) / t, axis=1)[:, :_NONE].max(axis=1)
    protocol_p = max(_LEAST_P, float(np.quantile(p[label == _NONE], 1.0 - accepted)))
    c0 = tokens[white, : n_frames * n_frames].reshape(-1, n_frames, n_frames)
    excess = [energy_excess_db(window.astype(np.float32)) for window in c0]
    return Thresholds(
        protocol_p=round(protocol_p, 3),
        partial_p=round(1.0 - _PARTIAL_MARGIN * (1.0 - protocol_p), 3),
        energy_db=round(float(np.quantile(excess, 0.99)), 2),
        temperature=round(t, 4),
    )
