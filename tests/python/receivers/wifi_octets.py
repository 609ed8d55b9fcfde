# SPDX-License-Identifier: GPL-3.0-or-later
"""Check sequences and A-MPDU delimiters of 802.11, for the receiver of the tests."""

import zlib

import numpy as np


def number(bits: np.ndarray) -> int:
    """Value of bits, least significant first."""
    return sum(int(b) << i for i, b in enumerate(bits))


def fcs_right(octets: bytes) -> bool:
    return len(octets) >= 10 and zlib.crc32(octets) == 0x2144DF1C  # the residue of every frame


def crc8(bits: np.ndarray) -> int:
    """x^8 + x^2 + x + 1 over ones, inverted, as a number whose top bit is sent first."""
    register = 0xFF
    for bit in bits:
        feedback = int(bit) ^ register >> 7
        register = (register << 1 & 0xFF) ^ (0x07 if feedback else 0)
    return register ^ 0xFF


def crc8_right(bits: np.ndarray, sent: np.ndarray) -> bool:
    return crc8(bits) == int("".join(str(int(b)) for b in sent), 2)


def split_ampdu(psdu: bytes) -> list[bytes]:
    """MPDUs of an A-MPDU by its delimiters; looks on for the next after a damaged one."""
    out, at = [], 0
    while at + 4 <= len(psdu):
        bits = np.unpackbits(np.frombuffer(psdu[at : at + 3], np.uint8), bitorder="little")
        if psdu[at + 3] != 0x4E or not crc8_right(bits[:16], bits[16:]):
            at += 4
            continue
        length = number(bits[4:16]) + (number(bits[2:4]) << 12)
        if length:
            out.append(psdu[at + 4 : at + 4 + length])
        at += 4 + (length + 3) // 4 * 4
    return out
