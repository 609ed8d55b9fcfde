# SPDX-License-Identifier: GPL-3.0-or-later
"""Broadcast channel and the synchronisation block around it, TS 38.212 7.1, TS 38.211 7.3.3."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..coding import crc, polar
from ..sequences import byte_table, gold, qpsk_codes
from .signals import SSB_SYMBOLS, SSB_WIDTH, pbch_dmrs, pss, sss

N_SFN = 1024
_CODED = 864
# 38.212 table 7.1.1-1
_INTERLEAVER = (
    *(16, 23, 18, 17, 8, 30, 10, 6, 24, 7, 0, 5, 3, 2, 1, 4),
    *(9, 11, 12, 13, 14, 15, 19, 20, 21, 22, 25, 26, 27, 28, 29, 31),
)
_SFN, _HALF, _INDEX, _OTHER = 0, 10, 11, 14  # where the four kinds of bits start in it


@dataclass(frozen=True)
class Mib:
    """Master information block of TS 38.331 6.2.2, without the frame number.

    Attributes:
        scs_hz: subCarrierSpacingCommon, 15000 or 30000.
        k_ssb: subcarriers of 15 kHz from the common resource block to the block, 0..31.
        dmrs_position: dmrs-TypeA-Position, 2 or 3.
        pdcch_config: pdcch-ConfigSIB1, controlResourceSetZero in the upper four bits.
        barred: cellBarred.
    """

    scs_hz: int
    k_ssb: int
    dmrs_position: int
    pdcch_config: int
    barred: bool = False

    def bits(self, sfn: int) -> NDArray[np.uint8]:
        """BCCH-BCH-Message of a frame, uint8 (24,), first bit first."""
        value = 0  # the choice "mib"
        for width, field in (
            (6, sfn >> 4),
            (1, self.scs_hz // 30000),
            (4, self.k_ssb & 15),
            (1, self.dmrs_position - 2),
            (8, self.pdcch_config),
            (1, 0 if self.barred else 1),
            (1, 1),  # intraFreqReselection: not allowed
            (1, 0),
        ):
            value = value << width | field
        return (value >> np.arange(23, -1, -1) & 1).astype(np.uint8)


def payload(mib: Mib, sfn: int, half: int) -> NDArray[np.uint8]:
    """The interleaved payload a(0)..a(31) for 4 or 8 candidate blocks, 38.212 7.1.1."""
    block = mib.bits(sfn)
    out = np.zeros(32, np.uint8)
    place = np.array(_INTERLEAVER)
    frame = np.concatenate((block[1:7], (sfn >> np.arange(3, -1, -1) & 1).astype(np.uint8)))
    out[place[_SFN : _SFN + 10]] = frame
    out[place[_HALF]] = half
    out[place[_INDEX]] = mib.k_ssb >> 4
    out[place[_OTHER:]] = np.concatenate((block[:1], block[7:]))
    return out


def scramble(bits: NDArray[np.uint8], pci: int, sfn: int) -> NDArray[np.uint8]:
    """First scrambling, 38.212 7.1.2; a second call undoes it."""
    mask = np.ones(32, np.bool_)
    for j in (_SFN + 7, _SFN + 8, _HALF):  # third and second lowest bit of the frame number
        mask[_INTERLEAVER[j]] = False
    count = int(mask.sum())  # M = A - 3 for up to 8 blocks
    version = sfn >> 1 & 3
    out = bits.copy()
    out[mask] ^= gold(pci, count * (version + 1))[count * version :]
    return out


@lru_cache(maxsize=256)
def symbols(mib: Mib, pci: int, sfn: int, ssb: int, half: int, l_max: int) -> NDArray[np.complex64]:
    """QPSK symbols of the broadcast channel, shape (432,).

    Args:
        mib: master information block.
        pci: physical cell identity.
        sfn: system frame number 0..1023.
        ssb: index of the block in its half frame.
        half: 1 in the second half of the frame.
        l_max: blocks that a half frame can hold, 4 or 8.
    """
    bits = crc.attach(scramble(payload(mib, sfn, half), pci, sfn), "24C")
    coded = polar.encode(bits, _CODED)
    version = ssb % l_max  # two or three lowest bits, 38.211 7.3.3.1
    coded ^= gold(pci, _CODED * (version + 1))[_CODED * version :]
    return byte_table("qpsk")[qpsk_codes(coded)]


def ssb_block(
    mib: Mib, pci: int, sfn: int, ssb: int, half: int, l_max: int, pss_db: float
) -> NDArray[np.complex64]:
    """One synchronisation block, 38.211 table 7.4.3.1-1.

    Args:
        mib: master information block.
        pci: physical cell identity.
        sfn: system frame number.
        ssb: index of the block in its half frame.
        half: 1 in the second half of the frame.
        l_max: blocks that a half frame can hold, 4 or 8.
        pss_db: power of the PSS over the SSS, 0 or 3 dB in 38.213 4.1.

    Returns:
        complex64, shape (4 symbols, 240 subcarriers).
    """
    block = np.zeros((SSB_SYMBOLS, SSB_WIDTH), np.complex64)
    pbch = np.zeros(block.shape, np.bool_)
    pbch[[1, 3]] = True
    pbch[2, :48] = pbch[2, 192:] = True
    dmrs = pbch & (np.arange(SSB_WIDTH) % 4 == pci % 4)
    block[pbch & ~dmrs] = symbols(mib, pci, sfn, ssb, half, l_max)
    block[dmrs] = pbch_dmrs(pci, ssb, half, l_max)
    block[0, 56:183] = pss(pci % 3) * 10 ** (pss_db / 20)
    block[2, 56:183] = sss(pci)
    return block
