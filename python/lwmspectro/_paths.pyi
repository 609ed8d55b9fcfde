# SPDX-License-Identifier: GPL-3.0-or-later
# _paths.py is written by CMake, from _paths.py.in.
from pathlib import Path

PYTHON: Path
SHARE_DIR: Path
