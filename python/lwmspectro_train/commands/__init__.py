# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of lwmspectro-train: one module each, found by their file.

A module ``do_this.py`` here is the command ``do-this``. It has ``HELP``, one sentence,
``add_arguments(parser)`` and ``run(args)``. What it imports at its top must be cheap and must not
need PyTorch; the rest is imported in ``run``.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


class CommandError(Exception):
    """What the user gave cannot be done; the text is one line."""


def found() -> dict[str, ModuleType]:
    """All commands by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}") for name in names}
