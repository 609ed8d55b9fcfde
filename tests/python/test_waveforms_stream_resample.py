# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.common import complex_noise
from gnuradio.lwmspectro.waveforms.resample import place
from gnuradio.lwmspectro.waveforms.stream_resample import TRANSITION, StreamResampler
from hypothesis import given, settings
from hypothesis import strategies as st

RATES = [(15.36e6, 20e6), (20e6, 15.36e6), (30.72e6, 1.92e6), (1.92e6, 2.4e6), (4e6, 12e6)]
STOP_DB = -78.0


def tone(f_hz, n, rate):
    return np.exp(2j * np.pi * np.mod(f_hz / rate * np.arange(n), 1.0)).astype(np.complex64)


@pytest.mark.parametrize(("native", "target"), RATES)
@pytest.mark.parametrize("place_in_band", [-0.9, -0.3, 0.0, 0.5, 0.9])
def test_a_tone_stays_where_and_when_it_is(native, target, place_in_band):
    f = place_in_band * min(native, target) / 2
    out = StreamResampler(native, target).process(tone(f, 400_000, native))
    expected = tone(f, out.size, target)
    edge = out.size // 8  # the tone's own beginning
    error = np.abs(out - expected)[edge:-edge]
    assert error.max() < 10 ** (STOP_DB / 20)


@pytest.mark.parametrize(("native", "target"), [(20e6, 15.36e6), (30.72e6, 1.92e6)])
def test_nothing_folds_into_the_band(native, target):
    for f in (0.5 * target * 1.01, 0.8 * target, native / 2 * 0.99):
        out = StreamResampler(native, target).process(tone(f, 400_000, native))
        assert 20 * np.log10(np.abs(out[out.size // 8 :]).max()) < STOP_DB


def test_no_image_appears():
    out = StreamResampler(2e6, 8e6).process(tone(0.9e6, 100_000, 2e6))
    spectrum = np.abs(np.fft.fft(out[8192 : 8192 * 5] * np.kaiser(4 * 8192, 14)))
    f = np.fft.fftfreq(spectrum.size, 1 / 8e6)
    outside = np.abs(f) > 0.95e6
    assert 20 * np.log10(spectrum[outside].max() / spectrum.max()) < STOP_DB


def test_agrees_with_the_resampler_of_windows(rng):
    band = np.zeros(96_000, complex)
    band[np.abs(np.fft.fftfreq(band.size)) < 0.3] = 1.0
    iq = np.fft.ifft(np.fft.fft(complex_noise(band.size, rng)) * band).astype(np.complex64)

    class NoDelay:
        def random(self):
            return 0.0

    whole = place(iq, 2e6, 3e6, 0.0, 144_000, NoDelay())
    out = StreamResampler(2e6, 3e6).process(iq)
    middle = slice(20_000, out.size - 20_000)
    error = np.mean(np.abs(out[middle] - whole[middle]) ** 2) / np.mean(np.abs(whole) ** 2)
    assert 10 * np.log10(error) < -65.0


@settings(max_examples=25)
@given(rates=st.sampled_from(RATES), seed=st.integers(0, 2**32))
def test_same_samples_for_pieces_of_any_size(rates, seed):
    native, target = rates
    sizes = np.random.default_rng(seed)
    iq = complex_noise(60_000, np.random.default_rng(1))
    whole = StreamResampler(native, target).process(iq)
    resampler, parts, rest = StreamResampler(native, target), [], iq
    while rest.size:
        n = int(sizes.integers(1, 40_000))
        parts.append(resampler.process(rest[:n]))
        rest = rest[n:]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_equal_rates_change_nothing():
    iq = tone(1e5, 1000, 1e6)
    assert StreamResampler(1e6, 1e6).process(iq) is iq


def test_an_odd_rate_is_met(rng):
    native, target = 1.92e6, 2.048321e6
    n = 3_000_000
    out = StreamResampler(native, target).process(tone(3e5, n, native))
    expected = tone(3e5, out.size, target)
    turn = np.angle(np.vdot(expected[-20_000:-10_000], out[-20_000:-10_000]))
    assert abs(turn) < 2 * np.pi * 3e5 * (out.size / target) * 2e-6  # the ratio is within 2 ppm


@pytest.mark.parametrize(("native", "target"), [(0.0, 1e6), (1e6, -1.0), (1e6, 1.0)])
def test_wrong_rates_are_refused(native, target):
    with pytest.raises(ValueError, match="expected"):
        StreamResampler(native, target)


def test_the_passband_is_as_wide_as_promised():
    noise = complex_noise(500_000, np.random.default_rng(3))
    out = StreamResampler(10e6, 4e6).process(noise)[4000:]
    parts = out[: out.size // 400 * 400].reshape(-1, 400) * np.hanning(400)
    power = np.mean(np.abs(np.fft.fft(parts)) ** 2, axis=0)
    inside = np.abs(np.fft.fftfreq(400)) < 0.5 * (1 - TRANSITION) - 0.01
    assert power[inside].min() > 0.8 * np.median(power[inside])
