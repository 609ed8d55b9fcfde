# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes planned subframes into the LTE resource grid, 3GPP TS 36.211 clause 6."""

from __future__ import annotations

import random
from collections import defaultdict
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..sequences import byte_table
from . import shared
from .broadcast import frame_symbols
from .control import encode_messages, pcfich_symbols, pdcch_symbols, phich_symbols
from .dci import SI_RNTI
from .frame import BROADCAST, CRS, FrameKey, frame_template
from .plan import Codeword, Grant, Subframe
from .precoding import combine
from .regs import control_layout
from .scheduler import Scheduler
from .users import Cell


@lru_cache(maxsize=8)
def _fixed_signals(
    key: FrameKey, gains: tuple[complex, ...], boost: float
) -> NDArray[np.complex64]:
    """Reference and synchronisation signals of one frame, (10, symbols, subcarriers)."""
    template = frame_template(key)
    out = np.zeros(template.classes.shape, np.complex64)
    points = byte_table("qpsk")
    for port, gain in enumerate(gains):
        mine = template.classes == CRS + port
        out[mine] = points[template.codes[mine]] * np.complex64(boost * gain)
    level = np.float32(np.sqrt(np.mean(np.abs(np.asarray(gains)) ** 2)))
    centre = slice(6 * key.n_prb - 31, 6 * key.n_prb + 31)
    for subframe, symbol, values in template.sync:
        out[subframe, symbol, centre] = values * level
    return out


def _coded(codewords: list[Codeword]) -> list[NDArray[np.uint8]]:
    draws = [(codeword.size, codeword.draw) for codeword in codewords if codeword.message is None]
    drawn = iter(shared.coded_draws(draws))
    return [
        next(drawn) if codeword.message is None else shared.coded_message(codeword.message)
        for codeword in codewords
    ]


def _sent_bits(
    grant: Grant, codeword: Codeword, coded: NDArray[np.uint8], n_ports: int
) -> NDArray[np.uint8]:
    """A codeword before its scrambling, one bit for each that the assignment holds."""
    diversity = n_ports > 1 and not grant.layers
    layers = 2 if diversity else 1  # 36.212 5.1.4.1.2: of each codeword
    total = grant.places.size * grant.bits
    return shared.rate_match(
        coded, total, layers * grant.bits, codeword.version, bool(grant.layers)
    )


def grant_values(
    grant: Grant, codewords: list[NDArray[np.complex64]], gains: tuple[complex, ...]
) -> NDArray[np.complex64]:
    """Received values of the elements of an assignment, in the order of mapping.

    Args:
        grant: the assignment.
        codewords: symbols of each codeword, complex64.
        gains: of the antenna ports.
    """
    if grant.layers:
        values = codewords[0] * np.complex64(grant.layers[0])
        if len(codewords) == 2:
            values += codewords[1] * np.complex64(grant.layers[1])
    else:
        values = combine(codewords[0], gains)
    return values if grant.amplitude == 1.0 else values * np.float32(grant.amplitude)


def _write_shared(
    grid: NDArray[np.complex64], plans: list[tuple[int, Subframe]], cell: Cell
) -> None:
    """PDSCH; blocks of one size are coded together, codewords of one modulation modulated."""
    cfg = cell.cfg
    alike: dict[int, list[tuple[int, int, Grant]]] = defaultdict(list)
    for row, plan in plans:
        for grant in plan.grants:
            alike[grant.bits].append((row, plan.number % 10, grant))
    for per_symbol, found in alike.items():
        bits, c_init = [], []
        coded = iter(_coded([codeword for *_, grant in found for codeword in grant.codewords]))
        for _, within, grant in found:
            for q, codeword in enumerate(grant.codewords):
                bits.append(_sent_bits(grant, codeword, next(coded), len(cfg.port_gains)))
                c_init.append(shared.scrambling_init(grant.rnti, q, within, cfg.pci))
        symbols = iter(shared.codeword_symbols(bits, per_symbol, c_init))
        for row, _, grant in found:
            codewords = [next(symbols) for _ in grant.codewords]
            grid[row, grant.places] = grant_values(grant, codewords, cfg.port_gains)


