# SPDX-License-Identifier: GPL-3.0-or-later
"""Tapped-delay-line fading: its statistics, and the block against the kernel."""

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import kernels, tdl_channel
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import j0

RATE = 2e6
GROUP_DELAY = kernels.tdl_fading.group_delay
PROFILE = kernels.tdl_profile([0.0, 0.5e-6, 3.7e-6], [0.0, -3.0, -10.0], doppler_hz=200.0)


def noise(n, seed=0):
    rng = np.random.default_rng(seed)
    return ((rng.normal(size=n) + 1j * rng.normal(size=n)) / np.sqrt(2)).astype(np.complex64)


def gains(n, seed, stride=1000, **profile):
    """Gain of a channel of one tap over time, every ``stride`` samples."""
    fading = kernels.tdl_fading(RATE, kernels.tdl_profile([0.0], [0.0], **profile), seed)
    return fading.process(np.ones(n, np.complex64))[100::stride].astype(complex)


@pytest.mark.parametrize("delays", [[0.0], [0.0, 1e-6, 5e-6], [0.3e-6, 0.4e-6, 0.5e-6]])
def test_mean_power_is_one(delays):
    profile = kernels.tdl_profile(delays, list(-3.0 * np.arange(len(delays))), doppler_hz=100.0)
    iq = noise(20_000)
    powers = [
        np.mean(np.abs(kernels.tdl_fading(RATE, profile, seed).process(iq)[100:]) ** 2)
        for seed in range(300)
    ]
    assert np.mean(powers) == pytest.approx(1, abs=0.15)


def test_taps_stand_at_their_delays():
    delays = np.array([0, 10, 37])  # samples
    powers_db = [0.0, -3.0, -10.0]
    profile = kernels.tdl_profile(list(delays / RATE), powers_db)
    impulse = np.zeros(100, np.complex64)
    impulse[0] = 1
    power = np.mean(
        [
            np.abs(kernels.tdl_fading(RATE, profile, seed).process(impulse)) ** 2
            for seed in range(2000)
        ],
        axis=0,
    )
    assert sorted(np.argsort(power)[-3:]) == list(delays + GROUP_DELAY)
    got = 10 * np.log10(power[delays + GROUP_DELAY])
    np.testing.assert_allclose(got - got[0], powers_db, atol=0.5)
    elsewhere = np.delete(power, delays + GROUP_DELAY)
    assert elsewhere.max() < 1e-6


def test_delays_may_be_fractions_of_a_sample():
    frequency = 0.11  # cycles a sample
    iq = np.exp(2j * np.pi * frequency * np.arange(400)).astype(np.complex64)
    whole, fraction = (
        kernels.tdl_fading(RATE, kernels.tdl_profile([delay / RATE], [0.0]), 5).process(iq)[100:]
        for delay in (4.0, 4.37)
    )
    turned = np.angle(np.mean(fraction * whole.conj()))
    assert turned == pytest.approx(-2 * np.pi * frequency * 0.37, abs=0.01)
    assert np.mean(np.abs(fraction)) == pytest.approx(np.mean(np.abs(whole)), rel=0.02)


def test_doppler_follows_the_jakes_spectrum():
    doppler_hz, stride = 250.0, 500
    n_lags, n = 30, 100_000
    correlation = np.zeros(n_lags, complex)
    for seed in range(400):
        h = gains(n, seed, stride, doppler_hz=doppler_hz)
        correlation += [np.mean(h[: len(h) - k] * h[k:].conj()) for k in range(n_lags)]
    correlation /= 400
    tau = np.arange(n_lags) * stride / RATE
    np.testing.assert_allclose(correlation.real, j0(2 * np.pi * doppler_hz * tau), atol=0.12)
    np.testing.assert_allclose(correlation.imag, 0, atol=0.12)


def test_without_doppler_the_channel_stands_still():
    h = gains(200_000, 1)
    np.testing.assert_allclose(h, h[0], rtol=1e-4)


def test_rayleigh_and_rician_amplitudes():
    for k_db, k in ((-np.inf, 0.0), (3.0, 10**0.3), (10.0, 10.0)):
        options = {"doppler_hz": 300.0, "k_factors_db": [k_db]}
        power = np.concatenate(
            [np.abs(gains(40_000, seed, 4000, **options)) ** 2 for seed in range(400)]
        )
        assert np.mean(power) == pytest.approx(1, abs=0.08)
        fourth = (k**2 + 4 * k + 2) / (k + 1) ** 2
        assert np.mean(power**2) / np.mean(power) ** 2 == pytest.approx(fourth, rel=0.08)


