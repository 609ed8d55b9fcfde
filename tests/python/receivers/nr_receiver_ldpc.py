# SPDX-License-Identifier: GPL-3.0-or-later
"""Layered min-sum decoder and rate recovery of the NR shared channel, TS 38.212, for tests.

Only the base graphs are the module's tables.
"""

from __future__ import annotations

import math

import numpy as np
from gnuradio.lwmspectro.waveforms.coding.nr_tables import table

POLYNOMIALS = {
    "24A": "1100001100100110011111011",
    "24B": "1100000000000000001100011",
    "16": "10001000000100001",
}
SETS = [(a, [a * 2**j for j in range(8) if a * 2**j <= 384]) for a in (2, 3, 5, 7, 9, 11, 13, 15)]


def check(bits: np.ndarray, name: str) -> bool:
    """True where a message with its check divides by the polynomial."""
    text = POLYNOMIALS[name]
    divisor, degree = int(text, 2), len(text) - 1
    value, register = int("".join(map(str, bits.tolist())), 2), 0
    for byte in value.to_bytes(-(-bits.size // 8), "big"):
        for i in range(7, -1, -1):
            register = register << 1 | (byte >> i & 1)
            if register >> degree:
                register ^= divisor
    return register == 0


def _minsum(llr: np.ndarray, graph: int, zc: int, which: int, rounds: int) -> np.ndarray:
    """Hard decisions of all columns, (blocks, columns, zc), from LLRs of the same shape."""
    rows: dict[int, list[tuple[int, int]]] = {}
    for row, column, *shifts in table(f"bg{graph}").tolist():
        rows.setdefault(row, []).append((column, shifts[which] % zc))
    known = np.abs(llr).sum(axis=(0, 2)) > 0
    useful = [e for row, e in rows.items() if row < 4 or known[e[-1][0]]]
    belief = llr.copy()
    messages = [np.zeros((llr.shape[0], len(e), zc)) for e in useful]
    for _ in range(rounds):
        for number, edge in enumerate(useful):
            value = np.stack([np.roll(belief[:, c], -s, axis=1) for c, s in edge], axis=1)
            value -= messages[number]
            sign = np.where(value < 0, -1.0, 1.0)
            size = np.abs(value)
            two = np.partition(size, 1, axis=1)[:, :2]
            least = np.where(size == two[:, :1], two[:, 1:2], two[:, :1])
            new = 0.75 * sign * sign.prod(axis=1, keepdims=True) * least
            for i, (c, s) in enumerate(edge):
                belief[:, c] = np.roll(value[:, i] + new[:, i], s, axis=1)
            messages[number] = new
        hard = belief < 0
        if not any(
            np.logical_xor.reduce([np.roll(hard[:, c], -s, axis=1) for c, s in edge]).any()
            for edge in useful
        ):
            break
    return (belief < 0).astype(np.uint8)


def decode(
    llr: np.ndarray,
    tbs: int,
    rate: float,
    order: int,
    layers: int,
    version: int,
    limit: int,
    rounds: int = 20,
) -> np.ndarray | None:
    """Transport block, or None where its check or that of a code block fails.

    Args:
        llr: of the G coded bits, positive for 0, descrambled.
        tbs: bits of the block.
        rate: code rate of its MCS.
        order: bits per symbol.
        layers: spatial layers.
        version: redundancy version.
        limit: TBS_LBRM.
        rounds: iterations.
    """
    graph = 2 if tbs <= 292 or (tbs <= 3824 and rate <= 0.67) or rate <= 0.25 else 1
    parity = 24 if tbs > 3824 else 16
    most = 8448 if graph == 1 else 3840
    total = tbs + parity
    blocks = 1 if total <= most else math.ceil(total / (most - 24))
    used = (total + (24 * blocks if blocks > 1 else 0)) // blocks
    kb = 22
    if graph == 2:
        kb = 10 if total > 640 else 9 if total > 560 else 8 if total > 192 else 6
    zc, which = min((z, i) for i, (_, sizes) in enumerate(SETS) for z in sizes if kb * z >= used)
    columns, info = (68, 22) if graph == 1 else (52, 10)
    n, k = (columns - 2) * zc, info * zc
    ring = min(n, math.floor(limit / (blocks * 2 / 3)))
    starts = (0, 17, 33, 56) if graph == 1 else (0, 13, 25, 43)
    k0 = starts[version] * ring // ((columns - 2) * zc) * zc
    symbols = llr.size // (order * layers)
    soft = np.zeros((blocks, columns * zc))
    at = 0
    for r in range(blocks):
        share = (
            math.floor(symbols / blocks) if r < blocks - symbols % blocks else -(-symbols // blocks)
        )
        e = order * layers * share
        part = llr[at : at + e].reshape(-1, order).T.reshape(-1)
        at += e
        place, i = k0, 0
        while i < e:  # runs between the end of the buffer and the filler
            place %= ring
            if used - 2 * zc <= place < k - 2 * zc:
                place = k - 2 * zc
                continue
            end = used - 2 * zc if place < used - 2 * zc else ring
            run = min(end, ring) - place
            run = min(run, e - i)
            soft[r, 2 * zc + place : 2 * zc + place + run] += part[i : i + run]
            place, i = place + run, i + run
        soft[r, used:k] = 1e3
    hard = _minsum(soft.reshape(blocks, columns, zc), graph, zc, which, rounds)
    bits = hard.reshape(blocks, -1)[:, :used]
    if blocks > 1:
        if not all(check(block, "24B") for block in bits):
            return None
        bits = bits[:, :-24]
    message = bits.reshape(-1)
    if not message.any():  # every check accepts it
        return None
    return message[:tbs] if check(message, "24A" if parity == 24 else "16") else None
