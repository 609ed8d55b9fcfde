# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end of stock blocks against closed forms and against the one of numpy."""

import numpy as np
import pmt
import pytest
from gnuradio import blocks, channels, gr
from gnuradio.lwmspectro import front_end
from gnuradio.lwmspectro.waveforms import frontend
from gnuradio.lwmspectro.waveforms.common import complex_noise, loud_power
from gnuradio.lwmspectro.waveforms.frontend import PROFILES, FrontEnd
from gnuradio.lwmspectro.waveforms.frontend_profiles import TYPICAL, typical

RATE = 2.4e6
N = 200_000
CLEAN = {  # nothing of a profile
    "bits": 0,
    "backoff_db": 0.0,
    "dc_db": -np.inf,
    "iq_gain_db": 0.0,
    "iq_phase_deg": 0.0,
    "ppm": 0.0,
}


def run(block, iq, max_items=100_000):
    sink = blocks.vector_sink_c()
    graph = gr.top_block()
    graph.connect(blocks.vector_source_c(iq.astype(np.complex64), False), block, sink)
    graph.run(max_items)
    return np.array(sink.data(), np.complex64)


def tone(f, n=N):
    return np.exp(2j * np.pi * np.mod(f * np.arange(n), 1.0))


def line_db(iq, f):
    return 20 * np.log10(abs(np.vdot(tone(f, iq.size), iq)) / iq.size)


def both(iq, cfg_overrides, profile="ideal", center_freq=0.0):
    """The block's output and numpy's, for the same numbers and an input of RMS 1."""
    cfg = typical(profile, **cfg_overrides)
    made = run(front_end(RATE, profile, center_freq, 1.0, **cfg_overrides), iq)
    gain = np.sqrt(loud_power(frontend.iq_imbalance(iq, cfg.iq_gain_db, cfg.iq_phase_deg)))
    rng = np.random.default_rng(1)
    return made, frontend.apply(iq, cfg, RATE, rng, center_freq) * gain, cfg


@pytest.mark.parametrize(("gain_db", "phase_deg"), [(0.8, 2.5), (-1.5, 4.0), (0.0, 3.0)])
def test_image_rejection(gain_db, phase_deg):
    iq = tone(0.1).astype(np.complex64)
    made, other, _ = both(iq, CLEAN | {"iq_gain_db": gain_db, "iq_phase_deg": phase_deg})
    g, angle = 10 ** (gain_db / 20), np.deg2rad(phase_deg)
    expected = 20 * np.log10(abs(1 - g * np.exp(1j * angle)) / abs(1 + g * np.exp(-1j * angle)))
    for out in (made, other):
        assert line_db(out, -0.1) - line_db(out, 0.1) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("dc_db", [-20.0, 3.0])
def test_dc_level(dc_db, rng):
    iq = complex_noise(N, rng)
    made, other, cfg = both(iq, CLEAN | {"dc_db": dc_db, "backoff_db": 10.0})
    assert 20 * np.log10(abs(np.mean(made))) == pytest.approx(dc_db - 10.0, abs=0.5)
    # numpy's gain control goes by the loudest blocks
    louder = 10 * np.log10(loud_power(iq))
    assert 20 * np.log10(abs(np.mean(other))) == pytest.approx(dc_db - 10.0 + louder, abs=0.5)
    assert np.angle(np.mean(made)) == pytest.approx(cfg.dc_phase_rad, abs=0.1)


@pytest.mark.parametrize(("ppm", "center_freq", "tune_hz"), [(30.0, 1e9, 0.0), (0.0, 0.0, 5e3)])
def test_carrier_offset(ppm, center_freq, tune_hz):
    iq = tone(0.02).astype(np.complex64)
    overrides = CLEAN | {"ppm": ppm, "tune_hz": tune_hz}
    made, other, _ = both(iq, overrides, center_freq=center_freq)
    offset = tune_hz - ppm * 1e-6 * center_freq
    expected = 0.02 / (1.0 + ppm * 1e-6) + offset / RATE
    for out in (made, other):
        steps = out[2001:-2000] * np.conj(out[2000:-2001])
        measured = np.angle(np.mean(steps)) / (2 * np.pi)
        assert (measured - expected) * RATE == pytest.approx(0.0, abs=0.3)


