# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of TS 38.212 are those of the file they are converted from."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding.nr_tables import table

SCRIPT = Path(__file__).parents[2] / "scripts" / "convert_nr_tables.py"


def convert(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_installed_tables_are_those_of_sionna(tmp_path: Path) -> None:
    found = importlib.util.find_spec("sionna")
    if found is None or not found.submodule_search_locations:
        pytest.skip("sionna-no-rt is not installed")
    out = tmp_path / "tables.npz"
    result = convert(next(iter(found.submodule_search_locations)), "--out", out)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tables.npz"]
    with np.load(out) as made:
        for name in ("bg1", "bg2", "polar"):
            np.testing.assert_array_equal(made[name], table(name))


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    result = convert(tmp_path, "--out", tmp_path / "tables.npz")
    assert result.returncode == 2
    assert str(tmp_path) in result.stderr
    assert "5G_bg1.csv" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_damaged_table_is_not_written(tmp_path: Path) -> None:
    for name in ("5G_bg1.csv", "5G_bg2.csv"):
        lines = ["head", "head", "0;0;" + ";".join("12345678")]
        (tmp_path / name).write_text("\n".join(lines))
    (tmp_path / "polar_5G.csv").write_text("0;0\n1;1\n")
    out = tmp_path / "tables.npz"
    result = convert(tmp_path, "--out", out)
    assert result.returncode == 2
    assert "got {'bg1': 1, 'bg2': 1}" in result.stderr
    assert not out.exists()
