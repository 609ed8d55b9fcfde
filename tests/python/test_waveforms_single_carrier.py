# SPDX-License-Identifier: GPL-3.0-or-later
"""The single-carrier link, judged by a receiver and by closed forms."""

import numpy as np
import pytest
import single_carrier_receiver as receiver
from gnuradio import blocks, fec, gr
from gnuradio.lwmspectro.waveforms import single_carrier
from gnuradio.lwmspectro.waveforms.single_carrier import (
    MODULATIONS,
    SingleCarrierConfig,
    Transmitter,
    modem,
    pulse,
)
from hypothesis import given
from hypothesis import strategies as st


def pieces(transmitter, n):
    out = [transmitter.next_piece()]
    while sum(map(len, out)) < n:
        out.append(transmitter.next_piece())
    return np.concatenate(out)[:n]


def symbols_of(cfg, iq, n):
    """First n symbols of a stream that starts at a frame."""
    sps = float(cfg.sps_fraction)
    filtered = receiver.matched(iq, sps, cfg.alpha)
    first = receiver.timing(filtered, sps)
    lag = cfg.span / 2 * sps  # of the first symbol
    first += np.round((lag - first) / sps) * sps
    return receiver.sample(filtered, first + sps * np.arange(n))


def test_code_is_that_of_gr_fec(rng):
    bits = rng.integers(0, 2, 500, dtype=np.uint8)
    coder = fec.cc_encoder.make(bits.size, 7, 2, [109, 79], 0, fec.CC_TERMINATED)
    sink = blocks.vector_sink_b()
    graph = gr.top_block()
    graph.connect(
        blocks.vector_source_b(bits.tolist(), False),
        fec.encoder(coder, gr.sizeof_char, gr.sizeof_char),
        sink,
    )
    graph.run()
    np.testing.assert_array_equal(modem.encode(bits), np.array(sink.data(), np.uint8))


@given(n=st.integers(1, 400), rows=st.integers(1, 40))
def test_interleaver_is_undone_by_its_inverse(n, rows):
    bits = np.random.default_rng(n).integers(0, 2, n, dtype=np.uint8)
    sent = bits[modem.interleaver_order(n, rows)]
    np.testing.assert_array_equal(receiver.deinterleave(sent, rows), bits)


def test_interleaver_spreads_neighbours():
    order = modem.interleaver_order(512, 16)
    places = np.argsort(order)
    assert np.abs(np.diff(places)).min() >= 16


@pytest.mark.parametrize("modulation", MODULATIONS)
def test_constellation_has_unit_power_and_gray_neighbours(modulation):
    points = modem.gray_points(modulation).astype(complex)
    assert np.mean(np.abs(points) ** 2) == pytest.approx(1.0, abs=1e-6)
    assert abs(np.mean(points)) < 1e-6
    distance = np.abs(points[:, None] - points[None, :])
    closest = distance[distance > 0].min()
    for a, b in np.argwhere(np.isclose(distance, closest, rtol=1e-3)):
        assert bin(a ^ b).count("1") == 1


@pytest.mark.parametrize("length", [31, 63, 127])
def test_preamble_has_the_autocorrelation_of_an_m_sequence(length):
    sequence = modem.m_sequence(length).real
    spectrum = np.abs(np.fft.fft(sequence)) ** 2
    correlation = np.fft.ifft(spectrum).real
    assert correlation[0] == pytest.approx(length)
    np.testing.assert_allclose(correlation[1:], -1.0, atol=1e-3)


@pytest.mark.parametrize("alpha", [0.05, 0.25, 0.5, 1.0])
def test_pulse_meets_the_closed_form_of_its_spectrum(alpha):
    sps, span = 8, 400
    t = (np.arange(span * sps) - span * sps / 2) / sps
    spectrum = np.abs(np.fft.fft(pulse.rrc(t, alpha))) / sps
    expected = np.sqrt(receiver.raised_cosine(np.fft.fftfreq(t.size) * sps, alpha))
    # the rest is the pulse's tail beyond 200 symbols
    np.testing.assert_allclose(spectrum, expected, atol=1e-2)


def test_pulse_is_steady_at_its_poles():
    for alpha in (0.2, 0.25, 0.5):
        pole = 1.0 / (4.0 * alpha)
        at = pulse.rrc(np.array([0.0, 1e-4, pole, pole + 1e-4]), alpha)
        assert at[0] == pytest.approx(at[1], abs=1e-4)
        assert at[2] == pytest.approx(at[3], abs=1e-3)


