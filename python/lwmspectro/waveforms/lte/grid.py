# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the LTE resource grid: control, broadcast and shared channels of 3GPP TS 36.211.

Every resource element first gets a class (what it carries) and a random byte; one table lookup
then turns both into a complex value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .frame import (
    BROADCAST,
    CONTROL,
    CRS,
    EMPTY,
    USERS,
    FrameKey,
    crs_columns,
    frame_template,
)
from ..sequences import MODULATION_BITS, byte_table
from ..traffic import allocate

if TYPE_CHECKING:
    from .config import LteConfig

_RBG_LIMITS = ((10, 1), (26, 2), (63, 3), (110, 4))  # 36.213 table 7.1.6.1-1
_PHASES = np.array([1, 1j, -1, -1j])  # 36.211 table 6.3.4.2.3-1, relative port weights
_IDLE_CONTROL = 0.1  # share of the control load left in subframes without data


def _tables(
    cfg: LteConfig, rng: np.random.Generator
) -> tuple[NDArray[np.complex64], NDArray[np.complex64] | None]:
    """Value of every (class, byte) for the first and the second symbol of an element.

    Two symbols meet in an element under transmit diversity (36.211 6.3.4.3; the pairing of
    elements is left out) and with two spatial layers.

    Returns:
        complex64 of shape (classes, 256) each; None when no element carries a second symbol.
    """
    gains = np.asarray(cfg.port_gains)
    system_info = USERS + cfg.traffic.n_users
    first = np.zeros((system_info + 1, 256), np.complex64)
    second = np.zeros_like(first)
    qpsk = byte_table("qpsk")
    boost = 10 ** (cfg.crs_boost_db / 20)
    for port, gain in enumerate(gains):
        first[CRS + port] = qpsk * (boost * gain)
    diversity = gains[[0, -1]] * np.sqrt(0.5) if gains.size > 1 else np.array([gains[0], 0.0])
    for name in (CONTROL, BROADCAST, system_info):
        first[name], second[name] = qpsk * diversity[0], qpsk * diversity[1]
    for user in range(USERS, system_info):
        modulation = cfg.modulation
        if modulation == "mixed":
            modulation = str(rng.choice(list(MODULATION_BITS), p=[0.3, 0.25, 0.3, 0.15]))
        table = byte_table(modulation)
        power = 10 ** (float(rng.choice(cfg.power_offsets_db)) / 20)
        precoders = rng.choice(_PHASES, (2, gains.size)) @ gains / np.sqrt(gains.size)
        kind = rng.random()
        if gains.size == 1:
            pair = np.array([gains[0], 0.0])
        elif cfg.two_layers and kind < 0.6:
            pair = precoders * np.sqrt(0.5)
        elif kind < 0.8:
            pair = np.array([precoders[0], 0.0])
        else:
            pair = diversity
        first[user], second[user] = table * (pair[0] * power), table * (pair[1] * power)
    return first, second if np.any(second) else None


