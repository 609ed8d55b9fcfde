# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoders for LTE: CRC, tail-biting Viterbi and turbo, from 3GPP TS 36.212 alone.

Soft values are log-likelihood ratios, positive for bit 0.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

CRC_POLYNOMIALS = {"24A": 0x1864CFB, "24B": 0x1800063, "16": 0x11021}


def crc(bits: np.ndarray, name: str) -> int:
    """Long division of the bits followed by zeros, one bit after the other."""
    polynomial = CRC_POLYNOMIALS[name]
    degree = polynomial.bit_length() - 1
    value = int("".join(map(str, np.asarray(bits).tolist())) + "0" * degree, 2)
    for position in range(len(bits) + degree - 1, degree - 1, -1):
        if value >> position & 1:
            value ^= polynomial << (position - degree)
    return value


def crc_of_whole(bits: np.ndarray, name: str) -> int:
    """Remainder of bits that end with their parity; 0 where they are right."""
    polynomial = CRC_POLYNOMIALS[name]
    degree = polynomial.bit_length() - 1
    register, mask = 0, (1 << degree) - 1
    for bit in np.asarray(bits).tolist():
        register = register << 1 | bit
        if register >> degree:
            register ^= polynomial
    return register & mask


@lru_cache(maxsize=512)
def gold(c_init: int, length: int) -> np.ndarray:
    """c(n) of 36.211 7.2, one bit after the other."""
    x1, x2, out = 1, c_init, []
    for n in range(1600 + length):
        if n >= 1600:
            out.append((x1 ^ x2) & 1)
        x1 = x1 >> 1 | ((x1 ^ x1 >> 3) & 1) << 30
        x2 = x2 >> 1 | ((x2 ^ x2 >> 1 ^ x2 >> 2 ^ x2 >> 3) & 1) << 30
    return np.array(out, np.int8)


