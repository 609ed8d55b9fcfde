# SPDX-License-Identifier: GPL-3.0-or-later
"""From the outputs of an expert to what is said of a window. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .decision import softmax
from .manifest import EMBEDDING, EMBEDDING_SIZE, MOBILITY, MODULATION, SNR_DB
from .thresholds import AnswerThreshold, ExpertThresholds


@dataclass(frozen=True)
class ExpertAnswer:
    """What an expert says of one window of its protocol."""

    modulation: str | None
    """None where its probability is below the bundle's threshold."""
    modulation_p: float
    """Probability of the likeliest modulation, whether it is named or not."""
    snr_db: float
    """Signal to noise ratio in the occupied band, dB."""
    mobility: str | None
    """None where its probability is below the bundle's threshold."""
    mobility_p: float
    """Probability of the likeliest mobility, whether it is named or not."""
    embedding: NDArray[np.float32]
    """The window as the model sees it, shape (128,)."""


def expert_answer(
    outputs: Mapping[str, NDArray[np.float32]],
    modulations: Sequence[str],
    mobilities: Sequence[str],
    thresholds: ExpertThresholds,
) -> ExpertAnswer:
    """What is said of one window.

    Probabilities are the softmax of the logits over the answer's temperature; an answer whose
    probability is below ``least_p`` is left out. The SNR is corrected.

    Args:
        outputs: of the window: ``modulation`` (len(modulations),) and ``mobility``
            (len(mobilities),), logits; ``snr_db`` (1,), dB; ``embedding`` (128,).
        modulations, mobilities: labels of the logits.
        thresholds: of this expert.

    Raises:
        ValueError: a value is not finite.
    """
    for name, values in outputs.items():
        if not np.all(np.isfinite(values)):
            row = np.asarray(values).ravel()
            shown = row.tolist() if row.size <= len(modulations) else f"{row.size} values"
            raise ValueError(f"expert: expected finite {name}, got {shown}")
    modulation, modulation_p = _likeliest(outputs[MODULATION], modulations, thresholds.modulation)
    mobility, mobility_p = _likeliest(outputs[MOBILITY], mobilities, thresholds.mobility)
    return ExpertAnswer(
        modulation,
        modulation_p,
        float(thresholds.snr_db(outputs[SNR_DB][0])),
        mobility,
        mobility_p,
        np.asarray(outputs[EMBEDDING], np.float32),
    )


def check_outputs(
    outputs: Mapping[str, NDArray[np.float32]], n: int, n_modulations: int, n_mobilities: int
) -> None:
    """Refuses what does not answer ``n`` windows.

    Raises:
        ValueError: an output is missing or has another shape.
    """
    sizes = {
        MODULATION: n_modulations,
        SNR_DB: 1,
        MOBILITY: n_mobilities,
        EMBEDDING: EMBEDDING_SIZE,
    }
    expected = {name: (n, size) for name, size in sizes.items()}
    got = {name: np.shape(outputs[name]) for name in sizes if name in outputs}
    if got != expected:
        raise ValueError(f"expert: expected {expected}, got {got}")


def _likeliest(
    logits: NDArray[np.float32], labels: Sequence[str], threshold: AnswerThreshold
) -> tuple[str | None, float]:
    p = softmax(logits, threshold.temperature)
    best = int(np.argmax(p))
    p_best = float(p[best])
    return (labels[best] if p_best >= threshold.least_p else None), p_best
