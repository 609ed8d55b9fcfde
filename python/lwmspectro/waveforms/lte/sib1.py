# SPDX-License-Identifier: GPL-3.0-or-later
"""System information block type 1, 3GPP TS 36.331 6.2.2, in unaligned packed encoding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SystemInformation:
    """What a cell tells in SIB1.

    Attributes:
        mcc: mobile country code, three digits.
        mnc: mobile network code, two or three digits.
        tracking_area: 16 bits.
        cell_identity: 28 bits.
        band: frequency band indicator, 1..64.
        q_rx_lev_min: -70..-22, in steps of 2 dBm.
        tdd_config: uplink-downlink configuration, None for FDD.
        special_config: special subframe configuration 0..9 (TDD).
        extended_cp: extended cyclic prefix, with which configuration 7 came later.
        value_tag: 0..31.
    """

    mcc: str = "001"
    mnc: str = "01"
    tracking_area: int = 1
    cell_identity: int = 1
    band: int = 7
    q_rx_lev_min: int = -65
    tdd_config: int | None = None
    special_config: int = 7
    extended_cp: bool = False
    value_tag: int = 0

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        tdd_config: int | None,
        special_config: int,
        extended_cp: bool = False,
    ) -> SystemInformation:
        """Draw a cell of a test network (001)."""
        bands = range(33, 44) if tdd_config is not None else (1, 3, 7, 8, 20, 28)
        return cls(
            mnc=f"{int(rng.integers(100)):02d}",
            tracking_area=int(rng.integers(1, 1 << 16)),
            cell_identity=int(rng.integers(1 << 28)),
            band=int(rng.choice(list(bands))),
            q_rx_lev_min=int(rng.integers(-70, -54)),
            tdd_config=tdd_config,
            special_config=special_config,
            extended_cp=extended_cp,
            value_tag=int(rng.integers(32)),
        )

    def encode(self) -> NDArray[np.uint8]:
        """The BCCH-DL-SCH-Message as bits, uint8."""
        tdd = self.tdd_config is not None
        # 36.331 6.3.2, TDD-Config: configurations of release 11 have a field of their own, and
        # the old field then tells another one
        late = tdd and self.special_config == (7 if self.extended_cp else 9)
        fields = [(0, 1), (1, 1)]  # c1, systemInformationBlockType1
        fields += [(0, 1), (int(tdd), 1), (int(late), 1)]  # no p-Max, tdd-Config, extension
        fields += [(0, 1)]  # no csg-Identity
        fields += [(0, 3), (1, 1)]  # one PLMN, with its country code
        fields += [(int(digit), 4) for digit in self.mcc]
        fields += [(len(self.mnc) - 2, 1)] + [(int(digit), 4) for digit in self.mnc]
        fields += [(1, 1)]  # not reserved for operator use
        fields += [(self.tracking_area, 16), (self.cell_identity, 28)]
        fields += [(1, 1), (0, 1), (0, 1)]  # not barred, reselection allowed, open group
        fields += [(0, 1), (self.q_rx_lev_min + 70, 6)]
        fields += [(self.band - 1, 6)]
        fields += [(0, 5), (1, 3), (0, 5)]  # one message every 16 frames, SIB2 alone
        if self.tdd_config is not None:
            told = self.special_config if not late else (4 if self.extended_cp else 5)
            fields += [(self.tdd_config, 3), (told, 4)]
        fields += [(5, 3), (self.value_tag, 5)]  # window of 20 ms
        if late:  # v890, v920 and v1130, each the extension of the one before
            fields += [(0b01, 2), (0b001, 3), (0b100, 3), (int(not self.extended_cp), 1)]
        text = "".join(f"{value:0{width}b}" for value, width in fields)
        return np.frombuffer(text.encode(), np.uint8) - np.uint8(ord("0"))
