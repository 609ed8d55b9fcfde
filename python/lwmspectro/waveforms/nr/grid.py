# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the NR resource grid: control, shared channel, reference signals and SSB (TS 38.211).

Every resource element first gets a class (what it carries) and a byte (the bits of its symbol);
one table lookup then turns both into a complex value.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import codewords, control
from .cell import CONTROL, CSI, EMPTY, PER_USER, USERS, Cell
from .plan import Plan
from .schedule import Scheduler
from .scrambling import symbol_codes
from .signals import dmrs_symbols, reference_codes
from .ssb import Burst, bursts, place_ssb, touched_blocks
from .system import SystemInfo, mib, system_info
from .tbs import reference_size

if TYPE_CHECKING:
    from .config import NrConfig

_MAX_LAYERS = 2  # maxMIMO-Layers of a cell with two_layers


def _place_users(
    cfg: NrConfig, plan: Plan, lengths: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Class of the data of each resource element, shape (slots, 14, 12 n_rb)."""
    symbol = np.arange(14)
    carries = (symbol >= cfg.pdsch_start) & (symbol < lengths[:, None]) & plan.carries[:, None]
    system = cfg.traffic.n_users + 1
    users = np.where(plan.users == system, 0, plan.users)
    drawn = rng.integers(0, cfg.precoders, (lengths.size, -(-cfg.n_rb // 4)))
    precoder = drawn[plan.source]
    precoder = np.repeat(precoder, 4, axis=1)[:, : cfg.n_rb]
    classes = USERS + PER_USER * ((users - 1) * cfg.precoders + precoder)
    blocks = np.where(users > 0, classes, EMPTY).astype(np.uint8)
    return np.repeat(blocks[:, None] * carries[..., None].astype(np.uint8), 12, axis=2)


def _place_system(
    cfg: NrConfig,
    plan: Plan,
    slots: NDArray[np.int64],
    info: SystemInfo,
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
) -> None:
    """Elements and DM-RS of SIB1: type 1, no data beside it, counted from CORESET 0."""
    base = USERS + PER_USER * cfg.traffic.n_users * cfg.precoders
    low = 12 * info.coreset.first_rb
    high = low + 12 * info.n_rb
    n_frame = 10 * cfg.slots_per_ms
    for row, time in plan.system_rows:
        start, length = info.time(cfg, time)
        classes[row, start : start + length, low:high] = base
        symbols = info.dmrs(cfg, time)
        frame = reference_codes(17, cfg.pci, 0, n_frame, symbols, 6 * info.n_rb)
        for i, symbol in enumerate(symbols):
            classes[row, symbol, low:high] = EMPTY
            classes[row, symbol, low:high:4] = base + 1
            classes[row, symbol, low + 2 : high : 4] = base + 2
            codes[row, symbol, low:high:2] = frame[slots[row] % n_frame, i]


def _place_control_dmrs(
    cfg: NrConfig,
    plan: Plan,
    slots: NDArray[np.int64],
    info: SystemInfo | None,
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
) -> None:
    """DM-RS of the control channel, 38.211 7.4.1.3, where messages stand."""
    n_frame = 10 * cfg.slots_per_ms
    symbols = tuple(range(cfg.coreset_symbols))
    first, width = cfg.coreset_rb
    if width:
        length = 3 * (cfg.crb_offset + cfg.n_rb)
        frame = reference_codes(17, cfg.pci, 0, n_frame, symbols, length)
        start = 3 * (cfg.crb_offset + first)
        values = frame[slots % n_frame, :, start : start + 3 * width]
        region = (
            slice(None),
            slice(0, len(symbols)),
            slice(12 * first + 1, 12 * (first + width), 4),
        )
        np.copyto(codes[region], values, where=classes[region] == CONTROL)
    if info is None:
        return
    symbols, low = tuple(range(info.coreset.n_symbols)), info.coreset.first_rb
    frame = reference_codes(17, cfg.pci, 0, n_frame, symbols, 3 * info.coreset.n_rb)
    part = (slice(0, len(symbols)), slice(12 * low + 1, 12 * (low + info.coreset.n_rb), 4))
    for row, _ in plan.system_rows:
        own = classes[row][part] == CONTROL
        np.copyto(codes[row][part], frame[slots[row] % n_frame], where=own)


def _place_dmrs(
    cfg: NrConfig,
    slots: NDArray[np.int64],
    lengths: NDArray[np.int64],
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
) -> None:
    """Turn the data symbols that carry DM-RS into DM-RS, 38.211 7.4.1.1."""
    per_block = 6 if cfg.dmrs_type == 1 else 4
    k = np.arange(12 * cfg.n_rb)
    if cfg.dmrs_type == 1:  # k = 4n + 2k'
        group, odd, is_dmrs = k % 2, k // 2 % 2, k % 2 == 0
    else:  # k = 6n + k'
        group, odd, is_dmrs = k % 6 // 2, k % 2, k % 6 < 2
    keep = is_dmrs | (group >= cfg.dmrs_groups)
    step = np.where(is_dmrs, 1 + odd, 0).astype(np.uint8)
    identity = cfg.pci if cfg.dmrs_identity is None else cfg.dmrs_identity
    total = per_block * (cfg.crb_offset + cfg.n_rb)
    for length in np.unique(lengths[lengths > cfg.dmrs_first]):
        symbols = dmrs_symbols(cfg.dmrs_first, int(length), cfg.dmrs_additional)
        frame = reference_codes(17, identity, 0, 10 * cfg.slots_per_ms, symbols, total)
        rows = np.flatnonzero(lengths == length)
        for i, symbol in enumerate(symbols):
            block = classes[rows, symbol]
            data = block >= USERS
            classes[rows, symbol] = np.where(data, (block + step) * keep, block)
            values = frame[slots[rows] % frame.shape[0], i, per_block * cfg.crb_offset :]
            old = codes[rows, symbol]
            old[:, is_dmrs] = np.where(data[:, is_dmrs], values, old[:, is_dmrs])
            codes[rows, symbol] = old


def _free_of_dmrs(
    cfg: NrConfig, plan: Plan, row: int, length: int, symbols: tuple[int, ...]
) -> bool:
    """No DM-RS of a slot's users on any of some symbols (38.211 7.4.1.5.3)."""
    reference = dmrs_symbols(cfg.dmrs_first, length, cfg.dmrs_additional)
    return not (plan.users[row].any() and set(reference) & set(symbols))


def _place_csi(
    cfg: NrConfig,
    plan: Plan,
    slots: NDArray[np.int64],
    lengths: NDArray[np.int64],
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
) -> None:
    """Tracking reference signal and two-port CSI-RS, 38.211 7.4.1.5, 38.214 5.1.6.1.1."""
    frame_slots = 10 * cfg.slots_per_ms
    resources: list[tuple[int, int, tuple[int, ...], NDArray[np.int64], NDArray[np.uint8]]] = []
    if cfg.trs_period_ms:  # row 1 of table 7.4.1.5.3-1: three elements of each block
        period = cfg.trs_period_ms * cfg.slots_per_ms
        comb = np.arange(cfg.pci % 4, 12, 4)
        full = dmrs_symbols(cfg.dmrs_first, 14, cfg.dmrs_additional)
        pair = (6, 10) if 8 in full else (4, 8)
        for slot in (cfg.pci % 8 + 1, cfg.pci % 8 + 2):
            resources.append((period, slot % period, pair, comb, np.zeros(3, np.uint8)))
    if cfg.csi_period_ms:  # row 3: two ports on a pair of elements
        period = cfg.csi_period_ms * cfg.slots_per_ms
        ports = 2 * (cfg.pci % 6) + np.arange(2)
        resources.append((period, 2 % period, (13,), ports, np.arange(2, dtype=np.uint8)))
    for period, slot, symbols, places, kind in resources:
        rows = np.flatnonzero(slots % period == slot)
        rows = np.array(
            [r for r in rows if _free_of_dmrs(cfg, plan, int(r), int(lengths[r]), symbols)]
        )
        if not rows.size:
            continue
        columns = (12 * np.arange(cfg.n_rb)[:, None] + places).reshape(-1)
        start = places.size * cfg.crb_offset
        total = start + columns.size
        frame = reference_codes(10, cfg.pci, 0, frame_slots, symbols, total)
        for i, symbol in enumerate(symbols):
            at = (rows[:, None], symbol, columns)
            classes[at] = CSI + np.tile(kind, cfg.n_rb)
            codes[at] = frame[slots[rows] % frame_slots, i, start:]


@lru_cache(maxsize=64)
def _owners(precoders: int, n_users: int) -> NDArray[np.uint8]:
    """1 + user by class for data, 0 for everything else, uint8 (256,)."""
    out = np.zeros(256, np.uint8)
    for user in range(n_users):
        for precoder in range(precoders):
            out[USERS + PER_USER * (user * precoders + precoder)] = user + 1
    return out


def _place_data(
    cfg: NrConfig,
    cell: Cell,
    plan: Plan,
    info: SystemInfo | None,
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    data: NDArray[np.bool_] | None,
) -> NDArray[np.uint8] | None:
    """Bits of the shared channel, in the order of 38.211 7.3.1.5.

    Returns:
        Bytes of the second layer, None when nobody has one.
    """
    owner = _owners(cfg.precoders, len(cell.users))[classes]
    if data is not None:  # nobody is 0, and the last user stands for SIB1
        alone = [user.layers == 1 for user in cell.users[:-1]]
        np.take(np.array([False, *alone, False]), owner, out=data)
    other = None if cell.second is None else np.zeros_like(codes)
    part = max(cfg.pdsch_rb[1], 1)
    limit = reference_size(
        part, _MAX_LAYERS if cfg.two_layers else 1, 8 if cfg.mcs_table == 2 else 6
    )
    for sent in plan.transmissions:
        user = cell.users[sent.user]
        order, rate, layers, bound = user.order, user.rate, user.layers, limit
        if sent.user == len(cell.users) - 1 and info is not None:
            order, rate = info.scheme
            bound = reference_size(info.coreset.n_rb, 1, 6)
        mask = owner[sent.row] == sent.user + 1
        count = layers * int(np.count_nonzero(mask))
        if count < layers * max(1, -(-sent.tbs // 8448)):
            continue
        symbols = codewords.symbols(
            sent.tbs, rate, sent.payload, count, order, layers, sent.version, bound
        )
        # 38.211 7.3.1.1; the longest use decides the length, so that one sequence serves all
        c_init = (user.rnti << 15) + cfg.pci
        longest = layers * 168 * cfg.n_rb
        symbols = symbols ^ symbol_codes(c_init, order, longest)[:count]
        codes[sent.row][mask] = symbols[::layers]
        if other is not None and layers == 2:
            other[sent.row][mask] = symbols[1::2]
    return other


def _reserve(cfg: NrConfig, found: list[Burst], classes: NDArray[np.uint8]) -> None:
    """Take what the shared channel may not use out of it, 38.214 5.1.4."""
    if cfg.pdsch_start < cfg.coreset_symbols:  # a rate-match pattern covers the control region
        first, width = cfg.coreset_rb
        region = slice(12 * first, 12 * (first + width))
        classes[:, : cfg.coreset_symbols, region] = EMPTY
    touched = touched_blocks(cfg)
    around = slice(12 * touched.start, 12 * touched.stop)
    flat = classes.reshape(-1, classes.shape[2])
    for burst in found:
        flat[burst.rows, around] = EMPTY


def downlink_grid(
    cfg: NrConfig,
    cell: Cell,
    slots: NDArray[np.int64],
    rng: np.random.Generator,
    data_rng: np.random.Generator | None = None,
    data: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.complex64], NDArray[np.complex64] | None, Plan]:
    """Resource elements of consecutive slots.

    Args:
        cfg: the cell.
        cell: its users.
        slots: consecutive slot numbers that fill whole subframes; slot 0 starts frame 0.
        rng: source of randomness.
        data_rng: source of the payloads, ``rng`` when None.
        data: bool, shape (slots, 14, 12 n_rb), is set to where users' data are in one layer: two
            reach one antenna as a sum of two constellations.

    Returns:
        complex64, shape (slots, 14, 12 n_rb), where 0 dB of the shared channel is one unit of
        power; the separate grid of the SSB that ``place_ssb`` returns; and what was sent.
    """
    lengths = cfg.downlink_lengths(slots)
    found = bursts(cfg, int(slots[0]) // cfg.slots_per_ms, lengths)
    info = system_info(cfg)
    scheduler = Scheduler(cfg, cell)
    plan = scheduler.plan(slots, lengths, found, info, rng, data_rng or rng)
    classes = _place_users(cfg, plan, lengths, rng)
    codes = np.zeros_like(classes)
    _place_dmrs(cfg, slots, lengths, classes, codes)
    _place_csi(cfg, plan, slots, lengths, classes, codes)
    if info is not None:  # over the CSI-RS, which its receivers know nothing of
        _place_system(cfg, plan, slots, info, classes, codes)
    _reserve(cfg, found, classes)
    symbol = np.arange(14)
    np.copyto(classes, EMPTY, where=(symbol >= lengths[:, None])[..., None])
    other = _place_data(cfg, cell, plan, info, classes, codes, data)
    control.place(plan.messages, cfg.pci, classes, codes, CONTROL)
    _place_control_dmrs(cfg, plan, slots, info, classes, codes)
    index = classes.astype(np.intp) << 8
    grid: NDArray[np.complex64] = cell.first.reshape(-1).take(index | codes)
    if other is not None and cell.second is not None:
        # the DM-RS of both layers stands in the first table
        grid += cell.second.reshape(-1).take(index | other)
    return grid, place_ssb(cfg, mib(cfg), found, grid), plan
