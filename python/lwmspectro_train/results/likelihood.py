# SPDX-License-Identifier: GPL-3.0-or-later
"""The physical limit of modulation classification: an average-likelihood ratio test.

It knows the channel and the noise, and that all constellations are equally likely; the symbols
alone are unknown. Over gain h, with noise of variance sigma^2, a symbol r has the likelihood

    p(r | constellation) = mean over points s of exp(-|r - h s|^2 / sigma^2) / (pi sigma^2),

and symbols are independent (Dobre et al. 2007, eq. 4). No classifier of the same symbols that knows
no more is right more often: with equal priors the largest likelihood is Bayes' decision.

Square constellations are products of two amplitude modulations, so that their likelihood is a
product as well: 32 exponentials a symbol instead of 342 for all five.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from ..lwm.config import MODULATIONS

Complex = npt.NDArray[np.complexfloating[Any, Any]]
Float = npt.NDArray[np.float64]

_GAINS = 4096  # that fading draws from
_ORDERS = {"BPSK": 2, "QPSK": 4, "16QAM": 16, "64QAM": 64, "256QAM": 256}


def levels(name: str) -> tuple[Float, Float]:
    """Amplitudes in phase and in quadrature of a constellation of unit mean power.

    Raises:
        ValueError: there is no such constellation.
    """
    if name not in _ORDERS:
        raise ValueError(f"constellation: expected one of {', '.join(_ORDERS)}, got {name!r}")
    if name == "BPSK":
        return np.array([-1.0, 1.0]), np.zeros(1)
    side = math.isqrt(_ORDERS[name])
    pam = np.arange(1.0 - side, side, 2.0)
    pam /= math.sqrt(2.0 * float(np.mean(pam**2)))
    return pam, pam


def points(name: str) -> Complex:
    """All points of a constellation, unit mean power."""
    phase, quadrature = levels(name)
    grid: Complex = (phase[:, None] + 1j * quadrature[None]).reshape(-1)
    return grid


def log_likelihood(
    received: Complex, gain: Complex, noise: float | Float, names: Sequence[str] = MODULATIONS
) -> Float:
    """Log likelihood of each constellation, less what all have alike.

    Args:
        received: symbols, (..., n).
        gain: of the channel at each, broadcastable.
        noise: variance sigma^2 of the complex noise, broadcastable.
        names: of the constellations.

    Returns:
        (..., len(names)).
    """
    magnitude = np.maximum(np.abs(gain), 1e-12)
    rotated = received * np.conj(gain) / magnitude  # |h| s and noise of the same variance
    found = []
    for name in names:
        each = np.zeros(np.broadcast_shapes(received.shape, magnitude.shape))
        for part, amplitudes in zip((rotated.real, rotated.imag), levels(name), strict=True):
            error = part[..., None] - magnitude[..., None] * amplitudes
            exponent = -(error**2) / np.expand_dims(np.asarray(noise, float), -1)
            each += logsumexp(exponent, axis=-1) - math.log(len(amplitudes))
        found.append(each.sum(axis=-1))
    return np.stack(found, axis=-1)


def classify(
    received: Complex, gain: Complex, noise: float | Float, names: Sequence[str] = MODULATIONS
) -> npt.NDArray[np.int64]:
    """Number of the most likely constellation, (...)."""
    decided: npt.NDArray[np.int64] = log_likelihood(received, gain, noise, names).argmax(axis=-1)
    return decided


def accuracy(
    snr_db: float,
    symbols: int,
    trials: int,
    rng: np.random.Generator,
    names: Sequence[str] = MODULATIONS,
    gains: Complex | None = None,
) -> float:
    """Share of the bursts of each constellation that the test names rightly, all alike.

    Args:
        snr_db: mean power of the received symbols over the noise's, dB.
        symbols: in a burst.
        trials: bursts of each constellation.
        rng: of symbols and noise.
        names: constellations to tell apart.
        gains: of the channel, drawn from with replacement for each symbol; 1 where None.
    """
    if symbols < 1 or trials < 1:
        raise ValueError(f"symbols, trials: expected at least 1, got {symbols} and {trials}")
    sigma = 10.0 ** (-snr_db / 20.0)
    right = 0
    for k, name in enumerate(names):
        constellation = points(name)
        for _ in range(trials):
            h: Any = np.ones(1, complex)
            if gains is not None:
                h = rng.choice(gains, symbols) / np.sqrt(np.mean(np.abs(gains) ** 2))
            sent = constellation[rng.integers(len(constellation), size=symbols)]
            noise = rng.normal(size=(2, symbols)) * (sigma / math.sqrt(2.0))
            received = h * sent + noise[0] + 1j * noise[1]
            right += int(classify(received, h, sigma**2, names)) == k
    return right / (trials * len(names))


def curve(
    snrs_db: Sequence[float],
    symbols: int,
    trials: int,
    seed: int,
    names: Sequence[str] = MODULATIONS,
    *,
    rayleigh: bool = False,
) -> dict[float, float]:
    """Accuracy of the test by mean SNR, over a flat channel or one that fades (Rayleigh).

    Fading that is known is no loss where symbols are many: what the strong ones tell outweighs what
    the weak ones do not.
    """
    gains: Complex | None = None
    if rayleigh:
        rng = np.random.default_rng([seed, _GAINS])
        gains = rng.normal(size=_GAINS) + 1j * rng.normal(size=_GAINS)
    return {
        snr: accuracy(snr, symbols, trials, np.random.default_rng([seed, k]), names, gains)
        for k, snr in enumerate(snrs_db)
    }
