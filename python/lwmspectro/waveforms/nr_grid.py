# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the NR resource grid: control, shared channel, reference signals and SSB (TS 38.211).

Every resource element first gets a class (what it carries) and a random byte; one table lookup
then turns both into a complex value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .nr_signals import dmrs_symbols, reference_codes
from .nr_ssb import place_ssb
from .sequences import MODULATION_BITS, byte_table
from .traffic import allocate

if TYPE_CHECKING:
    from .nr import NrConfig

# Classes of resource elements. From USERS on, each user and precoder has three: data, and the
# DM-RS at the even and the odd place of its CDM pair, where two layers add and subtract.
EMPTY, CONTROL, CSI, USERS = 0, 1, 2, 4
_PER_USER = 3
_IDLE_CONTROL = 0.1  # share of the control load left in slots without data


def _tables(
    cfg: NrConfig, rng: np.random.Generator
) -> tuple[NDArray[np.complex64], NDArray[np.complex64] | None]:
    """Value of every (class, byte) for the first and the second spatial layer.

    Returns:
        complex64 of shape (classes, 256) each; None when nobody uses a second layer.
    """
    users = cfg.traffic.n_users + 1  # the last sends system information
    first = np.zeros((USERS + _PER_USER * cfg.precoders * users, 256), np.complex64)
    second = np.zeros_like(first)
    qpsk = byte_table("qpsk")
    first[CONTROL] = qpsk
    for k in (0, 1):
        first[CSI + k] = qpsk * np.exp(2j * np.pi * rng.random())
    boost = np.sqrt(cfg.dmrs_groups)  # 38.214 table 4.1-1
    row = USERS
    for user in range(users):
        modulation = cfg.modulation
        if user == users - 1:
            modulation = "qpsk"
        elif modulation == "mixed":
            modulation = str(rng.choice(list(MODULATION_BITS), p=[0.3, 0.25, 0.3, 0.15]))
        table = byte_table(modulation)
        layers = 2 if cfg.two_layers and user < users - 1 and rng.random() < 0.6 else 1
        power = 10 ** (float(rng.choice(cfg.power_offsets_db)) / 20)
        fading = cfg.precoders > 1 or layers == 2
        for _ in range(cfg.precoders):
            gain = np.exp(2j * np.pi * rng.random(2)) * power / np.sqrt(layers)
            if fading:
                gain *= np.sqrt(0.5 + 0.5 * rng.exponential(size=2))
            first[row] = table * gain[0]
            other = gain[1] if layers == 2 else 0.0
            second[row] = table * other
            first[row + 1] = qpsk * (boost * (gain[0] + other))  # 38.211 table 7.4.1.1.2-1
            first[row + 2] = qpsk * (boost * (gain[0] - other))
            row += _PER_USER
    return first, second if np.any(second) else None


