# SPDX-License-Identifier: GPL-3.0-or-later
"""The LTE generator against receivers written from 3GPP TS 36.211 alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import lte
from gnuradio.lwmspectro.waveforms.traffic import Traffic

FULL = Traffic()
IDLE = Traffic(time_load=0.0)


def naive_gold(c_init: int, length: int) -> list[int]:
    """36.211 7.2, one bit after the other."""
    x1 = [1] + [0] * 30
    x2 = [(c_init >> i) & 1 for i in range(31)]
    for n in range(1600 + length):
        x1.append((x1[n + 3] + x1[n]) % 2)
        x2.append((x2[n + 3] + x2[n + 2] + x2[n + 1] + x2[n]) % 2)
    return [(x1[n + 1600] + x2[n + 1600]) % 2 for n in range(length)]


def naive_crs(cell: lte.LteConfig, slot: int, symbol: int) -> np.ndarray:
    """r_{l,ns}(m') of 36.211 6.10.1.1 for the m of this bandwidth."""
    n_cp = 0 if cell.extended_cp else 1
    c_init = 2**10 * (7 * (slot + 1) + symbol + 1) * (2 * cell.pci + 1) + 2 * cell.pci + n_cp
    c = naive_gold(c_init, 440)
    m = [m + 110 - cell.n_prb for m in range(2 * cell.n_prb)]
    return np.array([((1 - 2 * c[2 * i]) + 1j * (1 - 2 * c[2 * i + 1])) / np.sqrt(2) for i in m])


def demodulate(cell: lte.LteConfig, iq: np.ndarray, subframe: int) -> np.ndarray:
    """Resource elements (symbols, subcarriers) of a subframe; the first sample starts frame 0."""
    size, start = cell.fft_size, round(subframe * cell.samp_rate * 1e-3)
    rows = []
    for _ in range(2):
        for symbol in range(6 if cell.extended_cp else 7):
            if cell.extended_cp:
                prefix = 512 * size // 2048
            else:
                prefix = (160 if symbol == 0 else 144) * size // 2048
            bins = np.fft.fft(iq[start + prefix : start + prefix + size]) / size
            half = 6 * cell.n_prb
            rows.append(np.concatenate((bins[-half:], bins[1 : half + 1])))
            assert abs(bins[0]) < 1e-4  # the subcarrier at 0 Hz is empty
            start += prefix + size
    return np.array(rows)


def cell(**changes: object) -> lte.LteConfig:
    base = lte.LteConfig(n_prb=6, fft_size=128, pci=88, traffic=FULL, system_info=False)
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("n_prb", "fft_size", "ports", "extended"),
    [
        (6, 128, 1, False),
        (25, 512, 2, False),
        (100, 2048, 4, False),
        (75, 1536, 2, False),
        (15, 256, 4, True),
    ],
)
def test_crs_elements_carry_the_sequence_of_the_clause(
    n_prb: int, fft_size: int, ports: int, extended: bool
) -> None:
    gains = (1.0 + 0.0j, 0.5j, -0.7 + 0.1j, 0.3 - 0.8j)[:ports]
    config = cell(n_prb=n_prb, fft_size=fft_size, port_gains=gains, extended_cp=extended, pci=201)
    config = replace(config, special_config=0)
    iq = lte.waveform(config, 3e-3, np.random.default_rng(3), start_s=0.0)
    per_slot = 6 if extended else 7
    seen = []
    for subframe in (1, 2):
        grid = demodulate(config, iq, subframe)
        for half in (0, 1):
            slot = 2 * subframe + half
            for port, symbol, v in (
                (0, 0, 0),
                (0, per_slot - 3, 3),
                (1, 0, 3),
                (1, per_slot - 3, 0),
                (2, 1, 3 * (slot % 2)),
                (3, 1, 3 + 3 * (slot % 2)),
            ):
                if port < ports:
                    k = [6 * m + (v + config.pci % 6) % 6 for m in range(2 * n_prb)]
                    got = grid[half * per_slot + symbol, k] / naive_crs(config, slot, symbol)
                    seen.append(got / gains[port])
    ratio = np.concatenate(seen)  # one scale for all ports, slots and elements
    np.testing.assert_allclose(ratio, ratio[0], atol=2e-4)
    assert abs(ratio[0].imag) < 1e-4