def test_spectrum_of_the_waveform(rng):
    cfg = SingleCarrierConfig(sps=3.0, alpha=0.35, span=32, modulation="16QAM")
    iq = single_carrier.waveform(cfg, 0.3, rng)
    n_fft = 120
    parts = iq[: iq.size // n_fft * n_fft].reshape(-1, n_fft) * np.hanning(n_fft)
    power = np.mean(np.abs(np.fft.fft(parts)) ** 2, axis=0) / np.sum(np.hanning(n_fft) ** 2)
    f = np.fft.fftfreq(n_fft) * 3.0
    expected = 3.0 * receiver.raised_cosine(f, cfg.alpha)
    flat = np.abs(f) < 0.28
    assert np.mean(power[flat]) == pytest.approx(np.mean(expected[flat]), rel=0.02)
    np.testing.assert_allclose(power[flat], 3.0, rtol=0.1)
    np.testing.assert_allclose(power, expected, atol=0.35)
    assert 10 * np.log10(power[np.abs(f) > 0.75].max() / 3.0) < -40.0


@pytest.mark.parametrize("modulation", MODULATIONS)
@pytest.mark.parametrize("sps", [2.0, 4.0, 2.5, 47 / 32])
def test_a_receiver_gets_the_bits_back(modulation, sps):
    cfg = SingleCarrierConfig(
        sps=sps, modulation=modulation, alpha=0.3, span=32, info_bits=600, preamble=63
    )
    seed = 7
    count = cfg.frame_symbols
    iq = pieces(Transmitter(cfg, seed), round(20_000 * sps) // 64 * 64)
    symbols = symbols_of(cfg, iq, count)
    assert np.mean(np.abs(symbols) ** 2) == pytest.approx(1.0, rel=0.05)
    preamble, data = symbols[:63], symbols[63:]
    np.testing.assert_allclose(preamble, modem.m_sequence(63), atol=0.1)
    points = modem.gray_points(modulation)
    error = np.abs(data[:, None] - points[None, :]).min(axis=1)
    assert 20 * np.log10(np.sqrt(np.mean(error**2))) < -38.0  # EVM in dB: the truncated pulse
    coded = receiver.slice_bits(data, modulation)[: cfg.coded_bits]
    decoded = receiver.viterbi(receiver.deinterleave(coded, cfg.interleaver_rows), 600)
    sent = np.random.default_rng(seed).integers(0, 2, 600, dtype=np.uint8)
    np.testing.assert_array_equal(decoded, sent)


def test_the_code_corrects_a_burst_of_errors(rng):
    bits = rng.integers(0, 2, 600, dtype=np.uint8)
    coded = modem.encode(bits)[modem.interleaver_order(1212, 32)]
    coded[400:416] ^= 1
    decoded = receiver.viterbi(receiver.deinterleave(coded, 32), 600)
    np.testing.assert_array_equal(decoded, bits)


@given(seed=st.integers(0, 2**32))
def test_random_links_are_valid_and_of_unit_power(seed):
    rng = np.random.default_rng(seed)
    cfg = SingleCarrierConfig.random(rng)
    duration = 3000 / cfg.symbol_rate
    iq = single_carrier.waveform(cfg, duration, rng)
    assert iq.dtype == np.complex64
    assert iq.shape == (round(duration * cfg.samp_rate),)
    if cfg.traffic == "continuous":
        assert np.mean(np.abs(iq) ** 2) == pytest.approx(1.0, rel=0.15)
    assert cfg.occupied_bw_hz <= cfg.samp_rate


def test_bursts_have_the_duty_and_silence_between_them():
    cfg = SingleCarrierConfig(traffic="bursts", duty=0.3, info_bits=400, span=16)
    iq = pieces(Transmitter(cfg, 1), 2_000_000)
    power = np.abs(iq) ** 2
    assert np.mean(power) == pytest.approx(0.3, abs=0.03)
    assert np.mean(power == 0.0) == pytest.approx(0.7, abs=0.05)


def test_pieces_continue_one_another():
    cfg = SingleCarrierConfig(sps=2.5, info_bits=37, modulation="QPSK", span=8)
    iq = pieces(Transmitter(cfg, 3), 6000)
    spectrum = np.abs(np.fft.fft(iq * np.blackman(iq.size))) ** 2
    f = np.abs(np.fft.fftfreq(iq.size)) * 2.5
    assert 10 * np.log10(spectrum[f > 0.75].mean() / spectrum[f < 0.3].mean()) < -40.0


def test_same_seed_same_samples_and_window_of_the_stream():
    cfg = SingleCarrierConfig(modulation="64QAM")
    a, b = (pieces(Transmitter(cfg, 5), 9000) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, pieces(Transmitter(cfg, 6), 9000))
    window = single_carrier.waveform(cfg, 1e-3, np.random.default_rng(5), start_s=0.5e-3)
    np.testing.assert_array_equal(window, a[2000:6000])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symbol_rate", 0.0),
        ("alpha", 1.5),
        ("sps", 1.2),
        ("sps", float(np.pi)),
        ("modulation", "8PSK"),
        ("span", 5),
        ("info_bits", 0),
        ("interleaver_rows", 0),
        ("preamble", 12),
        ("traffic", "tdma"),
        ("duty", 0.0),
    ],
)
def test_values_out_of_range_are_named(field, value):
    with pytest.raises(ValueError, match=rf"^{field}: expected .*, got "):
        SingleCarrierConfig(**{field: value})


def test_negative_times_are_refused(rng):
    with pytest.raises(ValueError, match="expected times >= 0"):
        single_carrier.waveform(SingleCarrierConfig(), -1.0, rng)
