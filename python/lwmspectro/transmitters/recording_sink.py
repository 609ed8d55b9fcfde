# SPDX-License-Identifier: GPL-3.0-or-later
"""A sink block that writes samples in one of the recordings' formats."""

from __future__ import annotations

import hashlib
import threading
from typing import Any, BinaryIO

import numpy as np
from gnuradio import gr
from numpy.typing import NDArray

from ..sample_format import SampleFormat


class recording_sink(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """Writes samples, times a scale; full scale is 1.0. An error ends the stream."""

    def __init__(self, file: BinaryIO, form: SampleFormat, scale: float = 1.0) -> None:
        """Takes an open file, which stays open.

        Args:
            file: where the samples go.
            form: how.
            scale: factor before that.
        """
        gr.sync_block.__init__(self, name="recording_sink", in_sig=[np.complex64], out_sig=None)
        self._file = file
        self._form = form
        self._scale = np.float32(scale)
        self.written = 0
        """Samples so far."""
        self.clipped = 0
        """Values of I or Q so far that the format could not hold."""
        self.sha512 = hashlib.sha512()
        """Of the bytes so far."""
        self.error: OSError | None = None
        """What ended the writing, if anything did."""
        self.finished = threading.Event()
        """Set when the last sample has been written, or none can be any more."""

    def stop(self) -> bool:
        """Called when the flowgraph stops."""
        self.finished.set()
        return True

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler."""
        samples = input_items[0]
        data, clipped = self._form.encode(np.multiply(samples, self._scale, dtype=np.complex64))
        try:
            self._file.write(data)
        except OSError as error:
            self.error = error
            return int(gr.WORK_DONE)
        self.sha512.update(data)
        self.written += len(samples)
        self.clipped += clipped
        return len(samples)
