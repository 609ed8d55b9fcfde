# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and figures of experts: what counts, against counts by hand and closed forms."""

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")
pytest.importorskip("sklearn", reason="scikit-learn is not installed: no training here")

from gnuradio.lwmspectro.sites.site_set import SiteSet
from lwmspectro_train import calibrate
from lwmspectro_train.lwm.answers import CLASSES, MOBILITY, MODULATION, SNR
from lwmspectro_train.stages import fading, limits
from lwmspectro_train.stages.figures import figures
from lwmspectro_train.stages.predict import Predictions

NONE = -1


def said(
    modulation: np.ndarray,
    mobility: np.ndarray,
    truth: dict[str, Any],
    names: np.ndarray | None = None,
) -> Predictions:
    """Answers that are sure of a class, or even where that is NONE."""
    n = len(modulation)
    answers = {SNR: np.zeros((n, 1), np.float32)}
    for name, best, classes in ((MODULATION, modulation, 5), (MOBILITY, mobility, 3)):
        logits = np.zeros((n, classes), np.float32)
        sure = best != NONE
        logits[np.flatnonzero(sure), best[sure]] = 6.0
        answers[name] = logits
    table = {"modulation": np.full(n, None, object) if names is None else names}
    labels = {name: np.full(n, NONE) for name in CLASSES}
    labels |= {SNR: np.full(n, 20.0), MODULATION: modulation, MOBILITY: mobility} | truth
    return Predictions(answers, labels, np.arange(n), table)


def test_calibration_error_by_chance_is_that_of_binomial_counts() -> None:
    """All in one bin: the mean distance of a share of n from p, sqrt(2 p (1 - p) / (pi n))."""
    for n in (100, 2500):
        p = np.tile([0.7, 0.3], (n, 1))
        expected = math.sqrt(2.0 * 0.21 / (math.pi * n))
        assert calibrate.calibration_error_by_chance(p) == pytest.approx(expected, rel=0.2)


def test_windows_of_several_modulations_do_not_move_the_limit(rng: np.random.Generator) -> None:
    """An answer counts as wrong where nothing can be read, and not where users differ."""
    best = rng.integers(0, 5, 600)
    label = best.copy()
    label[400:] = NONE  # answers as sure as the rest, where there is no label
    still = np.full(600, NONE)
    names = np.full(600, None, dtype=object)
    names[400:] = "mixed"
    made = said(best, still, {MODULATION: label}, names)
    made.answers[MODULATION][:200] /= 6.0  # less sure, and as often right as that says
    label[:110] = (label[:110] + 1) % 5
    mixed = limits.of_expert(made)
    assert mixed.modulation.least_p < 0.6
    names[400:] = None  # of the sure ones half are wrong
    idle = limits.of_expert(made)
    assert idle.modulation.least_p == pytest.approx(0.95)
    assert idle.modulation.temperature == mixed.modulation.temperature


def test_the_snr_is_corrected_by_the_validation_windows() -> None:
    rng = np.random.default_rng(1)
    true = rng.uniform(-5.0, 25.0, 800)
    true[:100] = np.nan  # nothing was sent
    guess = np.full(800, NONE)
    made = said(guess, guess, {SNR: true})
    made.answers[SNR][:, 0] = true + np.where(true < 10.0, -1.0, 0.5) + rng.normal(0.0, 0.2, 800)
    made.answers[SNR][:100] = -8.0
    found = limits.of_expert(made).snr_db
    assert len(found.at_db) == 8
    assert found(-3.0) == pytest.approx(-2.0, abs=0.1)
    assert found(22.0) == pytest.approx(21.5, abs=0.1)
    better = limits.corrected(made, limits.of_expert(made))
    assert figures(better)[SNR]["median_error"] < 0.2 < 0.4 < figures(made)[SNR]["median_error"]
    made.answers[SNR][100:400, 0] = 3.0  # many alike: one point
    assert len(limits.of_expert(made).snr_db.at_db) < 8
    few = said(guess[:40], guess[:40], {SNR: true[100:140]})
    assert limits.of_expert(few).snr_db.at_db == ()


def test_figures_from_15_and_from_5_db() -> None:
    guess = np.array([0, 1, 2, 3])
    truth = np.array([0, 1, 3, 4])
    moves, speeds = np.array([1, 2, 1, 0]), np.array([1, 1, 1, 0])
    snr = np.array([20.0, 10.0, 16.0, 3.0])
    found = figures(said(guess, moves, {MODULATION: truth, MOBILITY: speeds, SNR: snr}))
    assert found[MODULATION]["accuracy"] == 0.5
    assert found[MODULATION]["from_15_db"] == {"windows": 2, "accuracy": 0.5}
    assert found["pedestrian_vehicular"]["from_5_db"] == {"windows": 3, "accuracy": 0.6667}


def test_rician_k_is_the_sites() -> None:
    sites = SiteSet.load("test")
    site = next(iter(sites))
    seen, blocked = (int(np.flatnonzero(site.is_los == value)[0]) for value in (True, False))
    table = {
        "channel": np.array(["site", "site", "cable"], object),
        "site": np.array([site.name, site.name, None], object),
        "user": np.array([seen, blocked, np.nan]),
    }
    k_db = fading.rician_k_db(table, "test")
    paths = site.user(seen)
    power = 10.0 ** (paths.gains_db / 10.0)
    of_sight = power[paths.line_of_sight].sum()
    assert k_db[0] == pytest.approx(10.0 * math.log10(of_sight / (power.sum() - of_sight)))
    assert k_db[1] == -np.inf
    assert np.isnan(k_db[2])
    made = said(np.full(3, NONE), np.array([1, 2, 0]), {MOBILITY: np.array([1, 1, 0])})
    found = fading.by_band(made, k_db, fading.RICIAN_K)
    assert found["no line of sight"] == {
        "windows": 1,
        "accuracy": 0.0,
        "moving_windows": 1,
        "pedestrian_vehicular": 0.0,
    }
    assert sum(band["windows"] for band in found.values()) == 2
    active = np.array([0.02, 0.9, 0.5])
    found = fading.by_band(made, active, fading.ACTIVITY)
    assert {name: band["windows"] for name, band in found.items()} == {
        "below 5 %": 1,
        "from 50 %": 2,
    }
