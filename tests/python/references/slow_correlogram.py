# SPDX-License-Identifier: GPL-3.0-or-later
"""C3 as its header defines it, read slowly: double precision, one product after the other."""

from fractions import Fraction
from itertools import pairwise

import numpy as np

COLS = 128
FLOOR_DB = -10.0
N_FRAMES = 128
SEGMENT_S = Fraction(1, 256_000)
RUN, SLIP = 512, 37

PSS_ROOTS = (25, 29, 34)
PSS_OFFSETS_KHZ = {
    25: (-251.25, -183.75, -45, 67.5, 131.25, 273.75),
    29: (-225, -78.75, -71.25, 71.25, 78.75, 225),
    34: (-225, -78.75, -71.25, 71.25, 78.75, 225),
}


def exact(samp_rate):
    return Fraction(round(samp_rate * 1000), 1000)


def to_db(ratio):
    return 10 * np.log10(np.maximum(ratio, 10 ** (FLOOR_DB / 10)))


def cell_of(n, cell_samples):
    """Cell into which each of n samples falls: the last that starts at it or before."""
    k = np.arange(1, n + 1) * cell_samples.denominator - 1
    return k // cell_samples.numerator


def products(iq, lag):
    return iq[: max(0, len(iq) - lag)] * iq[lag:].conj()


def stride_of(samp_rate, products_hz):
    share = int(samp_rate / products_hz)
    return share * RUN + SLIP if share > 1 else RUN


def prefix_stride(samp_rate):
    """The first stride from stride_of on whose runs meet all phases of a symbol, on 15 and 30 kHz.

    Each of 128 phases at least half as often as on average.
    """
    stride = stride_of(samp_rate, 5e6)
    while stride > RUN:
        at = np.arange(0, frame_starts(samp_rate)[-1], stride)
        shares = []
        for symbols in (14_000, 28_000):
            cell = samp_rate / symbols / COLS
            steps = np.arange(int(np.ceil(RUN / cell)) + 1)
            met = (at % (cell * COLS) / cell)[:, np.newaxis] + steps
            met = met[met < met[:, :1] + RUN / cell].astype(int) % COLS
            count = np.bincount(met, minlength=COLS)
            shares.append(count.min() / count.mean())
        if min(shares) >= 0.5:
            break
        stride += 1
    return stride


def in_runs(n, stride):
    """Which of n products belong to a run, shape (n,), bool."""
    return np.arange(n) % stride < RUN


def fold(p, cell_samples, n_phases, taken, width=1):
    """|sum p|^2 / sum |p|^2 of the products taken, over width phases from each one on."""
    phase = cell_of(len(p), cell_samples) % n_phases
    p = p * taken
    sums = [np.bincount(phase, weights, n_phases) for weights in (p.real, p.imag, np.abs(p) ** 2)]
    re, im, power = (sum(np.roll(s, -k) for k in range(width)) for s in sums)
    return (re**2 + im**2) / np.maximum(power, 1e-30)


def slow_prefix(iq, samp_rate, scs, symbols_per_slot):
    cell = exact(samp_rate) * Fraction(1, 2000 * symbols_per_slot * COLS)
    p = products(iq, round(samp_rate / scs))
    return to_db(fold(p, cell, COLS, in_runs(len(p), prefix_stride(samp_rate)), 8))


def slow_guard(iq, samp_rate, symbol_s, n_phases):
    lag = round(samp_rate * 3.2e-6)
    row = np.zeros(COLS)
    for frame, (start, stop) in enumerate(pairwise(frame_starts(samp_rate))):
        if stop + lag <= len(iq):
            p = products(iq[start : stop + lag], lag)
            taken = in_runs(len(p), stride_of(samp_rate, 10e6))
            cell = exact(samp_rate) * symbol_s / n_phases
            row[frame] = fold(p, cell, n_phases, taken).max()
    return to_db(row)


