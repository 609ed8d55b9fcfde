# SPDX-License-Identifier: GPL-3.0-or-later
"""A-MPDU framing (IEEE Std 802.11-2020 9.7.1 and 10.12)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .fields import bits_of, crc8

SIGNATURE = 0x4E  # 9.7.1, ASCII "N"
DELIMITER = 4  # octets
_LONGEST = {False: 4095, True: 16383}  # octets of an MPDU: 12 bits, in VHT 14


@lru_cache(maxsize=4096)
def delimiter(length: int, vht: bool, eof: bool = False) -> bytes:
    """MPDU delimiter of a length in octets (figures 9-969 and 9-970).

    Raises:
        ValueError: the length does not fit its field.
    """
    if not 0 <= length <= _LONGEST[vht]:
        raise ValueError(f"MPDU of an A-MPDU: expected 0..{_LONGEST[vht]} octets, got {length}")
    # B0 EOF, B1 reserved, B2-B3 high and B4-B15 low bits of the length
    bits = [int(eof), 0, *bits_of(length >> 12, 2), *bits_of(length & 0xFFF, 12)]
    bits += crc8(bits)
    value = sum(bit << i for i, bit in enumerate(bits))
    return value.to_bytes(3, "little") + bytes([SIGNATURE])


def build(mpdus: Sequence[bytes], vht: bool) -> bytes:
    """A-MPDU of MPDUs with their FCS: delimiters, and padding between the subframes.

    A lone MPDU of VHT is an S-MPDU: its delimiter says EOF (10.12.7).

    Raises:
        ValueError: there is no MPDU, or one is too long.
    """
    if not mpdus:
        raise ValueError("A-MPDU: expected at least one MPDU, got none")
    single = vht and len(mpdus) == 1
    out = bytearray()
    for mpdu in mpdus:
        out += bytes(-len(out) % 4)
        out += delimiter(len(mpdu), vht, single) + mpdu
    return bytes(out)


def pad(apep: bytes, length: int) -> bytes:
    """Fill a VHT A-MPDU up to its PSDU length (10.12.6).

    The last subframe to a multiple of four octets, then empty subframes that say EOF, then up
    to three octets.
    """
    missing = length - len(apep)
    last = min(-len(apep) % 4, missing)
    empty = (missing - last) // DELIMITER
    out = apep + bytes(last) + delimiter(0, True, True) * empty
    return out + bytes(length - len(out))


def is_ampdu(psdu: bytes) -> bool:
    """Whether octets start with a valid VHT delimiter."""
    if len(psdu) < DELIMITER or psdu[3] != SIGNATURE:
        return False
    bits = bits_of(int.from_bytes(psdu[:2], "little"), 16)
    return bits_of(psdu[2], 8) == crc8(bits)
