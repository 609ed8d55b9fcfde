# SPDX-License-Identifier: GPL-3.0-or-later
"""From the logits of the router to what is said of a window. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import kernels, keys
from .manifest import NONE
from .thresholds import Thresholds

DC_BINS = 3
"""Bins in the middle of the band in which a receiver's own DC offset shows."""

REPEATS_DB = 20.0
"""Value of C3 from which samples repeat themselves as noise does not.

Over white noise a value has the distribution of an exponential variable of mean 1 (0 dB) or
of a mean of such: with 1e5 of them in a window, 20 dB come once in 1e38 windows.
"""

REPEAT_ROWS = tuple(
    index
    for index, name in enumerate(kernels.correlogram_rows)
    if name not in ("energy_1ms", "lte_pss")
)
"""Rows of C3 that compare samples with later ones."""

MATCH_DB = 10.0
"""Value of C3's matched filter from which something is there.

Over white noise, the largest of some 1e5 means of five exponential variables of mean 1: it exceeds
8 dB in one window of 20,000 and 10 dB in one of 1e11.
"""

NOISE_DB = {
    "cp_15khz": 11.0,
    "cp_30khz": 11.0,
    "wifi_long_gi": 11.4,
    "wifi_short_gi": 11.4,
    "wifi_stf": 12.2,
    "repeat_5ms": 9.5,
    "repeat_10ms": 5.5,
    "lte_pss": 8.5,
}
"""Values of C3 by row; in 99 windows of white noise of 100, none of them is exceeded."""

_MATCH_ROW = kernels.correlogram_rows.index("lte_pss")


@dataclass(frozen=True)
class Verdict:
    """What is said of one window."""

    status: str
    """One of keys.STATUSES."""
    protocol: str | None
    """The protocol where the status is ok."""
    protocol_p: float
    """Probability of the likeliest protocol, whether it is named or not."""


def decide(
    logits: NDArray[np.float32],
    c0: NDArray[np.float32],
    c3: NDArray[np.float32],
    protocols: Sequence[str],
    thresholds: Thresholds,
    valid_fraction: float = 1.0,
) -> Verdict:
    """Names the protocol of a window, or says why not.

    A protocol is named when its probability reaches ``thresholds.protocol_p``, and for
    a window with samples missing also ``thresholds.partial_p``, and when there is something
    to be named: power above ``thresholds.energy_db``, or :func:`evidence_db` above
    ``thresholds.evidence_db``. Short of that a window with samples missing is ``partial``. A
    whole window is ``unknown`` when something stands out of its noise, in power
    (:func:`energy_excess_db`), by repeating itself (:func:`repeats_db`) or by a
    synchronisation signal (:data:`MATCH_DB`), and else ``no_signal``: that is also what a
    steady signal without any repetition gets when it fills the whole band, since nothing
    tells it from noise of that level. A window of one value throughout (silence, no finite
    sample) is ``no_signal`` whatever the model said.

    Args:
        logits: shape (len(protocols),), finite.
        c0: shape (frames, bins), dB, lowest frequency first.
        c3: shape (rows, columns), dB over noise, rows of kernels.correlogram_rows.
        protocols: label of each logit; ``none`` among them is never named.
        thresholds: of the bundle.
        valid_fraction: samples present over samples of a whole window.

    Raises:
        ValueError: a logit is not finite.
    """
    named = [index for index, label in enumerate(protocols) if label != NONE]
    p = softmax(logits, thresholds.temperature)[named]
    best = int(np.argmax(p))
    p_best = float(p[best])
    if np.ptp(c0) == 0.0:
        return Verdict(keys.STATUS_NO_SIGNAL, None, p_best)
    whole = valid_fraction >= 1.0
    needed = thresholds.protocol_p if whole else max(thresholds.protocol_p, thresholds.partial_p)
    loud = energy_excess_db(c0) > thresholds.energy_db
    if p_best >= needed and (loud or evidence_db(c3) > thresholds.evidence_db):
        return Verdict(keys.STATUS_OK, protocols[named[best]], p_best)
    if not whole:
        return Verdict(keys.STATUS_PARTIAL, None, p_best)
    if loud or repeats_db(c3) > REPEATS_DB or c3[_MATCH_ROW].max() > MATCH_DB:
        return Verdict(keys.STATUS_UNKNOWN, None, p_best)
    return Verdict(keys.STATUS_NO_SIGNAL, None, p_best)


def softmax(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Probabilities, shape of ``logits``.

    Raises:
        ValueError: a logit is not finite.
    """
    scaled = np.asarray(logits, np.float64) / temperature
    if not np.all(np.isfinite(scaled)):
        raise ValueError(f"model: expected finite logits, got {np.asarray(logits).tolist()}")
    weights = np.exp(scaled - scaled.max())
    result: NDArray[np.float64] = weights / weights.sum()
    return result


def energy_excess_db(c0: NDArray[np.float32]) -> float:
    """How far the strongest part of a window stands above its noise, in dB.

    The larger of two: the strongest bin of the spectrum averaged over time above the
    median bin, which shows a carrier, and the strongest frame above the median frame,
    which shows a burst. Powers are averaged linearly; the DC bins are left out.

    Args:
        c0: shape (frames, bins), dB.
    """
    middle, half = c0.shape[1] // 2, DC_BINS // 2
    kept = np.delete(c0, np.s_[middle - half : middle + half + 1], axis=1)
    power = 10.0 ** (np.asarray(kept, np.float64) / 10.0)
    return max(_peak_over_median_db(power.mean(axis=axis)) for axis in (0, 1))


def repeats_db(c3: NDArray[np.float32]) -> float:
    """How far the strongest repetition in a window stands above what noise gives, in dB.

    Args:
        c3: shape (rows, columns), dB over noise, rows of kernels.correlogram_rows.
    """
    return float(c3[list(REPEAT_ROWS)].max())


def evidence_db(c3: NDArray[np.float32]) -> float:
    """How far the row of C3 that stands out most is above its :data:`NOISE_DB`, in dB.

    Args:
        c3: shape (rows, columns), dB over noise, rows of kernels.correlogram_rows.
    """
    return max(
        float(c3[kernels.correlogram_rows.index(name)].max()) - noise
        for name, noise in NOISE_DB.items()
    )


def _peak_over_median_db(power: NDArray[np.float64]) -> float:
    tiny = np.finfo(np.float64).tiny
    return float(10.0 * np.log10(max(power.max(), tiny) / max(np.median(power), tiny)))
