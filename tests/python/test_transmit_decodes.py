# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of lwmspectro-transmit, decoded by the receivers of tests/python/receivers."""

import lte_broadcast_receiver
import lte_receiver
import lte_sync
import nr_receiver
import numpy as np
import pytest
import wifi_receiver
from gnuradio.lwmspectro.waveforms import lte
from gnuradio.lwmspectro.waveforms.coding.qpp_table import QPP
from gnuradio.lwmspectro.waveforms.nr import raster


@pytest.fixture
def transmit(run_app, tmp_path):
    """transmit(*arguments): the samples of the file that the command writes."""

    def run(*arguments):
        path = tmp_path / "sent.cf32"
        done = run_app("lwmspectro-transmit", *arguments, "-o", path)
        assert done.returncode == 0, done.stderr
        return np.fromfile(path, np.complex64)

    return run


@pytest.mark.parametrize("front_end", ["rtl-sdr", "usrp"])
def test_wifi_frames_come_through_a_front_end(transmit, front_end):
    iq = transmit(
        *("wifi", "--standard", "11a", "--mcs", 4, "--psdu-bytes", 500, "--duration", 0.02),
        *("--snr-db", 30, "--front-end", front_end, "--center-freq", 2.437e9),
    )
    frames = [got for got in wifi_receiver.receive(iq) if len(got.psdu) == 500]
    assert len(frames) > 20
    assert all(got.rate == 24 for got in frames)
    assert np.mean([bool(got.right) and all(got.right) for got in frames]) > 0.9
    ppm = {"rtl-sdr": 30.0, "usrp": 1.5}[front_end]
    assert np.median([got.cfo_hz for got in frames]) == pytest.approx(-ppm * 2437, abs=3000)


@pytest.mark.parametrize(("n_prb", "samp_rate"), [(6, 1.92e6), (25, 5.76e6)])
def test_the_lte_cell_says_who_it_is(transmit, n_prb, samp_rate):
    iq = transmit(
        *("lte", "--n-prb", n_prb, "--pci", 301, "--samp-rate", samp_rate, "--duration", 0.06),
        *("--snr-db", 15, "--channel", "TDL-A", "--delay-spread", 100e-9, "--seed", 3),
    )
    cell = lte_sync.find_cell(iq, samp_rate)
    assert cell.pci == 301
    mibs = lte_broadcast_receiver.decode_mibs(iq, samp_rate, cell)
    assert {(mib.n_prb, mib.n_ports) for mib in mibs} == {(n_prb, 1)}
    assert {mib.sfn for mib in mibs} >= {1, 2, 3, 4}


def test_the_lte_data_survive_the_rates_of_srsran(transmit):
    """5.76 MS/s for 25 blocks, in place of 7.68."""
    tables = lte_receiver.Tables(
        lte.tbs_table.TBS, (lte.mcs.TABLE_64QAM, lte.mcs.TABLE_256QAM), QPP
    )
    iq = transmit(
        *("lte", "--n-prb", 25, "--pci", 8, "--samp-rate", 5.76e6, "--duration", 0.02),
        *("--modulation", "64QAM", "--mcs", 20, "--snr-db", 30),
    )
    report = lte_receiver.receive(iq, 5.76e6, tables, {0x1234: False}, 10)
    data = [block for block in report.blocks if block.rnti == 0x1234]
    assert len(data) >= 8
    assert {block.per_symbol for block in data} == {6}
    assert all(block.bits is not None for block in report.blocks)


@pytest.mark.parametrize(
    ("carrier_hz", "first"), [(None, -120), (3494.4e6, -136), (3500.01e6, -131), (2595e6, -135)]
)
def test_the_nr_cell_says_who_and_where_it_is(transmit, carrier_hz, first):
    """The block is on the raster, and k_SSB says where it is in its resource block."""
    iq = transmit(
        *("nr", "--n-rb", 24, "--pci", 777, "--duplex", "tdd", "--duration", 0.003),
        *("--samp-rate", 11.52e6, "--snr-db", 15),
        *(() if carrier_hz is None else ("--center-freq", carrier_hz)),
    )
    blocks = nr_receiver.search(iq, 11.52e6, 30e3, first, cfos=np.zeros(1))
    assert [block.pci for block in blocks] == [777]
    mib = blocks[0].mib
    assert (mib.sfn, mib.half, mib.scs_hz) == (0, 0, 30000)
    assert mib.k_ssb == 2 * (first + 144) % 24
    if carrier_hz is not None:
        assert raster.gscn(carrier_hz + 30e3 * (first + 120)) is not None
