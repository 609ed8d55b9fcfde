# SPDX-License-Identifier: GPL-3.0-or-later
"""C3 against a slow reading of its header, and on signals whose values can be worked out."""

import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from slow_correlogram import slow_correlogram, slow_prefix, without_dc

ROWS = kernels.correlogram_rows
COLS = kernels.correlogram_cols
FLOOR_DB = -10.0
N_FRAMES = 128
RATES = [1.92e6, 2.4e6, 5e6, 7.68e6, 20e6, 12_345_678.9]


def correlogram(iq, samp_rate):
    tokens = kernels.window_tokenizer(samp_rate).process(iq.astype(np.complex64))
    return dict(zip(ROWS, tokens[-len(ROWS) * COLS :].reshape(len(ROWS), COLS), strict=True))


def window_len(samp_rate):
    return kernels.window_tokenizer(samp_rate).window_len()


def noise(rng, n):
    return (rng.normal(size=n) + 1j * rng.normal(size=n)) / np.sqrt(2)


def ofdm(rng, n, n_fft, prefixes):
    """OFDM symbols of random QPSK on all carriers; the lengths of the prefixes repeat."""
    symbols, length, index = [], 0, 0
    while length < n:
        carriers = (1 - 2 * rng.integers(2, size=(n_fft, 2))) @ [1, 1j]
        symbol = np.fft.ifft(carriers) * np.sqrt(n_fft / 2)
        prefix = prefixes[index % len(prefixes)]
        symbols.append(np.concatenate([symbol[len(symbol) - prefix :], symbol]))
        length += prefix + n_fft
        index += 1
    return np.concatenate(symbols)[:n]


