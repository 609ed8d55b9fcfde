# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a window goes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

from lwmspectro_train import cli
from lwmspectro_train.dataset_config import load
from lwmspectro_train.profile import profile


def test_stages_add_up() -> None:
    found = profile(load("smoke"), 4)
    assert found.windows == 4
    assert min(found.stages.values()) >= 0.0
    assert {"transmitter", "fading", "front end"} <= set(found.stages)
    assert found.stages["transmitter"] > 0.0
    # with the profiler it takes longer, and the stages are all of it
    assert 0.5 * found.cpu_s < sum(found.stages.values()) < 10.0 * found.cpu_s


def test_command_prints_a_table_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "data"
    assert cli.main(["generate", "smoke", "--profile", "--windows", "2", "--out", str(out)]) == 0
    assert re.match(r"2 windows, [\d.]+ windows/s on one core\n", capsys.readouterr().out)
    assert not out.exists()


def test_benchmark_names_its_cases(repository: Path) -> None:
    script = repository / "benchmarks" / "generate.py"
    done = subprocess.run(
        [sys.executable, str(script), "--windows", "1"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for case in ("15.36 MS/s, 10 MHz cell (wanted: 10)", "1.92 MS/s, 1.4 MHz cell (wanted: 60)"):
        assert case in done.stdout
