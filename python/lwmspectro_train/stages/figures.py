# SPDX-License-Identifier: GPL-3.0-or-later
"""How good an expert is: by answer, and by SNR."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
from gnuradio.lwmspectro.thresholds import ExpertThresholds
from scipy.special import softmax
from sklearn.metrics import f1_score

from ..calibrate import calibration_error, calibration_error_by_chance
from ..lwm.answers import CLASSES, MOBILITY, MODULATION, SNR
from ..lwm.config import JOINT_MOBILITIES, MOBILITIES, MODULATIONS
from ..lwm.contrastive import NO_LABEL
from .predict import Predictions

_SNR_EDGES = (-np.inf, -2.5, 2.5, 7.5, 12.5, 17.5, 22.5, np.inf)  # bins of the paper
MOVING = [MOBILITIES.index(name) for name in JOINT_MOBILITIES]
"""Classes of mobility that are told apart in the paper's joint task."""


def figures(predictions: Predictions) -> dict[str, Any]:
    """Shares of right answers, 0 to 1, among windows whose label is known.

    Returns:
        windows; for each class: accuracy, macro F1, windows, and accuracy by SNR in bins of 5 dB;
        of mobility also that of pedestrian against vehicular alone; of the SNR the median and the
        mean of the absolute error, dB; of modulation the accuracy by modulation. Beside these the
        accuracy of modulation from 15 dB on, and of pedestrian against vehicular from 5 dB.
    """
    found: dict[str, Any] = {"windows": len(predictions.rows)}
    snr_db = predictions.labels[SNR]
    for name in CLASSES:
        label = predictions.labels[name]
        known = label != NO_LABEL
        if known.any() and name in predictions.answers:
            guess = predictions.answers[name].argmax(axis=1)
            found[name] = _classes(guess[known], label[known], snr_db[known])
    if MODULATION in found:
        label = predictions.labels[MODULATION]
        guess = predictions.answers[MODULATION].argmax(axis=1)
        found[MODULATION]["by_modulation"] = {
            name: _share(guess == label, label == k) for k, name in enumerate(MODULATIONS)
        }
        strong = (label != NO_LABEL) & (snr_db >= 15.0)
        found[MODULATION]["from_15_db"] = _share(guess == label, strong)
    label = predictions.labels[MOBILITY]
    moving = np.isin(label, MOVING)
    if moving.any():
        logits = predictions.answers[MOBILITY][:, MOVING]
        guess = np.array(MOVING)[logits.argmax(axis=1)]
        two = _classes(guess[moving], label[moving], snr_db[moving])
        two["from_5_db"] = _share(guess == label, moving & (snr_db >= 5.0))
        found["pedestrian_vehicular"] = two
    error = np.abs(predictions.answers[SNR][:, 0] - snr_db)
    if (~np.isnan(error)).any():
        found[SNR] = {
            "windows": int((~np.isnan(error)).sum()),
            "median_error": _rounded(np.nanmedian(error)),
            "mean_error": _rounded(np.nanmean(error)),
            "median_error_by_snr_db": {
                name: _rounded(np.nanmedian(error[chosen]))
                for name, chosen in _by_snr(snr_db)
                if (~np.isnan(error[chosen])).any()
            },
        }
    return found


def answered(predictions: Predictions, limits: ExpertThresholds) -> dict[str, Any]:
    """What is given with a bundle's limits.

    Returns:
        for modulation and mobility: the expected calibration error of windows with a label, and
        what it would be by chance, were all probabilities right; of these windows the share that
        is answered, and of the answers that which is right; and of windows without a label the
        share that is answered all the same.
    """
    found: dict[str, Any] = {}
    for name, limit in ((MODULATION, limits.modulation), (MOBILITY, limits.mobility)):
        label = predictions.labels[name]
        p = softmax(predictions.answers[name].astype(np.float64) / limit.temperature, axis=1)
        known, given = label != NO_LABEL, p.max(axis=1) >= limit.least_p
        if not known.any():
            continue
        right = p.argmax(axis=1) == label
        found[name] = {
            "calibration_error": _rounded(calibration_error(p[known], label[known])),
            "calibration_error_by_chance": _rounded(calibration_error_by_chance(p[known])),
            "answered": _rounded(given[known].mean()),
            "right_of_answered": _rounded(right[known & given].mean())
            if (known & given).any()
            else 0.0,
            "answered_without_label": _share(given, ~known),
        }
    return found


def _classes(
    guess: npt.NDArray[Any], label: npt.NDArray[Any], snr_db: npt.NDArray[Any]
) -> dict[str, Any]:
    right = guess == label
    return {
        "windows": len(label),
        "accuracy": _rounded(right.mean()),
        "f1": _rounded(f1_score(label, guess, average="macro", zero_division=0.0)),
        "by_snr_db": {
            name: _share(right, chosen) for name, chosen in _by_snr(snr_db) if chosen.any()
        },
    }


def _by_snr(snr_db: npt.NDArray[Any]) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    return [
        (f"{low:g}..{high:g}", (snr_db >= low) & (snr_db < high))
        for low, high in itertools.pairwise(_SNR_EDGES)
    ]


def _share(right: npt.NDArray[Any], chosen: npt.NDArray[Any]) -> dict[str, float]:
    count = int(chosen.sum())
    return {"windows": count, "accuracy": _rounded(right[chosen].mean() if count else 0.0)}


def _rounded(value: Any) -> float:
    return round(float(value), 4)
