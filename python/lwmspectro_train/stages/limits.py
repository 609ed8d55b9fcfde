# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of an expert's answers, from validation windows.

The one place that decides them. The temperature is that of the least cross entropy over windows
with a label. An answer is given from the lowest probability above which, with 90 % confidence, at
most a share ``MISTAKEN`` of those given is wrong. A modulation counts as wrong wherever none can be
read: in idle cells, and where one antenna gets a sum of two symbols.
"""

from __future__ import annotations

import math

import numpy as np
from gnuradio.lwmspectro.thresholds import AnswerThreshold, ExpertThresholds
from gnuradio.lwmspectro.waveforms.wifi.config import MIXED
from scipy.special import softmax

from ..calibrate import least_sure_p, temperature
from ..lwm.answers import MOBILITY, MODULATION
from ..lwm.contrastive import NO_LABEL
from .predict import Predictions

MISTAKEN = {MODULATION: 0.35, MOBILITY: 0.25}
"""Share of given answers that may be wrong."""

_MOST = 0.95  # an answer that is as sure as this is always given


def of_expert(validation: Predictions) -> ExpertThresholds:
    """Limits of modulation and mobility."""
    return ExpertThresholds(_of(validation, MODULATION), _of(validation, MOBILITY))


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
