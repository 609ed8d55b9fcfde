# SPDX-License-Identifier: GPL-3.0-or-later
"""The share of a window that is data: against what changes with the data, and against energy."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import lte, nr, single_carrier, wifi
from gnuradio.lwmspectro.waveforms.data_share import DataLog, Elements, Stretch
from gnuradio.lwmspectro.waveforms.lte.grid import downlink_grid as lte_grid
from gnuradio.lwmspectro.waveforms.lte.users import Cell
from gnuradio.lwmspectro.waveforms.nr.cell import draw_cell
from gnuradio.lwmspectro.waveforms.nr.grid import downlink_grid as nr_grid
from gnuradio.lwmspectro.waveforms.scene import NONE, Measured, Scene, render_measured
from gnuradio.lwmspectro.waveforms.traffic import Traffic

FULL = Traffic(time_load=1.0, freq_load=1.0)
PAYLOADS = range(2, 7)


def measured(scene: Scene, duration_s: float, seed: int = 1) -> Measured:
    n = round(duration_s * scene.samp_rate)
    return render_measured(scene, n, np.random.default_rng(seed))[1]


def changing(grids: list[np.ndarray]) -> np.ndarray:
    """Elements that depend on the payload."""
    return np.any([grid != grids[0] for grid in grids[1:]], axis=0)


@pytest.mark.parametrize("seed", range(4))
def test_lte_data_are_what_changes_with_the_payload(seed: int) -> None:
    drawn = lte.LteConfig.random(np.random.default_rng(seed))
    cfg = replace(
        drawn,
        repeat="control",
        modulation="64qam",
        traffic=Traffic(0.8, 0.6, n_users=3),
        port_gains=drawn.port_gains[:1],
        two_layers=False,
    )
    subframes = np.arange(20)
    width = 12 * cfg.n_prb
    data = np.zeros((20, 2 * cfg.numerology.half_ms_symbols, width), np.bool_)
    grids = []
    for k in PAYLOADS:
        cell = Cell(cfg, np.random.default_rng(1))
        data[:] = False
        grids.append(lte_grid(cell, subframes, np.random.default_rng(k), data))
    assert data.any()
    different = changing(grids)
    assert not (different & ~data).any()
    assert (data & ~different).sum() < 1e-3 * data.sum()  # alike by chance


@pytest.mark.parametrize("ports", [2, 4])
def test_lte_sums_of_two_symbols_do_not_count(ports: int) -> None:
    cfg = lte.LteConfig(n_prb=25, fft_size=512, port_gains=(1.0, 0.5j, 0.7, -0.2)[:ports])
    log = DataLog()
    lte.waveform(cfg, 0.01, np.random.default_rng(1), log=log)
    assert log.elements is not None
    assert not log.elements.data.any()


def test_nr_sums_of_two_layers_do_not_count() -> None:
    shares = []
    for two_layers in (False, True):
        log = DataLog()
        full = Traffic(1.0, 1.0, n_users=8)
        cfg = nr.NrConfig(n_rb=51, scs_hz=30000, two_layers=two_layers, traffic=full)
        nr.waveform(cfg, 0.02, np.random.default_rng(1), log=log)
        assert log.elements is not None
        shares.append(log.elements.data.mean())
    assert 0.05 * shares[0] < shares[1] < 0.9 * shares[0]


@pytest.mark.parametrize("seed", range(4))
def test_nr_data_are_what_changes_with_the_payload(seed: int) -> None:
    drawn = nr.NrConfig.random(np.random.default_rng(seed))
    traffic = replace(drawn.traffic, time_load=0.8, freq_load=0.6)
    cfg = replace(drawn, traffic=traffic, two_layers=False)
    slots = np.arange(20 * cfg.slots_per_ms)
    data = np.zeros((slots.size, 14, 12 * cfg.n_rb), np.bool_)
    grids = []
    for k in PAYLOADS:
        cell = draw_cell(cfg, np.random.default_rng(1))
        payloads = np.random.default_rng(k)
        grids.append(nr_grid(cfg, cell, slots, np.random.default_rng(1), payloads, data)[0])
    assert data.any()
    different = changing(grids)
    assert not (different & ~data).any()
    assert (data & ~different).sum() < 0.01 * data.sum()  # QPSK is alike by chance in 1 of 256


def test_full_lte_frame_has_the_elements_of_the_standard() -> None:
    cell = lte.LteConfig(
        n_prb=25, fft_size=512, traffic=FULL, cfi=1, pdcch_load=0.0, system_info=False
    )
    found = measured(Scene(transmitter=cell, samp_rate=7.68e6), 10e-3)
    per_block = 13 * 12 - 6  # less the control symbol and the reference signals of one port
    taken = 2 * 2 * 72 + (4 * 72 - 12)  # PSS and SSS twice, PBCH beside its reference signals
    assert found.data_share == pytest.approx((250 * per_block - taken) / (250 * 168), abs=2e-3)


def test_idle_cell_has_none() -> None:
    for cell in (
        lte.LteConfig(n_prb=25, traffic=Traffic(0.0, 0.0), system_info=True),
        nr.NrConfig(n_rb=51, scs_hz=30000, fft_size=768, traffic=Traffic(0.0, 0.0)),
    ):
        found = measured(Scene(transmitter=cell, samp_rate=7.68e6), 20e-3)
        assert found.layer != NONE
        assert found.data_share == 0.0


def test_only_what_is_in_view_counts() -> None:
    """A receiver of 2.4 MHz sees the blocks with data, or others, whichever side they are on."""
    cell = nr.NrConfig(
        n_rb=51, scs_hz=30000, fft_size=768, traffic=FULL, pdsch_rb=(31, 20), pdcch_load=0.0
    )
    scene = Scene(transmitter=cell, samp_rate=2.4e6)
    at_data = measured(replace(scene, offset_hz=-5.4e6), 10e-3)
    away = measured(replace(scene, offset_hz=5.4e6), 10e-3)
    whole = measured(replace(scene, samp_rate=20e6), 10e-3)
    assert at_data.data_share > 0.6
    assert away.data_share == 0.0 or away.layer == NONE
    assert whole.data_share == pytest.approx(at_data.data_share * 20 / 51, rel=0.15)


def test_single_carrier_bursts_are_the_active_samples() -> None:
    cfg = single_carrier.SingleCarrierConfig(traffic="bursts", duty=0.4, preamble=31)
    scene = Scene(transmitter=cfg, samp_rate=cfg.samp_rate)
    length = 0.7 * cfg.frame_symbols / cfg.symbol_rate  # less than a frame: its place matters
    for seed in range(12):
        found = measured(scene, length, seed)
        share = 0.0 if found.layer == NONE else found.data_share
        assert share == pytest.approx(found.ratio.active, abs=0.06)
    steady = single_carrier.SingleCarrierConfig(traffic="continuous")
    assert measured(Scene(transmitter=steady, samp_rate=2e6), 5e-3).data_share == pytest.approx(1.0)


def test_wifi_data_symbols_are_active_samples_less_headers() -> None:
    cfg: Any = wifi.WifiConfig(
        standard="11a", rates=(54,), sizes=(1500,), duty=0.6, answered=False, beacons=False
    )
    fmt = cfg.data_format(54)
    data = fmt.n_symbols(1500) * fmt.symbol_len
    for seed in range(3):
        found = measured(Scene(transmitter=cfg, samp_rate=20e6), 20e-3, seed)
        expected = found.ratio.active * data / (data + fmt.header_len)
        assert found.data_share == pytest.approx(expected, abs=0.02)


def test_share_by_hand() -> None:
    data = np.zeros((4, 6), np.bool_)
    data[1:3, 2:5] = True
    log = DataLog(Elements(data, np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.arange(-3.0, 3.0)))
    assert log.share(0.0, 4.0, -10.0, 10.0, "QPSK") == pytest.approx(6 / 24)
    assert log.share(1.5, 2.5, -1.5, 1.5, "QPSK") == pytest.approx(1.0)
    assert log.share(2.5, 4.0, -1.5, 1.5, "QPSK") == pytest.approx(1 / 3)
    assert log.share(0.0, 4.0, 5.0, 9.0, "QPSK") == 0.0
    assert log.share(2.0, 2.0, -10.0, 10.0, "QPSK") == 0.0
    bursts = DataLog(None, [Stretch(-1.0, 1.0, 6), Stretch(2.0, 3.0, 1, user=False)])
    assert bursts.share(0.0, 4.0, -1.0, 1.0, "64QAM") == pytest.approx(0.25)
    assert bursts.share(0.0, 4.0, -1.0, 1.0, "BPSK") == pytest.approx(0.25)
    assert bursts.share(0.0, 4.0, -1.0, 1.0, "mixed") == pytest.approx(0.25)
    assert bursts.share(0.0, 4.0, -1.0, 1.0, "QPSK") == 0.0
