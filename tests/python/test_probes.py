# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments of tokens, and the linear probes on them."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="training is not installed")
stats = pytest.importorskip("scipy.stats", reason="training is not installed")

from lwmspectro_train import cli, generate, moments, probes  # noqa: E402
from lwmspectro_train.dataset_config import load  # noqa: E402

FRAMES, BINS = 128, 128


def spectrogram(rng, occupied=slice(20, 100), snr_db=20.0, level_db=0.0, fading=None):
    """Noise, and a flat carrier in some of the bins, dB, shape (1, frames, bins)."""
    power = rng.gamma(8.0, 1 / 8.0, (FRAMES, BINS))
    gain = np.ones(FRAMES) if fading is None else fading
    power[:, occupied] += gain[:, None] * 10 ** (snr_db / 10)
    return (level_db + 10 * np.log10(power))[None].astype(np.float32)


def test_shape_moments_are_those_of_scipy():
    x = np.random.default_rng(1).gamma(2.0, size=(3, 500))
    got = moments.shape_moments(x, 1)
    expected = [x.std(axis=1), stats.skew(x, axis=1), stats.kurtosis(x, axis=1)]
    np.testing.assert_allclose(got, np.stack(expected, axis=1), rtol=1e-9)


def test_band_edges_show_the_snr_of_a_carrier_that_leaves_some():
    rng = np.random.default_rng(2)
    low, high = (moments.band_edges(spectrogram(rng, snr_db=s))[0] for s in (5.0, 20.0))
    assert low[0] - high[0] == pytest.approx(13.9, abs=1.0)  # of signal and noise
    full = moments.band_edges(spectrogram(rng, occupied=slice(0, BINS)))[0]
    assert full[0] > -3.0


def test_texture_is_blind_to_level_and_to_the_spectrum_s_shape():
    x = spectrogram(np.random.default_rng(3))
    tilted = x + 7.0 + np.linspace(-1.0, 1.0, BINS, dtype=np.float32)
    np.testing.assert_allclose(moments.texture(tilted), moments.texture(x), atol=0.05)


def test_time_is_in_the_texture_and_not_in_that_of_shuffled_frames():
    rng = np.random.default_rng(4)
    t = np.arange(FRAMES) * 200e-6
    fades = spectrogram(rng, fading=1.1 + np.cos(2 * np.pi * 97.0 * t))
    first_lag = moments.texture(np.zeros((1, FRAMES, BINS), np.float32)).shape[1] - 16
    assert moments.texture(fades)[0, first_lag] > 0.9
    shuffled = moments.shuffle_frames(fades, 1)
    assert abs(moments.texture(shuffled)[0, first_lag]) < 0.4
    np.testing.assert_array_equal(np.sort(shuffled, axis=1), np.sort(fades, axis=1))


def test_absent_elements_do_not_count():
    rng = np.random.default_rng(5)
    grid = rng.normal(size=(1, 5, 16, 16)).astype(np.float32)
    half = grid.copy()
    half[:, 0, 8:] = -200.0
    half[:, 1:, 8:] = 0.0
    got, upper = moments.constellation(half)[0], moments.constellation(grid[:, :, :8])[0]
    assert got[0] == pytest.approx(0.5)
    np.testing.assert_allclose(got[1:], upper[1:])
    nothing = np.full((1, 5, 16, 16), -200.0, np.float32)
    assert np.isfinite(moments.constellation(nothing)).all()


def make_probe(rng, informative, n=2000):
    target = rng.integers(0, 3, n)
    features = rng.normal(size=(n, 4))
    if informative:
        features[:, 2] += 3.0 * target
    snr_db = rng.uniform(-5, 25, n).astype(np.float32)
    return probes.run_probe("q", "f", features, target, np.ones(n, bool), snr_db)


def test_a_probe_finds_what_is_there_and_nothing_else():
    rng = np.random.default_rng(6)
    found, missing = make_probe(rng, True), make_probe(rng, False)
    assert found.accuracy > 0.85
    assert abs(missing.accuracy - 1 / 3) < 3 * missing.margin
    assert found.windows == 400
    assert len(found.by_snr) == len(probes.SNR_SPANS_DB)


def test_a_probe_wants_enough_windows():
    assert make_probe(np.random.default_rng(7), True, n=100) is None


def test_the_table_has_a_line_for_each_probe():
    rows = probes.as_markdown([make_probe(np.random.default_rng(8), True)]).splitlines()
    assert len(rows) == 3
    assert {row.count("|") for row in rows} == {9}


def test_probes_of_a_small_data_set(tmp_path, monkeypatch, capsys):
    generate.generate(generate.GenerateConfig(tmp_path, load("smoke"), renderer="kernels"))
    assert probes.probe(tmp_path) == []
    for options, count in (([], load("smoke").windows), (["--windows", "7"], 7)):
        assert cli.main(["probe", str(tmp_path), "--workers", "1", *options]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert "100 windows among the first 80 % and 20 among the rest" in said.err
        assert said.err.endswith(f"got {count} windows in all\n")
    monkeypatch.setattr(probes, "LEAST", 1)
    found = probes.probe(tmp_path)
    assert found
    assert {p.question.split(",")[0] for p in found} >= {"SNR in 6 classes"}
    assert all(0.0 <= p.accuracy <= 1.0 and p.windows >= 1 for p in found)
    assert len(probes.as_markdown(found).splitlines()) == 2 + len(found)
