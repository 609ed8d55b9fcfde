# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of LTE cells: what is drawn, what is refused, what it says of itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import lte


def cell(**changes: object) -> lte.LteConfig:
    return replace(lte.LteConfig(n_prb=6, fft_size=128, pci=88), **changes)


def test_random_cells_are_valid_varied_and_make_samples() -> None:
    rng = np.random.default_rng(15)
    cells = [lte.LteConfig.random(rng) for _ in range(300)]
    assert {c.n_prb for c in cells} == set(lte.FFT_SIZES)
    assert {c.tdd_config for c in cells} == {None, *range(7)}
    assert {len(c.port_gains) for c in cells} == {1, 2, 4}
    assert {c.repeat for c in cells} == set(lte.REPEATS)
    assert {c.extended_cp for c in cells} == {True, False}
    for config in cells[:40]:
        iq = lte.waveform(config, 12e-3, rng)
        assert iq.size == round(12e-3 * config.samp_rate)
        assert np.isfinite(iq).all()
        assert np.abs(iq).max() > 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {"n_prb": 7},
        {"fft_size": 64},
        {"pci": 504},
        {"port_gains": (1.0, 1.0, 1.0)},
        {"tdd_config": 7},
        {"special_config": 10},
        {"modulation": "8psk"},
        {"cfi": 4},
        {"pdcch_load": 1.5},
        {"mbsfn": (5,)},
        {"repeat": "slot"},
        {"rntis": (0xFFFF,)},
        {"phich_resource": 4},
        {"mcs": 29},
        {"mcs": 5, "modulation": "16qam"},
        {"mcs": 28, "modulation": "256qam"},
    ],
)
def test_configuration_errors_are_reported(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"expected|unknown"):
        cell(**changes)


def test_label_says_what_the_users_data_carry() -> None:
    assert cell().label_modulation == "mixed"
    assert cell(modulation="256qam").label_modulation == "256QAM"
    assert cell(mcs=9).label_modulation == "QPSK"
    assert cell(mcs=10).label_modulation == "16QAM"
    assert cell(mcs=17, modulation="64qam").label_modulation == "64QAM"
    assert cell(mcs=27, modulation="256qam").label_modulation == "256QAM"
    assert cell(mcs=9).mcs == 9
