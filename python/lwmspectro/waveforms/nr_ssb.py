# SPDX-License-Identifier: GPL-3.0-or-later
"""Places synchronisation blocks in time and frequency, 3GPP TS 38.213 4.1 and 38.211 7.4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .nr_signals import SSB_SYMBOLS, SSB_WIDTH, ssb_block, ssb_starts

if TYPE_CHECKING:
    from .nr import NrConfig


def _bursts(cfg: NrConfig, first_ms: int, n_ms: int) -> list[tuple[int, int, int]]:
    """(symbol from the start of the window, index, half frame) of every block in a window."""
    per_ms = 14 * cfg.ssb_scs_hz // 15000
    offset = 5 * cfg.ssb_half if cfg.ssb_period_ms > 5 else 0
    starts = ssb_starts(cfg.ssb_case, cfg.ssb_l_max)
    out = []
    for ms in range(first_ms - 5, first_ms + n_ms):
        if ms < 0 or (ms - offset) % cfg.ssb_period_ms:
            continue
        for index in cfg.ssb:
            symbol = (ms - first_ms) * per_ms + starts[index]
            if 0 <= symbol <= n_ms * per_ms - SSB_SYMBOLS:
                out.append((symbol, index, ms // 5 % 2))
    return out


def place_ssb(
    cfg: NrConfig,
    first_ms: int,
    lengths: NDArray[np.int64],
    grid: NDArray[np.complex64],
    rng: np.random.Generator,
) -> NDArray[np.complex64] | None:
    """Clear the blocks' surroundings and put them in.

    Args:
        cfg: the cell.
        first_ms: subframe number of the first slot.
        lengths: downlink symbols of each slot, shape (slots,).
        grid: complex64, (slots, 14, 12 n_rb), changed in place.
        rng: source of randomness.

    Returns:
        None where the blocks share the carrier's spacing; else a grid of their own at
        ``cfg.ssb_scs_hz`` that spans the same time and frequency, shape
        (symbols, 12 n_rb * scs_hz / ssb_scs_hz).
    """
    scs, ssb_scs = cfg.scs_hz, cfg.ssb_scs_hz
    flat = grid.reshape(-1, grid.shape[2])  # (symbols, subcarriers), a view
    downlink = (np.arange(14) < lengths[:, None]).reshape(-1)
    n_ms = lengths.size // cfg.slots_per_ms
    own = None
    target = flat
    if scs != ssb_scs:
        own = np.zeros((n_ms * 14 * ssb_scs // 15000, flat.shape[1] * scs // ssb_scs), grid.dtype)
        target = own
    low, high = (n * ssb_scs / (12 * scs) for n in (cfg.ssb_subcarrier, cfg.ssb_subcarrier + 240))
    around = slice(12 * int(low), 12 * int(np.ceil(high)))  # 38.214 5.1.4: touched blocks
    place = slice(cfg.ssb_subcarrier, cfg.ssb_subcarrier + SSB_WIDTH)
    level = np.float32(10 ** (cfg.ssb_db / 20))
    for symbol, index, half in _bursts(cfg, first_ms, n_ms):
        rows = slice(symbol * scs // ssb_scs, -(-(symbol + SSB_SYMBOLS) * scs // ssb_scs))
        if downlink[rows].all():
            flat[rows, around] = 0
            block = ssb_block(cfg.pci, index, half, cfg.ssb_l_max, cfg.pss_db, rng)
            target[symbol : symbol + SSB_SYMBOLS, place] = block * level
    return own
