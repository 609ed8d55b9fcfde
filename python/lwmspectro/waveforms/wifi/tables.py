# SPDX-License-Identifier: GPL-3.0-or-later
"""Training sequences, subcarriers and rates of the OFDM physical layers of 802.11-2020."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..common import Complex64
from . import scrambler

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
    """p_0..p_126 (17.3.5.10): the scrambler from all ones, 1 becomes -1."""
    out = (1.0 - 2.0 * scrambler.sequence(0b1111111, scrambler.PERIOD)).astype(np.float32)
    out.flags.writeable = False
    return out


@dataclass(frozen=True)
class Rate:
    """One row of table 17-4 or 19-27: coded bits of a subcarrier, code rate, name in the header."""

    n_bpsc: int
    coding: tuple[int, int]
    code: int  # RATE field of L-SIG (R1 first, table 17-6), or the MCS index

    @property
    def order(self) -> int:
        """Points of the constellation."""
        return 1 << self.n_bpsc

    def data_bits(self, cells: int) -> int:
        """Data bits of a symbol with so many data subcarriers, N_DBPS."""
        return cells * self.n_bpsc * self.coding[0] // self.coding[1]


LEGACY_RATES = {  # Mb/s, tables 17-4 and 17-6
    6: Rate(1, (1, 2), 0b1101),
    9: Rate(1, (3, 4), 0b1111),
    12: Rate(2, (1, 2), 0b0101),
    18: Rate(2, (3, 4), 0b0111),
    24: Rate(4, (1, 2), 0b1001),
    36: Rate(4, (3, 4), 0b1011),
    48: Rate(6, (2, 3), 0b0001),
    54: Rate(6, (3, 4), 0b0011),
}
HT_RATES = {  # MCS of one stream at 20 MHz, table 19-27; 8 is VHT only (table 21-30)
    0: Rate(1, (1, 2), 0),
    1: Rate(2, (1, 2), 1),
    2: Rate(2, (3, 4), 2),
    3: Rate(4, (1, 2), 3),
    4: Rate(4, (3, 4), 4),
    5: Rate(6, (2, 3), 5),
    6: Rate(6, (3, 4), 6),
    7: Rate(6, (5, 6), 7),
    8: Rate(8, (3, 4), 8),
}
