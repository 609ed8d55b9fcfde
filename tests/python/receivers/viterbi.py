# SPDX-License-Identifier: GPL-3.0-or-later
"""Soft Viterbi decoder of the 133/171 code, vectorised over states and over overlapping blocks."""

import numpy as np

STATES, BLOCK, OVERLAP = 64, 256, 112  # overlap: 16 constraint lengths, enough for rate 5/6


def _branches() -> np.ndarray:
    """Output pair 2 A + B of [new bit, state / 2, state % 2]; a state's top bit is the newest."""
    out = np.zeros((2, 32, 2), np.intp)
    for bit in range(2):
        for state in range(STATES):
            register = bit << 6 | state  # newest bit first, as the octal generators are written
            a = bin(register & 0o133).count("1") % 2
            b = bin(register & 0o171).count("1") % 2
            out[bit, state // 2, state % 2] = 2 * a + b
    return out


PAIRS = _branches()


def depuncture(llr: np.ndarray, sent: str) -> np.ndarray:
    """Spread received values over coded pairs; nothing is known of what was stolen.

    sent: the order of transmission in a period, such as "ABxA xB" without the blank: one letter
    for each of A0 B0 A1 B1 ..., x is stolen.
    """
    kept = np.array([c != "x" for c in sent])
    periods = llr.size // int(kept.sum())
    out = np.zeros((periods, kept.size), np.float32)
    out[:, kept] = llr[: periods * int(kept.sum())].reshape(periods, -1)
    return out.reshape(-1, 2)


def decode(llr: np.ndarray) -> np.ndarray:
    """Most likely bits of a frame that starts and ends in the zero state.

    llr: shape (n, 2), positive where a coded bit is rather 0.
    """
    n = llr.shape[0]
    blocks = -(-n // BLOCK)
    span = BLOCK + 2 * OVERLAP
    padded = np.zeros((blocks * BLOCK + 2 * OVERLAP, 2), np.float32)
    # before the start and after the end the encoder sees zeros: certain knowledge
    padded[:OVERLAP] = padded[OVERLAP + n :] = 4.0 * np.abs(llr).max(initial=1.0)
    padded[OVERLAP : OVERLAP + n] = llr
    windows = np.stack([padded[i * BLOCK : i * BLOCK + span] for i in range(blocks)])
    sums = np.stack([windows.sum(-1), windows[..., 0] - windows[..., 1]], -1)
    pairs = np.stack([sums[..., 0], sums[..., 1], -sums[..., 1], -sums[..., 0]], -1)
    metric = np.zeros((blocks, STATES), np.float32)
    choice = np.empty((span, blocks, STATES), np.uint8)
    for t in range(span):
        branch = pairs[:, t][:, PAIRS]  # (blocks, 2, 32, 2)
        candidate = metric.reshape(blocks, 1, 32, 2) + branch
        second = candidate[..., 1] > candidate[..., 0]
        choice[t] = second.reshape(blocks, STATES)
        metric = np.where(second, candidate[..., 1], candidate[..., 0]).reshape(blocks, STATES)
        metric -= metric[:, :1]
    state = metric.argmax(1)
    bits = np.empty((blocks, span), np.uint8)
    rows = np.arange(blocks)
    for t in range(span - 1, -1, -1):
        bits[:, t] = state >> 5
        state = (state & 31) << 1 | choice[t, rows, state]
    return bits[:, OVERLAP : OVERLAP + BLOCK].reshape(-1)[:n]
