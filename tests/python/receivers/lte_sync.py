# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds an LTE cell in samples: a receiver written from 3GPP TS 36.211 6.11 alone.

Nothing here shares code or tables with the transmitter under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

ROOTS = (25, 29, 34)
HALF_FRAME_S = 5e-3


@dataclass(frozen=True)
class FoundCell:
    """A cell in a recording.

    Attributes:
        pci: physical cell identity.
        tdd, extended_cp: frame structure and cyclic prefix.
        cfo_hz: carrier frequency offset.
        frame_start: sample (with fraction) at which a radio frame starts.
        frame_samples: samples of a frame as the receiver's clock counts them.
        pss_margin: correlation over its median.
        sss_margin: best hypothesis of the SSS over the second best.
    """

    pci: int
    tdd: bool
    extended_cp: bool
    cfo_hz: float
    frame_start: float
    frame_samples: float
    pss_margin: float
    sss_margin: float


def pss_bins(nid2: int) -> np.ndarray:
    """d_u on subcarriers -31..-1, 1..31, 36.211 6.11.1.1."""
    n = np.arange(62)
    n = n + (n > 30)
    return np.exp(-1j * np.pi * ROOTS[nid2] * n * (n + 1) / 63)


def centre_bins(symbol: np.ndarray, half: int) -> np.ndarray:
    """Subcarriers -half..-1, 1..half of a useful symbol."""
    bins = np.fft.fft(symbol) / np.sqrt(symbol.size)
    return np.concatenate((bins[-half:], bins[1 : half + 1]))


def pss_replica(nid2: int, size: int) -> np.ndarray:
    bins = np.zeros(size, complex)
    values = pss_bins(nid2)
    bins[-31:] = values[:31]
    bins[1:32] = values[31:]
    time = np.fft.ifft(bins)
    return time / np.linalg.norm(time)


def m_sequence(taps: tuple[int, ...]) -> np.ndarray:
    x = [0, 0, 0, 0, 1]
    while len(x) < 31:
        i = len(x) - 5
        x.append(sum(x[i + t] for t in taps) & 1)
    return 1 - 2 * np.array(x)