def test_crs_boost_is_relative_to_the_shared_channel() -> None:
    config = cell(crs_boost_db=6.0, modulation="qpsk", cfi=1, pci=0)
    grid = demodulate(config, lte.waveform(config, 2e-3, np.random.default_rng(0), 0.0), 1)
    assert 20 * np.log10(abs(grid[4, 3]) / abs(grid[4, 4])) == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize("config_number", range(7))
def test_tdd_is_silent_outside_the_downlink(config_number: int) -> None:
    pattern = ("DSUUUDSUUU", "DSUUDDSUUD", "DSUDDDSUDD", "DSUUUDDDDD")
    pattern = (*pattern, "DSUUDDDDDD", "DSUDDDDDDD", "DSUUUDSUUD")[config_number]
    config = cell(tdd_config=config_number, special_config=7)  # DwPTS of ten symbols
    iq = lte.waveform(config, 10e-3, np.random.default_rng(2), start_s=0.0)
    for subframe, letter in enumerate(pattern):
        power = np.sum(np.abs(demodulate(config, iq, subframe)) ** 2, axis=1)
        sent = {"D": 14, "S": 10, "U": 0}[letter]
        assert np.all(power[:sent] > 0.05), (subframe, power)
        assert np.all(power[sent:] < 1e-9), (subframe, power)


def test_uplink_is_heard_at_its_power_and_left_out_of_the_mean() -> None:
    config = cell(tdd_config=0, uplink_db=-20.0, modulation="qpsk", pdcch_load=1.0)
    quiet = lte.waveform(replace(config, uplink_db=None), 10e-3, np.random.default_rng(4), 0.0)
    loud = lte.waveform(config, 10e-3, np.random.default_rng(4), 0.0)
    uplink = slice(round(2e-3 * config.samp_rate), round(5e-3 * config.samp_rate))
    np.testing.assert_array_equal(quiet[: uplink.start], loud[: uplink.start])
    assert not np.any(quiet[uplink])
    element = np.abs(demodulate(config, loud, 2)) ** 2
    used = element[:, element.sum(axis=0) > 1e-6]
    data = np.abs(demodulate(config, loud, 0)[3, 0]) ** 2
    assert 10 * np.log10(used.mean() / data) == pytest.approx(-20.0, abs=0.1)


def test_reference_signals_repeat_every_10_ms_and_data_does_not() -> None:
    config = cell(n_prb=15, fft_size=256)
    iq = lte.waveform(config, 22e-3, np.random.default_rng(5), start_s=0.0)
    first, later, next_subframe = (demodulate(config, iq, n) for n in (1, 11, 2))
    crs = np.arange(config.pci % 6, 180, 6)
    np.testing.assert_allclose(first[0, crs], later[0, crs], atol=1e-4)
    assert np.abs(first[0, crs] - next_subframe[0, crs]).max() > np.abs(first[0, crs]).max()
    assert np.mean(np.abs(first[5] - later[5]) ** 2) > np.mean(np.abs(first[5]) ** 2)


def test_test_transmitters_repeat_their_frame() -> None:
    config = cell(n_prb=15, fft_size=256, repeat="frame", cfi=0)
    iq = lte.waveform(config, 22e-3, np.random.default_rng(5), start_s=0.0)
    first, later = (demodulate(config, iq, n) for n in (1, 11))
    np.testing.assert_allclose(first, later, atol=1e-4)


def test_test_transmitters_repeat_their_control_messages_with_new_data() -> None:
    config = cell(n_prb=15, fft_size=256, repeat="control", cfi=2)
    iq = lte.waveform(config, 22e-3, np.random.default_rng(5), start_s=0.0)
    first, later = (demodulate(config, iq, n) for n in (1, 11))
    np.testing.assert_allclose(first[:2], later[:2], atol=1e-4)
    assert np.mean(np.abs(first[5] - later[5]) ** 2) > np.mean(np.abs(first[5]) ** 2)


