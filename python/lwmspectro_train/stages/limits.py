# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of an expert's answers, from validation windows.

The one place that decides them. The temperature is that of the least cross entropy over windows
with a label. An answer is given from the lowest probability above which, with 90 % confidence, at
most a share ``MISTAKEN`` of those given is wrong. A modulation counts as wrong wherever none can be
read: in idle cells, and where one antenna gets a sum of two symbols. To the SNR that an expert says
the median of what is missing is added, by what it says.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from gnuradio.lwmspectro.thresholds import AnswerThreshold, Correction, ExpertThresholds
from gnuradio.lwmspectro.waveforms.wifi.config import MIXED
from scipy.special import softmax

from ..calibrate import least_sure_p, temperature
from ..lwm.answers import MOBILITY, MODULATION, SNR
from ..lwm.contrastive import NO_LABEL
from .predict import Predictions

MISTAKEN = {MODULATION: 0.35, MOBILITY: 0.25}
"""Share of given answers that may be wrong."""

_MOST = 0.95  # an answer that is as sure as this is always given
_POINTS = 8  # at most, of the correction of the SNR
_WINDOWS_A_POINT = 50  # at least


def of_expert(validation: Predictions) -> ExpertThresholds:
    """Limits of modulation and mobility, and the correction of the SNR."""
    return ExpertThresholds(
        _of(validation, MODULATION), _of(validation, MOBILITY), _correction(validation)
    )


def corrected(predictions: Predictions, limits: ExpertThresholds) -> Predictions:
    """What a bundle with these limits says: the SNR corrected, all else as it was."""
    said = predictions.answers[SNR]
    right = np.asarray(limits.snr_db(said), np.float32)
    return dataclasses.replace(predictions, answers=predictions.answers | {SNR: right})


def _correction(validation: Predictions) -> Correction:
    """By groups of as many windows, in the order of what was said."""
    said, true = validation.answers[SNR][:, 0], validation.labels[SNR]
    order = np.argsort(np.where(np.isnan(true), np.inf, said), kind="stable")
    order = order[: int((~np.isnan(true)).sum())]
    points = min(_POINTS, len(order) // _WINDOWS_A_POINT)
    groups: dict[float, list[npt.NDArray[np.int64]]] = {}
    for group in np.array_split(order, points) if points else []:
        groups.setdefault(_hundredths(said[group]), []).append(group)  # equal ones are one
    add_db = [_hundredths((true - said)[np.concatenate(group)]) for group in groups.values()]
    return Correction(tuple(groups), tuple(add_db))


def _hundredths(values: npt.NDArray[np.floating[Any]]) -> float:
    """Median, to two digits; never -0."""
    return round(float(np.median(values)), 2) + 0.0


def _of(validation: Predictions, name: str) -> AnswerThreshold:
    label, logits = validation.labels[name], validation.answers[name]
    known = label != NO_LABEL
    if not known.any():
        return AnswerThreshold(temperature=1.0, least_p=0.0)
    fitted = round(temperature(logits[known], label[known]), 4)
    p = softmax(logits.astype(np.float64) / fitted, axis=1)
    counted = known
    if name == MODULATION:
        counted = known | (validation.table["modulation"] != MIXED)
    right = p.argmax(axis=1)[counted] == label[counted]  # never, without a label
    least = least_sure_p(p.max(axis=1)[counted], right, MISTAKEN[name])
    return AnswerThreshold(temperature=fitted, least_p=min(_MOST, math.floor(least * 1e4) / 1e4))
