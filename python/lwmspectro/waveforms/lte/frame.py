# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference and synchronisation signals of the LTE downlink and the frame they stand in.

Source: 3GPP TS 36.211 (Release 8 numbering kept by later releases).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..sequences import gold, qpsk_codes, shift_register

# Classes of resource elements; users follow from USERS on.
EMPTY, RESERVED, CRS, CONTROL, BROADCAST, USERS = 0, 1, 2, 6, 7, 8

MAX_DL_PRB = 110  # 36.211 6.2.1: N_RB^{max,DL}

# 36.211 table 4.2-2, subframes 0-9 of the uplink-downlink configurations
TDD_CONFIGS = (
    "DSUUUDSUUU",
    "DSUUDDSUUD",
    "DSUDDDSUDD",
    "DSUUUDDDDD",
    "DSUUDDDDDD",
    "DSUDDDDDDD",
    "DSUUUDSUUD",
)
# 36.211 table 4.2-1 in symbols, special subframe configurations: (DwPTS, UpPTS)
SPECIAL_NORMAL = (
    *((3, 1), (9, 1), (10, 1), (11, 1), (12, 1)),
    *((3, 2), (9, 2), (10, 2), (11, 2), (6, 2)),
)
SPECIAL_EXTENDED = ((3, 1), (8, 1), (9, 1), (10, 1), (3, 2), (8, 2), (9, 2), (5, 2))


@dataclass(frozen=True)
class FrameKey:
    """Everything that fixes the part of a frame that repeats every 10 ms.

    Attributes:
        n_prb: downlink resource blocks.
        pci: physical cell identity, 0..503.
        n_ports: antenna ports with cell-specific reference signals, 1, 2 or 4.
        extended_cp: extended cyclic prefix.
        pattern: ten letters D, S, U, one per subframe (all D for FDD).
        dwpts: downlink symbols of a special subframe.
        mbsfn: subframes whose second part is an MBSFN region.
        tdd: frame structure type 2.
    """

    n_prb: int
    pci: int
    n_ports: int
    extended_cp: bool
    pattern: str
    dwpts: int
    mbsfn: tuple[int, ...]
    tdd: bool

    @property
    def slot_symbols(self) -> int:
        """OFDM symbols in a slot."""
        return 6 if self.extended_cp else 7


def pss(nid2: int) -> NDArray[np.complex64]:
    """Primary synchronisation signal d_u(0..61), 36.211 6.11.1.1, shape (62,)."""
    root = (25, 29, 34)[nid2]
    n = np.arange(62)
    n = np.where(n < 31, n, n + 1)  # the element at 0 Hz is punctured
    return np.exp(-1j * np.pi * root * n * (n + 1) / 63).astype(np.complex64)


