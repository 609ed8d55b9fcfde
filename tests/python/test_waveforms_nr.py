# SPDX-License-Identifier: GPL-3.0-or-later
"""The NR generator against receivers written from 3GPP TS 38.211 alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import nr
from gnuradio.lwmspectro.waveforms.nr import signals as nr_signals
from gnuradio.lwmspectro.waveforms.traffic import Traffic

FULL = Traffic()
IDLE = Traffic(time_load=0.0)


def naive_qpsk(c_init: int, length: int) -> np.ndarray:
    """r(m) of 38.211 7.4.1.1.1 from the shift registers of 5.2.1, one bit after the other."""
    c_init %= 2**31
    x1 = [1] + [0] * 30
    x2 = [(c_init >> i) & 1 for i in range(31)]
    for n in range(1600 + 2 * length):
        x1.append((x1[n + 3] + x1[n]) % 2)
        x2.append((x2[n + 3] + x2[n + 2] + x2[n + 1] + x2[n]) % 2)
    c = [(x1[n + 1600] + x2[n + 1600]) % 2 for n in range(2 * length)]
    r = [(1 - 2 * c[2 * m]) + 1j * (1 - 2 * c[2 * m + 1]) for m in range(length)]
    return np.array(r) / np.sqrt(2)


def naive_dmrs(identity: int, slot: int, symbol: int, length: int) -> np.ndarray:
    return naive_qpsk(2**17 * (14 * slot + symbol + 1) * (2 * identity + 1) + 2 * identity, length)


def demodulate(
    config: nr.NrConfig, iq: np.ndarray, slot: int, scs: int | None = None
) -> np.ndarray:
    """Resource elements (14, subcarriers) of a slot; the first sample starts frame 0."""
    scs = scs or config.scs_hz
    size = round(config.samp_rate / scs)
    width = 12 * config.n_rb * config.scs_hz // scs
    per_half = 7 * scs // 15000
    rows = []
    for symbol in range(14 * slot, 14 * slot + 14):
        half, place = divmod(symbol, per_half)
        useful = 2048 * 15000 // scs  # in 64 Tc, 38.211 5.3.1
        prefix = 144 * 15000 // scs
        start = half * 15360 + (16 + prefix) + place * (useful + prefix)
        begin = round(start * config.samp_rate / 30.72e6)
        bins = np.fft.fft(iq[begin : begin + size]) / size
        rows.append(np.roll(bins, width // 2)[:width])
    return np.array(rows)


def cell(**changes: object) -> nr.NrConfig:
    base = nr.NrConfig(
        n_rb=24,
        fft_size=512,
        pci=413,
        ssb=(),
        coreset_rb=(0, 24),
        pdsch_rb=(0, 24),
        system_info=False,
    )
    return replace(base, **changes)


def is_scaled(got: np.ndarray, want: np.ndarray) -> bool:
    """Equal up to one complex factor."""
    factor = np.vdot(want, got) / np.vdot(want, want)
    return bool(abs(factor) > 1e-3 and np.abs(got - factor * want).max() < 1e-3 * abs(factor))


@pytest.mark.parametrize(("case", "scs"), [("A", 15000), ("B", 30000), ("C", 30000)])
def test_ssb_stands_where_the_clause_says(case: str, scs: int) -> None:
    config = cell(scs_hz=scs, ssb_case=case, ssb=(1,), ssb_subcarrier=17, ssb_half=1, ssb_db=3.0)
    iq = nr.waveform(config, 20e-3, np.random.default_rng(0), start_s=0.0)
    slot = 5 * config.slots_per_ms
    grid = demodulate(config, iq, slot)[8:12, 17:257]
    assert is_scaled(grid[0, 56:183], nr_signals.pss(413 % 3))
    assert is_scaled(grid[2, 56:183], nr_signals.sss(413))
    empty = np.abs(grid) < 1e-4
    assert empty.sum() == 240 - 127 + 17  # 38.211 table 7.4.3.1-1
    c_init = 2**11 * (1 + 1) * (413 // 4 + 1) + 2**6 * (1 + 1) + 413 % 4  # i_ssb 1, L_max 8
    k = np.arange(413 % 4, 240, 4)
    outer = np.array([i for i in k if i < 48 or i >= 192])
    got = np.concatenate((grid[1, k], grid[2, outer], grid[3, k]))
    assert is_scaled(got, naive_qpsk(c_init, 144))
    pbch = np.setdiff1d(np.arange(240), k)
    np.testing.assert_allclose(np.abs(grid[1, pbch]), np.abs(got).mean(), rtol=1e-3)
    # The blocks that the SSB touches carry nothing else
    whole = demodulate(config, iq, slot)[8]
    assert not np.any(np.abs(whole[[*range(12, 17), *range(257, 264)]]) > 1e-4)


def test_half_frame_is_in_the_pbch_reference_symbols() -> None:
    first, second = (nr_signals.pbch_dmrs(7, 2, half, 4) for half in (0, 1))
    want = 2**11 * (6 + 1) * (7 // 4 + 1) + 2**6 * (6 + 1) + 7 % 4
    np.testing.assert_allclose(second, naive_qpsk(want, 144), atol=1e-6)
    assert not np.allclose(first, second)


@pytest.mark.parametrize("nid2", [0, 1, 2])
def test_pss_matched_filter_finds_every_burst(nid2: int) -> None:
    config = cell(pci=300 + nid2, ssb=(0,), ssb_period_ms=5, ssb_subcarrier=24)
    config = replace(config, pss_db=3.0)
    iq = nr.waveform(config, 15e-3, np.random.default_rng(nid2))
    size = iq.size + 512
    peaks = []
    for candidate in range(3):
        bins = np.zeros(512, complex)
        bins[np.arange(127) + 24 + 56 - 144] = nr_signals.pss(candidate)
        replica = np.fft.fft(np.fft.ifft(bins), size)
        found = np.abs(np.fft.ifft(np.fft.fft(iq, size) * np.conj(replica)))
        peaks.append(found[: 3 * 76800].reshape(3, 76800))  # 5 ms each
    assert np.argmax([p.max() for p in peaks]) == nid2
    assert np.ptp(peaks[nid2].argmax(axis=1)) == 0


@pytest.mark.parametrize("period", [5, 10, 20, 40])
def test_ssb_period_and_number(period: int) -> None:
    config = cell(ssb=(0, 1, 3), ssb_period_ms=period, traffic=IDLE, pdcch_load=0.0)
    iq = nr.waveform(config, 80e-3, np.random.default_rng(1), start_s=0.0)
    symbols = [np.abs(demodulate(config, iq, n)).max(axis=1) > 1e-3 for n in range(160)]
    expected = np.zeros(160 * 14, bool)
    for ms in range(0, 80, period):
        for start in (2, 8, 22):
            expected[28 * ms + start : 28 * ms + start + 4] = True
    np.testing.assert_array_equal(np.concatenate(symbols), expected)


def test_ssb_of_another_spacing() -> None:
    for scs, case, n_rb, other in ((30000, "A", 24, 15000), (15000, "C", 52, 30000)):
        config = cell(
            scs_hz=scs,
            n_rb=n_rb,
            fft_size=1024,
            pdsch_rb=(0, n_rb),
            ssb=(0,),
            ssb_case=case,
            ssb_subcarrier=30,
            ssb_db=6.0,
        )
        iq = nr.waveform(config, 3e-3, np.random.default_rng(2), start_s=0.0)
        grid = demodulate(config, iq, 0, scs=other)[2:6, 30:270]
        for row, want in ((0, nr_signals.pss(413 % 3)), (2, nr_signals.sss(413))):
            got = grid[row, 56:183]
            likeness = abs(np.vdot(want, got)) / np.linalg.norm(want) / np.linalg.norm(got)
            assert likeness > 0.98  # the carrier's symbols leak in at their other borders


@pytest.mark.parametrize("scs", [15000, 30000])
@pytest.mark.parametrize(("kind", "groups"), [(1, 1), (1, 2), (2, 1), (2, 3)])
def test_dmrs_elements_carry_the_sequence_of_the_clause(scs: int, kind: int, groups: int) -> None:
    config = cell(
        scs_hz=scs,
        dmrs_type=kind,
        dmrs_groups=groups,
        dmrs_additional=2,
        dmrs_identity=54321,
        crb_offset=9,
        pdsch_start=1,
        coreset_symbols=1,
    )
    iq = nr.waveform(config, 4e-3, np.random.default_rng(3), start_s=0.0)
    slot = 3
    grid = demodulate(config, iq, slot)
    per_block = 6 if kind == 1 else 4
    offsets = range(0, 12, 2) if kind == 1 else (0, 1, 6, 7)
    k = np.array([12 * n + o for n in range(24) for o in offsets])
    for symbol in (2, 7, 11):
        want = naive_dmrs(54321, slot, symbol, per_block * 33)[per_block * 9 :]
        assert is_scaled(grid[symbol, k], want)
        rest = np.setdiff1d(np.arange(288), k)
        data = np.abs(grid[symbol, rest]) > 1e-3
        group = rest % 2 if kind == 1 else rest % 6 // 2
        np.testing.assert_array_equal(data, group >= groups)
        # 38.214 table 4.1-1: 0, 3 and 4.77 dB
        level = np.mean(np.abs(grid[symbol, k]) ** 2) / np.mean(np.abs(grid[[4, 5, 9]]) ** 2)
        assert level == pytest.approx(groups, rel=0.12)


def test_pdcch_reference_symbols() -> None:
    config = cell(coreset_symbols=2, coreset_rb=(6, 12), pdcch_load=1.0, crb_offset=4)
    iq = nr.waveform(config, 2e-3, np.random.default_rng(4), start_s=0.0)
    grid = demodulate(config, iq, 2)
    for symbol in (0, 1):
        k = np.arange(6 * 12 + 1, 18 * 12, 4)
        want = naive_dmrs(413, 2, symbol, 3 * 28)[3 * 10 : 3 * 22]
        assert is_scaled(grid[symbol, k], want)
        used = np.abs(grid[symbol]) > 1e-3
        assert used.nonzero()[0].tolist() == list(range(72, 216))


def test_tracking_reference_signal() -> None:
    config = cell(trs_period_ms=10, traffic=IDLE, pdcch_load=0.0, pci=2)
    iq = nr.waveform(config, 22e-3, np.random.default_rng(5), start_s=0.0)
    for slot in (3, 4, 23, 24):  # 38.214 5.1.6.1.1: two consecutive slots
        grid = demodulate(config, iq, slot)
        used = np.abs(grid) > 1e-3
        assert np.flatnonzero(used.any(axis=1)).tolist() == [4, 8]
        for symbol in (4, 8):
            k = np.flatnonzero(used[symbol])
            assert k.tolist() == list(range(2, 288, 4))
            number = slot % 20  # 38.211 7.4.1.5.2, slot in its frame
            c_init = 2**10 * (14 * number + symbol + 1) * (2 * 2 + 1) + 2
            assert is_scaled(grid[symbol, k], naive_qpsk(c_init, 72))
    silent = demodulate(config, iq, 6)
    assert not np.any(np.abs(silent) > 1e-3)


def test_two_port_csi_rs_pairs() -> None:
    config = cell(csi_period_ms=5, traffic=IDLE, pdcch_load=0.0, pci=2)
    iq = nr.waveform(config, 5e-3, np.random.default_rng(5), start_s=0.0)
    row = np.abs(demodulate(config, iq, 2)[13]) > 1e-3
    assert np.flatnonzero(row).tolist() == [12 * n + k for n in range(24) for k in (4, 5)]


@pytest.mark.parametrize(("scs", "pattern"), [(30000, "DDDSU"), (30000, "DDDDDDDSUU")])
def test_tdd_is_silent_outside_the_downlink(scs: int, pattern: str) -> None:
    config = cell(scs_hz=scs, pattern=pattern, special_symbols=6, pdcch_load=1.0)
    iq = nr.waveform(config, 10e-3, np.random.default_rng(6), start_s=0.0)
    for slot in range(20):
        power = np.sum(np.abs(demodulate(config, iq, slot)) ** 2, axis=1)
        sent = {"D": 14, "S": 6, "U": 0}[pattern[slot % len(pattern)]]
        assert np.all(power[:sent] > 0.05)
        assert np.all(power[sent:] < 1e-9)


def test_ssb_is_left_out_where_the_slot_is_not_downlink() -> None:
    config = cell(pattern="DSUUU", ssb=tuple(range(8)), traffic=IDLE, pdcch_load=0.0)
    config = replace(config, special_symbols=6)
    iq = nr.waveform(config, 3e-3, np.random.default_rng(7), start_s=0.0)
    used = [np.abs(demodulate(config, iq, n)).max(axis=1) > 1e-3 for n in range(4)]
    sent = [*range(2, 6), *range(8, 12), *range(16, 20)]
    assert np.flatnonzero(np.concatenate(used)).tolist() == sent


def test_uplink_is_heard_at_its_power_and_left_out_of_the_mean() -> None:
    config = cell(pattern="DDDSU", uplink_db=-13.0, pdcch_load=1.0, modulation="qpsk")
    quiet = nr.waveform(replace(config, uplink_db=None), 5e-3, np.random.default_rng(8), 0.0)
    loud = nr.waveform(config, 5e-3, np.random.default_rng(8), 0.0)
    begin = round(2e-3 * config.samp_rate)
    np.testing.assert_array_equal(quiet[:begin], loud[:begin])
    element = np.abs(demodulate(config, loud, 4)) ** 2
    used = element[:, element.sum(axis=0) > 1e-6]
    data = np.abs(demodulate(config, loud, 0)[5, 0]) ** 2
    assert 10 * np.log10(used.mean() / data) == pytest.approx(-13.0, abs=0.1)


def test_the_subcarrier_at_0_hz_carries_data() -> None:
    config = cell(modulation="qpsk")
    iq = nr.waveform(config, 2e-3, np.random.default_rng(9), start_s=0.0)
    row = np.abs(demodulate(config, iq, 1)[5])
    np.testing.assert_allclose(row, row[0], rtol=1e-3)


def test_reference_signals_repeat_every_10_ms_and_data_does_not() -> None:
    config = cell(dmrs_groups=1, carrier_hz=3.5e9 + 15e3)
    iq = nr.waveform(config, 12e-3, np.random.default_rng(10), start_s=0.0)
    first, later, other = (demodulate(config, iq, n) for n in (1, 21, 2))
    dmrs = slice(0, 288, 2)
    np.testing.assert_allclose(first[2, dmrs], later[2, dmrs], atol=1e-4)
    assert not is_scaled(first[2, dmrs], other[2, dmrs])
    assert np.mean(np.abs(first[5] - later[5]) ** 2) > np.mean(np.abs(first[5]) ** 2)


@pytest.mark.parametrize(("repeat", "slots"), [("frame", 20), ("subframe", 2), ("slot", 1)])
def test_test_transmitters_repeat_their_data(repeat: str, slots: int) -> None:
    config = cell(repeat=repeat, precoders=4, two_layers=True)
    iq = nr.waveform(config, 13e-3, np.random.default_rng(11), start_s=0.0)
    first, later = (demodulate(config, iq, n) for n in (3, 3 + slots))
    np.testing.assert_allclose(first[5], later[5], atol=1e-4)


def test_carrier_phase_is_reset_at_every_symbol() -> None:
    config = cell()
    frequency = 2.1e9 + 5e3
    plain = nr.waveform(config, 3e-3, np.random.default_rng(12), start_s=1e-3)
    shifted = nr.waveform(
        replace(config, carrier_hz=frequency), 3e-3, np.random.default_rng(12), start_s=1e-3
    )
    a, b = demodulate(config, plain, 3), demodulate(config, shifted, 3)
    for symbol in range(14):  # slot 3 of the window is slot 5 of the frame
        start = 5 * 0.5e-3 + (44 + symbol * (36 + 512)) / config.samp_rate
        want = np.exp(-2j * np.pi * frequency * start)  # 38.211 5.4
        k = np.abs(a[symbol]) > 1e-3
        np.testing.assert_allclose(b[symbol, k] / a[symbol, k], want, atol=1e-3)


@pytest.mark.parametrize("modulation", ["qpsk", "16qam", "64qam", "256qam"])
def test_shared_channel_shows_the_modulation_asked_for(modulation: str) -> None:
    config = cell(modulation=modulation, dmrs_groups=1)
    iq = nr.waveform(config, 4e-3, np.random.default_rng(13), start_s=0.0)
    grid = demodulate(config, iq, 2)
    gain = grid[2, 0] / naive_dmrs(413, 2, 2, 1)[0]
    data = grid[4:7] / gain
    distinct = 1 + np.sum(np.diff(np.unique(np.round(data.real * 1e3))) > 3)
    assert distinct == {"qpsk": 2, "16qam": 4, "64qam": 8, "256qam": 16}[modulation]


@pytest.mark.parametrize(
    ("n_rb", "scs", "fft_size"),
    [(25, 15000, 384), (52, 15000, 1024), (24, 30000, 512), (106, 30000, 2048), (11, 30000, 192)],
)
def test_power_is_inside_the_occupied_bandwidth(n_rb: int, scs: int, fft_size: int) -> None:
    config = cell(n_rb=n_rb, scs_hz=scs, fft_size=fft_size, coreset_rb=(0, 0), pdsch_rb=(0, n_rb))
    iq = nr.waveform(config, 5e-3, np.random.default_rng(14))
    spectrum = np.abs(np.fft.fft(iq)) ** 2
    frequency = np.abs(np.fft.fftfreq(iq.size, 1 / config.samp_rate) + scs / 2)
    assert config.occupied_bw_hz == 12 * n_rb * scs
    share = spectrum[frequency <= config.occupied_bw_hz / 2].sum() / spectrum.sum()
    assert share > 0.97
    edge = (frequency > config.occupied_bw_hz / 2 - 400e3) & (frequency < config.occupied_bw_hz / 2)
    assert spectrum[edge].sum() / spectrum.sum() > 0.7 * 800e3 / config.occupied_bw_hz


def test_length_power_type_and_determinism() -> None:
    config = cell(pdcch_load=1.0, coreset_rb=(0, 24), n_rb=24)
    first = nr.waveform(config, 5.123e-3, np.random.default_rng(15))
    again = nr.waveform(config, 5.123e-3, np.random.default_rng(15))
    other = nr.waveform(config, 5.123e-3, np.random.default_rng(16))
    assert first.dtype == np.complex64
    assert first.shape == (round(5.123e-3 * config.samp_rate),)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.mean(np.abs(first) ** 2) == pytest.approx(1.0, abs=0.05)


def test_an_idle_cell_has_unit_power_while_it_sends() -> None:
    for case in ("A", "C"):  # also with an SSB of another spacing
        config = cell(ssb=(0,), ssb_case=case, traffic=IDLE, pdcch_load=0.0)
        iq = nr.waveform(config, 20e-3, np.random.default_rng(17), start_s=0.0)
        sent = iq[np.abs(iq) > 1e-3]
        assert np.mean(np.abs(sent) ** 2) == pytest.approx(1.0, abs=0.1)


def test_random_cells_are_valid_varied_and_make_samples() -> None:
    rng = np.random.default_rng(18)
    cells = [nr.NrConfig.random(rng) for _ in range(300)]
    assert {c.scs_hz for c in cells} == {15000, 30000}
    assert {c.repeat for c in cells} == {"none", "frame", "subframe", "slot", "control"}
    assert {c.ssb_case for c in cells} == {"A", "B", "C"}
    assert {"D", "DDDSU", "DDDDDDDSUU", "DSUUU"} <= {c.pattern for c in cells}
    assert any(not c.ssb for c in cells)
    assert any(c.scs_hz != c.ssb_scs_hz for c in cells)
    assert {5.76e6, 7.68e6, 15.36e6} <= {c.samp_rate for c in cells}
    for config in cells[:40]:
        iq = nr.waveform(config, 26e-3, rng)
        assert iq.size == round(26e-3 * config.samp_rate)
        assert np.isfinite(iq).all()
        assert np.abs(iq).max() > 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {"n_rb": 43},
        {"scs_hz": 60000},
        {"pci": 1008},
        {"pattern": "DX"},
        {"ssb": (8,)},
        {"ssb_case": "D"},
        {"ssb": (0,), "ssb_subcarrier": 60},
        {"ssb_period_ms": 15},
        {"coreset_rb": (20, 6)},
        {"pdsch_start": 3},
        {"dmrs_groups": 3},
        {"modulation": "8psk"},
        {"repeat": "never"},
    ],
)
def test_configuration_errors_name_the_field(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=list(changes)[-1] if "n_rb" not in changes else "fft"):
        cell(**changes)


def test_negative_times_are_rejected() -> None:
    with pytest.raises(ValueError, match="times"):
        nr.waveform(cell(), 1e-3, np.random.default_rng(0), start_s=-1.0)