@lru_cache(maxsize=1)
def sss_table() -> np.ndarray:
    """All d(n), shape (168, 3, 2 halves, 62), 36.211 6.11.2.1."""
    s, c, z = m_sequence((0, 2)), m_sequence((0, 3)), m_sequence((0, 1, 2, 4))
    pairs = [(m % 31, (m % 31 + m // 31 + 1) % 31) for m in _m_primes()]
    out = np.empty((168, 3, 2, 62))
    for nid1, (m0, m1) in enumerate(pairs):
        for nid2 in range(3):
            c0, c1 = np.roll(c, -nid2), np.roll(c, -nid2 - 3)
            for half, (a, b) in enumerate(((m0, m1), (m1, m0))):
                out[nid1, nid2, half, 0::2] = np.roll(s, -a) * c0
                out[nid1, nid2, half, 1::2] = np.roll(s, -b) * c1 * np.roll(z, -(a % 8))
    return out


def _m_primes() -> list[int]:
    out = []
    for nid1 in range(168):
        q1 = nid1 // 30
        q = (nid1 + q1 * (q1 + 1) // 2) // 30
        out.append(nid1 + q * (q + 1) // 2)
    return out


def _pss_search(
    iq: np.ndarray, size: int, max_cfo_hz: float, keep: int
) -> list[tuple[float, int, float, int]]:
    """Strongest (margin, nid2, coarse offset in Hz, place in the half frame) in 40 ms.

    A wrong offset moves the peak and lowers it only slowly, so several are kept.
    """
    half = round(HALF_FRAME_S * size * 15e3)
    n = half * min(8, iq.size // half)
    spectrum = np.fft.fft(iq[:n])
    step = round(5e3 * n / (size * 15e3))  # bins
    hz = size * 15e3 / n
    reach = int(max_cfo_hz / (step * hz))
    found = []
    for nid2 in range(3):
        replica = np.conj(np.fft.fft(pss_replica(nid2, size), n))
        for k in range(-reach, reach + 1):
            power = np.abs(np.fft.ifft(spectrum * np.roll(replica, k * step))) ** 2
            folded = power.reshape(-1, half).sum(axis=0)
            margin = float(folded.max() / np.median(folded))
            found.append((margin, nid2, k * step * hz, int(folded.argmax())))
    found.sort(reverse=True)
    kept: list[tuple[float, int, float, int]] = []
    for one in found:
        if all(one[1] != k[1] or abs(one[2] - k[2]) > 7e3 for k in kept):
            kept.append(one)
    return kept[:keep]


def _derotate(iq: np.ndarray, cfo_hz: float, samp_rate: float) -> np.ndarray:
    return iq * np.exp(-2j * np.pi * cfo_hz / samp_rate * np.arange(iq.size))


def _track(iq: np.ndarray, nid2: int, size: int, place: int) -> tuple[float, float, np.ndarray]:
    """Fit place + k * half frame to the peak of each half frame; also the peaks."""
    half = round(HALF_FRAME_S * size * 15e3)
    replica = np.conj(pss_replica(nid2, size))
    places, weights = [], []
    offset = float(place)
    reach = max(2, size // 64)
    k = 0
    while (start := round(offset) + k * half - reach) + 2 * reach + size <= iq.size:
        if start >= 0:
            windows = np.lib.stride_tricks.sliding_window_view(
                iq[start : start + size + 2 * reach], size
            )
            power = np.abs(windows @ replica) ** 2
            i = int(power.argmax())
            fine = 0.0
            if 0 < i < power.size - 1:
                a, b, c = power[i - 1 : i + 2]
                fine = 0.5 * (a - c) / (a - 2 * b + c)
            places.append((k, start + i + fine))
            weights.append(power[i])
            if len(places) > 8:  # follow the clock
                line = np.polyfit(*np.array(places[-16:]).T, 1, w=np.sqrt(weights[-16:]))
                offset = np.polyval(line, k + 1) - (k + 1) * half
        k += 1
    table, weight = np.array(places), np.sqrt(weights)
    if len(table) < 2:
        return float(table[0, 1] - table[0, 0] * half), float(half), table
    slope, start = np.polyfit(table[:, 0], table[:, 1], 1, w=weight)
    error = np.abs(table[:, 1] - start - slope * table[:, 0])
    good = error < 1.5 + 2 * np.median(error)
    slope, start = np.polyfit(table[good, 0], table[good, 1], 1, w=weight[good])
    return float(start), float(slope), table


def _fractional_cfo(iq: np.ndarray, size: int) -> float:
    """Offset within +-7.5 kHz from cyclic prefixes anywhere: the strongest place of a symbol."""
    product = np.conj(iq[:-size]) * iq[size:]
    slot = round(0.5e-3 * size * 15e3)
    n = product.size // slot * slot
    folded = product[:n].reshape(-1, slot).sum(axis=0)
    prefix = 9 * size // 128
    summed = np.convolve(np.concatenate((folded, folded[:prefix])), np.ones(prefix), "valid")
    return float(np.angle(summed[np.abs(summed).argmax()]) / (2 * np.pi) * 15e3)


def find_cell(
    iq: np.ndarray, samp_rate: float, max_cfo_hz: float = 160e3, keep: int = 4
) -> FoundCell:
    """Find the strongest cell whose centre lies within a frequency offset.

    Args:
        iq: complex samples.
        samp_rate: a multiple of 15 kHz, at least 1.92 MS/s.
        max_cfo_hz: largest offset of the carrier.
        keep: hypotheses of the PSS among which the SSS decides.
    """
    size = round(samp_rate / 15e3)
    if abs(size * 15e3 - samp_rate) > 1e-3 or size < 128:
        raise ValueError(f"expected a multiple of 15 kHz of at least 1.92 MS/s, got {samp_rate}")
    cells = [_examine(iq, samp_rate, *one) for one in _pss_search(iq, size, max_cfo_hz, keep)]
    return max(cells, key=lambda cell: cell.sss_margin)


def _examine(
    iq: np.ndarray, samp_rate: float, margin: float, nid2: int, coarse: float, place: int
) -> FoundCell:
    """Time, frequency and SSS of one hypothesis of the PSS."""
    size = round(samp_rate / 15e3)
    rough = _derotate(iq, coarse, samp_rate)
    fraction = _fractional_cfo(rough, size)
    shifts = [coarse + fraction + turn for turn in (-15e3, 0.0, 15e3)]
    strength = []
    half = round(HALF_FRAME_S * samp_rate)
    replica = np.conj(pss_replica(nid2, size))
    for shift in shifts:
        total = 0.0
        for k in range(min(8, iq.size // half - 1)):
            for i in range(-2, 3):
                start = place + k * half + i
                if start >= 0:
                    part = _derotate(iq[start : start + size], shift, samp_rate)
                    total += abs(part @ replica) ** 2
        strength.append(total)
    cfo = shifts[int(np.argmax(strength))]
    clean = _derotate(iq, cfo, samp_rate)
    start, slope, _ = _track(clean, nid2, size, place)
    best: list[tuple[float, int, int, bool, bool]] = []
    reference = pss_bins(nid2)
    table = sss_table()[:, nid2]  # (168, 2, 62)
    for tdd in (False, True):
        for extended in (False, True):
            # samples from the start of the PSS back to that of the SSS, in units of T_s
            prefix = 512 if extended else 144
            back = 3 * (2048 + prefix) + (0 if extended else 16) if tdd else 2048 + prefix
            metric = np.zeros((168, 2))
            for k in range(int((iq.size - size - start) / slope)):
                pss_at = start + k * slope
                sss_at = pss_at - back * size / 2048
                a, b = round(pss_at), round(sss_at)
                if b < 0:
                    continue
                shift = np.exp(
                    2j * np.pi * np.r_[-31:0, 1:32] / size * ((a - pss_at) - (b - sss_at))
                )
                channel = centre_bins(clean[a : a + size], 31) * np.conj(reference)
                channel = np.convolve(
                    np.r_[channel[:2], channel, channel[-2:]], np.ones(5) / 5, "valid"
                )
                seen = centre_bins(clean[b : b + size], 31) * shift
                value = (seen * np.conj(channel) @ table.reshape(336, 62).T).real.reshape(168, 2)
                value = value / (np.linalg.norm(seen) * np.linalg.norm(channel) + 1e-30)
                metric[:, 0] += value[:, k % 2]  # half 0 first or half 1 first
                metric[:, 1] += value[:, 1 - k % 2]
            order = np.sort(metric.ravel())
            nid1, first_half = np.unravel_index(metric.argmax(), metric.shape)
            best.append((float(metric.max()), int(nid1), int(first_half), tdd, extended))
            best[-1] += (float(order[-1] / max(order[-2], 1e-9)),)  # type: ignore[operator]
    _, nid1, first_half, tdd, extended, sss_margin = max(best)  # type: ignore[misc]
    # the PSS of half k stands so far after the start of its half frame
    if tdd:
        ts = 30720 + (2 * (2048 + 512) + 512 if extended else 2 * (2048 + 144) + 160)
    else:
        ts = (6 * 2560 - 2048) if extended else 15360 - 2048
    frame = start - ts * size / 2048
    if first_half == 1:  # the first one seen is in the second half
        frame -= slope
    period = 2 * slope
    while frame < 0:
        frame += period
    return FoundCell(3 * nid1 + nid2, tdd, extended, cfo, frame, period, margin, sss_margin)