def sss_indices(nid1: int) -> tuple[int, int]:
    """Cyclic shifts (m0, m1) of 36.211 6.11.2.1 for nid1 in 0..167."""
    q_prime = nid1 // 30
    q = (nid1 + q_prime * (q_prime + 1) // 2) // 30
    m_prime = nid1 + q * (q + 1) // 2
    m0 = m_prime % 31
    return m0, (m0 + m_prime // 31 + 1) % 31


@lru_cache(maxsize=1)
def _sss_sequences() -> tuple[NDArray[np.int64], ...]:
    """The sequences s, c and z of 36.211 6.11.2.1 as +1 and -1, each of shape (31,)."""
    return tuple(
        1 - 2 * shift_register((0, 0, 0, 0, 1), taps, 31) for taps in ((0, 2), (0, 3), (0, 1, 2, 4))
    )


def sss(pci: int, second_half: bool) -> NDArray[np.complex64]:
    """Secondary synchronisation signal d(0..61), 36.211 6.11.2.1, shape (62,).

    Args:
        pci: physical cell identity.
        second_half: False for subframe 0, True for subframe 5.
    """
    nid1, nid2 = divmod(pci, 3)
    m0, m1 = sss_indices(nid1)
    n = np.arange(31)
    s, c, z = _sss_sequences()
    c0, c1 = c[(n + nid2) % 31], c[(n + nid2 + 3) % 31]
    first, second = (m1, m0) if second_half else (m0, m1)
    d = np.empty(62, np.complex64)
    d[0::2] = s[(n + first) % 31] * c0
    d[1::2] = s[(n + second) % 31] * c1 * z[(n + first % 8) % 31]
    return d


def crs_symbols(key: FrameKey, port: int) -> tuple[int, ...]:
    """Symbols of a slot with reference signals of one port, 36.211 6.10.1.2."""
    return (0, key.slot_symbols - 3) if port < 2 else (1,)


def crs_columns(key: FrameKey, port: int, slot: int, symbol: int) -> NDArray[np.int64] | None:
    """Subcarriers of the reference signal of one port, 36.211 6.10.1.2, shape (2 n_prb,).

    Returns:
        Increasing subcarrier numbers, or None where the port has none in this symbol.
    """
    if symbol not in crs_symbols(key, port):
        return None
    if port < 2:
        v = 0 if (port == 0) == (symbol == 0) else 3
    else:
        v = 3 * (slot % 2) if port == 2 else 3 + 3 * (slot % 2)
    return 6 * np.arange(2 * key.n_prb) + (v + key.pci) % 6


@lru_cache(maxsize=8)
def _crs_codes(pci: int, extended_cp: bool) -> NDArray[np.uint8]:
    """QPSK codes of r_{l,ns}(m), 36.211 6.10.1.1, shape (20 slots, 7 symbols, 220)."""
    slot, symbol = np.mgrid[:20, :7]
    c_init = (7 * (slot + 1) + symbol + 1) * (2 * pci + 1) << 10
    c_init += 2 * pci + (0 if extended_cp else 1)
    return qpsk_codes(gold(c_init.ravel(), 4 * MAX_DL_PRB)).reshape(20, 7, 2 * MAX_DL_PRB)


@dataclass(frozen=True)
class FrameTemplate:
    """The ten subframes before any data is placed; ``s`` symbols per subframe.

    Attributes:
        classes: uint8, (10, s, subcarriers): EMPTY where data may go, else its class.
        codes: uint8, (10, s, subcarriers): QPSK index where ``fixed``.
        fixed: bool, (10, s, subcarriers): elements with a known reference symbol.
        downlink: bool, (10, s): symbols that the cell may transmit.
        sync: (subframe, symbol in subframe, complex64 of 62) of PSS and SSS.
    """

    classes: NDArray[np.uint8]
    codes: NDArray[np.uint8]
    fixed: NDArray[np.bool_]
    downlink: NDArray[np.bool_]
    sync: tuple[tuple[int, int, NDArray[np.complex64]], ...]


def _downlink_symbols(key: FrameKey) -> NDArray[np.bool_]:
    """Symbols that carry downlink, 36.211 4.2, shape (10, symbols per subframe)."""
    symbols = np.arange(2 * key.slot_symbols)
    length = {"D": symbols.size, "S": key.dwpts, "U": 0}
    return np.stack([symbols < length[letter] for letter in key.pattern])


def _sync(key: FrameKey) -> tuple[tuple[int, int, NDArray[np.complex64]], ...]:
    """PSS and SSS with their places, 36.211 6.11.1.2 and 6.11.2.2."""
    out = []
    last = key.slot_symbols - 1
    for half in (0, 1):
        primary, secondary = pss(key.pci % 3), sss(key.pci, bool(half))
        if key.tdd:
            out.append((5 * half + 1, 2, primary))  # third symbol of slots 2 and 12
            out.append((5 * half, key.slot_symbols + last, secondary))  # last of slots 1, 11
        else:
            out.append((5 * half, last, primary))  # last symbol of slots 0 and 10
            out.append((5 * half, last - 1, secondary))
    return tuple(out)


@lru_cache(maxsize=8)
def frame_template(key: FrameKey) -> FrameTemplate:
    """Lay out reference signals, synchronisation signals and PBCH of one frame."""
    per_slot, width = key.slot_symbols, 12 * key.n_prb
    shape = (10, 2 * per_slot, width)
    classes, codes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    downlink = _downlink_symbols(key)
    centre = slice(width // 2 - 36, width // 2 + 36)
    reserved = np.zeros((per_slot, width), np.bool_)
    for port in range(4):  # 36.211 6.6.4: PBCH avoids the reference signals of four ports
        for symbol in range(4):
            columns = crs_columns(key, port, 1, symbol)
            if columns is not None:
                reserved[symbol, columns] = True
    classes[0, per_slot : per_slot + 4, centre] = np.where(
        reserved[:4, centre], RESERVED, BROADCAST
    )
    sync = _sync(key)
    for subframe, symbol, _ in sync:  # five empty subcarriers on either side, 36.211 6.11.1.2
        classes[subframe, symbol, centre] = RESERVED
    first = MAX_DL_PRB - key.n_prb  # 36.211 6.10.1.2: m' = m + N_max - N_RB
    sequences = _crs_codes(key.pci, key.extended_cp)[:, :, first : first + 2 * key.n_prb]
    pilots = downlink.copy()
    pilots[list(key.mbsfn), 2:] = False  # 36.211 6.10.1.2, MBSFN region
    for port in range(key.n_ports):
        for symbol, half in product(crs_symbols(key, port), (0, 1)):
            row, columns = half * per_slot + symbol, crs_columns(key, port, half, symbol)
            subframes = np.flatnonzero(pilots[:, row])
            classes[subframes[:, None], row, columns] = CRS + port
            codes[subframes[:, None], row, columns] = sequences[2 * subframes + half, symbol]
    fixed = (classes >= CRS) & (classes < CRS + 4)
    return FrameTemplate(classes, codes, fixed, downlink, sync)
