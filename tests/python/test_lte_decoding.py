# SPDX-License-Identifier: GPL-3.0-or-later
"""Every bit of the LTE downlink read back by a receiver that was proven on recordings.

What a subframe carries must be explained in full: no data element is left over, and every
assigned transport block has a right CRC.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import lte
from gnuradio.lwmspectro.waveforms.coding.qpp_table import QPP
from gnuradio.lwmspectro.waveforms.lte import mcs, shared
from gnuradio.lwmspectro.waveforms.lte.tbs_table import TBS
from gnuradio.lwmspectro.waveforms.traffic import Traffic
from lte_receiver import SI_RNTI, Report, Tables, receive
from pool_sums import is_sum

TABLES = Tables(TBS, (mcs.TABLE_64QAM, mcs.TABLE_256QAM), QPP)
SNR_DB = 45.0
RNTIS = (0x1234, 0x4321, 0x0100, 0xFFF3)
TWO, FOUR = (1.0, 0.6 - 0.5j), (1.0, 0.5j, -0.7 + 0.1j, 0.3 - 0.8j)


def heard(config: lte.LteConfig, n_subframes: int, any_blocks: bool = True) -> Report:
    """Receive the first subframes of a transmitter whose users are all known."""
    transmitter = lte.Transmitter(config, seed=7)
    frames = [transmitter.next_piece() for _ in range(-(-n_subframes // 10) + 1)]
    iq = np.concatenate(frames)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(iq.size, 2)) @ np.array([1, 1j]) * np.sqrt(0.5)
    iq = iq + noise * 10 ** (-SNR_DB / 20)
    extended = config.extended_cp
    report = receive(
        iq,
        config.samp_rate,
        TABLES,
        {user.rnti: user.with_256qam for user in transmitter.cell.users},
        n_subframes,
        config.tdd_config,
        config.frame_key.dwpts,
        0.375 if config.special_config == (7 if extended else 9) else 0.75,
        config.mbsfn,
    )
    assert report.cell.pci == config.pci
    assert report.cell.extended_cp == extended
    assert report.cell.tdd == (config.tdd_config is not None)
    assert abs(report.cell.cfo_hz) < 20
    assert report.mib.n_prb == config.n_prb
    assert report.mib.n_ports == len(config.port_gains)
    assert report.mib.phich_resource == config.phich_resource
    assert report.mib.sfn - report.mib.frame in (0, 1)  # 1: the receiver missed a few samples
    assert not report.unexplained
    assert not report.silent
    assert report.blocks or not any_blocks
    wrong = [(b.subframe, hex(b.rnti), b.tbs) for b in report.blocks if b.bits is None]
    assert not wrong
    return report


def cell(n_prb: int, **changes: object) -> lte.LteConfig:
    fields: dict = {"traffic": Traffic(n_users=4), "pdcch_load": 0.7, "rntis": RNTIS}
    fields |= {"n_prb": n_prb, "fft_size": lte.FFT_SIZES[n_prb][0], "pci": 7 * n_prb % 504}
    return lte.LteConfig(**(fields | changes))


@pytest.mark.parametrize(
    ("n_prb", "gains", "distributed", "cfi"),
    [
        (6, (1.0,), False, 1),
        (6, FOUR, True, 3),
        (15, TWO, True, 0),
        (25, (1.0,), True, 2),
        (50, TWO, False, 3),
        (75, FOUR, True, 2),
        (100, (1.0,), True, 1),
    ],
)
def test_every_bandwidth(n_prb: int, gains: tuple, distributed: bool, cfi: int) -> None:
    config = cell(n_prb, port_gains=gains, sib1_distributed=distributed, cfi=cfi)
    report = heard(config, 16 if n_prb < 50 else 6)
    users = [b for b in report.blocks if b.rnti != SI_RNTI]
    assert {b.rnti for b in users} <= set(RNTIS)
    assert len(users) > 6


def test_the_rates_that_srsran_prefers() -> None:
    """Three quarters of the standard's rates: 384 points for 25 blocks, 5.76 MS/s."""
    heard(cell(25, fft_size=384), 3)


