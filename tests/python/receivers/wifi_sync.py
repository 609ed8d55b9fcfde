# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds 802.11 OFDM frames: short training field, carrier offset, long training field."""

from dataclasses import dataclass

import numpy as np
from wifi_ofdm import L_LTF, correct

THRESHOLD, PLATEAU = 0.65, 70  # of the normalised autocorrelation over SPAN samples
SPAN = 48


@dataclass(frozen=True)
class Sync:
    """Start of the first long training symbol, carrier offset in cycles per sample."""

    ltf: int
    cycles: float


def _moving_sum(x: np.ndarray, n: int) -> np.ndarray:
    total = np.concatenate([np.zeros(1, x.dtype), np.cumsum(x)])
    return total[n:] - total[:-n]


def plateaus(iq: np.ndarray) -> list[tuple[int, int]]:
    """Runs of samples whose waveform repeats after 16 samples, shape of iq is (n_rx, n)."""
    product = (iq[:, 16:] * np.conj(iq[:, :-16])).sum(0)
    power = (np.abs(iq) ** 2).sum(0)
    corr = np.abs(_moving_sum(product, SPAN))
    early, late = _moving_sum(power[:-16], SPAN), _moving_sum(power[16:], SPAN)
    floor = 1e-9 * power.max(initial=1e-30)
    high = corr > THRESHOLD * np.sqrt(early * late) + floor * SPAN
    edges = np.flatnonzero(np.diff(np.concatenate([[0], high.astype(np.int8), [0]])))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(a, b) for a, b in runs if b - a >= PLATEAU]


def synchronise(iq: np.ndarray, run: tuple[int, int]) -> Sync | None:
    """Refine a run of the short training field into the frame's timing and carrier offset."""
    # a strong end within the run is the field itself: take its last 96 samples
    stop = run[1]
    low = max(stop - 64, run[0])
    short = iq[:, low : stop + SPAN]
    coarse = np.angle((short[:, 16:] * np.conj(short[:, :-16])).sum()) / (2 * np.pi * 16)
    first = max(stop - 40, 0)
    part = correct(iq[:, first : first + 420], coarse)
    if part.shape[1] < 300:
        return None
    spectrum = np.zeros(64)
    spectrum[np.arange(-26, 27)] = L_LTF
    reference = np.fft.ifft(spectrum)
    reference /= np.linalg.norm(reference)
    hits = np.stack([np.correlate(row, reference, "valid") for row in part])
    energy = np.stack([_moving_sum(np.abs(row) ** 2, 64) for row in part]).sum(0)
    score = (np.abs(hits) ** 2).sum(0)
    both = score[:-64] + score[64:]
    at = int(both.argmax())
    if both[at] < 0.5 * 0.5 * (energy[at] + energy[at + 64]):
        return None
    early = both[max(at - 6, 0) : at + 1]  # the first path that is at most 4 dB weaker
    at = max(at - 6, 0) + int(np.flatnonzero(early > 0.4 * both[at])[0])
    a, b = part[:, at - 8 : at + 56], part[:, at + 56 : at + 120]
    fine = np.angle((b * np.conj(a)).sum()) / (2 * np.pi * 64)
    return Sync(first + at, float(coarse + fine))
