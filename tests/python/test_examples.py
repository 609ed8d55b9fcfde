# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples: each compiles, and those that need no radio run."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "examples"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.grc"))
TIMEOUT_S = 120.0


@pytest.fixture(scope="module")
def environment(prefix, lte_bundle, tmp_path_factory):
    """Without a screen, and with a home of its own."""
    home = str(tmp_path_factory.mktemp("home"))
    return {
        **os.environ,
        "HOME": home,
        "XDG_RUNTIME_DIR": home,
        "GRC_BLOCKS_PATH": str(prefix / "share/gnuradio/grc/blocks"),
        "LWMSPECTRO_MODEL": str(lte_bundle),
        "QT_QPA_PLATFORM": "offscreen",
    }


@pytest.fixture(scope="module")
def compiled(environment, tmp_path_factory):
    """The folder with all examples as Python programs."""
    grcc = shutil.which("grcc") or pytest.fail("there is no grcc: install gnuradio")
    folder = tmp_path_factory.mktemp("examples")
    done = subprocess.run(
        [sys.executable, grcc, "-o", folder, *(FOLDER / f"{name}.grc" for name in EXAMPLES)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_promised_ones_are_there():
    classify = ["classify_file", "classify_rtlsdr", "classify_synthetic", "classify_usrp"]
    transmit = [f"transmit_{name}" for name in ("lte", "nr", "single_carrier", "wifi")]
    assert classify + transmit == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_compiles(compiled, name):
    source = (compiled / f"{name}.py").read_text(encoding="utf-8")
    compile(source, name, "exec")
    assert "lwmspectro.classifier(" in source


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_explains_itself(name):
    options = yaml.safe_load((FOLDER / f"{name}.grc").read_text(encoding="utf-8"))["options"]
    parameters = options["parameters"]
    assert parameters["id"] == name
    for field in ("title", "description", "comment"):
        assert parameters[field]


def test_the_file_example_runs(compiled, environment, tmp_path, rng):
    n = int(2.5 * 0.0256 * 2.4e6)
    noise = (rng.standard_normal(2 * n) * 0.1).astype("<f4")
    (tmp_path / "noise.sigmf-data").write_bytes(noise.tobytes())
    info = {"core:datatype": "cf32_le", "core:sample_rate": 2.4e6, "core:version": "1.0.0"}
    meta = {"global": info, "captures": [{"core:sample_start": 0, "core:frequency": 8e8}]}
    (tmp_path / "noise.sigmf-meta").write_text(json.dumps(meta | {"annotations": []}))
    done = subprocess.run(
        [sys.executable, compiled / "classify_file.py", "--file", tmp_path / "noise.sigmf-meta"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    assert done.stdout.count("(protocol . lte) (status . ok)") == 2
    assert done.stdout.count("(status . partial)") == 1
    assert done.stdout.count("(center_freq . 8e+08)") == 3


def test_the_example_in_python(environment, prefix, tmp_path):
    noise = np.random.default_rng(1).normal(size=(2 * 49152, 2)).astype(np.float32)
    noise.tofile(tmp_path / "noise.sigmf-data")
    info = {"core:datatype": "cf32_le", "core:version": "1.0.0", "core:sample_rate": 1.92e6}
    meta = {"global": info, "captures": [{"core:sample_start": 0}], "annotations": []}
    (tmp_path / "noise.sigmf-meta").write_text(json.dumps(meta))
    done = subprocess.run(
        [sys.executable, FOLDER / "classify_in_python.py", tmp_path / "noise.sigmf-meta"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    lines = [line.split() for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert [line[0] for line in lines] == ["0", "49152"]


@pytest.mark.parametrize(
    ("name", "rate"), [("classify_synthetic", "1e+07"), ("transmit_single_carrier", "4e+06")]
)
def test_an_example_runs_until_it_is_stopped(compiled, environment, name, rate):
    program = subprocess.Popen(
        [sys.executable, "-u", compiled / f"{name}.py"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    shown = []
    for line in program.stdout:
        shown.append(line)
        if sum("(protocol . lte)" in seen for seen in shown) == 40:
            break
    program.send_signal(signal.SIGTERM)
    rest, _ = program.communicate(timeout=TIMEOUT_S)
    assert program.returncode == 0, "".join(shown) + rest
    assert np.count_nonzero([f"(sample_rate . {rate})" in line for line in shown]) >= 40
