# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench` runs, and says what was wanted; its figures are not judged here."""

import json
import subprocess
import sys

import pytest

PARTS = ("tokenizer", "kernel", "grid", "channel", "transmit", "model", "latency")


@pytest.fixture
def bench(repository):
    def run(*arguments):
        command = [sys.executable, repository / "benchmarks" / "bench.py", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    return run


def test_every_part_runs(bench, lte_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("LWMSPECTRO_MODEL", str(lte_bundle))
    figures = tmp_path / "figures.json"
    done = bench("--seconds", "0.2", "--repeat", "1", "--json", figures)
    assert done.returncode == 0, done.stderr
    found = json.loads(figures.read_text())
    assert set(found) == {"machine", *PARTS, "wanted"}
    ways = {(row["way"], row["what"]) for row in found["tokenizer"]}
    assert ("one core", "stock chain") in ways
    assert len(ways) == 9
    assert all(row["p50 ms"] > 0 for row in found["latency"])
    assert [row["wanted"] for row in found["wanted"]] == [100, 2, 25, 40]
    assert "met" in done.stdout


def test_unknown_part(bench):
    done = bench("tokeniser")
    assert done.returncode == 2
    assert "expected some of tokenizer, kernel" in done.stderr