def frame_starts(samp_rate):
    return [int(k * exact(samp_rate) / 5000) for k in range(N_FRAMES + 1)]


def segment_sums(values, samp_rate):
    """Sums of values over each whole segment of 3.9 us; shape (segments,)."""
    count = int(len(values) / (exact(samp_rate) * SEGMENT_S)) + 1
    bounds = [int(k * exact(samp_rate) * SEGMENT_S) for k in range(count + 1)]
    bounds = [bound for bound in bounds if bound <= len(values)]
    return np.diff(np.concatenate([[0], np.cumsum(values)])[bounds])


def ratio(sums, count, energy, lagged):
    """N |sum p|^2 / (E_x E_y), at most N."""
    return np.minimum(count, count * np.abs(sums) ** 2 / np.maximum(energy * lagged, 1e-30))


def slow_training(iq, samp_rate, whole_len):
    lag = round(samp_rate * 0.8e-6)
    near, far = iq[:-lag], iq[lag:]
    values = ratio(
        segment_sums(near * far.conj(), samp_rate),
        segment_sums(np.ones(len(near)), samp_rate),
        segment_sums(np.abs(near) ** 2, samp_rate),
        segment_sums(np.abs(far) ** 2, samp_rate),
    )
    row = np.zeros(COLS)
    whole = len(segment_sums(np.ones(whole_len + 1), samp_rate))
    np.maximum.at(row, np.arange(len(values)) * COLS // whole, values)
    return to_db(row)


def slow_repeats(iq, samp_rate, lag_s, reach, period):
    """The energy a lag later is that of whole segments later: some samples move it little."""
    step = max(k for k in (1, 2, 4, 8, 16) if k == 1 or samp_rate / k >= 5e6)

    def symbols(values, skip=0):
        segments = segment_sums(values, samp_rate)[skip:]
        segments[np.arange(len(segments)) % step != 0] = 0
        return np.convolve(segments, np.ones(16), "valid")

    energy = symbols(np.abs(iq) ** 2)
    lagged = symbols(np.abs(iq) ** 2, round(lag_s * 256e3))
    count = symbols(np.ones(len(iq)))
    best = np.zeros(COLS)
    for shift in range(-reach, reach + 1):
        sums = symbols(products(iq, round(samp_rate * lag_s) + shift))
        n = min(len(sums), len(lagged))
        values = ratio(sums[:n], count[:n], energy[:n], lagged[:n])
        means = np.array([values[phase::period].mean() for phase in range(period)])
        row = means.reshape(COLS, -1).max(axis=1)
        best = row if row.max() > best.max() else best
    return to_db(best)


def slow_energy(iq, samp_rate):
    energy = segment_sums(np.abs(iq) ** 2, samp_rate)
    count = segment_sums(np.ones(len(iq)), samp_rate)
    col = np.arange(len(energy)) % 256 // 2
    mean = np.bincount(col, energy) / np.bincount(col, count)
    return to_db(mean * count.sum() / energy.sum())


def pss(root, t):
    """TS 36.211 6.11.1.1 and 6.12: a useful symbol with the sequence alone, at times t (s)."""
    m = np.arange(62)
    chirp = np.where(m < 31, m * (m + 1), (m + 1) * (m + 2))
    d = np.exp(-1j * np.pi * root * chirp / 63)
    subcarriers = np.concatenate([np.arange(-31, 0), np.arange(1, 32)])
    return np.exp(2j * np.pi * 15e3 * np.multiply.outer(t, subcarriers)) @ d


def smooth(n):
    """The largest number up to n whose prime factors are 2, 3 and 5."""
    powers = [2**a * 3**b * 5**c for a in range(12) for b in range(8) for c in range(6)]
    return max(power for power in powers if power <= n)


def slow_pss(iq, samp_rate):
    """pss_search.h in NumPy: blocks of 8 symbols, 512 bins under each sequence."""
    by = int(samp_rate / 1.92e6 + 1e-9)
    low, rate = iq[: len(iq) // by * by].reshape(-1, by).sum(axis=1), samp_rate / by
    n, n_fft = round(rate / 15e3), smooth(round(8 * rate / 15e3))
    outputs = (n_fft - n) * 512 // n_fft  # of the 512 that a block gives
    starts = [b * outputs * n_fft // 512 for b in range(len(low))]
    starts = np.array([start for start in starts if start + n <= len(low)])
    blocks = np.concatenate([low, np.zeros(n_fft)])[np.add.outer(starts, np.arange(n_fft))]
    spectra = np.fft.fft(blocks)
    mean = np.mean(np.abs(spectra) ** 2, axis=0)
    limit = 8 * max(np.sort(mean)[n_fft // 2], 1e-6 * mean.mean())
    spectra *= np.sqrt(np.minimum(1, limit / np.maximum(mean, 1e-30)))
    running = np.cumsum(np.abs(np.fft.ifft(spectra)) ** 2, axis=1)
    running = np.pad(running, ((0, 0), (1, 0)))
    at = np.arange(outputs) * n_fft // 512
    energy = running[:, at + n] - running[:, at]  # (blocks, outputs)
    weight = n / (energy + 0.01 * energy.mean())

    period = round(5e-3 * rate * 512 / n_fft)
    first = np.rint(starts / rate % 5e-3 / 5e-3 * period).astype(int)
    phase = ((first[:, np.newaxis] + np.arange(outputs)) % period).ravel()
    count = np.maximum(np.bincount(phase, minlength=period), 1)
    bins = np.arange(-256, 256)
    row = np.zeros(COLS)
    for root in PSS_ROOTS:
        sequence = np.fft.fft(pss(root, np.arange(n) / rate), n_fft)[bins].conj()
        sequence /= np.linalg.norm(sequence)
        for khz in PSS_OFFSETS_KHZ[root]:
            moved = spectra[:, (bins + round(1e3 * khz * n_fft / rate)) % n_fft]
            y = np.fft.ifft(moved * sequence)[:, :outputs] * 512 / np.sqrt(n_fft)
            total = np.bincount(phase, (np.abs(y) ** 2 * weight).ravel(), period)
            np.maximum.at(row, np.arange(period) * COLS // period, total / count)
    return to_db(row)


def without_dc(iq, samp_rate):
    """Less the mean of each frame; what is left at the end is a piece of its own."""
    cuts = frame_starts(samp_rate)[1:-1]
    return np.concatenate([piece - piece.mean() for piece in np.split(iq, cuts) if len(piece)])


def slow_correlogram(iq, samp_rate, whole_len):
    """Rows by name; ``iq`` may be shorter than a window of ``whole_len`` samples."""
    iq = without_dc(iq.astype(np.complex64).astype(complex), samp_rate)
    absent = np.full(COLS, FLOOR_DB)
    has_wifi = samp_rate >= 5e6
    prefix = slow_prefix(iq, samp_rate, 15e3, 7)
    searched = samp_rate < 4e6 or prefix.max() > 9
    return {
        "cp_15khz": prefix,
        "cp_30khz": slow_prefix(iq, samp_rate, 30e3, 14),
        "wifi_long_gi": slow_guard(iq, samp_rate, Fraction(4, 10**6), 8) if has_wifi else absent,
        "wifi_short_gi": (
            slow_guard(iq, samp_rate, Fraction(36, 10**7), 7) if has_wifi else absent
        ),
        "wifi_stf": slow_training(iq, samp_rate, whole_len) if has_wifi else absent,
        "repeat_5ms": slow_repeats(iq, samp_rate, 5e-3, 1, 1280),
        "repeat_10ms": slow_repeats(iq, samp_rate, 10e-3, 2, 256),
        "energy_1ms": slow_energy(iq, samp_rate),
        "lte_pss": slow_pss(iq, samp_rate) if searched else absent,
    }
