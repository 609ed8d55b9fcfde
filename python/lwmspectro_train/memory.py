# SPDX-License-Identifier: GPL-3.0-or-later
"""How a process that renders one window after the other treats its memory."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_KEPT = 1 << 30


def keep_freed_memory() -> None:
    """Keeps memory that was freed, instead of giving it back and asking for it anew.

    Windows are arrays of megabytes, which the C library maps and unmaps each time: clearing
    their pages took a third of a worker's time. Does nothing where there is no glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _KEPT)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
