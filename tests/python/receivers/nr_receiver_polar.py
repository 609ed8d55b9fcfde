# SPDX-License-Identifier: GPL-3.0-or-later
"""Successive cancellation list decoder for the polar code of the NR downlink, TS 38.212.

Written from the standard for the tests; only the reliability sequence is the module's table.
"""

from __future__ import annotations

import math

import numpy as np
from gnuradio.lwmspectro.waveforms.coding.nr_tables import table

CRC24C = 0x1B2B117
BLOCKS = "0 1 2 4 3 5 6 7 8 16 9 17 10 18 11 19 12 20 13 21 14 22 15 23 24 25 26 28 27 29 30 31"
INTERLEAVER = """
0 2 4 7 9 14 19 20 24 25 26 28 31 34 42 45 49 50 51 53 54 56 58 59 61 62 65 66 67 69 70 71 72 76
77 81 82 83 87 88 89 91 93 95 98 101 104 106 108 110 111 113 115 118 119 120 122 123 126 127 129
132 134 138 139 140 1 3 5 8 10 15 21 27 29 32 35 43 46 52 55 57 60 63 68 73 78 84 90 92 94 96 99
102 105 107 109 112 114 116 121 124 128 130 133 135 141 6 11 16 22 30 33 36 44 47 64 74 79 85 97
100 103 117 125 131 136 142 12 17 23 37 48 75 80 86 137 143 13 18 38 144 39 145 40 146 41 147 148
149 150 151 152 153 154 155 156 157 158 159 160 161 162 163"""


def crc24c(bits: np.ndarray) -> int:
    """Remainder by long division."""
    register = 0
    for bit in [*bits.tolist(), *[0] * 24]:
        register = register << 1 | bit
        if register >> 24:
            register ^= CRC24C
    return register


def mother_length(k: int, e: int) -> int:
    """N of 5.3.1 for the downlink."""
    n1 = math.ceil(math.log2(e))
    if e <= 9 / 8 * 2 ** (n1 - 1) and k / e < 9 / 16:
        n1 -= 1
    return int(2 ** max(min(n1, math.ceil(math.log2(8 * k)), 9), 5))


def rate_recover(llr: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """LLRs of the mother code and the mask of its information bits, 5.4.1."""
    e = llr.size
    n = mother_length(k, e)
    block = [int(v) for v in BLOCKS.split()]
    place = [block[32 * i // n] * (n // 32) + i % (n // 32) for i in range(n)]
    received = np.zeros(n)
    banned: set[int] = set()
    if e >= n:
        for i in range(e):
            received[i % n] += llr[i]
    elif k / e <= 7 / 16:
        received[n - e :] = llr
        banned.update(place[: n - e])
        limit = 3 * n / 4 - e / 2 if e >= 3 * n / 4 else 9 * n / 16 - e / 4
        banned.update(range(math.ceil(limit)))
    else:
        received[:e] = llr
        received[e:] = 1e3  # shortened bits are zero
        banned.update(place[e:])
    out = np.zeros(n)
    out[place] = received
    order = [int(i) for i in table("polar") if i < n and int(i) not in banned]
    mask = np.zeros(n, bool)
    mask[order[-k:]] = True
    return out, mask


class ListDecoder:
    """Decodes one codeword with a list of paths."""

    def __init__(self, mask: np.ndarray, width: int = 8) -> None:
        self.mask, self.width = mask, width

    def run(self, llr: np.ndarray) -> np.ndarray:
        """Candidates for the information bits, the likeliest first, shape (paths, k)."""
        self.saved: list[np.ndarray] = []  # whatever must follow when paths are reordered
        self.metric = np.zeros(1)
        self.bits = np.zeros((1, 0), np.uint8)
        self.saved.append(llr[None])
        self._node(0, llr.size)
        self.saved.clear()
        order = np.argsort(self.metric, kind="stable")
        return self.bits[order]

    def _node(self, start: int, size: int) -> np.ndarray:
        """Decode the subtree whose LLRs are the last saved array; returns its partial sums."""
        llr = self.saved[-1]
        if not self.mask[start : start + size].any():
            self.metric = self.metric + np.logaddexp(0, -llr).sum(axis=1)
            return np.zeros(llr.shape, np.uint8)
        if self.width == 1 and self.mask[start : start + size].all():
            hard = (llr < 0).astype(np.uint8)  # nothing frozen: the best path is the plain one
            self.bits = np.concatenate((self.bits, _transform(hard)), axis=1)
            return hard
        if size == 1:
            return self._leaf()
        half = size // 2
        a, b = llr[:, :half], llr[:, half:]
        self.saved.append(np.sign(a) * np.sign(b) * np.minimum(np.abs(a), np.abs(b)))
        left = self._node(start, half)
        self.saved.pop()
        llr = self.saved[-1]
        a, b = llr[:, :half], llr[:, half:]
        self.saved.append(left)
        self.saved.append(b + (1.0 - 2.0 * left) * a)
        right = self._node(start + half, half)
        self.saved.pop()
        left = self.saved.pop()
        return np.concatenate((left ^ right, right), axis=1)

    def _leaf(self) -> np.ndarray:
        llr = self.saved[-1][:, 0]
        cost = np.concatenate(
            [self.metric + np.logaddexp(0, -llr), self.metric + np.logaddexp(0, llr)]
        )
        best = np.argsort(cost, kind="stable")[: self.width]
        parent, value = best % llr.size, (best // llr.size).astype(np.uint8)
        self.metric = cost[best]
        self.bits = np.concatenate((self.bits[parent], value[:, None]), axis=1)
        self.saved = [array[parent] for array in self.saved]
        return value[:, None]


def _transform(x: np.ndarray) -> np.ndarray:
    """Kronecker power of [[1, 0], [1, 1]], from the largest step to the smallest."""
    if x.shape[1] == 1:
        return x
    half = x.shape[1] // 2
    left = _transform(x[:, :half] ^ x[:, half:])
    return np.concatenate((left, _transform(x[:, half:])), axis=1)


def decode(llr: np.ndarray, k: int, rnti: int | None = None, width: int = 8) -> np.ndarray | None:
    """Message without its CRC24C, or None where no path has a right check.

    Args:
        llr: log-likelihood ratios, positive for a 0, of the E coded bits.
        k: message bits with the check.
        rnti: identity that masks the check of a PDCCH (7.3.2), None for the broadcast channel.
        width: paths kept.
    """
    mother, mask = rate_recover(np.asarray(llr, float), k)
    order = [int(v) - (164 - k) for v in INTERLEAVER.split() if int(v) >= 164 - k]
    for path in ListDecoder(mask, width).run(mother):
        bits = np.zeros(k, np.uint8)
        bits[order] = path
        message, check = bits[:-24], int("".join(map(str, bits[-24:])), 2)
        if rnti is None:
            good = crc24c(message) == check
        else:
            good = crc24c(np.concatenate((np.ones(24, np.uint8), message))) ^ rnti == check
        if good:
            return message
    return None
