# SPDX-License-Identifier: GPL-3.0-or-later
"""The endless LTE transmitter, spatial layers, and the answers on the PHICH."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import lte
from gnuradio.lwmspectro.waveforms.coding.qpp_table import QPP
from gnuradio.lwmspectro.waveforms.lte import control, mcs
from gnuradio.lwmspectro.waveforms.lte.tbs_table import TBS
from gnuradio.lwmspectro.waveforms.traffic import Traffic
from lte_broadcast_receiver import Mib, decode_mibs
from lte_control_receiver import ControlRegion
from lte_fec import gold
from lte_grid_receiver import demodulate, soft_bits
from lte_shared_receiver import data_elements, decode_soft, group_size
from lte_sync import FoundCell, find_cell

SMALL = lte.LteConfig(n_prb=6, fft_size=128, pci=41)


def test_frame_numbers_count_and_wrap() -> None:
    transmitter = lte.Transmitter(SMALL, seed=1)
    transmitter.frame = 1020
    iq = np.concatenate([transmitter.next_piece() for _ in range(9)])
    assert transmitter.frame == 5
    cell = find_cell(iq, SMALL.samp_rate, 5e3)
    first = round(cell.frame_start / cell.frame_samples)
    mibs = decode_mibs(iq, SMALL.samp_rate, cell, combine=1)
    assert {(m.frame + first, m.sfn) for m in mibs} == {
        (i, (1020 + i) % 1024) for i in range(first, 9)
    }


@pytest.mark.parametrize("repeat", lte.REPEATS)
def test_pieces_are_frames_of_unit_power_and_follow_the_seed(repeat: str) -> None:
    config = replace(SMALL, repeat=repeat)
    pieces = [lte.Transmitter(config, seed=3).next_piece() for _ in range(2)]
    np.testing.assert_array_equal(*pieces)
    assert pieces[0].dtype == np.complex64
    assert pieces[0].shape == (19200,)
    other = lte.Transmitter(config, seed=4)
    assert not np.array_equal(other.next_piece(), pieces[0])
    power = [np.mean(np.abs(other.next_piece()) ** 2) for _ in range(6)]
    assert np.mean(power) == pytest.approx(1.0, abs=0.1)
    assert (other.samp_rate, other.occupied_bw_hz) == (1.92e6, 73 * 15e3)


def test_a_cell_that_repeats_repeats_between_pieces() -> None:
    transmitter = lte.Transmitter(replace(SMALL, repeat="frame", system_info=False), seed=5)
    first, second = transmitter.next_piece(), transmitter.next_piece()
    np.testing.assert_allclose(first[1920:], second[1920:], atol=1e-5)  # but for the PBCH


_PHASES = (1, -1, 1j, -1j)
# 36.212 table 5.3.3.1.5-4 by (codewords, field), matrices of 36.211 table 6.3.4.2.3-1
PRECODERS = {(1, i + 1): np.array([[1], [p]]) / np.sqrt(2) for i, p in enumerate(_PHASES)}
PRECODERS |= {(2, i): np.array([[1, 1], [p, -p]]) / 2 for i, p in enumerate((1, 1j))}


def layers_of(config: lte.LteConfig, seed: int, subframe: int) -> list[np.ndarray | None]:
    """Transport blocks of format 2; each port alone is an antenna of the receiver."""
    grids = []
    cell = FoundCell(config.pci, False, False, 0.0, 0.0, config.samp_rate / 100, 0.0, 0.0)
    mib = Mib(0, 0, config.n_prb, False, config.phich_resource, 2, 1)
    for port, gains in enumerate(((1.0, 0.0), (0.0, 1.0))):
        antenna = replace(config, port_gains=gains)
        iq = lte.waveform(antenna, 4e-3, np.random.default_rng(seed), start_s=0.0)
        grid = demodulate(iq, config.samp_rate, cell, subframe, config.n_prb)
        assert grid is not None
        # 36.211 6.10.1.2: port 0 at k = pci mod 6 of the first symbol, port 1 three further
        grids.append(grid / np.mean(np.abs(grid[0, (config.pci + 3 * port) % 6 :: 6])))
    region = ControlRegion(sum(grids), cell, mib, subframe)
    found = region.search(0x1234, 1 + 13 + 22 + 3)
    if not found:
        return []
    text = "".join(map(str, found[0].bits.tolist()))
    blocks = np.tile(np.repeat([c == "1" for c in text[1:14]], group_size(25))[:25], (2, 1))
    words = [(int(text[i : i + 5], 2), int(text[i + 6 : i + 8], 2)) for i in (20, 28)]
    words = [word for word in words if word != (0, 1)]
    precoder = PRECODERS[len(words), int(text[36:39], 2)]
    at = np.array(data_elements(cell, mib, subframe, region.n_symbols, blocks))
    layers = np.linalg.pinv(precoder) @ np.array([g[at[:, 0], at[:, 1]] for g in grids])
    out = []
    for q, (index, version) in enumerate(words):
        per_symbol, row = mcs.TABLE_64QAM[index]
        soft = soft_bits(layers[q], np.ones(len(at)), per_symbol)
        c_init = 0x1234 << 14 | q << 13 | subframe << 9 | config.pci
        soft *= 4 - 8.0 * gold(c_init, soft.size)
        tbs = int(TBS[row, blocks[0].sum() - 1])
        out.append(decode_soft(soft, tbs, per_symbol, version, QPP))
    return out


def test_spatial_layers_are_told_apart_by_two_antennas() -> None:
    config = lte.LteConfig(
        n_prb=25, fft_size=512, pci=9, two_layers=True, modulation="16qam", system_info=False
    )
    received = [layers_of(config, seed, 1 + seed % 3) for seed in range(8)]
    assert {len(blocks) for blocks in received} == {0, 1, 2}  # 0: a user with diversity
    assert all(block is not None for blocks in received for block in blocks)


def test_phich_answers_spread_and_scramble_as_in_36_211() -> None:
    pci, subframe = 77, 3
    answers = np.zeros((1, 2, 8), np.int8)
    answers[0, 0, [2, 5]] = 1, -1  # NACK with sequence 2, ACK with sequence 5
    got = control.phich_symbols(answers, np.array([subframe]), pci, (1.0,))
    c = gold((subframe + 1) * (2 * pci + 1) * 512 + pci, 12)
    spreading = {2: (1, 1, -1, -1), 5: (1j, -1j, 1j, -1j)}  # table 6.9.1-2
    for i in range(12):
        nack, ack = (1 + 1j) / np.sqrt(2), -(1 + 1j) / np.sqrt(2)
        want = (nack * spreading[2][i % 4] + ack * spreading[5][i % 4]) * (1 - 2.0 * c[i])
        assert got[0, 0, i] == pytest.approx(want / np.sqrt(2), abs=1e-6)
    assert not got[0, 1].any()


def test_phich_with_extended_prefix_pairs_groups_as_in_36_211() -> None:
    pci, subframe = 300, 9
    answers = np.zeros((1, 1, 8), np.int8)
    answers[0, 0, [3, 4]] = 1, -1  # NACK with sequence 3 of group 0, ACK with 0 of group 1
    got = control.phich_symbols(answers, np.array([subframe]), pci, (1.0,), extended_cp=True)
    c = gold((subframe + 1) * (2 * pci + 1) * 512 + pci, 6)
    nack = (1 + 1j) / np.sqrt(2)
    for i in range(6):  # 36.211 6.9.2: group 0 takes the first two of each four places
        quadruplet, place = divmod(i, 2)
        sign = 1 - 2.0 * c[i]
        first, second = got[0, 0, 4 * quadruplet + place], got[0, 0, 4 * quadruplet + place + 2]
        assert first == pytest.approx(nack * sign * (1j, -1j)[place], abs=1e-6)
        assert second == pytest.approx(-nack * sign, abs=1e-6)


def test_traffic_reaches_users_in_turn() -> None:
    config = replace(SMALL, traffic=Traffic(n_users=3), pdcch_load=0.0, rntis=(0x100, 0x200))
    transmitter = lte.Transmitter(config, seed=2)
    assert [user.rnti for user in transmitter.cell.users[:2]] == [0x100, 0x200]
    assert len({user.rnti for user in transmitter.cell.users}) == 3
