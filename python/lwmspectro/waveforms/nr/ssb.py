# SPDX-License-Identifier: GPL-3.0-or-later
"""Places synchronisation blocks in time and frequency, 3GPP TS 38.213 4.1 and 38.211 7.4.3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .pbch import N_SFN, Mib, ssb_block
from .signals import SSB_SYMBOLS, SSB_WIDTH, ssb_starts

if TYPE_CHECKING:
    from .config import NrConfig


@dataclass(frozen=True)
class Burst:
    """One synchronisation block of a window.

    Attributes:
        symbol: its first symbol, of its own spacing, from the start of the window.
        index: of the block in its half frame.
        half: half frame, 0 or 1.
        sfn: system frame number.
        rows: the carrier's symbols that it touches.
    """

    symbol: int
    index: int
    half: int
    sfn: int
    rows: slice


def touched_blocks(cfg: NrConfig) -> slice:
    """The carrier's resource blocks that a synchronisation block touches, 38.214 5.1.4."""
    low, high = (
        n * cfg.ssb_scs_hz / (12 * cfg.scs_hz)
        for n in (cfg.ssb_subcarrier, cfg.ssb_subcarrier + SSB_WIDTH)
    )
    return slice(int(low), int(np.ceil(high)))


def bursts(cfg: NrConfig, first_ms: int, lengths: NDArray[np.int64]) -> list[Burst]:
    """The blocks that fit into the downlink of a window.

    Args:
        cfg: the cell.
        first_ms: subframe number of the first slot.
        lengths: downlink symbols of each slot, shape (slots,).
    """
    scs, ssb_scs = cfg.scs_hz, cfg.ssb_scs_hz
    downlink = (np.arange(14) < lengths[:, None]).reshape(-1)
    n_ms = lengths.size // cfg.slots_per_ms
    per_ms = 14 * ssb_scs // 15000
    offset = 5 * cfg.ssb_half if cfg.ssb_period_ms > 5 else 0
    starts = ssb_starts(cfg.ssb_case, cfg.ssb_l_max)
    out = []
    for ms in range(first_ms - 5, first_ms + n_ms):
        if ms < 0 or (ms - offset) % cfg.ssb_period_ms:
            continue
        for index in cfg.ssb:
            symbol = (ms - first_ms) * per_ms + starts[index]
            if not 0 <= symbol <= n_ms * per_ms - SSB_SYMBOLS:
                continue
            rows = slice(symbol * scs // ssb_scs, -(-(symbol + SSB_SYMBOLS) * scs // ssb_scs))
            if downlink[rows].all():
                out.append(Burst(symbol, index, ms // 5 % 2, ms // 10 % N_SFN, rows))
    return out


def place_ssb(
    cfg: NrConfig, mib: Mib, found: list[Burst], grid: NDArray[np.complex64]
) -> NDArray[np.complex64] | None:
    """Put blocks where nothing else was sent.

    Args:
        cfg: the cell.
        mib: master information block.
        found: of ``bursts``.
        grid: complex64, (slots, 14, 12 n_rb), changed in place.

    Returns:
        None where the blocks share the carrier's spacing; else a grid of their own at
        ``cfg.ssb_scs_hz`` that spans the same time and frequency, shape
        (symbols, 12 n_rb * scs_hz / ssb_scs_hz).
    """
    scs, ssb_scs = cfg.scs_hz, cfg.ssb_scs_hz
    target = grid.reshape(-1, grid.shape[2])  # (symbols, subcarriers), a view
    own = None
    if scs != ssb_scs:
        shape = (target.shape[0] * ssb_scs // scs, target.shape[1] * scs // ssb_scs)
        own = target = np.zeros(shape, grid.dtype)
    place = slice(cfg.ssb_subcarrier, cfg.ssb_subcarrier + SSB_WIDTH)
    level = np.float32(10 ** (cfg.ssb_db / 20))
    for burst in found:
        block = ssb_block(
            mib, cfg.pci, burst.sfn, burst.index, burst.half, cfg.ssb_l_max, cfg.pss_db
        )
        target[burst.symbol : burst.symbol + SSB_SYMBOLS, place] = block * level
    return own
