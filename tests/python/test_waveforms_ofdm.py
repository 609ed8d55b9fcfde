# SPDX-License-Identifier: GPL-3.0-or-later
"""Sequences, constellations, symbol timing and traffic that LTE and NR share."""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import sequences
from gnuradio.lwmspectro.waveforms.ofdm import Numerology, modulate
from gnuradio.lwmspectro.waveforms.traffic import Traffic, active_intervals, allocate


def naive_gold(c_init: int, length: int) -> list[int]:
    """36.211 7.2, one bit after the other."""
    x1 = [1] + [0] * 30
    x2 = [(c_init >> i) & 1 for i in range(31)]
    for n in range(1600 + length):
        x1.append((x1[n + 3] + x1[n]) % 2)
        x2.append((x2[n + 3] + x2[n + 2] + x2[n + 1] + x2[n]) % 2)
    return [(x1[n + 1600] + x2[n + 1600]) % 2 for n in range(length)]


@pytest.mark.parametrize("c_init", [0, 1, 0x12345, 0x7FFFFFFF])
def test_gold_matches_the_shift_registers(c_init: int) -> None:
    assert sequences.gold(c_init, 300).tolist() == naive_gold(c_init, 300)


def test_gold_of_several_values_and_long() -> None:
    both = sequences.gold([5, 1 << 30], 9000)
    assert both.shape == (2, 9000)
    assert both[1, 8900:].tolist() == naive_gold(1 << 30, 9000)[8900:]
    np.testing.assert_array_equal(both[0], sequences.gold(5, 9000))


def test_gold_sequences_of_several_lengths_stand_one_after_the_other() -> None:
    values, lengths = [5, 0x12345, 5], [70, 1, 300]
    joined = sequences.gold_joined(values, lengths)
    parts = [sequences.gold(value, n) for value, n in zip(values, lengths, strict=True)]
    np.testing.assert_array_equal(joined, np.concatenate(parts))
    assert sequences.gold_joined([], []).size == 0


def test_gold_rejects_more_than_31_bits() -> None:
    with pytest.raises(ValueError, match="c_init"):
        sequences.gold(1 << 31, 4)


@pytest.mark.parametrize(
    ("name", "bits", "value"),
    [  # 36.211 tables 7.1.2-1, 7.1.3-1, 7.1.4-1 and 7.1.5 written out
        ("qpsk", "01", (1 - 1j) / np.sqrt(2)),
        ("16qam", "0010", (3 + 1j) / np.sqrt(10)),
        ("16qam", "1101", (-1 - 3j) / np.sqrt(10)),
        ("64qam", "000000", (3 + 3j) / np.sqrt(42)),
        ("64qam", "101101", (-5 + 7j) / np.sqrt(42)),
        ("64qam", "011010", (7 - 3j) / np.sqrt(42)),
        ("256qam", "00000000", (5 + 5j) / np.sqrt(170)),
        ("256qam", "10101010", (-15 + 5j) / np.sqrt(170)),
    ],
)
def test_constellation_points(name: str, bits: str, value: complex) -> None:
    index = sum(int(b) << i for i, b in enumerate(bits))
    assert sequences.CONSTELLATIONS[name][index] == pytest.approx(value, abs=1e-6)


def test_byte_tables_have_unit_power() -> None:
    for name in sequences.MODULATION_BITS:
        table = sequences.byte_table(name)
        assert table.shape == (256,)
        assert np.mean(np.abs(table) ** 2) == pytest.approx(1.0, abs=1e-6)


def test_extended_prefix_fills_the_half_millisecond() -> None:
    numerology = Numerology(2048, 15000, extended_cp=True)
    assert numerology.symbol_edges.tolist() == [2560 * n for n in range(7)]


def test_traffic_meets_its_loads() -> None:
    rng = np.random.default_rng(16)
    traffic = Traffic(time_load=0.3, freq_load=0.4, burst=5.0, n_users=3, scattered=True)
    active = active_intervals(traffic, 20000, rng)
    assert active.mean() == pytest.approx(0.3, abs=0.04)
    runs = np.diff(np.flatnonzero(np.diff(active.astype(int))))[::2]
    assert runs.mean() > 3.0
    users = allocate(traffic, 2000, 25, rng)
    busy = users.any(axis=1)
    assert np.mean(users[busy] > 0) == pytest.approx(0.4, abs=0.04)
    assert set(np.unique(users)) == {0, 1, 2, 3}
    with pytest.raises(ValueError, match="loads"):
        Traffic(time_load=1.1)


@pytest.mark.parametrize(
    ("fft_size", "scs", "first", "others"),
    [  # 38.211 5.3.1: 144 and 16 samples at 30.72 MS/s, halved with twice the spacing
        (2048, 15000, 160, 144),
        (384, 15000, 30, 27),
        (1536, 15000, 120, 108),
        (128, 15000, 10, 9),
        (512, 30000, 44, 36),
        (1024, 30000, 88, 72),
        (384, 30000, 33, 27),
    ],
)
def test_prefix_lengths_are_those_of_the_standard(
    fft_size: int, scs: int, first: int, others: int
) -> None:
    numerology = Numerology(fft_size, scs)
    prefixes = np.diff(numerology.symbol_edges) - fft_size
    assert prefixes.tolist() == [first] + [others] * (7 * scs // 15000 - 1)
    assert numerology.symbol_edges[-1] == numerology.half_ms_samples == fft_size * scs // 2000


def test_prefixes_that_are_no_whole_samples_are_rounded_in_time() -> None:
    numerology = Numerology(200, 15000)  # 3 MS/s: 14.0625 samples, 15.625 for the first
    prefixes = np.diff(numerology.symbol_edges) - 200
    assert prefixes.tolist() == [16, 14, 14, 14, 14, 14, 14]
    assert numerology.half_ms_samples == 1500


def test_numerologies_outside_the_standard_are_rejected() -> None:
    for wrong in ((512, 60000, False), (512, 30000, True), (30, 15000, False)):
        with pytest.raises(ValueError, match="expected"):
            Numerology(*wrong)


def test_modulate_rejects_a_grid_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="bins"):
        modulate(np.zeros((7, 300), np.complex64), Numerology(256), skip_dc=False)
