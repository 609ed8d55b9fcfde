# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of an expert's answers, from validation windows.

The one place that decides them: temperature by the least cross entropy, and every answer given.
"""

from __future__ import annotations

from gnuradio.lwmspectro.thresholds import AnswerThreshold, ExpertThresholds

from ..calibrate import temperature
from ..lwm.answers import MOBILITY, MODULATION
from ..lwm.contrastive import NO_LABEL
from .predict import Predictions


def of_expert(validation: Predictions) -> ExpertThresholds:
    """Limits of modulation and mobility."""
    return ExpertThresholds(_of(validation, MODULATION), _of(validation, MOBILITY))


def _of(validation: Predictions, name: str) -> AnswerThreshold:
    label = validation.labels[name]
    known = label != NO_LABEL
    if not known.any():
        return AnswerThreshold(temperature=1.0, least_p=0.0)
    fitted = temperature(validation.answers[name][known], label[known])
    return AnswerThreshold(temperature=round(fitted, 4), least_p=0.0)
