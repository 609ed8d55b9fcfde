# SPDX-License-Identifier: GPL-3.0-or-later
"""Another CMake project finds, compiles against and links the installed libraries."""

import os
import shutil
import subprocess

import pytest
from gnuradio.lwmspectro import kernels

PROJECT = """\
cmake_minimum_required(VERSION 3.20)
project(consumer LANGUAGES CXX C)
find_package(gnuradio-lwmspectro 0.1 REQUIRED)
add_executable(consumer consumer.cc)
target_link_libraries(consumer gnuradio::gnuradio-lwmspectro)
"""

SOURCE = """\
#include <gnuradio/lwmspectro/window_tokenizer.h>
#include <cstdio>

int main()
{
    std::printf("%d", static_cast<int>(gr::lwmspectro::window_spec{}.vlen()));
}
"""


@pytest.mark.skipif(shutil.which("cmake") is None, reason="CMake is not installed")
def test_find_package(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(PROJECT)
    (tmp_path / "consumer.cc").write_text(SOURCE)
    for command in (
        ["cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}"],
        ["cmake", "--build", "build"],
    ):
        step = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert step.returncode == 0, step.stdout + step.stderr
    result = subprocess.run(
        [tmp_path / "build" / "consumer"], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == str(kernels.window_spec().vlen)


def test_nothing_is_exported_without_a_name(prefix):
    """gr_modtool's template leaves a stray Config.cmake."""
    installed = {path.name for path in prefix.rglob("*.cmake")}
    assert "gnuradio-lwmspectroConfig.cmake" in installed
    assert all(name.startswith("gnuradio-lwmspectro") for name in installed), installed


def test_shared_libraries_need_no_environment(prefix):
    """Every library of ours resolves all that it links, with LD_LIBRARY_PATH unset."""
    environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
    libraries = [path for path in (prefix / "lib").rglob("*.so") if "lwmspectro" in str(path)]
    assert len(libraries) >= 4
    for library in libraries:
        linked = subprocess.run(
            ["ldd", library], env=environment, capture_output=True, text=True, check=True
        )
        assert "not found" not in linked.stdout, linked.stdout
