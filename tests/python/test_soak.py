# SPDX-License-Identifier: GPL-3.0-or-later
"""The short form of `make soak`."""

import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="module")
def soak(repository):
    return SimpleNamespace(**runpy.run_path(str(repository / "benchmarks" / "soak.py")))


def test_a_slow_model_does_not_hold_up_a_live_source(soak):
    outcome = soak.live(seconds=2.0, model_s=1.0)
    assert outcome.failures() == []
    assert outcome.windows == 78  # 39.06 a second
    assert outcome.dropped > 50


def test_back_pressure_would_be_seen(soak):
    outcome = soak.live(seconds=2.0, model_s=0.07, policy="block")  # buffers hold some 35 windows
    assert outcome.windows == outcome.classified == 78
    assert any("late" in failure for failure in outcome.failures())


def test_many_windows_are_counted_exactly(soak):
    outcome = soak.long(windows=400, model_s=0.02)
    assert outcome.failures() == []
    assert outcome.windows == 400


def test_failures_are_told(soak):
    outcome = soak.Outcome("x", 1.0, windows=10, classified=4, dropped=5, messages=3)
    outcome.growth_mib = 100.0
    assert len(outcome.failures()) == 3
    assert outcome.report().count("FAILED") == 3


def test_it_says_how_it_is_used(repository):
    command = [sys.executable, str(repository / "benchmarks" / "soak.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--windows" in done.stdout
