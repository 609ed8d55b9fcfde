# SPDX-License-Identifier: GPL-3.0-or-later
"""The build without GNU Radio, for machines that make data sets and train."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest


@pytest.mark.skipif(shutil.which("cmake") is None, reason="CMake is not installed")
def test_configuration_without_gnuradio_links_none_of_it(repository: Path, tmp_path: Path) -> None:
    options = ["-DENABLE_GNURADIO=OFF", f"-DCMAKE_INSTALL_PREFIX={tmp_path / 'prefix'}"]
    command = ["cmake", "-S", str(repository), "-B", str(tmp_path / "build"), *options]
    step = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert step.returncode == 0, step.stdout + step.stderr
    assert "Gnuradio_DIR" not in (tmp_path / "build" / "CMakeCache.txt").read_text()
    links = list((tmp_path / "build").rglob("link.txt"))
    assert len(links) == 2  # the library and its Python module
    for link in links:
        text = link.read_text()
        assert "volk" in text
        assert "gnuradio-" not in text


def test_package_has_the_version_of_the_module(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    cmake = (repository / "CMakeLists.txt").read_text()
    found = re.search(r"project\(gr-lwmspectro VERSION ([\d.]+)", cmake)
    assert found is not None
    assert project["version"] == found[1]


def test_package_wants_what_the_requirements_want(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    lines = [
        line.partition("#")[0].strip()
        for name in ("runtime", "train")
        for line in (repository / "requirements" / f"{name}.txt").read_text().splitlines()
    ]
    assert set(project["dependencies"]) <= set(lines)
