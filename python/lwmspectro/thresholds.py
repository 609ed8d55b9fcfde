# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrated limits of what is said of a window, as bundle.json holds them."""

from dataclasses import dataclass, field

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
class ExpertThresholds:
    """Limits of the answers of one expert that are probabilities."""

    modulation: AnswerThreshold
    mobility: AnswerThreshold


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
