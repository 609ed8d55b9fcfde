# SPDX-License-Identifier: GPL-3.0-or-later
"""Python packages that live beside this installation rather than in Debian's Python."""

from __future__ import annotations

import importlib
import sys
import sysconfig
from pathlib import Path
from typing import Any

from .errors import ProviderError


def import_onnxruntime() -> Any:
    """onnxruntime, wherever it is.

    GNU Radio Companion runs flowgraphs with the system's Python, which need not have it; the
    virtual environment of the command lines has. That is searched last, so that it gives no
    package which Python has itself.

    Raises:
        ProviderError: it is in neither.
    """
    try:
        return importlib.import_module("onnxruntime")
    except ModuleNotFoundError:
        pass
    site = _site_of_command_lines()
    if site is not None and str(site) not in sys.path:
        sys.path.append(str(site))
        importlib.invalidate_caches()
    try:
        return importlib.import_module("onnxruntime")
    except ModuleNotFoundError as error:
        raise ProviderError(
            f"expected the Python package onnxruntime for {sys.executable}, found no "
            f"{error.name}: pip install onnxruntime in its environment"
        ) from None


def _site_of_command_lines() -> Path | None:
    """Where the virtual environment of the command lines keeps its packages, if it is one."""
    from ._paths import PYTHON  # written by the installation

    root = PYTHON.parent.parent
    if not (root / "pyvenv.cfg").is_file():
        return None
    paths = {"base": str(root), "platbase": str(root)}
    return Path(sysconfig.get_path("platlib", scheme="posix_prefix", vars=paths))
