# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the samples of a recording, a block at a time."""

import os
import select
from dataclasses import dataclass

import numpy as np

from .errors import InputError
from .recording import Recording, Segment, count_samples
from .sample_format import ComplexArray

POLL_S = 0.1
"""Longest wait for a pipe that is silent."""

_STDIN = 0


@dataclass(frozen=True)
class Chunk:
    """Some samples of one segment."""

    samples: ComplexArray
    """Empty where a pipe has nothing to give yet."""
    begins: Segment | None
    """The segment, where these are its first samples."""


class SampleReader:
    """The samples of one recording, in order, once."""

    def __init__(self, recording: Recording) -> None:
        """Opens the recording.

        Raises:
            InputError: it cannot be opened.
        """
        self.position = 0
        """Samples read so far."""
        self._recording = recording
        self._form = recording.form
        self._coming = list(recording.segments)
        self._begins: Segment | None = None  # segment of which nothing has been read yet
        self._left: int | None = 0  # samples left in the segment; None in a stream
        self._rest = b""  # the beginning of a sample, from a pipe
        self._seen_finite = self._form.component.kind != "f"
        self._fd = -1
        try:
            path = recording.path
            self._fd = os.dup(_STDIN) if path is None else os.open(path, os.O_RDONLY)
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}") from None

    def close(self) -> None:
        """Closes the file; nothing when it is closed."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read(self, limit: int) -> Chunk | None:
        """The next samples, ``limit`` at most and of one segment; None at the end.

        Raises:
            InputError: the samples cannot be read, end too early or within a sample, or
                not one of them was finite.
        """
        if self._left == 0:
            if not self._coming:
                self._check_end()
                return None
            self._begins = self._coming.pop(0)
            self._left = self._begins.count
        try:
            if self._left is None:
                data = self._read_pipe(limit)
            else:
                data = self._read_file(min(limit, self._left))
        except OSError as error:
            raise self._error(f"cannot be read: {error.strerror}") from None
        if data is None:
            self._check_end()
            return None
        samples = self._form.decode(data)
        if not len(samples):
            return Chunk(samples, None)
        if not self._seen_finite:
            self._seen_finite = bool(np.isfinite(samples).any())
        if self._left is not None:
            self._left -= len(samples)
        self.position += len(samples)
        begins, self._begins = self._begins, None
        return Chunk(samples, begins)

    def check_finite(self) -> None:
        """Reads up to the first finite sample; what was read is gone.

        Raises:
            InputError: there is no such sample.
        """
        while not self._seen_finite and self.read(1 << 18) is not None:
            pass

    def _check_end(self) -> None:
        if self._rest or not self.position:
            n_bytes = self.position * self._form.sample_bytes + len(self._rest)
            try:
                count_samples(n_bytes, self._form)
            except InputError as error:
                raise self._error(str(error)) from None
        if not self._seen_finite:
            raise self._error("expected samples, got none that is finite")

    def _read_file(self, count: int) -> bytes:
        if self._begins is not None:
            os.lseek(self._fd, self._begins.byte_offset, os.SEEK_SET)
        wanted = count * self._form.sample_bytes
        data = os.read(self._fd, wanted)
        while len(data) < wanted:
            more = os.read(self._fd, wanted - len(data))
            if not more:
                raise self._error(f"ended while it was read, after {self.position} samples")
            data += more
        return data

    def _read_pipe(self, limit: int) -> bytes | None:
        """Whole samples, empty where none came in POLL_S; None at the end."""
        if not select.select([self._fd], [], [], POLL_S)[0]:
            return b""
        more = os.read(self._fd, limit * self._form.sample_bytes)
        if not more:
            return None
        data = self._rest + more
        whole = len(data) // self._form.sample_bytes * self._form.sample_bytes
        self._rest = data[whole:]
        return data[:whole]

    def _error(self, text: str) -> InputError:
        return InputError(f"{self._recording.name}: {text}")
