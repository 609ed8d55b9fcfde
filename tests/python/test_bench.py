# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench` runs, and says what was wanted; its figures are not judged here."""

import json
import subprocess
import sys

import pytest

PARTS = ("tokenizer", "kernel", "grid", "channel", "transmit", "model", "chain", "latency")


@pytest.fixture
def bench(repository):
    def run(*arguments):
        command = [sys.executable, repository / "benchmarks" / "bench.py", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    return run


def test_every_part_runs(bench, make_bundle, tmp_path, monkeypatch):
    bundle = make_bundle(gain=0.0, bias=(0.0, 2.485, 0.0, 0.0), experts=("lte",))
    monkeypatch.setenv("LWMSPECTRO_MODEL", str(bundle))
    figures = tmp_path / "figures.json"
    short = ("--seconds", "0.2", "--repeat", "1", "--live-seconds", "2")
    done = bench(*short, "--json", figures)
    assert done.returncode == 0, done.stderr
    found = json.loads(figures.read_text())
    assert set(found) == {"machine", *PARTS, "wanted"}
    ways = {(row["way"], row["what"]) for row in found["tokenizer"]}
    assert ("one core", "stock chain") in ways
    assert len(ways) == 9
    assert all(row["p50 ms"] > 0 for row in found["latency"])
    assert {row["model"].split()[-1] for row in found["model"]} >= {"router", "expert_lte"}
    assert found["chain"][1]["read by an expert"] == "12 of 12"
    assert [row["wanted"] for row in found["wanted"]] == [100, 2, 25, 40, 117, 60, 0.98, 0]
    assert "met" in done.stdout


def test_unknown_part(bench):
    done = bench("tokeniser")
    assert done.returncode == 2
    assert "expected some of tokenizer, kernel" in done.stderr
