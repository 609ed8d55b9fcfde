# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduling, control resource sets and control information of random cells."""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import nr
from gnuradio.lwmspectro.waveforms.nr import allocation, dci
from gnuradio.lwmspectro.waveforms.nr.cell import draw_cell
from gnuradio.lwmspectro.waveforms.nr.coreset import CORESET_ZERO, Coreset, candidates, hashes
from gnuradio.lwmspectro.waveforms.nr.plan import Plan
from gnuradio.lwmspectro.waveforms.nr.schedule import Scheduler
from gnuradio.lwmspectro.waveforms.nr.ssb import bursts, touched_blocks
from gnuradio.lwmspectro.waveforms.nr.system import system_info
from gnuradio.lwmspectro.waveforms.resource_indication import riv, riv_bits
from nr_receiver_channels import contiguous, coreset_zero, indication_bits


def plan_of(cfg: nr.NrConfig, seed: int, n_slots: int) -> tuple[Plan, np.ndarray]:
    slots = np.arange(n_slots)
    lengths = cfg.downlink_lengths(slots)
    found = bursts(cfg, 0, lengths)
    cell = draw_cell(cfg, np.random.default_rng(seed))
    rng = np.random.default_rng(seed + 1)
    plan = Scheduler(cfg, cell).plan(slots, lengths, found, system_info(cfg), rng, rng)
    return plan, lengths


def test_nothing_is_sent_over_anything_else() -> None:
    rng = np.random.default_rng(11)
    with_system = with_blocks = 0
    for seed in range(60):
        cfg = nr.NrConfig.random(rng)
        plan, lengths = plan_of(cfg, seed, 20 * cfg.slots_per_ms)
        info = system_info(cfg)
        width = 12 * cfg.n_rb
        taken = np.zeros((lengths.size, 14 * width), np.int8)
        for message in plan.messages:
            for elements in message.coreset.elements(message.start, message.level):
                taken[message.row, elements] += 1
        taken = taken.reshape(-1, 14, width)
        system = cfg.traffic.n_users + 1
        data = np.repeat((plan.users > 0) & (plan.users < system), 12, axis=1)
        for row in np.flatnonzero(data.any(axis=1)):
            start = cfg.pdsch_start
            taken[row, start : lengths[row]] += data[row]
            if start < cfg.coreset_symbols:  # rate-matched around the whole region
                first, count = cfg.coreset_rb
                region = slice(12 * first, 12 * (first + count))
                inside = data[row, region].astype(np.int8)
                taken[row, start : cfg.coreset_symbols, region] -= inside
        for row, time in plan.system_rows:
            assert info is not None
            start, length = info.time(cfg, time)
            assert start + length <= lengths[row]
            low = 12 * info.coreset.first_rb
            taken[row, start : start + length, low : low + 12 * info.n_rb] += 1
            with_system += 1
        assert taken.min() >= 0
        assert taken.max() <= 1
        flat = taken.reshape(-1, width)
        touched = touched_blocks(cfg)
        for burst in bursts(cfg, 0, lengths):
            with_blocks += 1
            control = flat[burst.rows, 12 * touched.start : 12 * touched.stop].copy()
            for i, symbol in enumerate(range(burst.rows.start, burst.rows.stop)):
                if symbol % 14 >= cfg.pdsch_start:  # data go around
                    row = symbol // 14
                    control[i] -= data[row, 12 * touched.start : 12 * touched.stop]
            assert control.max() <= 0
    assert with_system > 20
    assert with_blocks > 50


