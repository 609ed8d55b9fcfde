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
    configured(repository, build, prefix, "cmake_uninstall.cmake")
    (build / "install_manifest.txt").write_text("\n".join(f"{prefix}/{name}" for name in FILES))
    done = uninstall(build, prefix)
    assert done.returncode == 0, done.stderr
    left = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert left == set(NOT_OURS)
    assert not [path for path in prefix.rglob("*lwmspectro*") if path.is_dir()]
    again = uninstall(build, prefix)
    assert again.returncode == 2
    assert "expected a list of files under" in again.stderr


def configured(repository, build, prefix, name, folders=()):
    """A script of cmake/, as CMake configures it into the build folder."""
    script = (repository / "cmake" / f"{name}.in").read_text()
    for variable, value in (
        ("CMAKE_CURRENT_BINARY_DIR", build),
        ("CMAKE_INSTALL_PREFIX", prefix),
        ("INSTALL_FOLDERS", " ".join(f'"{prefix / folder}"' for folder in folders)),
    ):
        script = script.replace(f"@{variable}@", str(value))
    (build / name).write_text(script)
    return ["cmake", "-P", str(build / name)]


def test_folders_that_are_new_go_if_they_are_empty(uninstall, repository, tmp_path):
    build, prefix = tmp_path / "build", tmp_path / "pre fix"
    build.mkdir()
    (prefix / "bin").mkdir(parents=True)  # empty, and not made here
    folders = ("bin", "include/gnuradio", "lib/cmake", "share/gnuradio/grc/blocks", "lib")
    note = configured(repository, build, prefix, "note_folders.cmake", folders)
    for _ in range(2):  # an installation over the first one makes none of them
        subprocess.run(note, check=True, timeout=60)
        put(prefix, [*FILES, *BESIDE])
    put(prefix, ["include/gnuradio/other/api.h", "share/theirs/x"])
    (prefix / "lib" / "theirs").mkdir()  # empty, and not made here either
    configured(repository, build, prefix, "cmake_uninstall.cmake")
    (build / "install_manifest.txt").write_text("\n".join(f"{prefix}/{name}" for name in FILES))
    done = uninstall(build, prefix)
    assert done.returncode == 0, done.stderr
    left = {str(path.relative_to(prefix)) for path in prefix.rglob("*")}
    kept = {"bin", "include", "include/gnuradio", "include/gnuradio/other", "lib", "lib/theirs"}
    kept |= {"share", "share/theirs", "include/gnuradio/other/api.h", "share/theirs/x"}
    # of folders that are not on the list, whoever made them
    kept |= {path for path in left if path.startswith(("lib/python3.11", "lib/x86_64"))}
    assert left == kept
    assert not (build / "install_folders.txt").exists()


def test_nothing_is_left_of_a_new_prefix(uninstall, repository, tmp_path):
    build, prefix = tmp_path / "build", tmp_path / "new"
    build.mkdir()
    folders = ("lib/python3.11/site-packages/gnuradio", "bin")
    subprocess.run(
        configured(repository, build, prefix, "note_folders.cmake", folders), check=True, timeout=60
    )
    put(prefix, names := [FILES[0], *FILES[3:5]])
    configured(repository, build, prefix, "cmake_uninstall.cmake")
    (build / "install_manifest.txt").write_text("\n".join(f"{prefix}/{name}" for name in names))
    assert uninstall(build, prefix).returncode == 0
    assert not prefix.exists()


@pytest.mark.parametrize("prefix", ["", "/", "usr"])
def test_a_prefix_that_is_none(uninstall, tmp_path, prefix):
    (tmp_path / "install_manifest.txt").write_text("/usr/lib/libc.so\n")
    done = uninstall(tmp_path, prefix)
    assert done.returncode == 2
    assert "expected a prefix below /" in done.stderr


def test_the_list_of_another_prefix(uninstall, tmp_path):
    (tmp_path / "install_manifest.txt").write_text("/opt/axb/lib/x\n")
    assert uninstall(tmp_path, "/opt/a.b").returncode == 2
