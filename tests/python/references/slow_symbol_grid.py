# SPDX-License-Identifier: GPL-3.0-or-later
"""The symbol grid as its headers define it, read slowly: double precision, exact frequencies.

Where the kernel interpolates samples to a whole number of points a symbol, the transform here
is a sum over the samples at the exact frequency of each subcarrier.
"""

from dataclasses import dataclass

import numpy as np

ROWS = COLS = 128
ABSENT_DB = -200.0
UNIT_S = 1 / 30.72e6


@dataclass(frozen=True)
class Kind:
    """Numbers of TS 36.211 6.12, TS 38.211 5.3.1, IEEE 802.11-2020 17.3.2.4 and 19.3.6."""

    scs: float
    cols: int
    reach: int
    per_period: int
    prefix: float
    first: float
    run: int

    @property
    def useful(self):
        return 1 / self.scs

    @property
    def symbol(self):
        return self.prefix + self.useful

    @property
    def period(self):
        return self.per_period * self.symbol + self.first - self.prefix


KINDS = {
    "cp_15khz": Kind(15e3, 128, 3, 7, 144 * UNIT_S, 160 * UNIT_S, 14),
    "cp_30khz": Kind(30e3, 128, 3, 14, 72 * UNIT_S, 88 * UNIT_S, 14),
    "wifi_long_gi": Kind(312.5e3, 64, 1, 1, 0.8e-6, 0.8e-6, 16),
    "wifi_short_gi": Kind(312.5e3, 64, 1, 1, 0.4e-6, 0.4e-6, 16),
}


def find_start(iq, fs, kind, begin, periods):
    """Start of the period (samples after begin), sum of the prefixes, power of the products."""
    lag, length = round(fs * kind.useful), int(fs * kind.period)
    products = iq[:-lag] * iq[lag:].conj()
    folded, power = np.zeros(length, complex), 0.0
    for k in periods:
        at = int(begin + k * fs * kind.period)
        folded += products[at : at + length]
        power += np.sum(np.abs(products[at : at + length]) ** 2)
    sums = np.concatenate([[0], np.cumsum(np.tile(folded, 3))])
    bursts = kind.per_period == 1
    steps = 1 if bursts else int(np.ceil(64 / (fs * kind.prefix)))
    best = (-1.0, 0.0, 0j)
    for fine in np.arange(steps) / steps:
        t = np.arange(length) + fine
        score = np.zeros(length, complex)
        for symbol in range(kind.per_period):
            size = kind.prefix if symbol else kind.first
            start = t + (kind.first + symbol * kind.symbol - size) * fs
            for edge, sign in ((start + size * fs, 1), (start, -1)):
                score += sign * np.interp(edge, np.arange(len(sums)), sums)
        at = np.argmax(np.abs(score))
        best = max(best, (np.abs(score[at]), t[at], score[at]), key=lambda item: item[0])
    return best[1], best[2], power


def symbol_starts(kind, fs, begin, first_period, count):
    """Starts of the FFT windows of a run, that of the symbol before it first; samples."""
    index = np.arange(-1, count)
    period, symbol = np.divmod(index, kind.per_period)
    within = kind.first + symbol * kind.symbol - kind.prefix / 2
    return begin + ((first_period + period) * kind.period + within) * fs


def cellular_runs(iq, fs, kind, margin):
    periods = int((len(iq) - round(fs * kind.useful)) / (fs * kind.period))
    step = max([k for k in (3, 7, 9) if fs / k >= 4e6], default=1) if periods >= 16 else 1
    begin, total, _ = find_start(iq, fs, kind, 0, range(0, periods, step))
    span = kind.run // kind.per_period
    more = margin + kind.prefix / 2 * fs + 1
    first = 0
    while symbol_starts(kind, fs, begin, first, 1)[0] < more:
        first += 1
    runs = []
    while True:
        starts = symbol_starts(kind, fs, begin, first, kind.run)
        if starts[-1] + kind.useful * fs + more > len(iq):
            break
        at = int(begin + first * fs * kind.period)
        energy = np.sum(np.abs(iq[at : at + span * int(fs * kind.period)]) ** 2)
        runs.append((energy, starts, total, np.ones(len(starts), bool)))
        first += span
    return runs


def coherence(x, y):
    scale = np.linalg.norm(x) * np.linalg.norm(y)
    return abs(np.vdot(x, y)) / scale if scale > 0 else 0.0