def _downlink_length(cfg: NrConfig, slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Downlink symbols of each slot."""
    length = {"D": 14, "S": cfg.special_symbols, "U": 0}
    return np.array([length[letter] for letter in cfg.pattern])[slots % len(cfg.pattern)]


def _place_users(
    cfg: NrConfig, slots: NDArray[np.int64], source: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Class of the data of each block in each slot, shape (slots, n_rb)."""
    first, width = cfg.pdsch_rb
    rbg = 2 if width <= 36 else 4 if width <= 72 else 8  # 38.214 table 5.1.2.2.1-1
    users = np.zeros((slots.size, cfg.n_rb), np.intp)
    count = int(source.max()) + 1
    part = allocate(cfg.traffic, count, -(-width // rbg), rng)[source]
    users[:, first : first + width] = np.repeat(part, rbg, axis=1)[:, :width]
    if cfg.system_info:
        blocks = min(cfg.coreset_rb[1], 24)
        place = slice(cfg.coreset_rb[0], cfg.coreset_rb[0] + blocks)
        users[slots % (20 * cfg.slots_per_ms) == 0, place] = cfg.traffic.n_users + 1
    precoder = rng.integers(0, cfg.precoders, (count, -(-cfg.n_rb // 4)))[source]
    precoder = np.repeat(precoder, 4, axis=1)[:, : cfg.n_rb]
    classes = USERS + _PER_USER * ((users - 1) * cfg.precoders + precoder)
    return np.where(users > 0, classes, EMPTY).astype(np.uint8)


def _place_control(
    cfg: NrConfig,
    slots: NDArray[np.int64],
    loaded: NDArray[np.bool_],
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
) -> None:
    """Load the control region in bundles of six blocks, 38.211 7.3.2.

    Args:
        cfg: the cell.
        slots: slot numbers.
        loaded: bool, (slots, bundles of the region), True where in use.
        classes: uint8, (slots, 14, subcarriers), changed in place.
        codes: uint8 of the same shape, changed in place.
    """
    first, width = cfg.coreset_rb
    count = cfg.coreset_symbols
    used = np.repeat(loaded, 72, axis=1)[:, None]  # (slots, 1, subcarriers of the region)
    region = (slice(None), slice(0, count), slice(12 * first, 12 * (first + width)))
    np.copyto(classes[region], CONTROL, where=used)
    symbols = tuple(range(count))
    length = 3 * (cfg.crb_offset + cfg.n_rb)  # 38.211 7.4.1.3.2
    frame = reference_codes(17, cfg.pci, 0, 10 * cfg.slots_per_ms, symbols, length)
    start = 3 * (cfg.crb_offset + first)
    values = frame[slots % frame.shape[0], :, start : start + 3 * width]
    np.copyto(codes[region][:, :, 1::4], values, where=used[:, :, 1::4])


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


def _place_csi(
    cfg: NrConfig,
    slots: NDArray[np.int64],
    classes: NDArray[np.uint8],
    codes: NDArray[np.uint8],
) -> None:
    """Tracking reference signal and two-port CSI-RS, 38.211 7.4.1.5, 38.214 5.1.6.1.1."""
    frame_slots = 10 * cfg.slots_per_ms
    resources: list[tuple[int, int, tuple[int, ...], NDArray[np.int64], NDArray[np.uint8]]] = []
    if cfg.trs_period_ms:  # row 1 of table 7.4.1.5.3-1: three elements of each block
        period = cfg.trs_period_ms * cfg.slots_per_ms
        comb = np.arange(cfg.pci % 4, 12, 4)
        for slot in (cfg.pci % 8 + 1, cfg.pci % 8 + 2):
            resources.append((period, slot % period, (4, 8), comb, np.zeros(3, np.uint8)))
    if cfg.csi_period_ms:  # row 3: two ports on a pair of elements
        period = cfg.csi_period_ms * cfg.slots_per_ms
        pair = 2 * (cfg.pci % 6) + np.arange(2)
        resources.append((period, 2 % period, (13,), pair, np.arange(2, dtype=np.uint8)))
    for period, slot, symbols, places, kind in resources:
        rows = np.flatnonzero(slots % period == slot)
        columns = (12 * np.arange(cfg.n_rb)[:, None] + places).reshape(-1)
        start = places.size * cfg.crb_offset
        total = start + columns.size
        frame = reference_codes(10, cfg.pci, 0, frame_slots, symbols, total)
        for i, symbol in enumerate(symbols):
            at = (rows[:, None], symbol, columns)
            classes[at] = CSI + np.tile(kind, cfg.n_rb)
            codes[at] = frame[slots[rows] % frame_slots, i, start:]


def downlink_grid(
    cfg: NrConfig, slots: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.complex64], NDArray[np.complex64] | None]:
    """Resource elements of consecutive slots.

    Args:
        cfg: the cell.
        slots: consecutive slot numbers that fill whole subframes; slot 0 starts frame 0.
        rng: source of randomness.

    Returns:
        complex64, shape (slots, 14, 12 n_rb), where 0 dB of the shared channel is one unit of
        power; and the separate grid of the SSB that ``place_ssb`` returns.
    """
    lengths = _downlink_length(cfg, slots)
    frame = 10 * cfg.slots_per_ms
    period = {"frame": frame, "subframe": cfg.slots_per_ms, "slot": 1}.get(cfg.repeat, slots.size)
    source = np.arange(slots.size) % period  # row whose random content each row shows
    draw_shape = (int(source.max()) + 1, 14, 12 * cfg.n_rb)
    users = _place_users(cfg, slots, source, rng)
    drawn = rng.integers(0, 256, draw_shape, np.uint8)
    codes = drawn[source]
    control = np.arange(slots.size) % frame if cfg.repeat == "control" else source
    first_rb, width = cfg.coreset_rb
    region = slice(12 * first_rb, 12 * (first_rb + width))
    codes[:, : cfg.coreset_symbols, region] = drawn[control, : cfg.coreset_symbols, region]
    symbol = np.arange(14)
    carries = (symbol >= cfg.pdsch_start) & (symbol < lengths[:, None])
    # 38.214 5.1.2.1: mapping type A needs three symbols and the first DM-RS
    carries &= (lengths >= max(cfg.dmrs_first + 1, cfg.pdsch_start + 3))[:, None]
    classes = np.repeat(users[:, None] * carries[..., None].astype(np.uint8), 12, axis=2)
    _place_dmrs(cfg, slots, lengths, classes, codes)
    share = np.where(users.any(axis=1), 1.0, _IDLE_CONTROL) * cfg.pdcch_load
    draws = rng.random((draw_shape[0], cfg.coreset_rb[1] // 6))[control]
    _place_control(cfg, slots, draws < share[:, None], classes, codes)
    _place_csi(cfg, slots, classes, codes)
    np.copyto(classes, EMPTY, where=(symbol >= lengths[:, None])[..., None])
    first, second = _tables(cfg, rng)
    index = classes.astype(np.intp) << 8
    grid: NDArray[np.complex64] = first.reshape(-1).take(index | codes)
    if second is not None:
        codes = rng.integers(0, 256, draw_shape, np.uint8)[source]
        grid += second.reshape(-1).take(index | codes)
    return grid, place_ssb(cfg, int(slots[0]) // cfg.slots_per_ms, lengths, grid, rng)
