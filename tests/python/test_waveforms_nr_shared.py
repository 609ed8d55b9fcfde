# SPDX-License-Identifier: GPL-3.0-or-later
"""Control and shared channel: what the control information announces is there and decodes."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import nr_receiver as cells
import nr_receiver_channels as channels
import nr_receiver_ldpc as ldpc_receiver
import nr_receiver_points as points
import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import nr
from gnuradio.lwmspectro.waveforms.nr import codewords, tbs
from gnuradio.lwmspectro.waveforms.nr.cell import USERS, draw_cell
from gnuradio.lwmspectro.waveforms.nr.grid import downlink_grid
from gnuradio.lwmspectro.waveforms.traffic import Traffic
from hypothesis import given, settings
from hypothesis import strategies as st
from nr_receiver_cell import Listener, Received
from pool_sums import is_sum


def is_from_the_pool(got: Received) -> bool:
    assert got.bits is not None
    pool = np.stack([codewords._random(got.bits.size, i) for i in range(codewords.POOL)])
    return is_sum(got.bits, pool, codewords.PARTS)


def receive(cfg: nr.NrConfig, ms: int, seed: int = 0, snr_db: float = 60.0) -> list[Received]:
    """Everything that the users of a cell are sent."""
    iq = nr.waveform(cfg, ms * 1e-3, np.random.default_rng(seed), start_s=0.0)
    rng = np.random.default_rng(seed + 1)
    noise = rng.normal(size=iq.size) + 1j * rng.normal(size=iq.size)
    listener = Listener(cfg, iq + noise * 10 ** (-snr_db / 20) / np.sqrt(2))
    users = draw_cell(cfg, np.random.default_rng(seed)).users[:-1]
    slots = range(ms * cfg.slots_per_ms)
    return [got for slot in slots for user in users for got in listener.data(slot, user.rnti)]


BASE = nr.NrConfig(
    n_rb=24,
    fft_size=384,
    pci=413,
    ssb=(),
    coreset_rb=(0, 24),
    pdsch_rb=(0, 24),
    system_info=False,
    pdcch_load=0.8,
)
CELLS = {
    "interleaved control, 256-QAM, four users": replace(
        BASE,
        coreset_interleaver=(2, 3, 77),
        modulation="256qam",
        mcs=27,
        traffic=Traffic(n_users=4),
        crb_offset=7,
        pdsch_rb=(3, 19),
    ),
    "bitmap allocation, DM-RS type 2": replace(
        BASE,
        traffic=Traffic(freq_load=0.6, n_users=3, scattered=True),
        dmrs_type=2,
        dmrs_groups=2,
        dmrs_additional=3,
        dmrs_identity=54321,
        modulation="64qam",
        crb_offset=3,
    ),
    "format 1_0 in TDD": replace(
        BASE,
        scs_hz=15000,
        pattern="DSUDD",
        special_symbols=9,
        dmrs_additional=2,
        mcs_table=1,
        dci_format="1_0",
        modulation="16qam",
    ),
    "control region of three symbols inside the data": replace(
        BASE, dmrs_first=3, coreset_symbols=3, pdsch_start=0, coreset_rb=(6, 12), modulation="qpsk"
    ),
    "around blocks and CSI-RS": replace(
        BASE,
        ssb=(1, 2),
        ssb_case="C",
        ssb_subcarrier=20,
        ssb_period_ms=5,
        dmrs_additional=0,
        trs_period_ms=10,
        csi_period_ms=5,
        modulation="qpsk",
    ),
    "several code blocks": replace(
        BASE,
        n_rb=51,
        fft_size=640,
        coreset_rb=(0, 48),
        pdsch_rb=(0, 51),
        modulation="64qam",
        mcs_table=1,
        mcs=28,
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_announced_blocks_decode(name: str) -> None:
    cfg = CELLS[name]
    received = receive(cfg, ms=6 if cfg.scs_hz == 15000 else 3)
    assert len(received) >= 3
    for got in received:
        if got.version in (1, 2):
            continue  # alone, these need not hold the whole message
        assert got.bits is not None, got
        assert is_from_the_pool(got)
        assert got.evm < 0.02
        if cfg.mcs is not None:
            assert got.mcs == cfg.mcs
    owners: dict[tuple[int, int], int] = {}
    for got in received:  # nobody shares a block
        for block in got.blocks:
            assert owners.setdefault((got.slot, block), got.rnti) == got.rnti


def test_decoding_survives_noise() -> None:
    received = receive(replace(BASE, modulation="16qam", mcs=7), ms=4, snr_db=14.0)
    assert len(received) >= 6
    assert all(is_from_the_pool(got) for got in received if got.version == 0)
    assert all(0.1 < got.evm < 0.3 for got in received)


def test_retransmissions_carry_the_same_block() -> None:
    cfg = replace(BASE, n_rb=24, modulation="qpsk", mcs=0, pdcch_load=0.3)
    received = receive(cfg, ms=15, seed=5)
    sent = {}
    again = 0
    for got in received:  # format 1_1: MCS 5, NDI 1, RV 2, HARQ 4 after 1 + 9 bits
        ndi, process = int(got.announced[15]), tuple(got.announced[18:22])
        if got.version == 0:
            sent[process, ndi] = got.bits
        elif got.bits is not None:
            again += 1
            np.testing.assert_array_equal(got.bits, sent[process, ndi])
    assert again >= 1


def test_random_cells_decode() -> None:
    """LWMSPECTRO_NR_CELLS sets their number; with -s it says what it counted."""
    rng = np.random.default_rng(7)
    good = seen = tried = 0
    for seed in range(int(os.environ.get("LWMSPECTRO_NR_CELLS", "12"))):
        cfg = nr.NrConfig.random(rng)
        if cfg.n_rb > 66 or (cfg.ssb and cfg.ssb_scs_hz != cfg.scs_hz):
            continue  # the spacings of a mixed cell disturb each other
        cfg = replace(cfg, carrier_hz=0.0, precoders=1, two_layers=False)
        received = [got for got in receive(cfg, ms=2, seed=seed) if got.version == 0]
        tried += 1
        seen += len(received)
        good += sum(got.bits is not None and is_from_the_pool(got) for got in received)
    sys.stdout.write(f"{tried} cells, {seen} first transmissions, {good} decoded\n")
    assert seen > 12
    # at the highest rates a block may be left with more bits than elements beside a SSB
    assert good >= 0.95 * seen


@pytest.mark.parametrize("scs", [15000, 30000])
def test_sib1_is_found_from_the_mib(scs: int) -> None:
    cfg = nr.NrConfig(
        n_rb=52,
        scs_hz=scs,
        fft_size=640,
        pci=411,
        crb_offset=11,
        ssb=(0, 2),
        ssb_case="A" if scs == 15000 else "C",
        ssb_l_max=8,
        ssb_subcarrier=173,
        coreset_zero=1,
        pdsch_rb=(0, 52),
    )
    iq = nr.waveform(cfg, 45e-3, np.random.default_rng(3), start_s=0.0)
    first = cfg.ssb_subcarrier - 6 * cfg.n_rb
    blocks = cells.search(iq, cfg.samp_rate, scs, first, cfos=np.zeros(1), threshold=0.45)
    assert [block.index for block in blocks[:2]] == [0, 2]
    listener = Listener(cfg, iq)
    for block in blocks[:2]:
        got = listener.sib1(block, block.index)
        assert got is not None
        assert got.bits is not None
        assert got.version == 0
        want = codewords.payload(got.bits.size, codewords.DRAWS + cfg.pci)
        np.testing.assert_array_equal(got.bits, want)
    # 38.331 5.2.1: the same message every 20 ms, here in another redundancy version
    late = Listener(cfg, iq[round(20e-3 * cfg.samp_rate) :]).sib1(blocks[0], blocks[0].index)
    assert late is not None
    assert late.version == 2


def test_idle_control_region_carries_uplink_grants_only() -> None:
    cfg = replace(BASE, traffic=Traffic(time_load=0.0), pdcch_load=1.0)
    cell = draw_cell(cfg, np.random.default_rng(2))
    iq = nr.waveform(cfg, 20e-3, np.random.default_rng(2), start_s=0.0)
    where = channels.ControlSet(0, 24, cfg.coreset_symbols, None, 0)
    grants = 0
    for slot in range(4):
        grid = channels.slot_grid(iq, cfg.samp_rate, cfg.scs_hz, cfg.n_rb, slot)
        assert not np.any(np.abs(grid[cfg.coreset_symbols :]) > 1e-4)
        for rnti in cell.uplink.tolist():
            hits = channels.search_control(
                grid, slot, where, cfg.pci, rnti, 28 + 9, {1: 4, 2: 4, 4: 3, 8: 2}
            )
            for bits, _, _ in hits:
                grants += 1
                assert bits[0] == 0  # format 0_0
                first, count = channels.contiguous(int("".join(map(str, bits[1:10])), 2), 24)
                assert 0 <= first < first + count <= 24
    used = [channels.slot_grid(iq, cfg.samp_rate, cfg.scs_hz, 24, s)[0] for s in range(4)]
    assert grants >= sum(np.any(np.abs(row) > 1e-4) for row in used)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 2),
    st.integers(0, 28),
    st.integers(6, 156),
    st.integers(1, 275),
    st.integers(1, 2),
)
def test_transport_block_size(
    table: int, index: int, elements: int, n_rb: int, layers: int
) -> None:
    index = min(index, len(tbs.MCS[table]) - 1)
    order, rate = tbs.MCS[table][index]
    assert channels.scheme(table, index) == (order, rate / 1024)
    got = tbs.transport_block_size(elements, n_rb, rate / 1024, order, layers)
    assert got == channels.block_size(elements, n_rb, rate / 1024, order, layers)
    assert got % 8 == 0
    info = elements * n_rb * rate / 1024 * order * layers
    assert got == 24 or 0.85 * info - 24 < got < 1.15 * info + 24


def test_py3gpp_agrees_on_transport_block_sizes() -> None:
    py3gpp = pytest.importorskip("py3gpp")
    for index in range(28):
        order, rate = tbs.MCS[2][index]
        names = {2: "QPSK", 4: "16QAM", 6: "64QAM", 8: "256QAM"}
        for n_rb in (1, 7, 24, 51, 106, 216):
            want = py3gpp.nrTBS(names[order], 1, n_rb, 132, rate / 1024)
            got = tbs.transport_block_size(132, n_rb, rate / 1024, order)
            assert got == int(np.asarray(want).reshape(-1)[0]), (index, n_rb)


def test_two_layers_carry_one_codeword() -> None:
    cfg = replace(BASE, two_layers=True, modulation="16qam", mcs=8, pdcch_load=0.4)
    seed = next(
        s for s in range(20) if draw_cell(cfg, np.random.default_rng(s)).users[0].layers == 2
    )
    slots = np.arange(2)
    layers = []
    for silent in (1, 0):  # hear one layer at a time
        cell = draw_cell(cfg, np.random.default_rng(seed))
        assert cell.second is not None
        if silent:
            cell.second[:] = 0
        else:
            cell.first[USERS] = 0
        grid, _, plan = downlink_grid(cfg, cell, slots, np.random.default_rng(9))
        layers.append((grid, cell))
    user = layers[0][1].users[0]
    for sent in plan.transmissions:
        used = plan.users[sent.row] == sent.user + 1
        cells_of = np.zeros(layers[0][0].shape[1:], bool)
        cells_of[cfg.pdsch_start :, np.repeat(used, 12)] = True
        cells_of[[2, 11]] = False
        symbols = np.empty(2 * int(cells_of.sum()), complex)
        for layer, (grid, cell) in enumerate(layers):
            table = (cell.first, cell.second)[layer]
            assert table is not None
            point, _ = points.constellation(4)
            gain = table[USERS, 0] / point[0]
            symbols[layer::2] = grid[sent.row][cells_of] / gain
        llr = points.soft_bits(symbols, 4, np.full(symbols.size, 0.01))
        llr *= 1 - 2.0 * cells.sequence(user.rnti * 2**15 + cfg.pci, llr.size)
        elements = 12 * 12 - 2 * 12
        size = channels.block_size(elements, int(used.sum()), user.rate, 4, 2)
        assert size == sent.tbs
        limit = channels.buffer_limit(24, 2, 8)
        got = ldpc_receiver.decode(llr, size, user.rate, 4, 2, sent.version, limit)
        assert got is not None
        np.testing.assert_array_equal(got, codewords.payload(size, sent.payload))