@pytest.mark.parametrize("ppm", [-80.0, -2.0, 10.0, 500.0])
def test_sample_clock(ppm):
    f, n = 0.35, 500_000
    iq = tone(f, n).astype(np.complex64)
    out = run(front_end(RATE, "ideal", 0.0, **(CLEAN | {"ppm": ppm})), iq)
    phase = np.unwrap(np.angle(out * np.conj(tone(f, out.size)))[2000:-2000])
    slope = np.polyfit(np.arange(phase.size), phase, 1)[0] / (2 * np.pi * f)
    assert -slope * 1e6 == pytest.approx(ppm, abs=0.15, rel=1e-3)
    left = np.abs(out[2000:-2000]) - 1.0
    assert 20 * np.log10(np.sqrt(np.mean(left**2))) < -50.0


def test_sample_clock_of_both():
    """numpy's interpolator, made for short windows, is compared where it is good."""
    f, ppm = 0.1, 40.0
    iq = tone(f).astype(np.complex64)
    made, other, _ = both(iq, CLEAN | {"ppm": ppm})
    for out in (made, other):
        phase = np.unwrap(np.angle(out * np.conj(tone(f, out.size)))[2000:-2000])
        slope = np.polyfit(np.arange(phase.size), phase, 1)[0] / (2 * np.pi * f)
        assert -slope * 1e6 == pytest.approx(ppm, abs=0.5)


def test_the_stock_resampler_of_channel_model_would_not_do():
    """Why there is another: at the edge of the band it has lost most of the signal."""
    out = run(channels.channel_model(0.0, 0.0, 1.0 / (1.0 + 40e-6), [1.0], 1), tone(0.4))
    power = np.abs(out[2000:]) ** 2
    assert power.min() < 0.6
    made = run(front_end(RATE, "ideal", 0.0, **(CLEAN | {"ppm": 40.0})), tone(0.4))
    assert np.abs(made[2000:-2000]).min() > 0.99


@pytest.mark.parametrize("bits", [4, 8, 12])
def test_converter_step_and_noise(bits, rng):
    iq = complex_noise(N, rng)
    overrides = CLEAN | {"bits": bits, "backoff_db": 14.0}
    made = run(front_end(RATE, "ideal", 0.0, **overrides), iq)
    other = frontend.apply(iq, typical("ideal", **overrides), RATE, rng, 0.0)
    step = 2.0 ** (1 - bits)
    for out in (made, other):
        levels = out.view(np.float32) / step
        assert len(np.unique(levels)) > 4
        np.testing.assert_array_equal(levels, np.round(levels))
        # gain and phase of the carrier apart, the error is that of rounding I and Q
        gain = np.vdot(iq, out) / np.vdot(iq, iq)
        error = np.mean(np.abs(out - gain * iq[: out.size]) ** 2)
        assert 10 * np.log10(error / (step**2 / 6.0)) == pytest.approx(0.0, abs=0.3)


def test_converter_clips_at_its_own_width():
    loud = 10.0 * tone(0.01)
    for bits in (2, 8, 16):
        out = run(front_end(RATE, "ideal", 0.0, **(CLEAN | {"bits": bits})), loud)
        parts = out.view(np.float32)
        assert parts.min() == -1.0
        assert parts.max() == 1.0 - 2.0 ** (1 - bits)
    # which the stock quantiser alone does not
    x = blocks.vector_source_f([2.0], False)
    sink, graph = blocks.vector_sink_f(), gr.top_block()
    graph.connect(x, channels.quantizer(8), sink)
    graph.run()
    assert sink.data()[0] == 2.0


