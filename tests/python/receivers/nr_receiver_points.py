# SPDX-License-Identifier: GPL-3.0-or-later
"""Constellations of NR and their soft bits, written from the standard for tests."""

from __future__ import annotations

import numpy as np


def constellation(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and their bits (points, order), 38.211 5.1."""
    bits = np.array([[n >> i & 1 for i in range(order)] for n in range(2**order)])
    s = 1.0 - 2.0 * bits
    i, q = s[:, order - 2], s[:, order - 1]
    for depth in range(1, order // 2):
        place = order - 2 - 2 * depth
        i, q = s[:, place] * (2**depth - i), s[:, place + 1] * (2**depth - q)
    scale = {2: 2, 4: 10, 6: 42, 8: 170}[order]
    return (i + 1j * q) / np.sqrt(scale), bits


def soft_bits(symbols: np.ndarray, order: int, noise: np.ndarray) -> np.ndarray:
    """Max-log LLRs, positive for 0."""
    points, bits = constellation(order)
    out = np.empty((symbols.size, order))
    for start in range(0, symbols.size, 4096):
        part = slice(start, start + 4096)
        distance = np.abs(symbols[part, None] - points) ** 2
        for b in range(order):
            ones = bits[:, b] == 1
            out[part, b] = distance[:, ones].min(axis=1) - distance[:, ~ones].min(axis=1)
    return np.clip((out / noise[:, None]).reshape(-1), -50, 50)
