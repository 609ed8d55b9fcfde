# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrated limits of what is said of a window, as bundle.json holds them."""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

TEMPERATURES = (1e-3, 1e3)
"""Lowest and highest temperature: finite logits stay finite."""


@dataclass(frozen=True)
class AnswerThreshold:
    """Limit of one answer of an expert; see expert_answer.py."""

    temperature: float
    """Divides the logits before the softmax."""
    least_p: float
    """Least probability at which the answer is given."""

    def __post_init__(self) -> None:
        _check_temperature(self.temperature)
        _check_probability("least_p", self.least_p)


@dataclass(frozen=True)
class Correction:
    """What is added to an answer in dB, by the answer: linear between points, constant outside."""

    at_db: tuple[float, ...] = ()
    """Answers, rising; none where nothing is added."""
    add_db: tuple[float, ...] = ()
    """What is added to each of them."""

    def __post_init__(self) -> None:
        if len(self.at_db) != len(self.add_db):
            raise ValueError(
                f"add_db: expected {len(self.at_db)} values, as of at_db, got {len(self.add_db)}"
            )
        if not all(map(math.isfinite, (*self.at_db, *self.add_db))):
            raise ValueError(f"expected finite at_db and add_db, got {self.at_db}, {self.add_db}")
        if any(b <= a for a, b in itertools.pairwise(self.at_db)):
            raise ValueError(f"at_db: expected rising values, got {list(self.at_db)}")

    def __call__(self, answer_db: npt.ArrayLike) -> NDArray[np.float64]:
        """Corrected answers, of the same shape."""
        answer = np.asarray(answer_db, np.float64)
        return answer + np.interp(answer, self.at_db, self.add_db) if self.at_db else answer


@dataclass(frozen=True)
class ExpertThresholds:
    """Limits of the answers of one expert that are probabilities, and what corrects its SNR."""

    modulation: AnswerThreshold
    mobility: AnswerThreshold
    snr_db: Correction = field(default_factory=Correction)


@dataclass(frozen=True)
class Thresholds:
    """Limits of the decision on the protocol, see decision.py, and of the experts' answers."""

    protocol_p: float
    """Least probability at which a protocol is named."""
    partial_p: float
    """The same for a window of which samples are missing."""
    energy_db: float
    """Excess over the noise, in dB, from which there is a signal."""
    evidence_db: float
    """Below that a protocol is named only where a row of C3 is so far over what noise gives, dB."""
    temperature: float
    """Divides the logits before the softmax."""
    experts: dict[str, ExpertThresholds] = field(default_factory=dict)
    """Of each expert, by its protocol."""

    def __post_init__(self) -> None:
        for name in ("protocol_p", "partial_p"):
            _check_probability(name, getattr(self, name))
        _check_temperature(self.temperature)


def _check_probability(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: expected 0 to 1, got {value:g}")


def _check_temperature(value: float) -> None:
    low, high = TEMPERATURES
    if not low <= value <= high:
        raise ValueError(f"temperature: expected {low:g} to {high:g}, got {value:g}")