def _control_symbols(
    cfg: LteConfig, subframes: NDArray[np.int64], key: FrameKey, cfi: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Symbols of the control region of each subframe, 36.211 table 6.7-1."""
    symbols = cfi + 1 if cfg.n_prb <= 10 else cfi
    within = subframes % 10
    short = np.isin(within, key.mbsfn)
    if key.tdd:
        short |= (within == 1) | (within == 6)
    return np.where(short, np.minimum(symbols, 2), symbols)


def _place_control(
    cfg: LteConfig,
    classes: NDArray[np.uint8],
    n_control: NDArray[np.int64],
    key: FrameKey,
    draws: NDArray[np.float32],
    share: NDArray[np.float32],
) -> None:
    """Load the control region with PCFICH, PHICH and PDCCH, 36.211 6.2.4 and 6.7 to 6.9.

    Args:
        cfg: the cell.
        classes: uint8, (subframes, symbols, subcarriers), changed in place.
        n_control: symbols of the control region of each subframe.
        key: the repeating part of the cell.
        draws: float32, (subframes, 4, 3 n_prb), uniform in [0, 1), one per element group.
        share: float32, (subframes,), share of the element groups in use.
    """
    for symbol in range(int(n_control.max())):
        # Element groups that hold reference signals span six elements, others four
        with_crs = any(crs_columns(key, p, 0, symbol) is not None for p in range(key.n_ports))
        size = 6 if with_crs else 4
        loaded = draws[:, symbol, : 12 * cfg.n_prb // size] < share[:, None]
        if symbol == 0:  # 36.211 6.7.4: the four groups of the PCFICH are always sent
            places = key.pci % (2 * key.n_prb) + np.arange(4) * key.n_prb // 2
            loaded[:, places % (2 * key.n_prb)] = True
        used = np.where(np.repeat(loaded, size, axis=1), CONTROL, EMPTY)
        if symbol == 0:  # 36.211 6.2.4: the places of port 1 stay empty with one port
            used[:, crs_columns(key, 1, 0, 0)] = EMPTY
        rows = n_control > symbol
        classes[rows, symbol] = used[rows]


def _users(
    cfg: LteConfig,
    subframes: NDArray[np.int64],
    source: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Class of the shared channel in each resource block, shape (subframes, 2 slots, n_prb)."""
    rbg = next(size for limit, size in _RBG_LIMITS if cfg.n_prb <= limit)
    users = allocate(cfg.traffic, int(source.max()) + 1, -(-cfg.n_prb // rbg), rng)[source]
    users = np.repeat(users, rbg, axis=1)[:, : cfg.n_prb]
    slots = np.repeat(users[:, None], 2, axis=1)
    if cfg.system_info:  # 36.331 5.2.1.2: SIB1 in subframe 5 of even frames
        blocks = min(cfg.n_prb, 8)
        for row in np.flatnonzero(subframes % 20 == 5):
            for slot in (0, 1):  # 36.211 6.2.3.2: distributed blocks hop between the slots
                slots[row, slot, rng.permutation(cfg.n_prb)[:blocks]] = cfg.traffic.n_users + 1
    slots[slots > 0] += USERS - 1
    return slots


def downlink_grid(
    cfg: LteConfig, subframes: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.complex64]:
    """Resource elements of consecutive subframes.

    Args:
        cfg: the cell.
        subframes: consecutive subframe numbers; number 0 starts an even frame.
        rng: source of randomness.

    Returns:
        complex64, shape (subframes, symbols per subframe, 12 n_prb); 0 dB of the shared channel
        is one unit of power through a unit port gain.
    """
    key = cfg.frame_key
    template = frame_template(key)
    within = subframes % 10
    period = {"frame": 10, "subframe": 1}.get(cfg.repeat, subframes.size)
    source = np.arange(subframes.size) % period  # row whose random content each row shows
    n_draws = int(source.max()) + 1
    control = np.arange(subframes.size) % 10 if cfg.repeat == "control" else source

    slots = _users(cfg, subframes, source, rng)
    classes = np.repeat(np.repeat(slots, key.slot_symbols, axis=1), 12, axis=2)
    if key.dwpts < 6:  # 36.213 7.1.7: no shared channel in a short DwPTS
        classes[[key.pattern[n] == "S" for n in within]] = EMPTY
    cfi = rng.integers(1, 4, n_draws) if cfg.cfi == 0 else np.full(n_draws, cfg.cfi)
    n_control = _control_symbols(cfg, subframes, key, cfi[control])
    share = np.where(slots.any(axis=(1, 2)), 1.0, _IDLE_CONTROL) * cfg.pdcch_load
    draws = rng.random((n_draws, 4, 3 * cfg.n_prb), np.float32)[control]
    _place_control(cfg, classes, n_control, key, draws, share.astype(np.float32))
    for row, number in enumerate(within):
        if cfg.mbsfn_blank and number in cfg.mbsfn:
            classes[row, int(n_control[row]) :] = EMPTY
        fixed = template.classes[number]
        np.copyto(classes[row], fixed, where=fixed != EMPTY)
        classes[row, ~template.downlink[number]] = EMPTY

    first, second = _tables(cfg, rng)
    index = classes.astype(np.intp) << 8
    draw_shape = (n_draws, *classes.shape[1:])
    drawn = rng.integers(0, 256, draw_shape, np.uint8)
    codes = drawn[source]
    in_control = np.arange(codes.shape[1]) < n_control[:, None]  # (subframes, symbols)
    codes[in_control] = drawn[control][in_control]
    np.copyto(codes, template.codes[within], where=template.fixed[within])
    grid: NDArray[np.complex64] = first.reshape(-1).take(index | codes)
    if second is not None:
        codes = rng.integers(0, 256, draw_shape, np.uint8)[source]
        grid += second.reshape(-1).take(index | codes)
    level = np.float32(np.sqrt(np.mean(np.abs(np.asarray(cfg.port_gains)) ** 2)))
    centre = slice(6 * cfg.n_prb - 31, 6 * cfg.n_prb + 31)
    for number, symbol, values in template.sync:
        grid[within == number, symbol, centre] = values * level
    return grid
