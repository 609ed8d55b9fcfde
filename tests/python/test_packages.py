# SPDX-License-Identifier: GPL-3.0-or-later
"""onnxruntime is found by the system's Python, which Companion runs flowgraphs with."""

import subprocess
import sys
from pathlib import Path

import pytest
from gnuradio import lwmspectro
from gnuradio.lwmspectro import ProviderError, _paths, classifier, packages

SYSTEM_PYTHON = Path("/usr/bin/python3")


def run(code, tmp_path):
    """In the system's Python, with this installation on its path."""
    site = Path(lwmspectro.__file__).parents[2]
    return subprocess.run(
        [SYSTEM_PYTHON, "-c", code],
        env={"PYTHONPATH": str(site), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_flowgraph_of_the_systems_python(lte_bundle, tmp_path):
    if not SYSTEM_PYTHON.exists() or not (_paths.PYTHON.parent.parent / "pyvenv.cfg").exists():
        pytest.skip("the command lines have no virtual environment of their own")
    code = (
        "from gnuradio import lwmspectro\n"
        f"lwmspectro.classifier(1.92e6, model={str(lte_bundle)!r})\n"
        "import numpy; print(numpy.__file__)\n"
    )
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stderr
    # and what that Python has itself stays its own
    own = run("import numpy; print(numpy.__file__)", tmp_path)
    assert done.stdout.splitlines()[-1] == own.stdout.strip()


def test_without_onnxruntime(lte_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ProviderError, match="expected the Python package onnxruntime for"):
        classifier(1.92e6, model=lte_bundle)


def test_an_interpreter_without_a_virtual_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(_paths, "PYTHON", tmp_path / "bin" / "python3")
    assert packages._site_of_command_lines() is None
