# SPDX-License-Identifier: GPL-3.0-or-later
"""Synchronisation and reference signals of the NR downlink.

Source: 3GPP TS 38.211 (Release 15), 3GPP TS 38.213 clause 4.1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..sequences import byte_table, gold, qpsk_codes, shift_register

SSB_WIDTH = 240  # subcarriers, 38.211 7.4.3.1
SSB_SYMBOLS = 4
MAX_RB = 275  # 38.211 table 4.4.2-1


def pss(nid2: int) -> NDArray[np.int64]:
    """Primary synchronisation signal, 38.211 7.4.2.2, shape (127,), values +-1."""
    x = 1 - 2 * shift_register((0, 1, 1, 0, 1, 1, 1), (0, 4), 127)
    return x[(np.arange(127) + 43 * nid2) % 127]


def sss(pci: int) -> NDArray[np.int64]:
    """Secondary synchronisation signal, 38.211 7.4.2.3, shape (127,), values +-1."""
    nid1, nid2 = divmod(pci, 3)
    n, state = np.arange(127), (1, 0, 0, 0, 0, 0, 0)
    m0 = 15 * (nid1 // 112) + 5 * nid2
    m1 = nid1 % 112
    x0, x1 = (1 - 2 * shift_register(state, taps, 127) for taps in ((0, 4), (0, 1)))
    return x0[(n + m0) % 127] * x1[(n + m1) % 127]


def pbch_dmrs(pci: int, ssb: int, half: int, l_max: int) -> NDArray[np.complex64]:
    """Reference symbols of the PBCH, 38.211 7.4.1.4.1, shape (144,).

    Args:
        pci: physical cell identity.
        ssb: index of the block in its half frame.
        half: 1 in the second half of the frame.
        l_max: blocks that a half frame can hold, 4 or 8.
    """
    i_ssb = ssb % 4 + 4 * half if l_max == 4 else ssb % 8
    c_init = (i_ssb + 1) * (pci // 4 + 1) << 11
    c_init += ((i_ssb + 1) << 6) + pci % 4
    return byte_table("qpsk")[qpsk_codes(gold(c_init, 288))]


def ssb_starts(case: str, l_max: int) -> tuple[int, ...]:
    """First symbols of the candidate blocks within a half frame, 38.213 4.1.

    Args:
        case: "A" (15 kHz), "B" or "C" (30 kHz).
        l_max: candidates, 4 or 8.
    """
    if case == "B":
        return tuple(s + 28 * n for n in range(l_max // 4) for s in (4, 8, 16, 20))
    return tuple(s + 14 * n for n in range(l_max // 2) for s in (2, 8))


def dmrs_symbols(l0: int, duration: int, additional: int) -> tuple[int, ...]:
    """Symbols of single-symbol DM-RS, mapping type A, 38.211 table 7.4.1.1.2-3.

    Args:
        l0: first position, 2 or 3.
        duration: symbols from the start of the slot to the end of the PDSCH.
        additional: dmrs-AdditionalPosition, 0..3 (3 acts as 2 with ``l0`` of 3).

    Returns:
        Symbol numbers in the slot.
    """
    if additional == 3 and l0 == 3:
        additional = 2
    if duration < 8 or additional == 0:
        later: tuple[int, ...] = ()
    elif duration < 10:
        later = (7,)
    elif additional == 1:
        later = (9,) if duration < 13 else (11,)
    elif additional == 3 and duration >= 12:
        later = (5, 8, 11)
    else:
        later = (6, 9) if duration < 13 else (7, 11)
    return (l0, *later)


@lru_cache(maxsize=64)
def reference_codes(
    shift: int, identity: int, scrambling: int, slots: int, symbols: tuple[int, ...], length: int
) -> NDArray[np.uint8]:
    """QPSK codes of PDSCH and PDCCH DM-RS and of CSI-RS for every slot of a frame.

    c_init = 2**shift (14 n_s + l + 1)(2 identity + 1) + 2**(shift > 10) identity + scrambling:
    38.211 7.4.1.1.1 and 7.4.1.3.1 with shift 17, 7.4.1.5.2 with shift 10.

    Args:
        shift: 17 for DM-RS, 10 for CSI-RS.
        identity: N_ID or n_ID.
        scrambling: n_SCID.
        slots: slots in a frame.
        symbols: symbols of the slot.
        length: reference symbols in one OFDM symbol.

    Returns:
        uint8, shape (slots, len(symbols), length).
    """
    slot, symbol = np.meshgrid(np.arange(slots), np.array(symbols), indexing="ij")
    c_init = (14 * slot + symbol + 1).astype(np.int64) * (2 * identity + 1) << shift
    c_init += (2 * identity if shift == 17 else identity) + scrambling
    codes = qpsk_codes(gold(c_init.ravel() % (1 << 31), 2 * length))
    return codes.reshape(slots, len(symbols), length)