def test_drifting_dc_has_its_power_and_its_pace():
    silent = np.zeros(1_200_000, np.complex64)
    block = front_end(RATE, "rtl-sdr", 0.0, bits=0, dc_db=-np.inf, backoff_db=0.0)
    out = run(block, silent)[10_000:]
    cfg = block.config
    assert 10 * np.log10(np.mean(np.abs(out) ** 2)) == pytest.approx(cfg.drift_db, abs=1.0)
    step = round(RATE / cfg.drift_hz)
    bends = np.abs(np.diff(out, 2))
    # straight lines: it bends at one sample in so many
    assert np.mean(bends > 1e-3 * bends.max()) < 3.0 / step


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_keep_the_signal_and_its_level(profile, rng):
    iq = complex_noise(N, rng)
    block = front_end(RATE, profile, 1e9, input_rms=0.5)
    out = run(block, 0.5 * iq)
    power = 10 * np.log10(np.mean(np.abs(out - out.mean()) ** 2))
    assert power == pytest.approx(-block.config.backoff_db, abs=0.4)
    assert abs(out.size - N) < 100


@pytest.mark.parametrize("profile", PROFILES)
def test_typical_numbers_are_of_the_kind_that_training_sees(profile):
    draws = [FrontEnd.random(np.random.default_rng(seed), profile) for seed in range(400)]
    for name in ("bits", "backoff_db", "zero_lsb", "dc_db", "drift_db", "iq_gain_db", "ppm"):
        values = [getattr(draw, name) for draw in draws]
        assert min(values) <= getattr(TYPICAL[profile], name) <= max(values), name


@pytest.mark.parametrize("profile", PROFILES)
def test_each_tag_passes_once(profile):
    tags = [gr.tag_utils.python_to_tag((at, pmt.intern("here"), pmt.PMT_T)) for at in (0, 5000)]
    source = blocks.vector_source_c(np.ones(20_000, np.complex64), False, 1, tags)
    sink, graph = blocks.vector_sink_c(), gr.top_block()
    graph.connect(source, front_end(RATE, profile), sink)
    graph.run()
    offsets = sorted(tag.offset for tag in sink.tags())
    assert len(offsets) == 2
    assert offsets[0] == 0
    assert abs(offsets[1] - 5000) < 50


def test_same_seed_same_samples_however_the_scheduler_cuts_them(rng):
    iq = complex_noise(80_000, rng)
    first = run(front_end(RATE, seed=4), iq)
    assert not np.array_equal(run(front_end(RATE, seed=5), iq), first)
    for max_items in (160, 1003, 4096):
        again = run(front_end(RATE, seed=4), iq, max_items)
        n = min(first.size, again.size)
        assert n > 79_000
        np.testing.assert_array_equal(again[:n], first[:n])


def test_setters(rng):
    block = front_end(RATE, "ideal", 0.0, **(CLEAN | {"ppm": 0.0, "tune_hz": 1e3}))
    block.set_input_rms(2.0)
    assert np.abs(run(block, np.ones(1000))) == pytest.approx(0.5, abs=1e-3)
    with pytest.raises(ValueError, match="input_rms: expected above 0, got 0"):
        block.set_input_rms(0.0)
    with pytest.raises(ValueError, match="center_freq: expected 0 to 1e12 Hz, got -1"):
        block.set_center_freq(-1.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"profile": "limesdr"}, "profile: expected one of"),
        ({"bits": 1}, "bits: expected 0 or 2..16, got 1"),
        ({"bits": 17}, "bits: expected 0 to 16, got 17"),
        ({"ppm": float("nan")}, "ppm: expected -1000 to 1000, got nan"),
        ({"dc_db": float("nan")}, "dc_db: expected up to 60 dB"),
        ({"tune_hz": float("inf")}, "tune_hz: expected Hz"),
        ({"seed": -1}, "seed: expected 0 or more"),
        ({"samp_rate": 1.0}, "samp_rate: expected"),
    ],
)
def test_wrong_arguments_are_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        front_end(**{"samp_rate": RATE, **arguments})


def test_unknown_overrides_are_refused():
    with pytest.raises(ValueError, match=r"expected fields of FrontEnd, got \['gain'\]"):
        typical("usrp", gain=3.0)
