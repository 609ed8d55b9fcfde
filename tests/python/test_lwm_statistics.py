# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics of constellations and of fading against slow readings and closed forms."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lwmspectro_train.lwm import soft_counts
from lwmspectro_train.lwm.config import Source
from lwmspectro_train.lwm.statistics import ConstellationView, SimilarityView

ABSENT_DB = -200.0
LAGS = soft_counts.LAGS
CONSTELLATION = Source("constellation", "cp_15khz", patch=(32, 16))


@given(st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_soft_bins_add_up_to_one_and_keep_the_mean(values: list[float]) -> None:
    hats = soft_counts.Hats(-1.0, 0.5, 7)
    x = torch.tensor(values, dtype=torch.float64)
    ramps = torch.cat([torch.ones_like(x)[None], hats.ramps(x)])
    counts = soft_counts.hats_of(ramps, 0).T
    points = -1.0 + 0.5 * torch.arange(7, dtype=torch.float64)
    torch.testing.assert_close(counts.sum(dim=1), torch.ones_like(x))
    torch.testing.assert_close(counts @ points, x.clamp(-1.0, 2.0))
    assert int((counts > 0).sum(dim=1).max()) <= 2


def grids(rng: np.random.Generator, n: int = 2) -> torch.Tensor:
    raw = rng.uniform(0.0, 1.5, (n, 5, 128, 128)).astype(np.float32)
    raw[:, 0] = rng.normal(-60.0, 5.0, (n, 128, 128))
    raw[:, 1:3] = rng.uniform(-1.0, 1.0, (n, 2, 128, 128))
    gone = rng.random((n, 128, 128)) < 0.2
    raw[:, 0][gone] = ABSENT_DB
    for plane in range(1, 5):
        raw[:, plane][gone] = 0.0
    return torch.from_numpy(raw)


def slow_patch(raw: np.ndarray) -> np.ndarray:
    """Features of one patch (5, rows, columns), whose powers are against the window's mean."""
    joint = np.zeros((10, 9))
    means = np.zeros((9, 6))
    fit = np.zeros(3)
    count = 0
    for power, cos2, cos4, larger, smaller in raw.reshape(5, -1).T:
        if not np.isfinite(power):
            continue
        count += 1
        bins = []
        for x, low, step, n in (
            (larger, 0.0, 0.24, 10),
            (smaller, 0.0, 0.16, 9),
            (power, -20.0, 4.0, 9),
        ):
            inside = np.clip(x, low, low + step * (n - 1))
            bins.append(np.maximum(0.0, 1.0 - np.abs(inside - low - step * np.arange(n)) / step))
        joint += np.outer(bins[0], bins[1])
        size = min(larger**2 + smaller**2, 9.0)
        means += np.outer(bins[2], [1.0, cos2, cos4, cos2**2, size, size**2])
        for k, distance in enumerate(2.0 / np.sqrt(42.0) * np.array([2.0, 1.0, 0.5])):
            steps = np.array([larger, smaller]) / distance
            fit[k] += np.cos(2.0 * np.pi * steps).mean()
    whole = max(count, 1)
    share = count / raw[0].size
    return np.concatenate([joint.ravel() / whole, means.ravel() / whole, fit / whole, [share]])


def test_constellation_matches_a_slow_reading(rng: np.random.Generator) -> None:
    raw = grids(rng, 1)
    image = ConstellationView(CONSTELLATION).image(raw)[0]
    assert image.shape == CONSTELLATION.image == (soft_counts.PATCH_FEATURES, 4, 8)
    window = raw[0].double().numpy()
    power = np.where(window[0] > ABSENT_DB, window[0], np.nan)
    window[0] = power - np.nanmean(power)
    for row, column in ((0, 0), (1, 5), (3, 7)):
        patch = window[:, 32 * row : 32 * row + 32, 16 * column : 16 * column + 16]
        np.testing.assert_allclose(image[:, row, column], slow_patch(patch), atol=2e-4)


@pytest.mark.parametrize(("points", "place"), [(16, 0), (64, 1), (256, 2)])
def test_a_constellation_lies_on_its_own_lattice_alone(points: int, place: int) -> None:
    """Points of square QAM of unit power lie at odd multiples of half their distance."""
    side = int(np.sqrt(points))
    levels = np.abs(np.arange(1 - side, side, 2)) / np.sqrt(2.0 / 3.0 * (points - 1))
    both = np.array([(max(i, q), min(i, q)) for i in levels for q in levels])
    raw = torch.zeros(1, 5, 128, 128)
    parts = torch.from_numpy(both.astype(np.float32)).T.reshape(2, -1)
    raw[0, 3:] = parts.repeat(1, 128 * 128 // points).reshape(2, 128, 128)
    fit = ConstellationView(CONSTELLATION).image(raw)[0, -4:-1].mean(dim=(1, 2))
    assert fit[place] == pytest.approx(-1.0, abs=1e-3 if points == 64 else 0.02)  # see N_LATTICES
    others = [k for k in range(3) if k != place]
    assert fit[others].min() > -0.1


def slow_features(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Of rows x (rows, columns), already weighted, with a weight each."""
    share, found = [], []
    for lag in LAGS:
        pairs = [(k, k + lag) for k in range(len(x) - lag)]
        share.append(sum(weight[a] * weight[b] for a, b in pairs) * x.shape[1])
        found.append(sum(float(x[a] @ x[b]) for a, b in pairs) / max(share[-1], 8.0))
    power = max(found[0], 1e-4)
    trust = np.log(np.array(share) + 1.0) / 8.0
    return np.concatenate([[np.log(power)], np.array(found[1:]) / power, trust])


def test_similarity_matches_a_slow_reading(rng: np.random.Generator) -> None:
    raw = grids(rng, 1)
    raw[0, 0, 40:70] = ABSENT_DB  # silent symbols
    image = SimilarityView(Source("similarity", "cp_15khz")).image(raw)[0, 0].double().numpy()
    power = raw[0, 0].double().numpy()
    there = power > ABSENT_DB
    x = np.where(there, np.clip((power - power[there].mean()) / 10.0, -3.0, 2.0), 0.0)
    drifts, actives = [], []
    for band in range(8):
        part = x[:, 16 * band : 16 * band + 16]
        level = part.mean(axis=1)
        active = 1.0 / (1.0 + np.exp(-6.0 * (level - level.max() + 1.0))) * there.mean(axis=1)
        total = max(active.sum(), 1.0)
        shape = part - level[:, None]
        shape = (shape - (shape * active[:, None]).sum(axis=0) / total) * active[:, None]
        drift = (level - (level * active).sum() / total) * active
        drifts.append(drift)
        actives.append(active)
        expected = np.concatenate(
            [slow_features(shape, active), slow_features(drift[:, None], active)]
        )
        np.testing.assert_allclose(image[band], expected, atol=1e-3)
    whole = slow_features(np.mean(drifts, axis=0)[:, None], np.mean(actives, axis=0))
    np.testing.assert_allclose(image[8], np.concatenate([whole, whole]), atol=1e-3)


@pytest.mark.parametrize("view", [ConstellationView, SimilarityView])
def test_gain_does_not_show_and_silence_is_finite(view: type, rng: np.random.Generator) -> None:
    source = CONSTELLATION if view is ConstellationView else Source("similarity", "cp_15khz")
    made, raw = view(source), grids(rng)
    louder = raw.clone()
    louder[:, 0] += torch.where(raw[:, 0] > ABSENT_DB, 20.0, 0.0)
    torch.testing.assert_close(made.image(louder), made.image(raw), atol=1e-3, rtol=1e-3)
    nothing = torch.zeros(1, 5, 128, 128)
    nothing[:, 0] = ABSENT_DB
    image = made.image(nothing)
    assert image.shape[1:] == source.image
    assert torch.isfinite(image).all()


def correlation(c0: torch.Tensor) -> torch.Tensor:
    """Of the shape in the first band at lags above 0."""
    image = SimilarityView(Source("similarity")).image(c0)  # (1, 1, 9, features)
    assert image.shape[1:] == Source("similarity").image
    return image[0, 0, 0, 1 : len(LAGS)]


def test_shapes_that_turn_are_correlated_as_a_cosine(rng: np.random.Generator) -> None:
    """cos(2 pi f t + phase) correlates with itself k frames later as cos(2 pi f k)."""
    frequency = 4 / 128
    phase = rng.uniform(0.0, 2.0 * np.pi, 128)
    t = np.arange(128)[:, None]
    c0 = torch.from_numpy(3.0 * np.cos(2.0 * np.pi * frequency * t + phase))[None].float()
    expected = torch.cos(2.0 * torch.pi * frequency * torch.tensor(LAGS[1:], dtype=torch.float32))
    torch.testing.assert_close(correlation(c0)[:14], expected[:14], atol=0.12, rtol=0.0)


def test_noise_is_like_nothing_but_itself(rng: np.random.Generator) -> None:
    c0 = torch.from_numpy(rng.normal(0.0, 1.0, (1, 128, 128))).float()
    assert correlation(c0).abs().max() < 0.12


def test_faster_fading_forgets_sooner(rng: np.random.Generator) -> None:
    """Gauss-Markov shapes: the correlation falls as exp(-lag / coherence time)."""
    for frames in (2, 10):
        keep = np.exp(-1.0 / frames)
        steps = rng.normal(0.0, np.sqrt(1.0 - keep**2), (128, 128))
        x = np.zeros((128, 128))
        x[0] = rng.normal(0.0, 1.0, 128)
        for k in range(1, 128):
            x[k] = keep * x[k - 1] + steps[k]
        found = correlation(torch.from_numpy(3.0 * x)[None].float())
        expected = torch.exp(-torch.tensor(LAGS[1:8], dtype=torch.float32) / frames)
        torch.testing.assert_close(found[:7], expected, atol=0.25, rtol=0.0)