def test_the_line_of_sight_has_its_doppler():
    options = {"doppler_hz": 1000.0, "k_factors_db": [40.0], "los_doppler_ratios": [0.6]}
    h = gains(400_000, 2, 100, **options)
    spectrum = np.abs(np.fft.fft(h))
    frequency = np.fft.fftfreq(len(h), 100 / RATE)[spectrum.argmax()]
    assert frequency == pytest.approx(600, abs=RATE / 400_000)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_pieces_change_nothing(seed):
    rng = np.random.default_rng(seed)
    iq = noise(30_000, seed)
    want = kernels.tdl_fading(RATE, PROFILE, 9).process(iq)
    pieces = kernels.tdl_fading(RATE, PROFILE, 9)
    cuts = np.sort(rng.integers(0, len(iq), rng.integers(1, 40)))
    got = np.concatenate([pieces.process(piece) for piece in np.split(iq, cuts)])
    np.testing.assert_array_equal(got, want)


def test_the_same_seed_gives_the_same_samples():
    iq = noise(5000)
    first, again, other = (
        kernels.tdl_fading(RATE, PROFILE, seed).process(iq) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def run_block(block, iq, tags=()):
    source = blocks.vector_source_c(iq.tolist(), False, 1, list(tags))
    sink = blocks.vector_sink_c()
    graph = gr.top_block()
    graph.connect(source, block, sink)
    graph.run()
    return np.array(sink.data(), np.complex64), sink.tags()


def test_the_block_is_the_kernel():
    iq = noise(50_000)
    got, _ = run_block(tdl_channel(RATE, PROFILE, 7), iq)
    want = kernels.tdl_fading(RATE, PROFILE, 7).process(iq)
    np.testing.assert_array_equal(got, want)


def test_the_block_delays_tags_with_the_samples():
    tag = gr.tag_t()
    tag.offset, tag.key, tag.value = 1000, pmt.intern("rx_freq"), pmt.from_double(1e9)
    _, tags = run_block(tdl_channel(RATE, PROFILE), noise(5000), [tag])
    assert [tag.offset for tag in tags] == [1000 + GROUP_DELAY]


def test_the_block_takes_another_profile():
    block = tdl_channel(RATE, PROFILE, 7)
    still = kernels.tdl_profile([1e-6], [0.0])
    block.set_profile(still)
    iq = noise(3000)
    got, _ = run_block(block, iq)
    want = kernels.tdl_fading(RATE, PROFILE, 7)
    want.set_profile(still)
    np.testing.assert_array_equal(got, want.process(iq))
    with pytest.raises(ValueError, match="k_factors"):
        block.set_profile(kernels.tdl_profile([0.0], [0.0], k_factors_db=[0.0, 0.0]))
    assert block.profile().delays_s == [1e-6]


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"delays_s": [], "powers_db": []}, "at least one delay, got none"),
        ({"delays_s": [0.0], "powers_db": [0.0, 0.0]}, "powers as delays, got 2 and 1 delays"),
        ({"delays_s": [-1e-9], "powers_db": [0.0]}, "delays of 0 to 21e-6 s, got -"),
        ({"delays_s": [1e-3], "powers_db": [0.0]}, "delays of 0 to 21e-6 s, got 0.001"),
        ({"powers_db": [float("nan")]}, "powers of -300 to 100 dB, got nan"),
        ({"powers_db": [float("inf")]}, "powers of -300 to 100 dB, got inf"),
        ({"doppler_hz": -1.0}, "a Doppler shift of 0 to 1e4 Hz, got -1"),
        ({"doppler_hz": 2e4}, "a Doppler shift of 0 to 1e4 Hz, got 20000"),
        ({"k_factors_db": [float("nan")]}, "k_factors of at most 100 dB, got nan"),
        ({"k_factors_db": [float("inf")]}, "k_factors of at most 100 dB, got inf"),
        ({"k_factors_db": [0.0, 0.0]}, "as many k_factors as delays or none, got 2"),
        ({"los_doppler_ratios": [1.5]}, "los_doppler_ratios of -1 to 1, got 1.5"),
    ],
)
def test_bad_profiles_are_refused(profile, message):
    wrong = kernels.tdl_profile(**{"delays_s": [0.0], "powers_db": [0.0], **profile})
    for make in (kernels.tdl_fading, tdl_channel):
        with pytest.raises(ValueError, match="tdl_profile: expected") as error:
            make(RATE, wrong, 0)
        assert message in str(error.value)


def test_bad_sample_rates_are_refused():
    with pytest.raises(ValueError, match="samp_rate: expected"):
        tdl_channel(1e6, PROFILE)
