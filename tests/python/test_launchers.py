# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed command lines run with nothing set in the environment, from anywhere."""

import importlib.util
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

APPS = ["lwmspectro-classify", "lwmspectro-monitor", "lwmspectro-demo", "lwmspectro-transmit"]
TRAIN_APP = pytest.param(
    "lwmspectro-train",
    marks=pytest.mark.skipif(
        importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"
    ),
)


@pytest.mark.parametrize("app", [*APPS, TRAIN_APP])
def test_help_from_another_folder_in_an_empty_environment(app, run_app, tmp_path):
    result = run_app(app, "--help", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.startswith(f"usage: {app}")


def test_through_a_symbolic_link(prefix, tmp_path):
    link = tmp_path / "classify"
    link.symlink_to(prefix / "bin" / "lwmspectro-classify")
    subprocess.run([link, "--help"], env={}, check=True, capture_output=True, timeout=120)


def test_a_missing_package_is_one_line(prefix, tmp_path):
    """With an interpreter that finds no package at all, not even GNU Radio."""
    launcher = (prefix / "bin" / "lwmspectro-classify").read_text()
    interpreter = launcher.splitlines()[1].split('"')[3]
    orphan = tmp_path / "bin" / "lwmspectro-classify"
    orphan.parent.mkdir()
    orphan.write_text(launcher)
    result = subprocess.run(
        [interpreter, "-S", orphan], env={}, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "'gnuradio' is missing" in result.stderr


def test_a_closed_pipe_ends_quietly(prefix):
    """`lwmspectro-classify --help | true`, as near as a test gets without a race."""
    reader, writer = os.pipe()
    os.close(reader)
    command: list[str | Path] = [prefix / "bin" / "lwmspectro-classify", "--help"]
    result = subprocess.run(
        command, env={}, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120
    )
    os.close(writer)
    assert result.stderr == ""
    assert result.returncode == 0


@pytest.mark.parametrize("delay_s", [0.0, 0.2, 0.5])
def test_an_interrupt_while_it_starts_is_quiet(prefix, delay_s):
    command = [prefix / "bin" / "lwmspectro-monitor", "--source", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        maps, deadline = Path(f"/proc/{process.pid}/maps"), time.monotonic() + 60.0
        while "gnuradio-runtime" not in maps.read_text() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(delay_s)  # after it has begun to import GNU Radio
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, 0)
    assert b"Traceback" not in err