def test_test_transmitters_repeat_their_transport_blocks() -> None:
    """36.211 6.3.1 scrambles each subframe anew; below the scrambling all are the same."""
    config = cell(n_prb=15, fft_size=256, repeat="subframe", modulation="qpsk", cfi=2)
    iq = lte.waveform(config, 6e-3, np.random.default_rng(5), start_s=0.0)
    words = []
    for subframe in (1, 2, 3):
        grid = demodulate(config, iq, subframe)[2:]
        free = np.ones(grid.shape, bool)
        for row, shift in ((2, 3), (5, 0), (9, 3)):  # symbols 4, 7 and 11 hold pilots
            free[row, (config.pci + shift) % 6 :: 6] = False
        data = grid[free]
        bits = np.stack([data.real < 0, data.imag < 0], axis=1).ravel().astype(int)
        words.append(bits ^ naive_gold(0x1234 << 14 | subframe << 9 | config.pci, bits.size))
    np.testing.assert_array_equal(words[0], words[1])
    np.testing.assert_array_equal(words[0], words[2])
    assert 0.4 < words[0].mean() < 0.6


@pytest.mark.parametrize("modulation", ["qpsk", "16qam", "64qam", "256qam"])
def test_shared_channel_shows_the_modulation_asked_for(modulation: str) -> None:
    config = cell(n_prb=25, fft_size=512, modulation=modulation, pci=0, cfi=1)
    iq = lte.waveform(config, 3e-3, np.random.default_rng(6), start_s=0.0)
    scale = np.abs(demodulate(config, iq, 1)[0, 0])  # a reference element of 0 dB
    data = demodulate(config, iq, 1)[5] / scale
    levels = np.unique(np.round(data.real * 1e3))
    distinct = 1 + np.sum(np.diff(levels) > 3)
    assert distinct == {"qpsk": 2, "16qam": 4, "64qam": 8, "256qam": 16}[modulation]
    assert np.mean(np.abs(data) ** 2) == pytest.approx(1.0, abs=0.15)


def test_an_idle_cell_still_sends_its_fixed_signals_only() -> None:
    config = cell(n_prb=25, fft_size=512, traffic=IDLE, pdcch_load=0.0, pci=0)
    iq = lte.waveform(config, 10e-3, np.random.default_rng(7), start_s=0.0)
    plain = np.abs(demodulate(config, iq, 1)) > 1e-3
    rows = plain.sum(axis=1)
    # 50 reference elements, and in the first symbol 16 of the PCFICH
    assert rows.tolist() == [66, 0, 0, 0, 50, 0, 0, 50, 0, 0, 0, 50, 0, 0]
    start = np.abs(demodulate(config, iq, 0)) > 1e-3
    pbch = [s[114:186].sum() for s in start[7:11]]
    # 36.211 6.6.4: of 72 elements, 24 are kept free in symbols 0 and 1; 12 of them are port 0's
    assert pbch == [60, 48, 72, 72]


def test_control_region_follows_cfi_and_load() -> None:
    for cfi in (1, 2, 3):
        config = cell(n_prb=50, fft_size=1024, traffic=IDLE, cfi=cfi, pdcch_load=1.0, pci=0)
        config = replace(config, traffic=Traffic(1.0, 0.02))
        iq = lte.waveform(config, 2e-3, np.random.default_rng(8), start_s=0.0)
        used = (np.abs(demodulate(config, iq, 1)) > 1e-3).sum(axis=1)
        # 36.211 6.8.1: whole control channel elements of 36, 16 elements of the PCFICH, 7 groups
        # of 12 of the PHICH, whose sums may cancel, and two pilots in twelve
        elements = {1: 8, 2: 25, 3: 41}[cfi]
        rest = used[:cfi].sum() - (36 * elements + 16 + 100)
        assert 42 < rest <= 7 * 12
        assert np.all(used[1:cfi] >= 600 - 4 * 8)
        assert np.all(used[cfi:4] < 100)


