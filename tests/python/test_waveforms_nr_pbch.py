# SPDX-License-Identifier: GPL-3.0-or-later
"""Synchronisation blocks as a receiver finds and reads them."""

from __future__ import annotations

from dataclasses import replace

import nr_receiver as receiver
import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import nr
from gnuradio.lwmspectro.waveforms.nr import pbch, raster
from gnuradio.lwmspectro.waveforms.nr.signals import ssb_starts
from gnuradio.lwmspectro.waveforms.nr.system import mib, system_info


def first_subcarrier(cfg: nr.NrConfig) -> int:
    return cfg.ssb_subcarrier - 6 * cfg.n_rb * cfg.scs_hz // cfg.ssb_scs_hz


def noisy(iq: np.ndarray, snr_db: float, cfo: float, rate: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=iq.size) + 1j * rng.normal(size=iq.size)
    turned = iq * np.exp(2j * np.pi * cfo * np.arange(iq.size) / rate)
    return turned + noise * 10 ** (-snr_db / 20) / np.sqrt(2)


CELLS = {
    "case A, 4 candidates": nr.NrConfig(
        n_rb=25,
        scs_hz=15000,
        fft_size=384,
        pci=1007,
        ssb=(0, 3),
        ssb_case="A",
        ssb_l_max=4,
        ssb_subcarrier=31,
        ssb_half=1,
        ssb_period_ms=10,
        coreset_rb=(0, 24),
        pdsch_rb=(0, 25),
    ),
    "case B, 8 candidates": nr.NrConfig(
        n_rb=24,
        fft_size=384,
        pci=413,
        ssb=(1, 5, 7),
        ssb_case="B",
        ssb_subcarrier=24,
        coreset_rb=(0, 24),
        pdsch_rb=(0, 24),
        crb_offset=5,
    ),
    "case C, 15 kHz carrier": nr.NrConfig(
        n_rb=52,
        scs_hz=15000,
        fft_size=1024,
        pci=2,
        ssb=(2,),
        ssb_subcarrier=33,
        ssb_db=6.0,
        pdsch_rb=(0, 52),
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_every_block_is_found_and_its_mib_read(name: str) -> None:
    cfg = CELLS[name]
    frame = 1022  # the SFN wraps within the window
    iq = nr.waveform(cfg, 27.5e-3, np.random.default_rng(1), start_s=frame * 10e-3)
    cfo = 900.0
    found = receiver.search(
        noisy(iq, 12.0, cfo, cfg.samp_rate),
        cfg.samp_rate,
        cfg.ssb_scs_hz,
        first_subcarrier(cfg),
        cfg.ssb_l_max,
        cfos=np.array([-2000.0, 0.0, 2000.0]),
        threshold=0.45,
    )
    starts = ssb_starts(cfg.ssb_case, cfg.ssb_l_max)
    per_ms = 14 * cfg.ssb_scs_hz // 15000
    expected = [
        (10 * f + 5 * cfg.ssb_half + starts[i] / per_ms, f % 1024, i)
        for f in range(frame, frame + 3)
        for i in cfg.ssb
        if (10 * f) % cfg.ssb_period_ms == 0
    ]
    assert len(found) == len(expected)
    want = mib(cfg)
    for block, (ms, sfn, index) in zip(found, expected, strict=True):
        assert abs(block.start / cfg.samp_rate - (ms - 10 * frame) * 1e-3) < 0.1e-3
        assert abs(block.cfo_hz - cfo) < 0.05 * cfg.ssb_scs_hz
        assert block.pci == cfg.pci
        assert block.index == (index + 4 * cfg.ssb_half if cfg.ssb_l_max == 4 else index)
        assert block.mib == receiver.Mib(
            sfn=sfn,
            half=cfg.ssb_half,
            k_ssb=want.k_ssb,
            scs_hz=cfg.scs_hz,
            dmrs_position=cfg.dmrs_first,
            coreset_zero=want.pdcch_config >> 4,
            search_space_zero=want.pdcch_config & 15,
            barred=False,
        )


def test_mib_is_read_below_the_noise() -> None:
    cfg = replace(CELLS["case B, 8 candidates"], ssb=(0,), ssb_case="C", ssb_period_ms=5)
    iq = nr.waveform(cfg, 20e-3, np.random.default_rng(0), start_s=0.0)
    snr_db = -3.0 - 10 * np.log10(cfg.samp_rate / cfg.occupied_bw_hz)  # -3 dB within the carrier
    found = receiver.search(
        noisy(iq, snr_db, 700.0, cfg.samp_rate),
        cfg.samp_rate,
        30e3,
        first_subcarrier(cfg),
        cfos=np.array([0.0, 1500.0]),
    )
    read = [(block.mib.sfn, block.mib.half) for block in found if block.mib]
    assert read == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize("sfn", [0, 1, 2, 5, 7, 8, 511, 1023])
def test_broadcast_channel_of_every_frame(sfn: int) -> None:
    block = pbch.ssb_block(pbch.Mib(30000, 21, 3, 0xA5), 77, sfn, 6, 0, 8, 0.0)
    got = receiver.decode_pbch(block.astype(complex), 77, 6, 8)
    assert got == receiver.Mib(sfn, 0, 21, 30000, 3, 10, 5, False)


def test_py3gpp_reads_the_broadcast_channel() -> None:
    py3gpp = pytest.importorskip("py3gpp")
    for pci, sfn, index in ((17, 617, 3), (900, 1022, 6)):
        message = pbch.Mib(15000, 9, 2, 0x4C)
        symbols = pbch.symbols(message, pci, sfn, index, 1, 8)
        soft = np.empty(864)
        soft[0::2], soft[1::2] = symbols.real, symbols.imag
        soft *= 1 - 2.0 * np.asarray(py3gpp.nrPBCHPRBS(pci, index, 864)).reshape(-1)
        _, error, block, lsbs, half, _ = py3gpp.nrBCHDecode(4 * soft, 8, 8, pci)
        assert not error
        assert block.tolist() == message.bits(sfn).tolist()
        assert int("".join(map(str, lsbs)), 2) == sfn % 16
        assert half == 1


def test_mib_says_that_there_is_no_sib1() -> None:
    for change in ({"system_info": False}, {"ssb_subcarrier": 0, "crb_offset": 0, "n_rb": 21}):
        cfg = replace(nr.NrConfig(coreset_rb=(0, 12), pdsch_rb=(0, 21)), **change)
        assert system_info(cfg) is None
        assert mib(cfg).k_ssb == 31  # 38.213 13


def test_raster() -> None:
    # 38.104 table 5.4.3.1-1: 3 GHz + N 1.44 MHz and N 1.2 MHz + M 50 kHz
    assert raster.gscn(3000e6) == 7499
    assert raster.gscn(3500.16e6 - 0.48e6) == 7499 + 347
    assert raster.gscn(1200e3 * 1500 + 150e3) == 4500
    assert raster.gscn(1200e3 * 1500 + 50e3) == 4499
    assert raster.gscn(1200e3 * 1500 + 100e3) is None
    for freq in (0.7e9, 1.8425e9, 2.6e9, 3.51e9):
        near = raster.nearest_raster(freq)
        assert raster.gscn(near) is not None
        assert abs(near - freq) <= 0.72e6


def test_k_ssb_and_point_a_add_up() -> None:
    rng = np.random.default_rng(3)
    on_raster = 0
    for _ in range(200):
        cfg = nr.NrConfig.random(rng)
        crb, k_ssb = raster.ssb_crb(cfg)
        point_a = cfg.carrier_hz - (6 * cfg.n_rb + 12 * cfg.crb_offset) * cfg.scs_hz
        lowest = point_a + 12 * 15e3 * raster.offset_to_point_a(cfg) + 15e3 * k_ssb
        assert lowest + 120 * cfg.ssb_scs_hz == pytest.approx(raster.ssb_freq(cfg))
        assert 0 <= k_ssb < 24
        assert 12 * crb * cfg.scs_hz <= lowest - point_a
        if cfg.carrier_hz:
            assert raster.gscn(raster.ssb_freq(cfg)) is not None
            on_raster += 1
            limit = 1.88e9 if cfg.ssb_case == "C" and cfg.pattern != "D" else 3e9
            assert cfg.ssb_l_max == (4 if cfg.carrier_hz < limit else 8)  # 38.213 4.1
    assert on_raster > 50