def _plan(
    cell: Cell, subframes: NDArray[np.int64], rng: np.random.Generator
) -> list[tuple[int, Subframe]]:
    """Plans with their rows; a cell that repeats draws the same plan once every period."""
    scheduler = Scheduler(cell)
    users, seeds, block_seeds = cell.draws(subframes, rng)
    plans = []
    draw, draw_blocks = random.Random(0), random.Random(0)
    for row, number in enumerate(subframes.tolist()):
        if scheduler.key.pattern[number % 10] == "U":
            continue
        draw.seed(seeds[row])
        draw_blocks.seed(block_seeds[row])
        plans.append((row, scheduler.plan(number, users[row], draw, draw_blocks)))
    return plans


def _write_control(
    grid: NDArray[np.complex64], plans: list[tuple[int, Subframe]], cell: Cell
) -> None:
    """PCFICH, PHICH and PDCCH; subframes with the same layout are written together."""
    cfg, key = cell.cfg, cell.cfg.frame_key
    messages = [message for _, plan in plans for message in plan.messages]
    coded = iter(zip(messages, encode_messages(messages), strict=True))
    sent = {row: list(islice(coded, len(plan.messages))) for row, plan in plans}
    alike: dict[tuple[int, int], list[tuple[int, Subframe]]] = defaultdict(list)
    for row, plan in plans:
        alike[plan.n_control, plan.units].append((row, plan))
    for (n_control, units), found in alike.items():
        layout = control_layout(key, n_control, units)
        rows = np.array([row for row, _ in found])
        within = np.array([plan.number % 10 for _, plan in found])
        cfi = np.array([plan.cfi for _, plan in found])
        symbols = pcfich_symbols(cfg.pci, cfg.port_gains)[within, cfi - 1]
        grid[rows[:, None], layout.pcfich] = symbols
        symbols = pdcch_symbols([sent[row] for row, _ in found], within, layout.pdcch.size, cfg.pci)
        grid[rows[:, None], layout.pdcch] = combine(symbols, cfg.port_gains)
        if units:
            answers = np.stack([plan.answers for _, plan in found])
            values = phich_symbols(answers, within, cfg.pci, cfg.port_gains, cfg.extended_cp)
            grid[rows[:, None], layout.phich.reshape(1, -1)] = values.reshape(len(found), -1)


def _mark_data(
    data: NDArray[np.bool_], plans: list[tuple[int, Subframe]], gains: tuple[complex, ...]
) -> None:
    """Sets what users get as one constellation, not what is a sum of two symbols."""
    for row, plan in plans:
        for grant in plan.grants:
            if len(grant.layers or gains) == 1 and grant.rnti != SI_RNTI:
                data[row, grant.places] = True


def downlink_grid(
    cell: Cell,
    subframes: NDArray[np.int64],
    rng: np.random.Generator,
    data: NDArray[np.bool_] | None = None,
) -> NDArray[np.complex64]:
    """Resource elements of consecutive subframes.

    Args:
        cell: the cell and its users.
        subframes: consecutive numbers, counted from the start of system frame 0.
        rng: source of randomness.
        data: False in the shape of the result, set to True where users' data are that reach one
            antenna as one constellation: not those of two layers, nor of transmit diversity,
            which adds two symbols in each element.

    Returns:
        complex64, shape (subframes, symbols per subframe, 12 n_prb); 0 dB of the shared channel
        is one unit of power through a unit port gain.
    """
    cfg, key = cell.cfg, cell.cfg.frame_key
    template = frame_template(key)
    boost = 10 ** (cfg.crs_boost_db / 20)
    grid = _fixed_signals(key, cfg.port_gains, boost)[subframes % 10]
    flat = grid.reshape(subframes.size, -1)
    plans = _plan(cell, subframes, rng)
    _write_control(flat, plans, cell)
    _write_shared(flat, plans, cell)
    if data is not None:
        _mark_data(data.reshape(subframes.size, -1), plans, cfg.port_gains)
    broadcast = np.flatnonzero(template.classes[0] == BROADCAST)
    for row in np.flatnonzero(subframes % 10 == 0):
        symbols = frame_symbols(
            cfg.n_prb,
            cfg.phich_resource,
            int(subframes[row]) // 10,
            cfg.pci,
            key.n_ports,
            cfg.extended_cp,
        )
        flat[row, broadcast] = combine(symbols, cfg.port_gains)
    return grid
