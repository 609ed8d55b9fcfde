# SPDX-License-Identifier: GPL-3.0-or-later
"""From a user's paths to a profile of the fading channel."""

import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.sites import site_profile
from hypothesis import given
from hypothesis import strategies as st

NS = 1e-9


def profile(delays_ns, gains_db, los=None, total_db=None, **options):
    delays_s = np.array(delays_ns, float) * NS
    gains_db = np.array(gains_db, float)
    direct = np.zeros(len(gains_db), bool)
    if los is not None:
        direct[los] = True
    if total_db is None:
        total_db = 10 * np.log10((10 ** (gains_db / 10)).sum())
    return site_profile(delays_s, gains_db, direct, total_db, **options)


def test_paths_far_apart_stay_apart():
    result = profile([1000, 1100, 1350], [-90, -93, -100], doppler_hz=97.0)
    np.testing.assert_allclose(result.tdl.delays_s, [0, 100 * NS, 350 * NS], atol=1e-15)
    np.testing.assert_allclose(np.diff(result.tdl.powers_db), [-3, -7], atol=1e-9)
    assert 10 ** (np.array(result.tdl.powers_db) / 10) @ np.ones(3) == pytest.approx(1)
    assert result.tdl.doppler_hz == 97.0
    assert result.tdl.k_factors_db == []
    assert result.power_lost == pytest.approx(0, abs=1e-12)
    assert result.n_taps == 3


def test_paths_close_together_become_one():
    result = profile([0, 6, 9.9, 10, 12], [-90, -90, -90, -80, -80], resolution_s=10 * NS)
    # 0, 6 and 9.9 ns: their mean is 5.3 ns; 10 and 12 ns: 11 ns
    np.testing.assert_allclose(result.tdl.delays_s, [0, 5.7 * NS], atol=1e-15)
    assert np.diff(result.tdl.powers_db) == pytest.approx(10 * np.log10(20 / 3))


def test_the_order_of_paths_does_not_matter(rng):
    delays_ns, gains_db = rng.uniform(0, 800, 20), rng.uniform(-120, -80, 20)
    order = rng.permutation(20)
    a, b = profile(delays_ns, gains_db), profile(delays_ns[order], gains_db[order])
    np.testing.assert_allclose(a.tdl.delays_s, b.tdl.delays_s, atol=1e-18)
    np.testing.assert_allclose(a.tdl.powers_db, b.tdl.powers_db)


def test_the_strongest_taps_are_kept():
    result = profile([0, 100, 200, 300], [-100, -80, -110, -90], max_taps=2)
    np.testing.assert_allclose(result.tdl.delays_s, [0, 200 * NS], atol=1e-15)
    assert np.diff(result.tdl.powers_db) == pytest.approx(-10)
    lost = (1e-10 + 1e-11) / (1e-10 + 1e-8 + 1e-11 + 1e-9)
    assert result.power_lost == pytest.approx(lost)


def test_paths_that_the_file_left_out_are_lost_too():
    result = profile([0, 100], [-90, -90], total_db=-90 + 10 * np.log10(4))
    assert result.power_lost == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("gains_db", "k_db"),
    [
        ([-80, -86, -89, -80], 10 * np.log10(1 / (10**-0.6 + 10**-0.9))),  # 2 paths in its tap
        ([-80, -200, -200, -80], 19.0),  # all but alone: bounded
        ([-95, -80, -85, -80], 10 * np.log10(10**-1.5 / (1 + 10**-0.5))),  # behind foliage
    ],
)
def test_k_of_the_line_of_sight(gains_db, k_db):
    result = profile([500, 503, 508, 700], gains_db, los=0)
    assert result.tdl.k_factors_db[0] == pytest.approx(k_db)
    assert np.all(np.isneginf(result.tdl.k_factors_db[1:]))
    assert result.tdl.los_doppler_ratios == []


def test_a_line_of_sight_alone_has_a_finite_k():
    result = profile([500], [-80], los=0)
    assert result.tdl.k_factors_db == [19.0]
    assert profile([500], [-80], los=0, max_k_factor_db=9.0).tdl.k_factors_db == [9.0]
    assert result.tdl.delays_s == [0.0]


def test_doppler_of_the_line_of_sight():
    result = profile([500, 600], [-80, -90], los=0, los_doppler_ratio=-0.25)
    assert result.tdl.los_doppler_ratios[0] == -0.25
    assert profile([500], [-80], los_doppler_ratio=-0.25).tdl.los_doppler_ratios == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([1e-9, 10e-9, 500e-9]))
def test_any_paths_make_a_channel(seed, max_taps, resolution_s):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 26))
    los = int(rng.integers(n)) if rng.random() < 0.5 else None
    delays_ns, gains_db = 1000 + rng.exponential(300, n), rng.uniform(-160, -60, n)
    if los is not None:
        delays_ns[los] = 1000
    result = profile(delays_ns, gains_db, los, max_taps=max_taps, resolution_s=resolution_s)
    delays_s = np.array(result.tdl.delays_s)
    assert 1 <= result.n_taps <= min(n, max_taps)
    assert delays_s[0] == 0
    assert np.all(np.diff(delays_s) > 0)
    assert 0 <= result.power_lost < 1
    channel = kernels.tdl_fading(1.92e6, result.tdl, seed=1)  # takes what was made
    assert np.all(np.isfinite(channel.process(np.ones(64, np.complex64))))
    if max_taps == 12 and resolution_s == 1e-9 and result.n_taps == n:
        mean_s = np.average(delays_s, weights=10 ** (np.array(result.tdl.powers_db) / 10))
        power = 10 ** (gains_db / 10)
        wanted_s = NS * (np.average(delays_ns, weights=power) - delays_ns.min())
        assert mean_s == pytest.approx(wanted_s)


def test_the_channel_has_the_power_and_the_line_of_sight():
    # K = 13 dB: the channel's mean gain is one, and its envelope varies as Rician does.
    tdl = profile([0, 4], [-80, -93], los=0, doppler_hz=500.0).tdl
    out = [
        np.abs(kernels.tdl_fading(1.92e6, tdl, seed=s).process(np.ones(20000, np.complex64))[100:])
        for s in range(200)
    ]
    power = np.mean(np.square(out))
    k = 10**1.3
    assert power == pytest.approx(1, rel=0.03)
    wanted = (1 + 2 * k) / (1 + k) ** 2  # variance of |h|^2 over its mean squared
    assert np.var(np.square(out)) / power**2 == pytest.approx(wanted, rel=0.15)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"resolution_s": 0.0}, "resolution_s: expected more than 0 s, got 0"),
        ({"max_taps": 0}, "max_taps: expected at least 1, got 0"),
        ({"max_k_factor_db": float("nan")}, "max_k_factor_db: expected -100 to 100 dB, got nan"),
        ({"doppler_hz": -1.0}, "doppler_hz: expected 0 to 1e4 Hz, got -1"),
        ({"max_k_factor_db": 101.0}, "max_k_factor_db: expected -100 to 100 dB, got 101"),
        ({"los_doppler_ratio": 1.5}, "los_doppler_ratio: expected -1 to 1, got 1.5"),
    ],
)
def test_values_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        profile([500], [-80], los=0, **options)
