# SPDX-License-Identifier: GPL-3.0-or-later
"""Sequences and header fields of the OFDM physical layers of IEEE Std 802.11-2020."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..common import Complex64

Bits = npt.NDArray[np.int8]

# 17.3.3 (17-6), subcarriers -26..26: non-zero every fourth, sqrt(13/6) (+-1 +- j)
_STF = {
    -24: 1,
    -20: -1,
    -16: 1,
    -12: -1,
    -8: -1,
    -4: 1,
    4: -1,
    8: -1,
    12: 1,
    16: 1,
    20: 1,
    24: 1,
}
# 17.3.3 (17-8), subcarriers -26..26
_LTF = (
    "++--++-+-++++++--++-+-++++"  # -26..-1
    "0"
    "+--++-+-+-----++--+-+-++++"  # 1..26
)
# 19.3.9.4.6 (19-23): two subcarriers more on each side
_HT_LTF_BELOW, _HT_LTF_ABOVE = "++", "--"

PILOTS = np.array([-21, -7, 7, 21])  # 17.3.5.9, 19.3.11.10
PILOT_VALUES = np.array([1, 1, 1, -1], np.float32)

# data subcarriers in increasing order
LEGACY_DATA = np.array([k for k in range(-26, 27) if k and k not in PILOTS])  # 48
HT_DATA = np.array([k for k in range(-28, 29) if k and k not in PILOTS])  # 52


def _signs(text: str) -> Complex64:
    return np.array([{"+": 1, "-": -1, "0": 0}[c] for c in text], np.complex64)


@lru_cache(maxsize=1)
def short_training() -> Complex64:
    """L-STF spectrum in FFT order, shape (64,), power of 52 unit subcarriers (17.3.3)."""
    out = np.zeros(64, np.complex64)
    for k, sign in _STF.items():
        out[k] = np.sqrt(13.0 / 6.0) * sign * (1 + 1j)
    out.flags.writeable = False
    return out


@lru_cache(maxsize=1)
def long_training() -> Complex64:
    """L-LTF spectrum in FFT order, shape (64,) (17.3.3)."""
    out = np.zeros(64, np.complex64)
    out[np.arange(-26, 27)] = _signs(_LTF)
    out.flags.writeable = False
    return out


@lru_cache(maxsize=1)
def ht_long_training() -> Complex64:
    """HT-LTF (and VHT-LTF at 20 MHz) spectrum in FFT order, shape (64,) (19.3.9.4.6)."""
    out = np.zeros(64, np.complex64)
    out[np.arange(-28, 29)] = _signs(_HT_LTF_BELOW + _LTF + _HT_LTF_ABOVE)
    out.flags.writeable = False
    return out


@lru_cache(maxsize=1)
def pilot_polarity() -> npt.NDArray[np.float32]:
    """p_0..p_126 (17.3.5.10): the scrambler x^7 + x^4 + 1 from all ones, 1 becomes -1."""
    state = [1] * 7
    out = np.empty(127, np.float32)
    for i in range(127):
        bit = state[6] ^ state[3]
        state = [bit, *state[:6]]
        out[i] = 1.0 - 2.0 * bit
    return out


@dataclass(frozen=True)
class Rate:
    """One row of table 17-4 or 19-27: constellation order and data bits of a 20 MHz symbol."""

    order: int
    data_bits: int
    code: int  # RATE field of L-SIG (R1 first), or the MCS index


LEGACY_RATES = {  # Mb/s, table 17-4 and 17-6
    6: Rate(2, 24, 0b1101),
    9: Rate(2, 36, 0b1111),
    12: Rate(4, 48, 0b0101),
    18: Rate(4, 72, 0b0111),
    24: Rate(16, 96, 0b1001),
    36: Rate(16, 144, 0b1011),
    48: Rate(64, 192, 0b0001),
    54: Rate(64, 216, 0b0011),
}
HT_RATES = {  # MCS of one stream at 20 MHz, table 19-27; 8 is VHT only (table 21-30)
    0: Rate(2, 26, 0),
    1: Rate(4, 52, 1),
    2: Rate(4, 78, 2),
    3: Rate(16, 104, 3),
    4: Rate(16, 156, 4),
    5: Rate(64, 208, 5),
    6: Rate(64, 234, 6),
    7: Rate(64, 260, 7),
    8: Rate(256, 312, 8),
}


def bits_of(value: int, width: int) -> list[int]:
    """Bits of an integer, least significant first."""
    return [(value >> i) & 1 for i in range(width)]


def convolve(bits: list[int]) -> Bits:
    """Rate 1/2 convolutional code, generators 133 and 171 octal (17.3.5.6)."""
    memory = [0] * 6
    out: list[int] = []
    for bit in bits:
        window = [bit, *memory]
        out.append(window[0] ^ window[2] ^ window[3] ^ window[5] ^ window[6])
        out.append(window[0] ^ window[1] ^ window[2] ^ window[3] ^ window[6])
        memory = window[:6]
    return np.array(out, np.int8)


def crc8(bits: list[int]) -> list[int]:
    """Check bits of HT-SIG and VHT-SIG-A, C7 first (19.3.9.4.4): x^8 + x^2 + x + 1."""
    state = [1] * 8
    for bit in bits:
        feedback = bit ^ state[7]
        state = [feedback, state[0] ^ feedback, state[1] ^ feedback, *state[2:7]]
    return [1 - s for s in reversed(state)]


def header_points(coded: Bits) -> npt.NDArray[np.float32]:
    """Interleave and map 48 coded bits to BPSK on the 48 data subcarriers (17.3.5.7)."""
    k = np.arange(48)
    first = 3 * (k % 16) + k // 16  # second permutation is the identity for BPSK
    out = np.empty(48, np.float32)
    out[first] = 2.0 * coded - 1.0
    return out


def signal_field(code: int, length: int) -> npt.NDArray[np.float32]:
    """L-SIG as 48 BPSK points (17.3.4). code: RATE with R1 as its most significant bit."""
    bits = [(code >> i) & 1 for i in (3, 2, 1, 0)] + [0] + bits_of(length, 12)
    bits += [sum(bits) & 1] + [0] * 6
    return header_points(convolve(bits))


def ht_sig(
    mcs: int, length: int, short_gi: bool, aggregated: bool
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """HT-SIG1 and HT-SIG2 as BPSK points, before the rotation by 90 degrees (19.3.9.4.3)."""
    bits = [*bits_of(mcs, 7), 0, *bits_of(length, 16)]
    bits += [1, 1, 1, int(aggregated), 0, 0, 0, int(short_gi), 0, 0]
    coded = convolve(bits + crc8(bits) + [0] * 6)
    return header_points(coded[:48]), header_points(coded[48:])


def vht_sig_a(
    mcs: int, n_sts: int, short_gi: bool, group: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """VHT-SIG-A1 and A2 as BPSK points, before the rotation of the second (21.3.8.3.3)."""
    bits = [0, 0, 1, 0] + bits_of(group, 6) + bits_of(n_sts - 1, 3) + [0] * 9 + [0, 1]
    bits += [int(short_gi), 0, 0, 0, *bits_of(mcs, 4), 0, 1]
    coded = convolve(bits + crc8(bits) + [0] * 6)
    return header_points(coded[:48]), header_points(coded[48:])