def test_mbsfn_regions_have_no_reference_signals() -> None:
    config = cell(n_prb=25, fft_size=512, mbsfn=(1, 2), cfi=1)
    iq = lte.waveform(config, 4e-3, np.random.default_rng(9), start_s=0.0)
    used = [(np.abs(demodulate(config, iq, n)) > 1e-3).sum(axis=1) for n in (1, 2, 3)]
    assert not used[0][2:].any()
    assert not used[1][2:].any()
    assert used[2][4] == 300


def test_power_is_inside_the_occupied_bandwidth() -> None:
    for n_prb, sizes in lte.FFT_SIZES.items():
        for size in sizes:
            config = cell(n_prb=n_prb, fft_size=size)
            iq = lte.waveform(config, 5e-3, np.random.default_rng(10))
            spectrum = np.abs(np.fft.fft(iq)) ** 2
            inside = np.abs(np.fft.fftfreq(iq.size, 1 / config.samp_rate))
            share = spectrum[inside <= config.occupied_bw_hz / 2].sum() / spectrum.sum()
            assert share > 0.98
            edge = spectrum[inside > config.occupied_bw_hz / 2 - 200e3].sum() / spectrum.sum()
            assert edge > 0.2 * 400e3 / config.occupied_bw_hz


def test_cyclic_prefix_correlates_at_the_symbols_of_a_slot() -> None:
    config = cell(n_prb=25, fft_size=512)
    iq = lte.waveform(config, 20e-3, np.random.default_rng(11), start_s=0.0)
    product = iq[:-512] * np.conj(iq[512:])
    slots = product[: 38 * 3840].reshape(38, 3840)
    strength = np.abs(np.convolve(slots.mean(axis=0), np.ones(36), "valid")) / 36
    starts = [0] + [40 + 512 + n * (36 + 512) for n in range(6)]
    assert np.all(strength[starts] > 0.7)
    assert np.median(strength) < 0.1


@pytest.mark.parametrize("n_prb", sorted(lte.FFT_SIZES))
def test_length_power_type_and_determinism(n_prb: int) -> None:
    config = cell(n_prb=n_prb, fft_size=lte.FFT_SIZES[n_prb][0], pdcch_load=1.0, cfi=3)
    first = lte.waveform(config, 3.217e-3, np.random.default_rng(12))
    again = lte.waveform(config, 3.217e-3, np.random.default_rng(12))
    other = lte.waveform(config, 3.217e-3, np.random.default_rng(13))
    assert first.dtype == np.complex64
    assert first.shape == (round(3.217e-3 * config.samp_rate),)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.mean(np.abs(first) ** 2) == pytest.approx(1.0, abs=0.1)


def test_start_time_shifts_the_frame() -> None:
    config = cell(repeat="subframe")
    whole = lte.waveform(config, 12e-3, np.random.default_rng(14), start_s=0.0)
    part = lte.waveform(config, 2e-3, np.random.default_rng(14), start_s=10e-3 + 30e-6)
    begin = round(30e-6 * config.samp_rate)
    crs = np.arange(config.pci % 6, 72, 6)
    aligned = np.concatenate((np.zeros(begin, np.complex64), part))
    want, got = demodulate(config, whole, 1), demodulate(config, aligned, 1)
    ratio = got[0, crs] / want[0, crs]
    np.testing.assert_allclose(ratio, ratio[0], atol=1e-3)


def test_negative_times_are_rejected() -> None:
    with pytest.raises(ValueError, match="times"):
        lte.waveform(cell(), -1e-3, np.random.default_rng(0))


def test_the_memory_at_hand_changes_no_sample() -> None:
    gains = (0.1 + 0.7j, 0.3 - 1.2j, -0.9 + 0.2j, 1.1 - 0.4j)
    busy = Traffic(n_users=6, scattered=True, freq_load=0.8)
    cell = lte.LteConfig(n_prb=50, port_gains=gains, traffic=busy, cfi=0, pdcch_load=1.0)
    sent, stirred = [], []
    for _ in range(4):
        sent.append(lte.waveform(cell, 0.02, np.random.default_rng(3)))
        stirred.append([np.full(size, 1j, np.complex64) for size in range(1, 3000, 7)])
    for samples in sent[1:]:
        np.testing.assert_array_equal(samples, sent[0])
