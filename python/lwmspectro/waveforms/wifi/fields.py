# SPDX-License-Identifier: GPL-3.0-or-later
"""Bits of the SIGNAL fields (IEEE Std 802.11-2020 clauses 17, 19 and 21)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..coding import convolutional
from . import interleaver
from .format import Format

Bits = npt.NDArray[np.uint8]

_TAIL = [0] * 6
_TRAINING_US = 20  # L-STF, L-LTF and L-SIG


def bits_of(value: int, width: int) -> list[int]:
    """Bits of an integer, least significant first."""
    return [(value >> i) & 1 for i in range(width)]


def crc8(bits: list[int]) -> list[int]:
    """Check bits of HT-SIG and VHT-SIG, C7 first (19.3.9.4.4): x^8 + x^2 + x + 1."""
    state = [1] * 8
    for bit in bits:
        feedback = bit ^ state[7]
        state = [feedback, state[0] ^ feedback, state[1] ^ feedback, *state[2:7]]
    return [1 - s for s in reversed(state)]


def l_sig(rate_code: int, length: int) -> list[int]:
    """L-SIG (17.3.4).

    Args:
        rate_code: RATE with R1 as its most significant bit.
        length: LENGTH in octets, 1..4095.

    Raises:
        ValueError: the length does not fit.
    """
    if not 1 <= length <= 4095:
        raise ValueError(f"LENGTH of L-SIG: expected 1..4095, got {length}")
    bits = [*bits_of(rate_code, 4)[::-1], 0, *bits_of(length, 12)]
    return [*bits, sum(bits) & 1, *_TAIL]


def spoofed_length(fmt: Format, n_symbols: int) -> int:
    """LENGTH of L-SIG that names the duration of an HT or VHT frame (19-17, 21-24)."""
    rest_us = -(-fmt.n_samples(n_symbols) // 20) - _TRAINING_US
    return -(-rest_us // 4) * 3 - 3


def ht_sig(fmt: Format, n_bytes: int, aggregated: bool) -> list[int]:
    """HT-SIG1 and HT-SIG2 (19.3.9.4.3): no sounding, no STBC, BCC, no extension streams."""
    mcs = fmt.rate + 8 * (fmt.streams - 1)
    bits = [*bits_of(mcs, 7), 0, *bits_of(n_bytes, 16)]
    bits += [1, 1, 1, int(aggregated), 0, 0, 0, int(fmt.short_gi), 0, 0]
    return [*bits, *crc8(bits), *_TAIL]


def vht_sig_a(fmt: Format, n_symbols: int, group_id: int, partial_aid: int) -> list[int]:
    """VHT-SIG-A1 and A2 of a single user's frame (21.3.8.3.3): no STBC, BCC, not beamformed."""
    bits = [0, 0, 1, 0, *bits_of(group_id, 6), *bits_of(fmt.streams - 1, 3)]
    bits += [*bits_of(partial_aid, 9), 0, 1]
    ambiguous = fmt.short_gi and n_symbols % 10 == 9  # Short GI NSYM Disambiguation
    bits += [int(fmt.short_gi), int(ambiguous), 0, 0, *bits_of(fmt.rate, 4), 0, 1]
    return [*bits, *crc8(bits), *_TAIL]


def vht_sig_b(n_bytes: int) -> list[int]:
    """VHT-SIG-B at 20 MHz (21.3.8.3.6): APEP_LENGTH in units of four octets, then ones."""
    return [*bits_of(-(-n_bytes // 4), 17), 1, 1, 1, *_TAIL]


def vht_service(n_bytes: int) -> list[int]:
    """SERVICE of a VHT frame: the check bits of VHT-SIG-B follow the seed (21.3.10.2)."""
    return [0] * 8 + crc8(vht_sig_b(n_bytes)[:20])


def to_points(bits: list[int], high: bool = False) -> npt.NDArray[np.float32]:
    """Encode at rate 1/2, interleave and map to BPSK, one row for each symbol.

    Args:
        bits: with tail.
        high: 52 subcarriers (VHT-SIG-B) instead of 48.
    """
    coded = convolutional.encode(np.array(bits, np.uint8))
    positions = interleaver.high_throughput(1, 0, 1) if high else interleaver.legacy(1)
    rows = interleaver.interleave(coded.reshape(-1, positions.size), positions)
    return (2.0 * rows - 1.0).astype(np.float32)
