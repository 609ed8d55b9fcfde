# SPDX-License-Identifier: GPL-3.0-or-later
"""How a document came about: command, data, machine, versions, duration."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

import torch

from .cells import Cell


def machine() -> str:
    """Processor, cores, PyTorch, and the GPU if there is one."""
    name = platform.processor() or platform.machine()
    try:
        for line in (
            Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
        ):
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass  # not Linux
    gpu = f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""
    return f"{gpu}{name}, {os.cpu_count()} cores, PyTorch {torch.__version__}"


def lines(command: str, data: Mapping[str, str], cells: list[Cell], threads: int) -> str:
    """A list for the end of a document."""
    seconds = sum(cell.seconds for cell in cells)
    seeds = sorted({cell.key.seed for cell in cells})
    listed = "".join(
        f"- data `{name}`: SHA-256 of its files `{h[:16]}`\n" for name, h in data.items()
    )
    return (
        f"- command: `{command}`\n{listed}"
        f"- seeds {', '.join(map(str, seeds))}; mean ± half the 95 % confidence interval "
        "(Student's t)\n"
        f"- {machine()}, {threads} threads: {seconds / 60:.1f} minutes for {len(cells)} cells\n"
    )
