# SPDX-License-Identifier: GPL-3.0-or-later
"""The average-likelihood test against sums over all points, integrals and known limits."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not installed")
pytest.importorskip("scipy", reason="training is not installed")

from lwmspectro_train.results import likelihood
from scipy.stats import norm

NAMES = ("BPSK", "QPSK", "16QAM", "64QAM", "256QAM")


@pytest.mark.parametrize("name", NAMES)
def test_constellations_have_unit_power_and_all_their_points(name):
    points = likelihood.points(name)
    order = {"BPSK": 2, "QPSK": 4}.get(name) or int(name.removesuffix("QAM"))
    assert len(np.unique(np.round(points, 9))) == order
    assert np.mean(np.abs(points) ** 2) == pytest.approx(1.0)
    assert abs(points.mean()) < 1e-12


def brute_force(received, gain, noise, name):
    """Log of the product over symbols of the mean over points."""
    distance = received[:, None] - gain[:, None] * likelihood.points(name)[None]
    return np.log(np.exp(-(np.abs(distance) ** 2) / noise).mean(axis=1)).sum()


def test_likelihoods_are_the_sums_over_all_points(rng):
    received = rng.normal(size=12) + 1j * rng.normal(size=12)
    gain = rng.normal(size=12) + 1j * rng.normal(size=12)
    got = likelihood.log_likelihood(received, gain, 0.7)
    expected = [brute_force(received, gain, 0.7, name) for name in NAMES]
    # a turn by the channel's phase leaves every distance as it is
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_bursts_are_taken_side_by_side(rng):
    received = rng.normal(size=(3, 2, 8)) + 1j * rng.normal(size=(3, 2, 8))
    got = likelihood.log_likelihood(received, np.ones(1), 0.5)
    assert got.shape == (3, 2, 5)
    one = likelihood.log_likelihood(received[1, 0], np.ones(1), 0.5)
    np.testing.assert_allclose(got[1, 0], one)


def test_one_symbol_of_bpsk_or_qpsk_is_told_as_often_as_the_integral_says():
    """Bayes: half the integral of the larger density; both are products of normal densities."""
    snr_db = 5.0
    sigma = 10 ** (-snr_db / 20) / np.sqrt(2)
    x = np.linspace(-5, 5, 801)
    step = x[1] - x[0]

    def amplitude(levels):
        return np.mean([norm.pdf(x, level, sigma) for level in levels], axis=0)

    half = np.sqrt(0.5)
    bpsk = np.outer(amplitude([-1, 1]), amplitude([0]))
    qpsk = np.outer(amplitude([-half, half]), amplitude([-half, half]))
    expected = 0.5 * np.maximum(bpsk, qpsk).sum() * step**2
    rng, n = np.random.default_rng(1), 20_000
    right = 0
    for k, name in enumerate(("BPSK", "QPSK")):
        noise = sigma * (rng.normal(size=(n, 1)) + 1j * rng.normal(size=(n, 1)))
        received = rng.choice(likelihood.points(name), (n, 1)) + noise
        decided = likelihood.classify(received, np.ones(1), 2 * sigma**2, ("BPSK", "QPSK"))
        right += int((decided == k).sum())
    assert right / (2 * n) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / (2 * n)))


def test_limits_of_noise_and_of_length():
    rng = np.random.default_rng(2)
    assert likelihood.accuracy(30.0, 300, 10, rng) == 1.0
    assert likelihood.accuracy(-40.0, 30, 60, rng) == pytest.approx(0.2, abs=0.08)
    few = likelihood.accuracy(5.0, 4, 60, rng)
    many = likelihood.accuracy(5.0, 400, 20, rng)
    assert few < many - 0.1


def test_knowing_the_fading_helps():
    rng = np.random.default_rng(3)
    known = blind = 0
    for k in range(200):
        points = likelihood.points(NAMES[k % 5])
        gain = np.abs(rng.normal(size=60) + 1j * rng.normal(size=60)) / np.sqrt(2)
        noise = (rng.normal(size=60) + 1j * rng.normal(size=60)) * np.sqrt(0.05)
        received = gain * rng.choice(points, 60) + noise
        known += int(likelihood.classify(received, gain, 0.1)) == k % 5
        blind += int(likelihood.classify(received, np.ones(1), 0.1)) == k % 5
    assert known > blind + 30


def test_gains_are_of_unit_mean_power():
    """Doubling every gain changes nothing: the SNR is that of the received symbols."""
    gains = np.array([0.5, 1.0j, -2.0])
    one, two = (
        likelihood.accuracy(5.0, 40, 10, np.random.default_rng(4), gains=g)
        for g in (gains, 2.0 * gains)
    )
    assert one == two


def test_curve_rises_with_the_snr():
    curve = likelihood.curve((-5.0, 10.0, 25.0), 100, 10, 1)
    values = list(curve.values())
    assert values == sorted(values)
    assert values[-1] == 1.0
    assert curve == likelihood.curve((-5.0, 10.0, 25.0), 100, 10, 1)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"expected one of BPSK, .*, got '8PSK'"):
        likelihood.levels("8PSK")
    with pytest.raises(ValueError, match="expected at least 1, got 0 and 5"):
        likelihood.accuracy(0.0, 0, 5, np.random.default_rng(1))
