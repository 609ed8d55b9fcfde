# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a carrier and its synchronisation block stand in frequency, TS 38.211 4.4 and 7.4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .config import NrConfig


def ssb_crb(cfg: NrConfig) -> tuple[int, int]:
    """Common resource block that holds the block's lowest subcarrier, and k_SSB, 7.4.3.1.

    The first counts blocks of ``cfg.scs_hz`` from point A, the second subcarriers of 15 kHz.
    """
    ratio = cfg.scs_hz // 15000
    offset = 12 * cfg.crb_offset * ratio + cfg.ssb_subcarrier * (cfg.ssb_scs_hz // 15000)
    return divmod(offset, 12 * ratio)


def offset_to_point_a(cfg: NrConfig) -> int:
    """offsetToPointA of SIB1: blocks of 15 kHz below the block's common resource block, 4.4.4.2."""
    return ssb_crb(cfg)[0] * (cfg.scs_hz // 15000)


def ssb_freq(cfg: NrConfig) -> float:
    """Frequency of subcarrier 120 of the synchronisation block in Hz, SS_REF of 38.104 5.4.3."""
    return cfg.carrier_hz + ssb_offset(cfg)


def ssb_offset(cfg: NrConfig) -> float:
    """Centre (subcarrier 120) of the synchronisation block relative to the carrier's, Hz."""
    return float((cfg.ssb_subcarrier + 120) * cfg.ssb_scs_hz - 6 * cfg.n_rb * cfg.scs_hz)


def gscn(freq_hz: float) -> int | None:
    """Global synchronisation channel number of a frequency, None off the raster, 38.104 5.4.3.1."""
    if freq_hz >= 3e9:
        n, rest = divmod(freq_hz - 3e9, 1.44e6)
        return 7499 + int(n) if rest == 0 else None
    n, rest = divmod(freq_hz, 1.2e6)
    if n >= 1 and rest in (50e3, 150e3, 250e3):
        return int(3 * n + (rest / 50e3 - 3) / 2)
    return None


def nearest_raster(freq_hz: float) -> float:
    """The frequency of the synchronisation raster nearest to one above 1.2 MHz, Hz."""
    if freq_hz >= 3e9:
        return 3e9 + 1.44e6 * round((freq_hz - 3e9) / 1.44e6)
    steps = 1.2e6 * np.floor(freq_hz / 1.2e6) + np.array([50e3, 150e3, 250e3, 1.25e6, 1.35e6])
    return float(steps[np.abs(steps - freq_hz).argmin()])
