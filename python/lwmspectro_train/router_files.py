# SPDX-License-Identifier: GPL-3.0-or-later
"""A router on the disk: its size as JSON, its weights as safetensors."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

from gnuradio.lwmspectro import strict_json
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from .files import write_json
from .router import Router, RouterConfig

WEIGHTS = "router.safetensors"
CONFIG = "router.json"


def save(router: Router, folder: Path) -> None:
    """Writes size and weights of a router, each by a rename."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (WEIGHTS + ".part")
    save_file({name: value.cpu() for name, value in router.state_dict().items()}, partial)
    os.replace(partial, folder / WEIGHTS)
    write_json(folder / CONFIG, asdict(router.cfg))


def restore(folder: Path) -> Router:
    """The router that :func:`save` wrote.

    Raises:
        FileNotFoundError: there is none.
        ValueError: a file is not what it should be.
    """
    path = folder / CONFIG
    try:
        size = strict_json.build(RouterConfig, strict_json.parse(path.read_bytes()), "size")
    except strict_json.SchemaError as error:
        raise ValueError(f"{path}: {error}") from None
    router = Router(size)
    try:
        router.load_state_dict(load_file(folder / WEIGHTS))
    except (SafetensorError, RuntimeError) as error:
        message = " ".join(str(error).split())
        raise ValueError(
            f"{folder / WEIGHTS}: expected the weights of a router, got {message}"
        ) from None
    return router.eval()
