# SPDX-License-Identifier: GPL-3.0-or-later
"""The LTE receiver of the tests on recordings of real cells and of srsRAN's transmitter.

They are not part of the repository: the folder LWMSPECTRO_CAPTURES holds them in ``lte/``.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding.qpp_table import QPP
from gnuradio.lwmspectro.waveforms.lte import mcs, shared
from gnuradio.lwmspectro.waveforms.lte.tbs_table import TBS
from lte_broadcast_receiver import decode_mibs
from lte_control_receiver import ControlRegion
from lte_grid_receiver import demodulate, equalise
from lte_receiver import Tables, receive
from lte_shared_receiver import data_elements
from lte_sync import find_cell

FOLDER = Path(os.environ.get("LWMSPECTRO_CAPTURES", "/nonexistent")) / "lte"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="LWMSPECTRO_CAPTURES names no folder with lte/ in it"
)
SRSRAN = "b2_srsran_50prb_16QAM_mcs13_awgn_static_10"


def read(name: str) -> np.ndarray:
    raw = np.fromfile(FOLDER / f"{name}.sigmf-data", np.int8).astype(np.float32)
    iq = raw[0::2] + 1j * raw[1::2]
    return iq - iq.mean()


@pytest.mark.parametrize(
    ("name", "pci", "tdd", "least"),
    [
        ("real_rtlsdr_f2585_s1.92_g0_1s_2575-2595MHz", 68, True, 40),
        ("real_rtlsdr_f2584.9_s1.92_g0_1s_2575-2595MHz", 68, True, 40),
        ("real_rtlsdr_f2585.1_s1.92_g0_1s_2575-2595MHz", 68, True, 40),
        ("real_rtlsdr_f2585_s1.92_g0_0.8s_2575-2595MHz", 68, True, 10),
        ("real_rtlsdr_f1860_s1.92_g0_1s_strong_1850-1880MHz", 86, False, 10),
        ("real_rtlsdr_f1860_s1.92_g0_1s_1850-1880MHz", 86, False, 1),
    ],
)
def test_mib_of_real_cells(name: str, pci: int, tdd: bool, least: int) -> None:
    iq = read(name)
    cell = find_cell(iq, 1.92e6, max_cfo_hz=200e3)
    assert (cell.pci, cell.tdd) == (pci, tdd)
    mibs = decode_mibs(iq, 1.92e6, cell)
    assert len(mibs) >= least
    assert {(m.n_prb, m.n_ports) for m in mibs} == {(100, 2)}
    starts = Counter((m.sfn - m.frame) % 1024 for m in mibs)
    # frame numbers count; the short recording has a gap of 16 frames
    assert len(starts) == (2 if "0.8s" in name else 1)


def test_transport_blocks_of_srsran() -> None:
    iq = read(SRSRAN)
    tables = Tables(TBS, (mcs.TABLE_64QAM, mcs.TABLE_256QAM), QPP)
    report = receive(iq, 15.36e6, tables, {0x1234: False}, 20, max_cfo_hz=20e3)
    assert len(report.blocks) == 16  # none in subframes 0 and 5
    assert all(b.bits is not None and b.tbs == 11448 for b in report.blocks)


def test_our_encoder_makes_the_symbols_that_srsran_sent() -> None:
    iq = read(SRSRAN)
    tables = Tables(TBS, (mcs.TABLE_64QAM, mcs.TABLE_256QAM), QPP)
    cell = find_cell(iq, 15.36e6, max_cfo_hz=20e3)
    mib = decode_mibs(iq, 15.36e6, cell)[0]
    report = receive(iq, 15.36e6, tables, {0x1234: False}, 4, max_cfo_hz=20e3)
    for block in report.blocks:
        n = block.subframe % 10
        grid = demodulate(iq, 15.36e6, cell, block.subframe, 50)
        assert grid is not None
        region = ControlRegion(grid, cell, mib, n)
        at = np.array(data_elements(cell, mib, n, region.n_symbols, block.assignment.blocks))
        seen, _ = equalise(grid[at[:, 0], at[:, 1]], region.channels[:, at[:, 0], at[:, 1]])
        assert block.bits is not None
        coded = shared.rate_match(shared.code_block(block.bits), 4 * len(at), 4)
        sent = shared.codeword_symbols(
            [coded], 4, [shared.scrambling_init(0x1234, 0, n, cell.pci)]
        )[0]
        error = np.mean(np.abs(seen - sent) ** 2)
        assert 10 * np.log10(error) < -7  # its SNR is 10 dB; a wrong order gives 3
