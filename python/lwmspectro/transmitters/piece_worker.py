# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes pieces of samples ahead of time, in a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ..waveforms.common import Complex64

DEPTH = 4
"""Pieces that wait at most."""
_POLL_S = 0.1


class PieceWorker:
    """A thread that calls a function again and again, a few results ahead of its reader.

    ``stop`` ends the thread and loses nothing: after another ``start`` the pieces go on where
    they were. An exception of the function ends the pieces; ``error`` has it then.
    """

    def __init__(self, make: Callable[[], Complex64], depth: int = DEPTH) -> None:
        """Prepare; the thread begins with ``start``.

        Args:
            make: called in the thread alone.
            depth: pieces made ahead at most.
        """
        self._make = make
        self._ready: queue.Queue[Complex64 | None] = queue.Queue(depth)
        self._waiting: Complex64 | None = None  # made, but there was no room for it
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._ended = False  # in the thread: None has been put
        self._over = False  # in the reader: None has been taken

    @property
    def error(self) -> Exception | None:
        """What the function raised."""
        return self._error

    @property
    def running(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin, or go on."""
        if self.running or self._ended:
            return
        self._halt.clear()
        self._thread = threading.Thread(target=self._run, name="piece_worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait for the piece that is being made, and end the thread."""
        self._halt.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def get(self, timeout_s: float) -> Complex64 | None:
        """The next piece; None when there is none in time, or never again.

        Raises:
            EOFError: the function failed, and all pieces before that have been read.
        """
        if self._over:
            raise EOFError("there are no more pieces")
        try:
            piece = self._ready.get(timeout=timeout_s) if timeout_s else self._ready.get_nowait()
        except queue.Empty:
            return None
        if piece is None:
            self._over = True
            raise EOFError("there are no more pieces")
        return piece

    def _run(self) -> None:
        while not self._halt.is_set():
            if self._waiting is None and self._error is None:
                try:
                    self._waiting = self._make()
                except Exception as error:  # whatever it is, the reader has to know
                    self._error = error
            try:
                self._ready.put(self._waiting, timeout=_POLL_S)
            except queue.Full:
                continue
            if self._error is not None:
                self._ended = True
                return
            self._waiting = None
