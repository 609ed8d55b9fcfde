# SPDX-License-Identifier: GPL-3.0-or-later
import subprocess
import sys

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import kernels, synthetic_source
from gnuradio.lwmspectro.synthetic_scenes import LINKS, LOOP_S, SCENES, Scene
from gnuradio.lwmspectro.synthetic_source import BITS, TOUR

RATE = 3.84e6
N_FFT = 256


def play(source, n_samples, max_items=0):
    """Samples and tags, as (offset, key, value)."""
    sink = blocks.vector_sink_c()
    graph = gr.top_block()
    graph.connect(source, blocks.head(gr.sizeof_gr_complex, n_samples), sink)
    graph.run(*([max_items] if max_items else []))
    tags = [(tag.offset, str(tag.key), pmt.to_python(tag.value)) for tag in sink.tags()]
    return np.array(sink.data(), np.complex64), sorted(tags, key=lambda tag: tag[:2])


def density_db(samples):
    """Mean power of each of N_FFT bins, lowest frequency first, dB."""
    parts = samples[: samples.size // N_FFT * N_FFT].reshape(-1, N_FFT) * np.hanning(N_FFT)
    power = np.mean(np.abs(np.fft.fft(parts)) ** 2, axis=0)
    return 10 * np.log10(np.fft.fftshift(power))


def test_scenes_take_turns_and_are_tagged():
    dwell = 10_000
    source = synthetic_source(RATE, dwell_s=dwell / RATE, center_freq=2e9)
    _, tags = play(source, 5 * dwell)
    assert tags == [
        (0, "rx_freq", 2e9),
        (0, "rx_rate", RATE),
        (0, "rx_time", (0, 0.0)),
        (0, "scene", "wifi"),
        (dwell, "scene", "lte"),
        (2 * dwell, "scene", "nr"),
        (3 * dwell, "scene", "noise"),
        (4 * dwell, "scene", "wifi"),
    ]
    for offset, key, value in tags:
        if key == "scene":
            assert source.scene_at(offset) == source.scene_at(offset + dwell - 1) == value
    assert source.truth(dwell - 10, 10) == "wifi"
    assert source.truth(dwell - 10, 11) is None
    assert source.truth(dwell, 0) == "lte"


def test_one_scene_is_tagged_once():
    source = synthetic_source(RATE, "noise", dwell_s=1000 / RATE)
    _, tags = play(source, 5000)
    assert [tag for tag in tags if tag[1] == "scene"] == [(0, "scene", "noise")]
    assert source.scene_at(10**12) == "noise"


def test_the_seed_decides_everything_however_the_stream_is_cut():
    arguments = {"samp_rate": RATE, "dwell_s": 50_001 / RATE, "doppler_hz": 100.0}
    first, _ = play(synthetic_source(seed=3, **arguments), 200_000)
    second, _ = play(synthetic_source(seed=3, **arguments), 200_000, max_items=777)
    other, _ = play(synthetic_source(seed=4, **arguments), 200_000)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_samples_are_those_of_a_converter():
    samples, _ = play(synthetic_source(RATE, dwell_s=0.02), int(0.08 * RATE))
    levels = samples.view(np.float32) * 2 ** (BITS - 1)
    np.testing.assert_array_equal(levels, np.rint(levels))
    clipped = np.mean(np.abs(samples.view(np.float32)) >= 1.0 - 2.0 ** (1 - BITS))
    assert clipped < 1e-3


def test_noise_is_the_same_in_all_scenes_and_the_signal_is_as_strong_as_asked():
    n = int(0.3 * RATE)
    source = synthetic_source(RATE, dwell_s=n / RATE, doppler_hz=200.0)
    samples, _ = play(source, 4 * n)
    carrier, noise = density_db(samples[n : 2 * n]), density_db(samples[3 * n :])
    outside = np.r_[25:70, 186:231]  # of 1.1 MHz in 3.84 MHz, away from the filter's edges
    inside = np.r_[102:126, 131:155]
    assert np.abs(np.mean(carrier[outside] - noise[outside])) < 0.5
    assert np.mean(carrier[inside] - noise[inside]) == pytest.approx(20.0, abs=4.0)


def test_a_tour_of_links_knows_its_truth():
    n = int(0.05 * RATE)
    source = synthetic_source(RATE, TOUR, dwell_s=n / RATE, seed=1)
    _, tags = play(source, len(LINKS) * n)
    assert [value for _, key, value in tags if key == "scene"] == [link.name for link in LINKS]
    assert len({link.name for link in LINKS}) == len(LINKS)
    for number, link in enumerate(LINKS):
        truth = source.truth_of(number * n, n)
        assert (truth.scene, truth.protocol) == (link.name, link.protocol)
        if link.protocol == "noise":
            assert (truth.modulation, truth.mobility) == (None, None)
            assert np.isnan(truth.snr_db)
            continue
        assert (truth.modulation, truth.mobility) == (link.modulation, link.mobility)
        assert truth.snr_db == pytest.approx(link.snr_db, abs=20.0)  # it fades
    assert source.truth_of(n - 10, 20) is None


def test_links_send_one_modulation(rng):
    """As the labels of their configurations say; and no other scene has one to be held to."""
    for link in LINKS:
        assert Scene.make(link.name, RATE, rng).setting == link
    source = synthetic_source(RATE, "lte")
    play(source, 10_000)
    truth = source.truth_of(0, 10_000)
    assert (truth.modulation, truth.mobility) == (None, None)


def test_the_true_snr_is_that_of_the_samples():
    """The carrier of a stream of 60 dB against a stream of noise alone, both before their gain."""
    n = int(0.1 * RATE)
    loud = synthetic_source(RATE, "lte", snr_db=60.0, doppler_hz=50.0, seed=5)
    idle = synthetic_source(RATE, "noise", seed=6)
    carrier, noise = (
        density_db(play(source, n)[0]) - 20.0 * np.log10(source._gain) for source in (loud, idle)
    )
    inside = np.r_[92:126, 131:165]  # of 1.1 MHz in 3.84 MHz, without the offset in the middle
    power = 10.0 ** (carrier[inside] / 10.0)
    snr_db = 10.0 * np.log10(power.mean()) - noise[inside].mean()
    assert loud.truth_of(0, n).snr_db == pytest.approx(snr_db, abs=0.4)


@pytest.mark.parametrize("scene", ["wifi", "lte"])
def test_the_true_snr_follows_the_noise_and_the_fading(scene):
    n = int(0.1 * RATE)
    loud, quiet = (
        synthetic_source(RATE, scene, snr_db=snr_db, doppler_hz=20.0, seed=5)
        for snr_db in (60.0, 10.0)
    )
    for source in (loud, quiet):
        play(source, n)
    told = quiet.truth_of(0, n).snr_db
    assert loud.truth_of(0, n).snr_db - told == pytest.approx(50.0, abs=1e-3)
    parts = [quiet.truth_of(k * n // 10, n // 10).snr_db for k in range(10)]
    assert min(parts) < told < max(parts)
    assert max(parts) - min(parts) > 0.5


def test_snr_may_change_while_running():
    n = 100_000
    changed = synthetic_source(RATE, "lte", snr_db=30.0)
    begin, _ = play(changed, n)
    changed.set_snr_db(-10.0)
    middle, _ = play(changed, n)
    changed.set_snr_db(30.0)
    end, _ = play(changed, n)
    constant, _ = play(synthetic_source(RATE, "lte", snr_db=30.0), n)
    np.testing.assert_array_equal(begin, constant)
    contrasts = [
        np.ptp(np.convolve(density_db(part), np.ones(9) / 9, "valid")[30:-30])
        for part in (begin, middle, end)
    ]
    assert min(contrasts[0], contrasts[2]) > 20.0
    assert contrasts[1] < 6.0


def test_doppler_may_change_while_running():
    source = synthetic_source(RATE, "lte", doppler_hz=0.0)
    play(source, 1000)
    source.set_doppler_hz(300.0)
    play(source, 1000)
    with pytest.raises(ValueError, match="doppler_hz"):
        source.set_doppler_hz(1e5)


@pytest.mark.parametrize("name", ["lte", "nr"])
def test_the_end_of_a_loop_continues_at_its_start(name, rng):
    rate = 26e6
    scene = Scene.make(name, rate, rng)
    assert scene.loop.size == round(LOOP_S * rate)
    parts = np.roll(scene.loop, N_FFT // 2).reshape(-1, N_FFT)[:2000]  # the seam is in the first
    spectra = np.abs(np.fft.fftshift(np.fft.fft(parts * np.hanning(N_FFT)), axes=1)) ** 2
    offset = np.abs(np.arange(N_FFT) - N_FFT // 2) * rate / N_FFT
    leaked = spectra[:, offset > scene.view_hz / 2 + 1e6].max(axis=1)
    assert leaked[0] <= leaked[1:].max()


@pytest.mark.parametrize("rate", [1.92e6, 2.4e6, 7.68e6, 20e6, 30.72e6])
def test_every_transmitter_fits_every_rate(rate, rng):
    for name in SCENES:
        scene = Scene.make(name, rate, rng)
        assert scene.view_hz <= rate
        if scene.loop.size:
            assert np.mean(np.abs(scene.loop) ** 2) > 0.02


def test_the_numerology_can_be_read_from_the_tokens():
    rows = dict(zip(kernels.correlogram_rows, range(len(kernels.correlogram_rows)), strict=True))
    tokenizer = kernels.window_tokenizer(20e6)
    n = tokenizer.window_len()
    highest = {}
    for name in SCENES:
        samples, _ = play(synthetic_source(20e6, name, doppler_hz=5.0), n)
        c3 = tokenizer.process(samples)[kernels.window_spec().spectrogram_size :]
        highest[name] = c3.reshape(len(rows), -1).max(axis=1)
    assert highest["lte"][rows["cp_15khz"]] > highest["noise"][rows["cp_15khz"]] + 3
    assert highest["nr"][rows["cp_30khz"]] > highest["noise"][rows["cp_30khz"]] + 3
    assert highest["wifi"][rows["wifi_long_gi"]] > highest["noise"][rows["wifi_long_gi"]] + 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"samp_rate": 1e6}, "1.92e"),
        ({"samp_rate": float("nan")}, "samp_rate"),
        ({"scenes": "fm"}, "'cycle'.*got 'fm'"),
        ({"dwell_s": 0.0}, "dwell_s"),
        ({"dwell_s": float("nan")}, "dwell_s"),
        ({"snr_db": 101.0}, "snr_db.*101"),
        ({"doppler_hz": -1.0}, "doppler_hz.*-1"),
        ({"seed": -1}, "seed.*-1"),
    ],
)
def test_wrong_arguments(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        synthetic_source(**{"samp_rate": RATE, "scenes": "noise", **arguments})


def test_it_needs_neither_torch_nor_scipy():
    code = (
        "import sys\n"
        "sys.modules['torch'] = sys.modules['scipy'] = None\n"
        "from gnuradio.lwmspectro import synthetic_source\n"
        "synthetic_source(2e6)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
