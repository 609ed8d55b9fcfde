# SPDX-License-Identifier: GPL-3.0-or-later
"""The endless NR stream."""

from __future__ import annotations

from dataclasses import replace

import nr_receiver as receiver
import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import nr
from gnuradio.lwmspectro.waveforms.coding import ldpc
from gnuradio.lwmspectro.waveforms.nr import codewords
from gnuradio.lwmspectro.waveforms.sequences import gold

CELL = nr.NrConfig(
    n_rb=24,
    fft_size=384,
    pci=500,
    ssb=(0,),
    ssb_period_ms=10,
    ssb_subcarrier=24,
    coreset_rb=(0, 24),
    pdsch_rb=(0, 24),
)


def frames(cfg: nr.NrConfig, count: int, seed: int = 1) -> np.ndarray:
    transmitter = nr.Transmitter(cfg, seed)
    return np.concatenate([transmitter.next_piece() for _ in range(count)])


def test_frames_count_up_and_go_on_without_a_break() -> None:
    transmitter = nr.Transmitter(CELL, 3)
    assert transmitter.samp_rate == CELL.samp_rate == 11.52e6
    assert transmitter.occupied_bw_hz == CELL.occupied_bw_hz
    transmitter.frame = 1023  # a stream of 10.23 s behind it
    iq = np.concatenate([transmitter.next_piece() for _ in range(3)])
    assert iq.dtype == np.complex64
    assert iq.size == 3 * round(10e-3 * CELL.samp_rate)
    first = CELL.ssb_subcarrier - 6 * CELL.n_rb
    blocks = receiver.search(iq, CELL.samp_rate, 30e3, first, cfos=np.zeros(1), threshold=0.5)
    assert [block.mib.sfn for block in blocks if block.mib] == [1023, 0, 1]
    spacing = np.diff([block.start for block in blocks])
    assert spacing.tolist() == [round(10e-3 * CELL.samp_rate)] * 2


def test_power_follows_the_convention() -> None:
    iq = frames(CELL, 6)
    power = np.mean(np.abs(iq.reshape(-1, 480)) ** 2, axis=1)
    assert power[power > 0.05].mean() == pytest.approx(1.0, abs=0.15)
    # one scale for all frames: the blocks stay as strong as they are
    first = CELL.ssb_subcarrier - 6 * CELL.n_rb
    blocks = receiver.search(iq, CELL.samp_rate, 30e3, first, cfos=np.zeros(1), threshold=0.5)
    levels = [np.mean(np.abs(iq[b.start : b.start + 384]) ** 2) for b in blocks]
    assert len(levels) == 6
    assert np.ptp(levels) < 1e-3 * levels[0]


def test_the_seed_decides_everything() -> None:
    np.testing.assert_array_equal(frames(CELL, 2), frames(CELL, 2))
    assert not np.array_equal(frames(CELL, 2), frames(CELL, 2, seed=2))
    both = frames(CELL, 2).reshape(2, -1)
    assert not np.array_equal(both[0], both[1])


@pytest.mark.parametrize("repeat", ["frame", "subframe", "slot"])
def test_a_test_transmitter_repeats_its_frames(repeat: str) -> None:
    cfg = replace(CELL, repeat=repeat, ssb=(), system_info=False)
    both = frames(cfg, 2).reshape(2, -1)
    np.testing.assert_allclose(both[0], both[1], atol=1e-5)


def test_repeated_control_announces_new_data() -> None:
    cfg = replace(CELL, repeat="control", ssb=(), system_info=False)
    both = frames(cfg, 2).reshape(2, 20, -1)
    control = slice(0, round(2 * 0.5e-3 / 14 * cfg.samp_rate))  # two symbols of each slot
    np.testing.assert_allclose(both[0][:, control], both[1][:, control], atol=1e-5)
    assert not np.allclose(both[0], both[1], atol=1e-2)


def test_carrier_phase_stays_exact_after_hours() -> None:
    cfg = replace(CELL, carrier_hz=3.5e9 + 15e3, repeat="frame")
    early, late = nr.Transmitter(cfg, 1), nr.Transmitter(cfg, 1)
    late.frame = 1024 * 2000  # 5.7 hours; 10.24 s hold a whole number of carrier cycles
    np.testing.assert_allclose(early.next_piece(), late.next_piece(), atol=1e-3)


def test_labels() -> None:
    assert CELL.label_modulation == "mixed"
    assert CELL.mcs is None
    cfg = replace(CELL, modulation="64qam", mcs_table=1, mcs=20)
    assert (cfg.label_modulation, cfg.mcs) == ("64QAM", 20)


@pytest.mark.parametrize(
    "changes",
    [
        {"mcs": 5, "modulation": "64qam"},
        {"mcs": 40, "modulation": "qpsk"},
        {"mcs_table": 3},
        {"mcs_table": 1, "modulation": "256qam"},
        {"dci_format": "1_0"},
        {"dci_format": "2_0"},
        {"coreset_interleaver": (3, 2, 0)},
        {"coreset_interleaver": (6, 3, 0), "coreset_rb": (0, 12)},
        {"coreset_symbols": 3},
        {"coreset_zero": 15},
    ],
)
def test_configuration_errors_name_the_field(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        replace(CELL, **changes)


@pytest.mark.parametrize(("c_init", "length"), [(0, 5), (1, 31), (0x7FFFFFFF, 64), (123456, 9999)])
def test_doubling_gives_the_sequence_of_the_clause(c_init: int, length: int) -> None:
    np.testing.assert_array_equal(gold(c_init, length), gold(c_init, length))
    np.testing.assert_array_equal(
        gold(c_init, min(length, 300)), receiver.sequence(c_init, min(length, 300))
    )


def test_a_window_does_not_depend_on_what_was_coded_before(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = (CELL, 5e-3)
    warm = [nr.waveform(*arguments, np.random.default_rng(1)) for _ in range(2)][1]
    monkeypatch.setattr(codewords, "_CACHE", codewords._Cache())
    monkeypatch.setattr(codewords, "MAX_BYTES", 0)  # nothing is kept
    np.testing.assert_array_equal(nr.waveform(*arguments, np.random.default_rng(1)), warm)


def test_the_pool_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = codewords._Cache()
    monkeypatch.setattr(codewords, "MAX_BYTES", 20_000)
    for tbs in (3752, 3824, 8424, 5120, 30216, 3752):
        layout = ldpc.segmentation(tbs, 0.6)
        coded = cache.get(layout, 1)
        np.testing.assert_array_equal(cache.get(layout, 1), coded)
        assert coded.shape == (layout.n_blocks, layout.n)
        kept = sum(packed.nbytes for packed in cache._known.values())
        assert kept == cache._bytes <= 20_000


@pytest.mark.parametrize("tbs", [3752, 8424, 30216])
def test_a_sum_of_coded_blocks_is_coded(tbs: int) -> None:
    layout = ldpc.segmentation(tbs, 0.6)
    rng = np.random.default_rng(tbs)
    for index in rng.integers(0, codewords.DRAWS, 3):
        bits = codewords.payload(tbs, int(index))
        whole = ldpc.encode(ldpc.segment(bits, layout), layout)
        np.testing.assert_array_equal(codewords._Cache().get(layout, int(index)), whole)


def test_payloads_hardly_ever_come_again() -> None:
    rng = np.random.default_rng(1)
    drawn = [codewords.payload(256, int(i)).tobytes() for i in rng.integers(0, codewords.DRAWS, 60)]
    assert len(set(drawn)) >= 57
