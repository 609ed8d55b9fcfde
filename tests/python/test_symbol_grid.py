# SPDX-License-Identifier: GPL-3.0-or-later
"""The symbol grid against a slow reading of its headers, and what must not change it."""

import itertools

import exact_ofdm
import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_symbol_grid import KINDS, slow_symbol_grid

ABSENT_DB = -200.0
POWER, COS2, COS4, LARGER, SMALLER = range(5)
CHANNEL = (1.0, 0.0, 0.4j, 0.0, 0.0, 0.0, -0.3)
GRIDS = kernels.symbol_grids


def scene(rng, name, samp_rate, order=16, channel=CHANNEL, noise=0.01):
    """A window of what a grid is for, complex64."""
    cfo_hz = rng.uniform(-0.4, 0.4) * KINDS[name].scs
    if name.startswith("wifi"):
        guard_s = KINDS[name].prefix
        iq = exact_ofdm.wifi(rng, samp_rate, guard_s, order, channel, cfo_hz)
    else:
        scs = KINDS[name].scs
        width = 2 * (int(min(600 * 15e3 / scs, 0.8 * samp_rate / scs)) // 2)
        iq = exact_ofdm.cellular(rng, samp_rate, scs, width, order, channel, cfo_hz)
    return (iq + exact_ofdm.noise(rng, len(iq), noise)).astype(np.complex64)


def compute(name, samp_rate, iq):
    return kernels.symbol_grid(samp_rate, name).compute(iq.astype(np.complex64))


def strong(planes):
    """Elements that are there and not weak, (128, 128), bool."""
    there = planes[POWER] > ABSENT_DB
    return there & (planes[POWER] > np.median(planes[POWER][there]) - 10)


def test_names_and_shapes():
    assert set(GRIDS) <= set(kernels.correlogram_rows)
    assert set(GRIDS) == set(KINDS)
    planes, symbols = compute("cp_15khz", 2.4e6, exact_ofdm.noise(np.random.default_rng(0), 9999))
    assert planes.shape == (len(kernels.symbol_grid_planes), 128, 128)
    assert planes.dtype == np.float32
    assert 0 < symbols < 128  # 4 ms hold fewer


CASES = [
    *[("cp_15khz", rate) for rate in (1.92e6, 2.048e6, 2.4e6, 12_345_678.9, 20e6)],
    *[("cp_30khz", rate) for rate in (1.92e6, 7.68e6, 20e6)],
    *[("wifi_long_gi", rate) for rate in (10e6, 20e6, 30.72e6)],
    ("wifi_short_gi", 20e6),
]


@pytest.mark.parametrize(("name", "samp_rate"), CASES)
def test_matches_the_headers_read_slowly(name, samp_rate, rng):
    iq = scene(rng, name, samp_rate)
    got, symbols = compute(name, samp_rate, iq)
    want, expected = slow_symbol_grid(iq, samp_rate, name)
    assert symbols == expected > 100
    np.testing.assert_array_equal(got[POWER] > ABSENT_DB, want[POWER] > ABSENT_DB)
    compared = strong(want)
    off = np.abs(got - want)[:, compared]
    useful = samp_rate * KINDS[name].useful
    whole = abs(useful - round(useful)) < 1e-6 and useful <= 2 * KINDS[name].cols
    # the reference leaves out a part of a sample of each symbol where that is not whole
    loss = 0.0 if whole else 1.0
    for plane, most in ((POWER, 0.25), (COS2, 0.05), (COS4, 0.1), (LARGER, 0.03), (SMALLER, 0.03)):
        name_of = kernels.symbol_grid_planes[plane]
        middle, high = np.median(off[plane]), np.quantile(off[plane], 0.9)
        assert middle < 0.01 + loss * most, f"{name_of}: {middle:.4f} off in the middle"
        assert high < 0.06 + loss * 6 * most, f"{name_of}: {high:.4f} off at 90 %"


@pytest.mark.parametrize(("name", "samp_rate"), [("cp_15khz", 5e6), ("wifi_long_gi", 20e6)])
def test_elements_are_those_that_were_sent(name, samp_rate, rng):
    """QPSK over a static channel: quarter turns, square, and nothing else."""
    planes, _ = compute(name, samp_rate, scene(rng, name, samp_rate, order=4, noise=1e-5))
    middle = strong(planes)
    middle[:, :4] = middle[:, -4:] = False  # elements that have fewer around them
    assert planes[COS4][middle].mean() > 0.97
    assert abs(planes[COS2][middle].mean()) < 0.05
    np.testing.assert_allclose(planes[LARGER:][:, middle].mean(axis=1), np.sqrt(0.5), atol=0.1)


@settings(max_examples=6)
@given(
    seed=st.integers(0, 2**32 - 1),
    case=st.sampled_from([("cp_15khz", 2.4e6), ("cp_30khz", 5e6), ("wifi_short_gi", 20e6)]),
    gain_db=st.floats(-120, 120),
)
def test_gain_moves_powers_alone(seed, case, gain_db):
    name, samp_rate = case
    iq = scene(np.random.default_rng(seed), name, samp_rate)
    want, symbols = compute(name, samp_rate, iq)
    got, same = compute(name, samp_rate, iq * 10 ** (gain_db / 20) * np.exp(0.7j))
    assert same == symbols
    clear = strong(want)
    np.testing.assert_allclose(got[POWER][clear], want[POWER][clear] + gain_db, atol=0.05)
    np.testing.assert_allclose(got[1:][:, clear], want[1:][:, clear], atol=0.05)


@pytest.mark.parametrize(("name", "samp_rate"), [("cp_15khz", 5e6), ("wifi_long_gi", 20e6)])
@pytest.mark.parametrize("change", ["delay", "carrier", "channel"])
def test_statistics_do_not_depend_on(change, name, samp_rate, rng):
    """What lies between a transmitter and a receiver that stand still."""
    iq = scene(rng, name, samp_rate, order=4, channel=(1.0,), noise=1e-3)
    spacing = KINDS[name].scs
    changed = {
        "delay": iq[12_345:],
        "carrier": iq * np.exp(2j * np.pi * 3.3 * spacing / samp_rate * np.arange(len(iq))),
        "channel": iq + 0.5j * np.roll(iq, 2),
    }[change]
    seen = []
    for samples in (iq, changed):
        planes, symbols = compute(name, samp_rate, samples)
        middle = strong(planes)
        seen.append([symbols / 128, *planes[[COS4, LARGER, SMALLER]][:, middle].mean(axis=1)])
    np.testing.assert_allclose(*seen, atol=0.06)


@pytest.mark.parametrize("offset", [-2, -1, 1, 3])
def test_whole_subcarriers_of_offset_turn_nothing(offset, rng):
    """BPSK stays where it is: a symbol turns by 25 degrees more for each subcarrier."""
    iq = scene(rng, "cp_15khz", 2.4e6, order=2, channel=(1.0,), noise=1e-3)
    turn = np.exp(2j * np.pi * offset * 15e3 / 2.4e6 * np.arange(len(iq)))
    planes, _ = compute("cp_15khz", 2.4e6, iq * turn)
    assert planes[COS2][strong(planes)].mean() > 0.95


@pytest.mark.parametrize(
    ("name", "samp_rate", "columns"),
    [
        ("cp_15khz", 1.92e6, 128),
        ("cp_15khz", 2e6, 112),
        ("cp_30khz", 1.92e6, 64),
        ("cp_30khz", 2.4e6, 80),
        ("wifi_long_gi", 10e6, 64),  # twice 32: symbols stand side by side
        ("wifi_long_gi", 20e6, 128),
        ("wifi_long_gi", 9.9e6, 0),
        ("wifi_short_gi", 2.4e6, 0),
    ],
)
def test_what_is_out_of_view_is_absent(name, samp_rate, columns, rng):
    iq = scene(rng, name, max(samp_rate, 2e6))
    planes, symbols = compute(name, samp_rate, iq)
    present = (planes[POWER] > ABSENT_DB).any(axis=0)
    assert present.sum() == columns
    assert (symbols > 0) == (columns > 0) == kernels.symbol_grid(samp_rate, name).available
    np.testing.assert_array_equal(planes[1:][:, :, ~present], 0)


def test_silence_between_bursts_is_absent(rng):
    iq = exact_ofdm.wifi(rng, 20e6, 0.8e-6, 4, bursts=1)
    planes, symbols = compute("wifi_long_gi", 20e6, iq + exact_ofdm.noise(rng, len(iq), 1e-3))
    on_air = np.sum(np.abs(iq) > 0.03) / 80
    assert 0.7 * on_air - 16 < symbols < on_air + 17
    assert np.sum((planes[POWER] > ABSENT_DB).all(axis=1)) <= 128


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("samp_rate", [1.92e6, 20e6, 61.44e6])
def test_every_value_is_finite(name, samp_rate, rng):
    length = kernels.window_tokenizer(samp_rate).window_len()
    noise = exact_ofdm.noise(rng, length).astype(np.complex64)
    half = np.where(np.arange(length) < length // 3, noise, 0)
    tone = np.exp(0.1j * np.arange(length))
    for iq in (noise, 1e8 * noise / 8, 1e-8 * noise, half, tone, np.ones(length), noise[:7]):
        assert np.isfinite(compute(name, samp_rate, iq)[0]).all()
    for iq in (np.zeros(length), noise[:0], noise[:1]):
        planes, symbols = compute(name, samp_rate, iq)
        assert symbols == 0
        assert set(planes[POWER].ravel()) == {ABSENT_DB}
        assert not planes[1:].any()


@pytest.mark.parametrize("name", GRIDS)
def test_parts_of_next_to_nothing_beside_a_strong_signal_are_bounded(name, rng):
    """An element is one of those whose mean is its gain: rounding must not let it grow beyond."""
    for strong_s, faint in itertools.product((0.1e-3, 1.3e-3, 4.2e-3), (1e-8, 1e-9, 3e-10)):
        iq = scene(rng, name, 20e6, noise=0.0)
        iq[round(20e6 * strong_s) :] *= np.float32(faint)
        parts = compute(name, 20e6, iq)[0][[LARGER, SMALLER]]
        assert parts.max() <= np.sqrt(15 * 7) + 0.01


def test_noise_holds_no_bursts(rng):
    counts = [
        compute(name, 20e6, exact_ofdm.noise(rng, 512_000))[1]
        for name in ("wifi_long_gi", "wifi_short_gi")
    ]
    assert max(counts) <= 32  # of 256


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"grid: expected one of cp_15khz, .*, got lte"):
        kernels.symbol_grid(20e6, "lte")
    with pytest.raises(ValueError, match="samp_rate: expected"):
        kernels.symbol_grid(1e6, "cp_15khz")
    with pytest.raises(ValueError, match="iq: expected one dimension, got 2"):
        kernels.symbol_grid(2e6, "cp_15khz").compute(np.zeros((2, 2), np.complex64))
