# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a carrier and its synchronisation block stand in frequency, TS 38.211 4.4 and 7.4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .signals import SSB_WIDTH

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
    freq_hz = round(freq_hz)
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
    steps = np.minimum(steps, 3e9)  # where the wider steps begin
    return float(steps[np.abs(steps - freq_hz).argmin()])


def place_block(carrier_hz: float, n_rb: int, scs_hz: int) -> tuple[int, float]:
    """Where a carrier's synchronisation block of its own spacing is on the raster.

    Args:
        carrier_hz: centre of the carrier, Hz.
        n_rb: its resource blocks, 20 or more.
        scs_hz: its subcarrier spacing, Hz.

    Returns:
        The first subcarrier of the block, of those that are possible the one nearest to the
        middle, and by how much the carrier has to move for it, Hz: 0 where it is on the raster.
    """
    spare = 12 * n_rb - SSB_WIDTH
    reach = scs_hz * spare / 2  # of the block's centre on either side of the carrier's
    low, high = carrier_hz - reach - 1.44e6, carrier_hz + reach + 1.44e6
    points = np.unique([nearest_raster(freq) for freq in np.arange(low, high, 50e3)])
    places = np.clip(np.round((points - carrier_hz + reach) / scs_hz), 0, spare)
    moves = np.round(points - (carrier_hz - reach + scs_hz * places))
    best = np.lexsort((np.abs(places - spare / 2), np.abs(moves)))[0]
    return int(places[best]), float(moves[best])
