# SPDX-License-Identifier: GPL-3.0-or-later
"""Synchronisation signals of the LTE generator, from 3GPP TS 36.211 6.11 alone."""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import lte
from gnuradio.lwmspectro.waveforms.lte import frame as lte_signals
from lte_grid_receiver import demodulate as receive_grid
from lte_sync import FoundCell


def cell(**changes: object) -> lte.LteConfig:
    fields: dict = {"n_prb": 6, "fft_size": 128, "pci": 88, "system_info": False}
    return lte.LteConfig(**(fields | changes))


def demodulate(config: lte.LteConfig, iq: np.ndarray, subframe: int) -> np.ndarray:
    """Resource elements (symbols, subcarriers); the first sample starts frame 0."""
    at = FoundCell(config.pci, False, False, 0.0, 0.0, config.samp_rate / 100, 0.0, 0.0)
    grid = receive_grid(iq, config.samp_rate, at, subframe, config.n_prb)
    assert grid is not None
    return grid


@pytest.mark.parametrize("nid2", [0, 1, 2])
def test_pss_peaks_every_5_ms(nid2: int) -> None:
    config = cell(n_prb=25, fft_size=512, pci=3 * 40 + nid2)
    iq = lte.waveform(config, 15e-3, np.random.default_rng(nid2))
    n = np.arange(63)
    peaks = []
    for root in (25, 29, 34):  # 36.211 table 6.11.1.1-1, length 63 with its middle removed
        zadoff_chu = np.exp(-1j * np.pi * root * n * (n + 1) / 63)
        zadoff_chu[31] = 0
        bins = np.zeros(512, complex)
        bins[np.arange(-31, 32)] = zadoff_chu
        replica = np.fft.ifft(bins)
        size = iq.size + 512
        found = np.fft.ifft(np.fft.fft(iq, size) * np.conj(np.fft.fft(replica, size)))
        peaks.append(np.abs(found[: 3 * 38400]).reshape(3, 38400))  # 5 ms each
    assert np.argmax([p.max() for p in peaks]) == nid2
    right = peaks[nid2]
    assert np.ptp(right.argmax(axis=1)) == 0
    assert np.all(right.max(axis=1) > 2 * max(np.max(p) for p in peaks if p is not right))


def test_sss_indices_of_the_published_table() -> None:
    table = {0: (0, 1), 29: (29, 30), 30: (0, 2), 58: (28, 30), 59: (0, 3), 87: (0, 4)}
    table |= {165: (0, 7), 166: (1, 8), 167: (2, 9)}  # 36.211 table 6.11.2.1-1
    assert {n: lte_signals.sss_indices(n) for n in table} == table
    assert len({lte_signals.sss_indices(n) for n in range(168)}) == 168


def test_sss_halves_swap_and_cells_differ() -> None:
    for nid1 in (0, 77, 167):
        first, second = (lte_signals.sss(3 * nid1 + 1, half).real for half in (False, True))
        assert set(np.unique(first)) == {-1.0, 1.0}
        # Even elements: s^(m0) c0 in subframe 0 and s^(m1) c0 in subframe 5. s^(m) alone is an
        # m-sequence, so the product of the two is a third shift of it: one more -1 than +1.
        assert np.sum(first[::2] * second[::2]) == -1
    all_cells = np.stack([lte_signals.sss(pci, h).real for pci in range(504) for h in (0, 1)])
    cross = all_cells @ all_cells.T
    np.fill_diagonal(cross, 0)
    assert np.abs(cross).max() < 62 * 0.75


@pytest.mark.parametrize("tdd", [None, 1])
def test_sync_signals_stand_in_the_symbols_of_the_frame_structure(tdd: int | None) -> None:
    config = cell(tdd_config=tdd, special_config=0)
    iq = lte.waveform(config, 10e-3, np.random.default_rng(1), start_s=0.0)
    for half in (0, 1):
        sf_pss, l_pss, sf_sss, l_sss = (0, 6, 0, 5) if tdd is None else (1, 2, 0, 13)
        pss = demodulate(config, iq, sf_pss + 5 * half)[l_pss, 5:67]
        sss = demodulate(config, iq, sf_sss + 5 * half)[l_sss, 5:67]
        n = np.array([*range(31), *range(32, 63)])
        want = np.exp(-1j * np.pi * 29 * n * (n + 1) / 63)  # cell 88 = 3 * 29 + 1
        np.testing.assert_allclose(pss / want, pss[0] / want[0], atol=1e-4)
        want = lte_signals.sss(88, bool(half))
        np.testing.assert_allclose(sss / want, sss[0] / want[0], atol=1e-4)
