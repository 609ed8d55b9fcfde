# SPDX-License-Identifier: GPL-3.0-or-later
"""The matched filter for LTE's primary synchronisation signal: what it finds, and what not."""

import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import lte
from gnuradio.lwmspectro.waveforms.common import ReceiverBand
from gnuradio.lwmspectro.waveforms.resample import place
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_correlogram import PSS_ROOTS, pss

COLS = kernels.correlogram_cols
FLOOR_DB = -10.0
NOISE_DB = 8.0
"""The row reads less over noise: 18 filters at 4,800 places, means of five."""


def row(iq, samp_rate):
    tokens = kernels.window_tokenizer(samp_rate).process(iq.astype(np.complex64))
    c3 = tokens[-len(kernels.correlogram_rows) * COLS :].reshape(-1, COLS)
    return c3[kernels.correlogram_rows.index("lte_pss")]


def noise(rng, n, power_db=0.0):
    return (rng.normal(size=n) + 1j * rng.normal(size=n)) * np.sqrt(0.5 * 10 ** (power_db / 10))


def window_len(samp_rate):
    return kernels.window_tokenizer(samp_rate).window_len()


def sync_signals(root, samp_rate, offset_hz, start_s):
    """The sequence alone, of unit power while it lasts, every 5 ms."""
    n = window_len(samp_rate)
    t = np.arange(n) / samp_rate
    into = (t - start_s) % 5e-3
    on = into < 1 / 15e3
    iq = np.zeros(n, complex)
    iq[on] = pss(root, into[on]) / np.sqrt(62)
    return iq * np.exp(2j * np.pi * offset_hz * t)


def cell(rng, samp_rate, pci=0, offset_hz=0.0, n_prb=25, **traffic):
    cfg = lte.LteConfig(n_prb=n_prb, fft_size=lte.FFT_SIZES[n_prb][0], pci=pci, **traffic)
    n = window_len(samp_rate)
    native = lte.waveform(cfg, 26.6e-3, rng)
    return place(native, cfg.samp_rate, samp_rate, offset_hz, n, rng, ReceiverBand())


@settings(max_examples=30)
@given(
    root=st.sampled_from(PSS_ROOTS),
    samp_rate=st.sampled_from([1.92e6, 2.048e6, 2.4e6, 3.2e6, 3.84e6]),
    offset_hz=st.floats(-300e3, 300e3),
    start_s=st.floats(0, 5e-3),
    seed=st.integers(0, 2**32 - 1),
)
def test_found_6_db_below_the_noise(root, samp_rate, offset_hz, start_s, seed):
    rng = np.random.default_rng(seed)
    iq = sync_signals(root, samp_rate, offset_hz, start_s)
    c3 = row(iq + noise(rng, len(iq), 6 + 10 * np.log10(samp_rate / 1.92e6)), samp_rate)
    # 128 samples at -6 dB are 15 dB; less 4.2 for the offset, 1 for the time between outputs,
    # 1 for the signal's own share of the energy
    assert c3.max() > NOISE_DB
    # a carrier off by some subcarriers is found early or late, by 22 us at most
    distance = (c3.argmax() + 0.5 - start_s / 5e-3 * COLS + COLS / 2) % COLS - COLS / 2
    assert abs(distance) < 2


@pytest.mark.parametrize("samp_rate", [1.92e6, 2.4e6, 3.84e6])
def test_noise_shows_nothing(samp_rate, rng):
    rows = [row(noise(rng, window_len(samp_rate)), samp_rate) for _ in range(20)]
    assert np.max(rows) < NOISE_DB
    assert 3 < np.median(rows) < 6  # the largest of many means around 0 dB


@pytest.mark.parametrize("pci", [0, 1, 2])
@pytest.mark.parametrize(("samp_rate", "offset_hz"), [(1.92e6, -2e5), (7.68e6, 1e5), (20e6, 0.0)])
def test_finds_every_cell_of_the_generator(pci, samp_rate, offset_hz, rng):
    iq = cell(rng, samp_rate, pci, offset_hz)
    assert row(iq + noise(rng, len(iq), -10), samp_rate).max() > 12


def test_drifting_dc_does_not_hide_it(rng):
    samp_rate = 1.92e6
    iq = cell(rng, samp_rate, offset_hz=-6e4)
    iq /= np.sqrt(np.mean(np.abs(iq) ** 2))
    knots = np.arange(0, len(iq) + 2000, 1920)
    drift = np.interp(np.arange(len(iq)), knots, np.cumsum(rng.normal(size=len(knots))))
    spur = 10 * np.exp(2j * np.pi * 31e3 / samp_rate * np.arange(len(iq)))
    hidden = iq + noise(rng, len(iq), 6) + 10 * drift + spur
    assert row(hidden, samp_rate).max() > NOISE_DB


def test_bursts_without_the_signal_show_nothing(rng):
    """Digital silence between them: what the filters leave there must not count."""
    samp_rate = 20e6
    iq = cell(rng, samp_rate, n_prb=25)  # prefixes, so that it is searched
    half_frame = np.arange(len(iq)) / samp_rate % 5e-3 / 5e-3 * COLS
    place = row(iq, samp_rate).argmax()
    away = np.abs((half_frame - place + COLS / 2) % COLS - COLS / 2) > 6  # 0.23 ms
    bursts = np.arange(len(iq)) // round(71.42e-6 * samp_rate) % 4 == 0
    for part in (away, away & bursts):
        values = row(iq * part, samp_rate)
        assert FLOOR_DB < values.max() < NOISE_DB


def test_not_searched_at_high_rates_without_a_prefix(rng):
    searched = [row(noise(rng, window_len(20e6)), 20e6).max() > FLOOR_DB for _ in range(10)]
    assert sum(searched) < 3  # noise reads over 9 dB in cp_15khz at times
    assert row(noise(rng, window_len(3.99e6)), 3.99e6).min() > FLOOR_DB


@pytest.mark.parametrize("length_s", [1e-6, 60e-6, 70e-6, 1e-3, 4e-3])
def test_short_windows(length_s, rng):
    c3 = row(noise(rng, max(1, round(length_s * 1.92e6))), 1.92e6)
    assert np.isfinite(c3).all()
    # fewer than the 128 samples of a symbol hold none
    assert (c3.max() > FLOOR_DB) == (length_s > 1 / 15e3)