def usable_symbols(iq, fs, kind, starts):
    """Neither silent nor a training field, and not behind silence."""
    lag, prefix = round(fs * kind.useful), round(fs * kind.prefix)
    energy = np.array([np.sum(np.abs(iq[int(s) : int(s) + lag]) ** 2) for s in starts])
    loud = energy > energy.max() / 8
    n = lag - prefix
    data = []
    for start in starts.astype(int) + prefix:
        here, short = iq[start : start + n], n - lag // 4
        seen = [coherence(here[:short], iq[start + lag // 4 :][:short])]
        if start >= lag:
            seen.append(coherence(iq[start - lag :][:n], here))
        if start + n + lag <= len(iq):
            seen.append(coherence(here, iq[start + lag :][:n]))
        data.append(max(seen) <= 0.5)
    return loud & np.array(data) & np.concatenate([[True], loud[:-1]])


def burst_runs(iq, fs, kind, margin):
    lag, span = round(fs * kind.useful), kind.run * fs * kind.period
    more = margin + kind.prefix / 2 * fs + 1
    runs, begin = [], 0.0
    while begin + span + lag + 1 <= len(iq):
        at, total, power = find_start(iq, fs, kind, begin, range(kind.run))
        starts = symbol_starts(kind, fs, begin + at, 0, kind.run)
        share = round(fs * kind.prefix) / int(fs * kind.period)
        inside = starts[0] >= more and starts[-1] + kind.useful * fs + more <= len(iq)
        if abs(total) ** 2 > 12 * power * share and inside:
            usable = usable_symbols(iq, fs, kind, starts)
            runs.append((abs(total), starts, total, usable))
        begin += span
    return runs


def find_runs(iq, fs, kind, margin):
    """The strongest runs, in the order of time: (starts, offset in Hz, usable)."""
    finder = burst_runs if kind.per_period == 1 else cellular_runs
    runs = finder(iq, fs, kind, margin)
    wanted = -(-ROWS * COLS // kind.cols // kind.run)
    chosen = sorted(sorted(range(len(runs)), key=lambda k: -runs[k][0])[:wanted])
    lag = round(fs * kind.useful)
    return [
        (runs[k][1], -np.angle(runs[k][2]) / (2 * np.pi * lag) * fs, runs[k][3]) for k in chosen
    ]


def busiest_hz(iq, fs, width):
    """Middle of the busiest part: log spectrum under a parabola."""
    n = 256
    reach = int(np.ceil(width / 2 / fs * n))
    pieces = min(64, len(iq) // n)
    if 2 * reach >= n or pieces == 0:
        return 0.0
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    starts = [k * (len(iq) - n) // max(1, pieces - 1) for k in range(pieces)]
    power = sum(np.abs(np.fft.fft(iq[s : s + n] * window)) ** 2 for s in starts)
    level = np.log10(np.fft.fftshift(np.maximum(power, 1e-12 * power.sum() + 1e-30)))
    weights = 1 - 0.5 * (np.arange(-reach, reach + 1) / (reach + 1)) ** 2
    score = np.convolve(level, weights, "valid")
    edge = min(n // 20, (n - 1) // 2 - reach)
    return (np.argmax(score[edge : len(score) - edge]) + edge + reach - n / 2) / n * fs


def band_limited(iq, fs, center, width):
    """Only what lies within the band, by one long transform."""
    spectrum = np.fft.fft(iq)
    away = np.abs(np.fft.fftfreq(len(iq), 1 / fs) - center)
    return np.fft.ifft(np.where(away <= width / 2, spectrum, 0))


def values_at(iq, times):
    """Samples between samples: a long windowed sinc."""
    near = np.floor(times).astype(int)[:, np.newaxis] + np.arange(-40, 42)
    away = times[:, np.newaxis] - near
    taps = np.sinc(away) * np.cos(np.pi * away / 84) ** 2
    inside = (near >= 0) & (near < len(iq))
    return np.sum(taps * np.where(inside, iq[np.clip(near, 0, len(iq) - 1)], 0), axis=1)


def refine(narrow, fs, kind, runs):
    """Offsets by the ends of the symbols, a useful length after their beginnings."""
    points = 2 * kind.cols
    count = int(0.5 * kind.prefix / kind.useful * points)
    useful = kind.useful * fs
    sums = []
    for starts, offset, usable in runs:
        early = np.concatenate([s + np.arange(count) * useful / points for s in starts[usable]])
        product = values_at(narrow, early + useful) * values_at(narrow, early).conj()
        sums.append(np.sum(product) * np.exp(-2j * np.pi * offset * kind.useful))
    if kind.per_period > 1:
        sums = [sum(sums)] * len(sums)
    return [
        (starts, offset + np.angle(total) / (2 * np.pi) * kind.scs, usable)
        for (starts, offset, usable), total in zip(runs, sums, strict=True)
    ]


def transform(iq, fs, kind, start, origin, carrier):
    """Elements (cols,) of the symbol whose window starts at a time, in samples."""
    first, length = int(np.floor(start + 0.5)), round(kind.useful * fs)
    n = np.arange(first, first + length)
    mixed = iq[n] * np.exp(-2j * np.pi * carrier / fs * (n - origin))
    subcarriers = (np.arange(kind.cols) - kind.cols // 2) * kind.scs
    phases = np.exp(-2j * np.pi * np.outer(subcarriers / fs, n - start))
    return phases @ mixed / np.sqrt(kind.useful * fs)


def box_means(values, times, run, present, reach):
    """Means over rows of the same run within 7.5 symbols, and columns within reach."""
    means = np.zeros_like(values)
    ones = np.ones(2 * reach + 1)
    width = np.convolve(np.ones(values.shape[1]), ones, "same")
    for r in np.flatnonzero(present):
        near = present & (run == run[r]) & (np.abs(times - times[r]) <= 7.5)
        means[r] = np.convolve(values[near].mean(axis=0), ones, "same") / width
    return means


def unit(x):
    return np.where(x == 0, 1, x / np.where(x == 0, 1, np.abs(x)))


def planes_of(now, before, times, run, kind_of, present, reach, bursts):
    """Planes (5, rows, cols), of which the rows that are not present are not to be used."""
    turn = now * before.conj()
    angle, weight = unit(turn), np.abs(turn)
    advance = np.ones(len(now), complex)
    cos2 = np.zeros(now.shape)
    for group in {*zip(run, kind_of, strict=True)}:
        rows = (run == group[0]) & (kind_of == group[1])
        d, w = angle[rows & present], weight[rows & present]
        fourth = unit(np.sum(w * d**4))
        back = fourth**-0.5
        back = -back if np.real(np.sum(w * d**2) * back) < 0 else back
        advance[rows] = fourth
        cos2[rows] = np.real(angle[rows] ** 2 * back)
    power = np.abs(now) ** 2
    fourth = unit(now) ** 4 * power
    shared = np.cumprod(advance)[:, np.newaxis] * np.ones(now.shape)
    for r in set(run):
        rows = fourth[(run == r) & present]
        steps = rows[:, 1:] * rows[:, :-1].conj()
        ramp = unit(np.sum(unit(steps) * np.sqrt(np.abs(steps))))
        shared[run == r] *= ramp ** np.arange(now.shape[1])
    fourth = np.where(present[:, np.newaxis], fourth * shared.conj(), 0)
    mean = box_means(fourth, times, run, present, reach)
    if bursts:
        late = unit(np.sum(fourth * mean.conj(), axis=1, keepdims=True))
        shared, fourth = shared * late, fourth * late.conj()
        mean = box_means(fourth, times, run, present, reach)
    gain = np.sqrt(box_means(power, times, run, present, reach))
    z = now * np.exp(-0.25j * np.angle(-mean * shared)) / np.where(gain > 0, gain, 1)
    level = 10 * np.log10(np.maximum(power, 1e-20))
    parts = np.sort([np.abs(z.real), np.abs(z.imag)], axis=0)
    return np.stack([level, cos2, 2 * cos2**2 - 1, parts[1], parts[0]])


def slow_symbol_grid(iq, fs, name, margin=40):
    """Planes (5, 128, 128) and the number of symbols, of samples free of DC.

    ``margin`` is that of the kernel's filter: it decides which symbols a window still holds.
    """
    kind = KINDS[name]
    iq = iq.astype(complex)
    bursts = kind.per_period == 1
    symbols = ROWS * COLS // kind.cols
    result = np.zeros((5, symbols, kind.cols))
    result[0] = ABSENT_DB
    runs = find_runs(iq, fs, kind, margin)
    center = kind.scs * round(busiest_hz(iq, fs, kind.cols * kind.scs) / kind.scs)
    useful = kind.useful * fs
    whole = abs(useful - round(useful)) < 1e-6 * useful and round(useful) <= 2 * kind.cols
    if not whole and runs:
        narrow = band_limited(iq, fs, center, kind.cols * kind.scs)
        runs = refine(narrow, fs, kind, runs)
    now, before, times, run, kind_of, present = [], [], [], [], [], []
    for r, (starts, offset, usable) in enumerate(runs):
        elements = [transform(iq, fs, kind, s, starts[0], center + offset) for s in starts]
        now += elements[1:]
        before += elements[:-1]
        times += list(starts[1:] / fs / kind.symbol)
        run += [r if bursts else 0] * kind.run
        kind_of += [int(k % kind.per_period == 0) for k in range(kind.run)]
        present += list(usable[1:])
    if not now:
        return unpacked(result), 0
    rows = [np.array(part)[:symbols] for part in (now, before, times, run, kind_of, present)]
    rms = np.sqrt(np.mean(np.abs(iq) ** 2))
    view = fs / 2 if whole else min(kind.cols * kind.scs / 2, 0.42 * fs)
    below = int(min(view / kind.scs, kind.cols / 2))
    seen = slice(kind.cols // 2 - below, kind.cols // 2 + below)
    planes = planes_of(
        rows[0][:, seen] / rms, rows[1][:, seen] / rms, *rows[2:], kind.reach, bursts
    )
    planes[0] += 20 * np.log10(rms)
    ok = np.flatnonzero(rows[5])
    result[:, ok, seen] = planes[:, ok]
    return unpacked(result), len(ok)


def unpacked(planes):
    """Symbols from 128 on in columns beside the first ones: shape (5, 128, 128)."""
    return np.concatenate(np.split(planes, planes.shape[1] // ROWS, axis=1), axis=2)
