# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/uninstall.sh takes away what an installation put there, and nothing else."""

import subprocess

import pytest


@pytest.fixture
def uninstall(repository):
    def run(build, prefix):
        command = [repository / "scripts" / "uninstall.sh", str(build), str(prefix)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    return run


FILES = (
    "bin/lwmspectro-classify",
    "include/gnuradio/lwmspectro/api.h",
    "lib/cmake/gnuradio-lwmspectro/gnuradio-lwmspectroConfig.cmake",
    "lib/python3.11/site-packages/gnuradio/lwmspectro/keys.py",
    "lib/python3.11/site-packages/lwmspectro_train/cli.py",
    "lib/x86_64-linux-gnu/libgnuradio-lwmspectro.so",
    "share/gnuradio/grc/blocks/lwmspectro_classifier.block.yml",
    "share/lwmspectro/models/lwmspectro-live/bundle.json",
)
BESIDE = (
    "lib/lwmspectro/venv/bin/python",
    "lib/python3.11/site-packages/gnuradio/lwmspectro/__pycache__/keys.pyc",
)
NOT_OURS = ("bin/other", "include/gnuradio/other/api.h")


def put(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_nothing_is_left_but_what_others_have(uninstall, repository, tmp_path):
    build, prefix = tmp_path / "build", tmp_path / "pre fix"
    put(prefix, [*FILES, *BESIDE, *NOT_OURS])
    build.mkdir()
    script = (repository / "cmake" / "cmake_uninstall.cmake.in").read_text()
    script = script.replace("@CMAKE_CURRENT_BINARY_DIR@", str(build))
    (build / "cmake_uninstall.cmake").write_text(script)
    (build / "install_manifest.txt").write_text("\n".join(f"{prefix}/{name}" for name in FILES))
    done = uninstall(build, prefix)
    assert done.returncode == 0, done.stderr
    left = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert left == set(NOT_OURS)
    assert not [path for path in prefix.rglob("*lwmspectro*") if path.is_dir()]
    again = uninstall(build, prefix)
    assert again.returncode == 2
    assert "expected a list of files under" in again.stderr


@pytest.mark.parametrize("prefix", ["", "/", "usr"])
def test_a_prefix_that_is_none(uninstall, tmp_path, prefix):
    (tmp_path / "install_manifest.txt").write_text("/usr/lib/libc.so\n")
    done = uninstall(tmp_path, prefix)
    assert done.returncode == 2
    assert "expected a prefix below /" in done.stderr


def test_the_list_of_another_prefix(uninstall, tmp_path):
    (tmp_path / "install_manifest.txt").write_text("/opt/axb/lib/x\n")
    assert uninstall(tmp_path, "/opt/a.b").returncode == 2