def test_every_served_user_is_told() -> None:
    rng = np.random.default_rng(12)
    told = 0
    for seed in range(40):
        cfg = nr.NrConfig.random(rng)
        if not cfg.pdcch_load or not cfg.coreset.n_cce:
            continue
        plan, _ = plan_of(cfg, seed, 10 * cfg.slots_per_ms)
        cell = draw_cell(cfg, np.random.default_rng(seed))
        sent = sorted((t.row, cell.users[t.user].rnti) for t in plan.transmissions)
        uplink = set(cell.uplink.tolist())
        announced = sorted((m.row, m.rnti) for m in plan.messages if m.rnti not in uplink)
        assert sent == announced
        told += len(sent)
        users = cfg.traffic.n_users
        for row in range(plan.users.shape[0]):
            served = {t.user + 1 for t in plan.transmissions if t.row == row}
            assert set(np.unique(plan.users[row])) - {0} == served
        assert all(m.start + m.level <= m.coreset.n_cce for m in plan.messages)
        assert users == len(cell.users) - 1
    assert told > 100


@pytest.mark.parametrize("size", [1, 7, 24, 51, 106, 275])
def test_resource_indication_values_are_one_to_one(size: int) -> None:
    pairs = [(first, n) for n in range(1, size + 1) for first in range(size - n + 1)]
    values = [riv(first, n, size) for first, n in pairs]
    assert sorted(values) == list(range(size * (size + 1) // 2))
    assert [contiguous(v, size) for v in values] == pairs
    if size > 1:
        assert riv_bits(size) == indication_bits(size)


def test_sizes_of_control_information() -> None:
    for blocks in (24, 48, 51, 106):
        one = dci.format_1_0(blocks, 0, 0, 3, 1, 2, 5)
        assert one.size == dci.size_1_0(blocks)
        assert dci.format_1_0_system(blocks, 0, 0, 3, 1).size == one.size
        assert dci.format_0_0(blocks, 0, 3, 1, 5).size == one.size  # 38.212 7.3.1.0
        for dmrs in ((1, 2, 1), (2, 3, 2)):
            for width in range(4, 14):
                other = dci.format_1_1(blocks, (width, 1), (1, 0), 3, 1, 2, 5, dmrs)
                assert other.size == dci.size_1_1(width, 1, dmrs[0], blocks) != one.size


def test_interleaved_elements_are_a_permutation() -> None:
    for symbols, interleaver in ((1, (6, 2, 3)), (2, (2, 3, 100)), (3, (3, 6, 0)), (2, None)):
        coreset = Coreset(6, 36, symbols, 48, interleaver)
        assert coreset.n_cce == 6 * symbols
        assert sorted(coreset.regs.reshape(-1)) == list(range(36 * symbols))
        assert coreset.blocks.min() == 6
        assert coreset.blocks.max() == 41
        data, dmrs = coreset.elements(0, 2)
        assert (data.size, dmrs.size) == (108, 36)
        assert not set(data) & set(dmrs)


def test_hashing_follows_the_recursion() -> None:
    y = hashes(0x4601, 20)
    assert y[0] == 39829 * 0x4601 % 65537
    assert all(y[i + 1] == 39829 * y[i] % 65537 for i in range(19))
    assert candidates(16, 4, 3, y=7) == [4 * ((7 + m * 16 // 12) % 4) for m in range(3)]
    assert candidates(8, 4, 4, y=0) == [0, 4]
    assert candidates(3, 4, 2, y=0) == []


def test_table_of_coreset_zero() -> None:
    for scs in (15, 30):
        rows = CORESET_ZERO[scs, scs]
        assert [coreset_zero(scs, i) for i in range(len(rows))] == list(rows)


def test_resource_block_groups() -> None:
    # 38.214 5.1.2.2.1: the first group ends on a multiple of the size
    assert allocation.groups(3, 8).tolist() == [0, 1, 1, 2, 2, 3, 3, 4]
    assert [allocation.group_size(n) for n in (36, 37, 72, 73, 144, 145)] == [2, 4, 4, 8, 8, 16]
    mask = np.array([1, 0, 1, 1, 0], bool)
    assert allocation.longest_run(mask).tolist() == [False, False, True, True, False]
    assert not allocation.is_run(mask)