def lte(rng, samp_rate, scs=15e3):
    """Normal cyclic prefix, TS 36.211 6.12, TS 38.211 5.3.1: in 2048ths, 160 and then 144."""
    n_fft = round(samp_rate / scs)
    per_slot = 7 if scs == 15e3 else 14
    prefixes = [n_fft * 144 // 2048] * per_slot
    prefixes[0] = round(samp_rate * 0.5e-3) - per_slot * n_fft - sum(prefixes[1:])
    return ofdm(rng, window_len(samp_rate), n_fft, prefixes)


def wifi(rng, samp_rate, guard_s):
    n_fft = round(samp_rate * 3.2e-6)
    return ofdm(rng, window_len(samp_rate), n_fft, [round(samp_rate * guard_s)])


SCENES = {
    "noise": lambda rng, rate: noise(rng, window_len(rate)),
    "lte": lambda rng, rate: lte(rng, rate) + noise(rng, window_len(rate)),
    "wifi": lambda rng, rate: wifi(rng, rate, 0.8e-6) + noise(rng, window_len(rate)),
    "repeats": lambda rng, rate: (
        np.resize(noise(rng, round(rate * 5e-3)), window_len(rate)) + noise(rng, window_len(rate))
    ),
}

# the energy a short lag later is interpolated between segments
TOLERANCES_DB = {"wifi_stf": 2.5}


@pytest.mark.parametrize("samp_rate", RATES)
@pytest.mark.parametrize("scene", SCENES)
def test_matches_the_header_read_slowly(scene, samp_rate, rng):
    iq = SCENES[scene](rng, samp_rate)
    got = correlogram(iq, samp_rate)
    want = slow_correlogram(iq, samp_rate, window_len(samp_rate))
    for row in ROWS:
        off = np.abs(got[row] - want[row])
        assert off.max() < TOLERANCES_DB.get(row, 0.01), f"{row}: {off.max():.3f} dB off"
        assert off.mean() < 0.5, f"{row}: {off.mean():.3f} dB off on average"


# ---------------------------------------------------------------------- what it must read


@pytest.mark.parametrize("samp_rate", [1.92e6, 2.4e6, 20e6, 30.72e6])
def test_noise_reads_0_db(samp_rate, rng):
    rows = [correlogram(noise(rng, window_len(samp_rate)), samp_rate) for _ in range(8)]
    for row, tolerance_db in (("cp_15khz", 1.2), ("cp_30khz", 1.2), ("energy_1ms", 0.05)):
        mean = np.mean([10 ** (c3[row] / 10) for c3 in rows])
        assert 10 * np.log10(mean) == pytest.approx(0, abs=tolerance_db), row
    for row in ("wifi_long_gi", "wifi_short_gi", "wifi_stf", "repeat_5ms", "repeat_10ms"):
        assert max(c3[row].max() for c3 in rows) < 13, row  # each the best of many


@pytest.mark.parametrize("snr_db", [60, 0, -6])
@pytest.mark.parametrize(("scs", "row"), [(15e3, "cp_15khz"), (30e3, "cp_30khz")])
@pytest.mark.parametrize("samp_rate", [3.84e6, 15.36e6])
def test_cyclic_prefixes_stand_out(samp_rate, scs, row, snr_db, rng):
    clean = lte(rng, samp_rate, scs)
    iq = clean + noise(rng, len(clean)) * 10 ** (-snr_db / 20)
    c3 = correlogram(iq, samp_rate)
    # eight phases of 128 hold 1/16 of all products; for Gaussian samples
    # E|p|^2 = 1 + rho^2 in units of (E|x|^2)^2
    rho = 1 / (1 + 10 ** (-snr_db / 10))
    count = (len(iq) - samp_rate / scs) / 16 * {3.84e6: 1, 15.36e6: 512 / (3 * 512 + 37)}[samp_rate]
    expected = 10 * np.log10(count * rho**2 / (1 + rho**2))
    assert c3[row].max() == pytest.approx(expected, abs=2.0)
    other = "cp_30khz" if row == "cp_15khz" else "cp_15khz"
    assert c3[other].max() < 14
    # a prefix is 9 of the 128 phases long: the peak is narrow
    assert np.median(c3[row]) < c3[row].max() - 10


@pytest.mark.parametrize("samp_rate", [14.85e6, 30.72e6, 54.15e6, 61.44e6])
def test_no_timing_hides_the_prefixes(samp_rate, rng):
    """At two of these rates, runs a plain stride apart would always meet the same phases."""
    cell = lte(rng, samp_rate)
    for start in range(0, 7 * round(samp_rate / 14_000), round(samp_rate / 14_000 * 0.9)):
        iq = np.roll(cell, start) + noise(rng, len(cell))
        assert correlogram(iq, samp_rate)["cp_15khz"].max() > 25
    iq = iq.astype(np.complex64).astype(complex)
    want = slow_prefix(without_dc(iq, samp_rate), samp_rate, 15e3, 7)
    got = correlogram(iq, samp_rate)["cp_15khz"]
    np.testing.assert_allclose(got, want, atol=0.01)


@pytest.mark.parametrize(
    ("guard_s", "row", "other"),
    [(0.8e-6, "wifi_long_gi", "wifi_short_gi"), (0.4e-6, "wifi_short_gi", "wifi_long_gi")],
)
def test_wifi_guard_intervals_stand_out(guard_s, row, other, rng):
    samp_rate = 20e6
    iq = wifi(rng, samp_rate, guard_s)
    bursts = np.repeat(np.arange(N_FRAMES) % 2, len(iq) // N_FRAMES)
    c3 = correlogram(iq * bursts + 0.05 * noise(rng, len(iq)), samp_rate)
    in_burst, outside = c3[row][1::2], c3[row][::2]
    # a phase that lies in the guard interval holds 4000 / 8 products, all of coherence 1;
    # the short one is shorter than a phase, and need not lie in one
    most = 10 * np.log10(4000 / 8 / 2 * 512 / (2 * 512 + 37))
    assert most - (1 if guard_s == 0.8e-6 else 4) < np.median(in_burst) < most + 1
    assert np.median(outside) < 9
    assert np.median(c3[other][1::2]) < np.median(in_burst) - 6


def test_short_training_field_stands_out(rng):
    samp_rate = 20e6
    iq = 0.1 * noise(rng, window_len(samp_rate))
    field = np.resize(noise(rng, 16), 160)  # ten times 0.8 us
    iq[50 * 4000 + 1000 :][:160] += field
    c3 = correlogram(iq, samp_rate)["wifi_stf"]
    assert c3.argmax() == 50
    assert c3.max() == pytest.approx(10 * np.log10(78), abs=1.0)


@pytest.mark.parametrize(("lag_s", "row"), [(5e-3, "repeat_5ms"), (10e-3, "repeat_10ms")])
def test_repeats_stand_out_at_their_phase(lag_s, row, rng):
    samp_rate = 1.92e6
    iq = noise(rng, window_len(samp_rate))
    period = round(lag_s * samp_rate)
    start = round(0.3e-3 * samp_rate)
    symbol = 3 * noise(rng, round(62.5e-6 * samp_rate))
    for at in range(start, len(iq) - len(symbol), period):
        iq[at : at + len(symbol)] += symbol
    c3 = correlogram(iq, samp_rate)
    span = {"repeat_5ms": 5e-3, "repeat_10ms": 1e-3}[row]
    assert c3[row].argmax() == int(0.3e-3 / span * COLS)


@pytest.mark.parametrize("scene", SCENES)
def test_gain_offset_and_dc_change_nothing(scene, rng):
    samp_rate = 7.68e6
    iq = SCENES[scene](rng, samp_rate)
    want = correlogram(iq, samp_rate)
    turn = np.exp(2j * np.pi * 12.3e3 / samp_rate * np.arange(len(iq)))
    for name, other, above_db, tolerance_db in [
        ("gain", 1e-5 * iq, -5, 1e-3),  # far below noise there is only rounding
        ("phase", 1j * iq, -5, 1e-3),
        ("dc", iq + 10 * (1 - 1j), -5, 0.05),
        ("carrier offset", iq * turn, 12, 0.5),  # another part of it is taken for DC
    ]:
        got = correlogram(other, samp_rate)
        for row in ROWS:
            heard = want[row] > above_db
            worst = np.abs(got[row] - want[row])[heard].max(initial=0)
            assert worst < tolerance_db, f"{name}, {row}: {worst:.3f} dB"


@pytest.mark.parametrize("samp_rate", [1.92e6, 2.4e6, 4.9e6])
def test_wifi_rows_are_absent_at_low_rates(samp_rate, rng):
    c3 = correlogram(noise(rng, window_len(samp_rate)), samp_rate)
    for row in ("wifi_long_gi", "wifi_short_gi", "wifi_stf"):
        assert set(c3[row]) == {FLOOR_DB}
    assert min(c3["cp_15khz"].max(), c3["repeat_10ms"].max()) > 0


@pytest.mark.parametrize(
    ("length_s", "absent"),
    [(9e-3, {"repeat_5ms", "repeat_10ms"}), (10.5e-3, {"repeat_10ms"}), (12e-3, set())],
)
def test_rows_that_the_length_cannot_hold_are_absent(length_s, absent, rng):
    c3 = correlogram(noise(rng, round(20e6 * length_s)), 20e6)
    # at this rate, noise is not searched for synchronisation signals
    assert {row for row in ROWS if set(c3[row]) == {FLOOR_DB}} == absent | {"lte_pss"}


@pytest.mark.parametrize("value", [0.3, 12345.678, 1e8, -1e-8j])
@pytest.mark.parametrize("samp_rate", [1.92e6, 20e6])
def test_a_source_that_is_stuck_repeats_nothing(samp_rate, value):
    iq = np.full(window_len(samp_rate), value)
    for row, values in correlogram(iq, samp_rate).items():
        assert set(values) == {FLOOR_DB}, row


@pytest.mark.parametrize("n", [1, 2, 100, 127, 128, 129, 4000])
def test_very_short_and_silent_windows_are_finite(n, rng):
    for iq in (noise(rng, n), np.zeros(n), np.ones(n)):
        for row, values in correlogram(iq, 20e6).items():
            assert np.isfinite(values).all(), row
            assert values.min() >= FLOOR_DB
    assert set(np.concatenate(list(correlogram(np.zeros(n), 20e6).values()))) == {FLOOR_DB}
