# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of an expert's answers, from validation windows.

The one place that decides them. The temperature is that of the least cross entropy over windows
with a label. An answer is given from the lowest probability above which, with 90 % confidence, at
most a share ``MISTAKEN`` of those given is wrong. A modulation counts as wrong wherever none can be
read: in idle cells, and where one antenna gets a sum of two symbols. What an expert says of the SNR
is off by up to 1 dB in the median, presumably since it learned from half of the tokens and answers
from all of them: the median of what is missing is added, by what it says.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
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
    right = np.vectorize(limits.snr_db, otypes=[np.float32])(said).reshape(said.shape)
    return dataclasses.replace(predictions, answers=predictions.answers | {SNR: right})


def _correction(validation: Predictions) -> Correction:
    """By groups of as many windows, in the order of what was said."""
    said, true = validation.answers[SNR][:, 0], validation.labels[SNR]
    order = np.argsort(np.where(np.isnan(true), np.inf, said), kind="stable")
    order = order[: int((~np.isnan(true)).sum())]
    points = min(_POINTS, len(order) // _WINDOWS_A_POINT)
    found: dict[float, float] = {}
    for group in np.array_split(order, points) if points else []:
        at = round(float(np.median(said[group])), 2)
        found[at] = round(float(np.median(true[group] - said[group])), 2)
    at_db = tuple(sorted(found))
    return Correction(at_db, tuple(found[at] for at in at_db))


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