@lru_cache(maxsize=256)
def _sub_block(length: int, kind: str) -> list[int]:
    """Input place of each output of the sub-block interleaver, -1 for dummies; 36.212 5.1.4."""
    turbo = [0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14, 30]
    turbo += [v + 1 for v in turbo]
    columns = turbo if kind != "conv" else turbo[16:] + turbo[:16]
    rows = -(-length // 32)
    dummy = 32 * rows - length
    if kind == "third":
        places = [
            (columns[k // rows] + 32 * (k % rows) + 1) % (32 * rows) for k in range(32 * rows)
        ]
    else:
        places = [32 * row + column for column in columns for row in range(rows)]
    return [p - dummy if p >= dummy else -1 for p in places]


def dematch_conv(soft: np.ndarray, n: int) -> np.ndarray:
    """Sum received soft bits (..., E) into the streams (..., 3, n)."""
    order = [p for p in _sub_block(n, "conv") if p >= 0]
    flat = [stream * n + p for stream in range(3) for p in order]
    out = np.zeros((*soft.shape[:-1], 3 * n))
    for first in range(0, soft.shape[-1], 3 * n):
        part = soft[..., first : first + 3 * n]
        out[..., flat[: part.shape[-1]]] += part
    return out.reshape(*soft.shape[:-1], 3, n)


@lru_cache(maxsize=1)
def _conv_trellis() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Previous states (64, 2), their outputs (64, 2, 3) as signs, and the input of each state."""
    generators = (0o133, 0o171, 0o165)
    previous = np.zeros((64, 2), int)
    signs = np.zeros((64, 2, 3))
    for state in range(64):  # newest bit highest
        bit = state >> 5
        for old in (0, 1):
            before = (state << 1 & 63) | old
            register = bit << 6 | before
            previous[state, old] = before
            for i, generator in enumerate(generators):
                signs[state, old, i] = 1 - 2 * (bin(register & generator).count("1") & 1)
    return previous, signs, np.arange(64) >> 5


def viterbi(streams: np.ndarray) -> np.ndarray:
    """Decode tail-biting blocks, going twice around and a bit; (..., 3, n) -> (..., n)."""
    previous, signs, inputs = _conv_trellis()
    lead = streams.shape[:-2]
    soft = streams.reshape(-1, 3, streams.shape[-1])
    count, _, n = soft.shape
    turns = np.concatenate((soft, soft, soft), axis=2)
    # the branches into a state, (3 n, blocks, state), for either old bit
    branches = [np.einsum("cit,si->tcs", turns, signs[:, old]) for old in (0, 1)]
    metric = np.zeros((count, 64))
    choice = np.zeros((3 * n, count, 64), np.bool_)
    for t in range(3 * n):
        zero = metric[:, previous[:, 0]] + branches[0][t]
        one = metric[:, previous[:, 1]] + branches[1][t]
        np.greater(one, zero, out=choice[t])
        metric = np.maximum(one, zero)
    state = metric.argmax(axis=1)
    rows = np.arange(count)
    out = np.zeros((count, 3 * n), np.uint8)
    for t in range(3 * n - 1, -1, -1):
        out[:, t] = inputs[state]
        state = previous[state, choice[t, rows, state].astype(int)]
    return out[:, n : 2 * n].reshape(*lead, n)


def dematch_turbo(soft: np.ndarray, size: int, version: int, n_cb: int | None) -> np.ndarray:
    """Sum the soft bits (E,) of a code block into its streams (3, size + 4); 36.212 5.1.4.1.2."""
    d = size + 4
    one, third = _sub_block(d, "turbo"), _sub_block(d, "third")
    second = [p + d if p >= 0 else -1 for p in one]
    third = [p + 2 * d if p >= 0 else -1 for p in third]
    w = one + [v for pair in zip(second, third, strict=True) for v in pair]
    n_cb = len(w) if n_cb is None else min(n_cb, len(w))
    rows = -(-d // 32)
    start = rows * (2 * -(-n_cb // (8 * rows)) * version + 2)
    turn = np.array([v for v in w[start % n_cb : n_cb] + w[: start % n_cb] if v >= 0])
    out = np.zeros(3 * d)
    for first in range(0, soft.size, turn.size):
        part = soft[first : first + turn.size]
        out[turn[: part.size]] += part
    return out.reshape(3, d)


_NEXT = np.zeros((8, 2), int)
_PARITY = np.zeros((8, 2), int)
for _s in range(8):  # state a(k-1) a(k-2) a(k-3), newest highest; 36.212 figure 5.1.3-2
    for _u in (0, 1):
        _a = _u ^ (_s >> 1 & 1) ^ (_s & 1)
        _NEXT[_s, _u] = _a << 2 | _s >> 1
        _PARITY[_s, _u] = _a ^ (_s >> 2) ^ (_s & 1)
_BEFORE = np.array([np.argwhere(s == _NEXT) for s in range(8)])  # (8, 2, [state, input])


def _max_log(
    systematic: np.ndarray, parity: np.ndarray, tail: np.ndarray, window: int = 192, warm: int = 96
) -> np.ndarray:
    """A-posteriori soft values of one constituent code, (blocks, K); windows side by side.

    Args:
        systematic: channel plus a-priori values, (blocks, K).
        parity: (blocks, K).
        tail: systematic and parity values of the three termination steps, (blocks, 3, 2).
    """
    blocks, size = systematic.shape
    padded = -(-size // window) * window
    rest = padded - size
    # known zeros beyond the end keep the state at zero after the termination
    total = padded + 2 * warm
    xs, zs = (np.zeros((blocks, total)) for _ in range(2))
    xs[:, warm : warm + size], zs[:, warm : warm + size] = systematic, parity
    n_tail = min(3, rest + warm)
    xs[:, warm + size : warm + size + n_tail] = tail[:, :n_tail, 0]
    zs[:, warm + size : warm + size + n_tail] = tail[:, :n_tail, 1]
    xs[:, warm + size + n_tail :] = 50.0
    zs[:, warm + size + n_tail :] = 50.0
    xs[:, :warm] = zs[:, :warm] = 50.0  # before the start: zeros in state zero
    count = padded // window
    index = np.arange(count)[:, None] * window + np.arange(window + 2 * warm)
    x, z = xs[:, index], zs[:, index]  # (blocks, windows, steps)
    steps = x.shape[2]
    x, z = (np.ascontiguousarray(v.transpose(2, 0, 1))[..., None] for v in (x, z))
    # branch metrics by input, (steps, blocks, windows, state)
    branch = [0.5 * (x * (1 - 2 * u) + z * (1 - 2 * _PARITY[:, u])) for u in (0, 1)]
    into = [branch[0][..., :0]] * 2
    for which in (0, 1):
        state, bit = _BEFORE[:, which, 0], _BEFORE[:, which, 1]
        into[which] = np.where(bit == 0, branch[0][..., state], branch[1][..., state])
    forward = np.zeros((steps + 1, blocks, count, 8))
    forward[0, :, 0, 1:] = -1e6
    origin = [_BEFORE[:, which, 0] for which in (0, 1)]
    for t in range(steps):
        old = forward[t]
        np.maximum(
            old[..., origin[0]] + into[0][t], old[..., origin[1]] + into[1][t], out=forward[t + 1]
        )
        if t % 32 == 31:
            forward[t + 1] -= forward[t + 1].max(axis=-1, keepdims=True)
    backward = np.zeros((steps + 1, blocks, count, 8))
    backward[steps, :, -1, 1:] = -1e6
    for t in range(steps - 1, -1, -1):
        old = backward[t + 1]
        np.maximum(
            old[..., _NEXT[:, 0]] + branch[0][t],
            old[..., _NEXT[:, 1]] + branch[1][t],
            out=backward[t],
        )
        if t % 32 == 0:
            backward[t] -= backward[t].max(axis=-1, keepdims=True)
    inside = slice(warm, warm + window)
    after = slice(warm + 1, warm + window + 1)
    joint = [
        (forward[inside] + branch[u][inside] + backward[after][..., _NEXT[:, u]]).max(axis=-1)
        for u in (0, 1)
    ]
    out = (joint[0] - joint[1]).transpose(1, 2, 0)
    return out.reshape(blocks, padded)[:, :size]


def turbo_decode(
    streams: np.ndarray, f1: int, f2: int, iterations: int = 8, name: str | None = None
) -> np.ndarray:
    """Max-log turbo decoding of blocks of one size.

    Args:
        streams: soft values, (blocks, 3, K + 4).
        f1, f2: of the interleaver.
        iterations: at most.
        name: CRC at the end of each block that ends the iterations early.

    Returns:
        Bits, (blocks, K).
    """
    blocks, _, d = streams.shape
    size = d - 4
    i = np.arange(size)
    order = (f1 * i + f2 * i * i) % size
    x, z1, z2 = (streams[:, s, :size] for s in range(3))
    tail = streams[:, :, size:].transpose(0, 2, 1).reshape(blocks, 12)
    tail1, tail2 = tail[:, :6].reshape(blocks, 3, 2), tail[:, 6:].reshape(blocks, 3, 2)
    extrinsic = np.zeros_like(x)
    bits = np.zeros((blocks, size), np.uint8)
    for _ in range(iterations):
        total = _max_log(x + extrinsic, z1, tail1)
        extrinsic = 0.75 * (total - x - extrinsic)
        mixed = (x + extrinsic)[:, order]
        total = _max_log(mixed, z2, tail2)
        other = np.empty_like(total)
        other[:, order] = 0.75 * (total - mixed)
        extrinsic = other
        back = np.empty_like(total)
        back[:, order] = total
        bits = (back < 0).astype(np.uint8)
        if name and not any(crc_of_whole(row, name) for row in bits):
            break
    return bits
