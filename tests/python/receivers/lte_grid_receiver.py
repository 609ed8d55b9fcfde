# SPDX-License-Identifier: GPL-3.0-or-later
"""From samples to equalised resource elements of LTE, from 3GPP TS 36.211 alone."""

from __future__ import annotations

import numpy as np
from lte_fec import gold
from lte_sync import FoundCell


def slot_symbols(extended: bool) -> int:
    return 6 if extended else 7


def demodulate(
    iq: np.ndarray, samp_rate: float, cell: FoundCell, subframe: int, n_prb: int
) -> np.ndarray | None:
    """Elements (symbols, 12 n_prb) of a subframe counted from the cell's first frame."""
    size = round(samp_rate / 15e3)
    start = cell.frame_start + subframe * cell.frame_samples / 10
    ts = 0
    rows = []
    half = 6 * n_prb
    k = np.r_[-half:0, 1 : half + 1]
    for _ in range(2):
        for symbol in range(slot_symbols(cell.extended_cp)):
            ts += 512 if cell.extended_cp else (160 if symbol == 0 else 144)
            exact = start + ts * size / 2048
            early = max(1, size // 64)  # stay within the prefix
            a = round(exact) - early
            if a < 0 or a + size > iq.size:
                return None
            n = np.arange(a, a + size)
            part = iq[a : a + size] * np.exp(-2j * np.pi * cell.cfo_hz / samp_rate * n)
            bins = np.fft.fft(part) / np.sqrt(size)
            rows.append(bins[k] * np.exp(2j * np.pi * k / size * (exact - a)))
            ts += 2048
    return np.array(rows)


def pilots(
    pci: int, n_prb: int, extended: bool, port: int, slot: int, symbol: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Columns and values of the reference signal of a port, 36.211 6.10.1."""
    last = slot_symbols(extended) - 3
    shifts = {
        0: {0: 0, last: 3},
        1: {0: 3, last: 0},
        2: {1: 3 * (slot % 2)},
        3: {1: 3 + 3 * (slot % 2)},
    }[port]
    if symbol not in shifts:
        return None
    columns = np.array([6 * m + (shifts[symbol] + pci % 6) % 6 for m in range(2 * n_prb)])
    c_init = 2**10 * (7 * (slot + 1) + symbol + 1) * (2 * pci + 1) + 2 * pci + (not extended)
    c = gold(c_init, 4 * 110).astype(float)
    m = np.arange(2 * n_prb) + 110 - n_prb
    return columns, ((1 - 2 * c[2 * m]) + 1j * (1 - 2 * c[2 * m + 1])) / np.sqrt(2)


def _smoother(at: np.ndarray, width: int, noise: float) -> np.ndarray:
    """Wiener filter over frequency for delays spread evenly from -1 to 5 us."""
    low, high = -1e-6, 5e-6

    def correlation(f: np.ndarray) -> np.ndarray:
        x = 15e3 * f
        return np.sinc(x * (high - low)) * np.exp(-1j * np.pi * x * (low + high))

    columns = np.arange(width)
    # the subcarrier at 0 Hz has no column
    place = columns + (columns >= width // 2)
    p = place[at]
    r_pp = correlation(p[:, None] - p[None]) + noise * np.eye(at.size)
    return correlation(place[:, None] - p[None]) @ np.linalg.inv(r_pp)


_SMOOTHERS: dict[tuple, np.ndarray] = {}


def channel(
    grid: np.ndarray, cell: FoundCell, subframe: int, n_prb: int, port: int, noise: float = 0.003
) -> np.ndarray:
    """Channel estimate of a port over a subframe 0..9, the shape of the grid."""
    per = slot_symbols(cell.extended_cp)
    rows, estimates = [], []
    for row in range(2 * per):
        found = pilots(
            cell.pci, n_prb, cell.extended_cp, port, 2 * subframe + row // per, row % per
        )
        if found is None or not np.any(grid[row]):
            continue
        columns, values = found
        key = (n_prb, columns[0], noise)
        if key not in _SMOOTHERS:
            _SMOOTHERS[key] = _smoother(columns, 12 * n_prb, noise)
        estimates.append(_SMOOTHERS[key] @ (grid[row, columns] * np.conj(values)))
        rows.append(row)
    table = np.array(estimates)
    out = np.empty_like(grid)
    for row in range(2 * per):  # linear in time, flat beyond the ends
        j = np.searchsorted(rows, row)
        if j == 0:
            out[row] = table[0]
        elif j == len(rows):
            out[row] = table[-1]
        else:
            part = (row - rows[j - 1]) / (rows[j] - rows[j - 1])
            out[row] = (1 - part) * table[j - 1] + part * table[j]
    return out


def equalise(y: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symbols and their gains of elements in order, for 1, 2 or 4 ports.

    Args:
        y: received elements, (n,).
        h: channels, (ports, n).

    Returns:
        Symbols scaled to the constellation, and the power gain of each (reliability), (n,).
    """
    ports, n = h.shape
    if ports == 1:
        power = np.abs(h[0]) ** 2 + 1e-12
        return y * np.conj(h[0]) / power, power
    symbols, gains = np.empty(n, complex), np.empty(n)
    turns = [(0, 2, (0, 1))] if ports == 2 else [(0, 4, (0, 2)), (2, 4, (1, 3))]
    for first, step, (p, q) in turns:
        even, odd = slice(first, None, step), slice(first + 1, None, step)
        h0, h1 = ((h[i, even] + h[i, odd]) / 2 for i in (p, q))
        power = (np.abs(h0) ** 2 + np.abs(h1) ** 2) / np.sqrt(2) + 1e-12
        symbols[even] = (np.conj(h0) * y[even] + h1 * np.conj(y[odd])) / power
        symbols[odd] = (np.conj(h0) * y[odd] - h1 * np.conj(y[even])) / power
        gains[even] = gains[odd] = power / np.sqrt(2)
    return symbols, gains


def soft_bits(symbols: np.ndarray, gains: np.ndarray, per_symbol: int) -> np.ndarray:
    """Soft values (n * per_symbol,) of Gray-mapped QAM, 36.211 7.1."""
    scale = {2: np.sqrt(2), 4: np.sqrt(10), 6: np.sqrt(42), 8: np.sqrt(170)}[per_symbol]
    out = np.empty((symbols.size, per_symbol))
    for axis, value in enumerate((symbols.real * scale, symbols.imag * scale)):
        distance = 2 ** (per_symbol // 2 - 1)
        current = value
        for depth in range(per_symbol // 2):
            out[:, 2 * depth + axis] = current * gains
            current = distance - np.abs(current)
            distance //= 2
    return out.ravel()