@pytest.mark.parametrize("tdd_config", range(7))
def test_tdd(tdd_config: int) -> None:
    special = (7, 9, 6, 1, 4, 8, 3)[tdd_config]
    gains = ((1.0,), TWO)[tdd_config % 2]
    config = cell(
        15,
        tdd_config=tdd_config,
        special_config=special,
        port_gains=gains,
        phich_resource=tdd_config % 4,
    )
    report = heard(config, 10)
    assert any(b.subframe % 10 in (1, 6) for b in report.blocks)  # data in a DwPTS


@pytest.mark.parametrize(("tdd_config", "special"), [(None, 0), (1, 7)])
def test_extended_prefix(tdd_config: int | None, special: int) -> None:
    config = cell(
        6, extended_cp=True, tdd_config=tdd_config, special_config=special, port_gains=TWO, cfi=3
    )
    heard(config, 10)


@pytest.mark.parametrize("modulation", ["qpsk", "16qam", "64qam", "256qam"])
def test_every_modulation(modulation: str) -> None:
    config = cell(25, modulation=modulation, pci=99)
    report = heard(config, 7)
    bits = {"qpsk": 2, "16qam": 4, "64qam": 6, "256qam": 8}[modulation]
    assert {b.per_symbol for b in report.blocks if b.rnti != SI_RNTI} == {bits}


@pytest.mark.parametrize("index", [0, 13, 28])
def test_every_user_has_the_mcs_asked_for(index: int) -> None:
    report = heard(cell(25, mcs=index), 4)
    assert {b.assignment.mcs for b in report.blocks} == {index}


def test_partial_load_and_mbsfn() -> None:
    traffic = Traffic(0.7, 0.4, 2.0, 4, scattered=True)
    report = heard(cell(25, traffic=traffic, mbsfn=(1, 7), pdcch_load=1.0), 20)
    blocks = [b.assignment.blocks[0].sum() for b in report.blocks]
    assert min(blocks) < 6
    assert not {b.subframe % 10 for b in report.blocks} & {1, 7}


def test_cells_as_they_are_drawn() -> None:
    """LWMSPECTRO_LTE_CELLS asks for more than a few of them."""
    rng = np.random.default_rng(2026)
    left = int(os.environ.get("LWMSPECTRO_LTE_CELLS", "3"))
    while left:
        config = lte.LteConfig.random(rng)
        # what the receiver would have to be told, or cannot hear with one antenna
        config = replace(config, crs_boost_db=0.0, power_offsets_db=(0.0,), two_layers=False)
        config = replace(config, uplink_db=None)
        if min(np.abs(config.port_gains)) > 0.15:
            heard(config, 10, any_blocks=False)
            left -= 1


def test_blocks_come_from_the_pool() -> None:
    report = heard(cell(15, traffic=Traffic(n_users=1)), 20)
    for block in report.blocks:
        if block.rnti != SI_RNTI:
            pool = np.stack([shared._random(block.tbs, i) for i in range(shared.POOL)])
            assert is_sum(block.bits, pool, shared.PARTS)


def test_system_information_repeats_with_its_versions() -> None:
    config = cell(6, traffic=Traffic(time_load=0.0), pdcch_load=0.0)
    report = heard(config, 80)
    sib1 = [b for b in report.blocks if b.rnti == SI_RNTI]
    # 36.331 5.2.1.2: subframe 5 of even frames; 36.321 5.3.1: versions 0, 2, 3, 1 from SFN mod 8
    late = report.mib.sfn - report.mib.frame
    assert [(b.subframe + 10 * late) % 20 for b in sib1] == [5] * 4
    versions = {(b.subframe // 10 + late) % 8: b.assignment.version for b in sib1}
    assert versions == {0: 0, 2: 2, 4: 3, 6: 1}
    assert len({b.bits.tobytes() for b in sib1 if b.bits is not None}) == 1
    assert Counter(b.rnti for b in report.blocks) == {SI_RNTI: 4}


def test_a_receiver_needs_the_right_cell() -> None:
    """The receiver can fail: scrambling of another cell leaves nothing to read."""
    config = cell(6)
    transmitter = lte.Transmitter(config, seed=7)
    iq = np.concatenate([transmitter.next_piece() for _ in range(2)])
    report = receive(iq, config.samp_rate, TABLES, {0x0BAD: False}, 10)
    assert not [b for b in report.blocks if b.rnti != SI_RNTI]
    assert report.unexplained > 1000
