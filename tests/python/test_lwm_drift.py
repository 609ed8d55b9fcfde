# SPDX-License-Identifier: GPL-3.0-or-later
"""How much levels change in how long, against a reading by loops and against known fading."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")

import torch
from lwmspectro_train.lwm.config import Source
from lwmspectro_train.lwm.drift import DriftView
from lwmspectro_train.lwm.soft_counts import DRIFT_FEATURES, PERIODS_DB, RANGES

SOURCE = Source("drift")
N_RANGES = len(RANGES) - 1
DECAY = N_RANGES * 2  # features of a period: decays, then those against the shortest lags


def image(raw: np.ndarray) -> np.ndarray:
    """Features of one window, (2, DRIFT_FEATURES)."""
    found = DriftView(SOURCE).image(torch.from_numpy(raw[None].astype(np.float32)))[0]
    assert found.shape == SOURCE.image == (DRIFT_FEATURES, 2, 1)
    assert torch.isfinite(found).all()
    return found[..., 0].numpy().T


def fading(rng: np.random.Generator, doppler_hz: float, groups: int = 16) -> np.ndarray:
    """Levels of Rayleigh fading in dB, frames of 200 us by bins, groups of these alike."""
    t = np.arange(128) * 200e-6
    angle, phase = rng.uniform(0.0, 2.0 * np.pi, (2, groups, 64))
    paths = np.exp(1j * (2.0 * np.pi * doppler_hz * np.cos(angle) * t[:, None, None] + phase))
    power = np.abs(paths.mean(axis=2)) ** 2
    return np.repeat(10.0 * np.log10(power + 1e-4), 128 // groups, axis=1)


def switched(rng: np.random.Generator, depth_db: float) -> np.ndarray:
    """A schedule: blocks of bins that lose ``depth_db`` for a millisecond, dB."""
    off = rng.random((26, 16)) < 0.5
    return -depth_db * np.repeat(np.repeat(off, 5, axis=0)[:128], 8, axis=1)


def slow_decays(raw: np.ndarray) -> np.ndarray:
    """Decays of a window without noise or pauses, (2, periods, ranges), in nepers."""
    power = 10.0 ** (0.1 * np.maximum(raw - raw.max(), -70.0))
    least = 0.5 * np.sort(power.mean(axis=0))[3]
    quiet = np.sort(power.mean(axis=1))
    gap_db = 10.0 * np.log10(quiet[-20:].mean() / quiet[:13].mean())
    idle = power[power.mean(axis=1) <= quiet[12]].mean(axis=0)
    noise = idle / (1.0 + np.exp(-1.5 * (gap_db - 6.0)))
    floor = np.maximum(noise, least)
    taken = np.maximum(power - 0.9 * noise, 0.1 * floor)
    level = 10.0 * np.log10(taken.reshape(128, 16, 8).mean(axis=2))
    floor_db = 10.0 * np.log10(floor.reshape(16, 8).mean(axis=1))
    top = np.sort(level.max(axis=0))[-4:].mean()
    weight = 1.0 / (1.0 + np.exp(-(level - floor_db - 3.0)))
    weight /= 1.0 + np.exp(-(level - top + 20.0) / 1.5)
    mean = (weight * level).sum(axis=1) / np.maximum(weight.sum(axis=1), 0.5)
    out = np.zeros((2, len(PERIODS_DB), N_RANGES))
    for k, x in enumerate((level, level - mean[:, None])):
        for j, period in enumerate(PERIODS_DB):
            for r in range(N_RANGES):
                alike = pairs = 0.0
                for lag in range(RANGES[r], RANGES[r + 1]):
                    both = weight[lag:] * weight[:-lag]
                    pairs += both.sum()
                    alike += (both * np.cos(2.0 * np.pi / period * (x[lag:] - x[:-lag]))).sum()
                out[k, j, r] = -np.log(np.clip(alike / (pairs + 3.0), 0.02, 1.0))
    return out


def test_decays_match_a_slow_reading(rng: np.random.Generator) -> None:
    raw = fading(rng, 60.0) + rng.normal(0.0, 0.5, (128, 128))
    raw[40:60] -= 25.0  # a pause
    features = image(raw)[:, : len(PERIODS_DB) * DECAY].reshape(2, len(PERIODS_DB), 2, N_RANGES)
    np.testing.assert_allclose(features[:, :, 0], slow_decays(raw), atol=5e-3)


@pytest.mark.parametrize("depth_db", [0.0, 12.0])
def test_faster_fading_decays_sooner_whatever_the_schedule(
    depth_db: float, rng: np.random.Generator
) -> None:
    """At lags of 1.8 to 3.8 ms: a walk at 3.5 GHz (15 Hz) and a car (150 Hz)."""
    rows = []
    for doppler_hz in (0.0, 15.0, 150.0):
        levels = [fading(rng, doppler_hz) + switched(rng, depth_db) for _ in range(6)]
        rows.append(np.array([image(x + rng.normal(0, 0.3, x.shape))[0] for x in levels]))
    place = RANGES.index(9)
    static, walk, car = (row[:, 3 * DECAY + place] for row in rows)  # of 2.5 dB
    assert static.max() < 0.8 * walk.min()
    static, walk, car = (row[:, DECAY + place] for row in rows)  # of 10 dB
    assert max(static.max(), walk.max()) < 0.8 * car.min()


def test_gain_and_direction_of_frequency_do_not_matter(rng: np.random.Generator) -> None:
    raw = fading(rng, 40.0) + switched(rng, 12.0)
    np.testing.assert_allclose(image(raw), image(raw + 37.0), atol=2e-3)
    np.testing.assert_allclose(image(raw), image(raw[:, ::-1].copy()), atol=2e-3)


def test_parts_of_bursts_move_the_level_alone(rng: np.random.Generator) -> None:
    """A frame that a burst fills in part is weaker in all bins alike."""
    filled = rng.uniform(-6.0, 0.0, (128, 1))
    raw = np.repeat(rng.normal(0.0, 4.0, (1, 128)), 128, axis=0)
    whole, parts = image(raw), image(raw + filled)
    shortest = slice(0, 3)
    assert parts[0, shortest].min() > whole[0, shortest].max() + 0.3
    np.testing.assert_allclose(parts[1, shortest], whole[1, shortest], atol=0.05)


def test_silence_is_finite() -> None:
    image(np.full((128, 128), -200.0))
    one = np.full((128, 128), -200.0)
    one[3, 4] = -20.0
    image(one)
