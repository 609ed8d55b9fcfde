# SPDX-License-Identifier: GPL-3.0-or-later
"""A source block that plays recordings, with the tags that a radio would give."""

import bisect
from collections.abc import Sequence
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from . import keys
from .errors import InputError
from .recording import Recording, Segment
from .sample_reader import Chunk, SampleReader

BUFFER_SAMPLES = 1 << 17


class iq_file_source(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """Samples of one or more recordings, complex, full scale at 1.0, one after the other.

    The first sample of every segment carries the tags ``rx_rate`` (double, Hz), ``rx_freq``
    (double, Hz), and where the time is known ``rx_time`` (tuple of uint64 seconds and
    double fraction); but for the very first also ``flush``. Recordings without a time start
    at 0. After the last sample comes one zero sample with ``flush``, so that the window
    that is open then is put out. A flowgraph that is stopped, or locked to be changed, goes
    on where it was.
    """

    def __init__(
        self, recordings: Recording | Sequence[Recording], center_freq: float | None = None
    ) -> None:
        """Opens the first recording; the others when it is their turn.

        Args:
            recordings: see ``open_recording``; more than one may differ in everything.
            center_freq: Hz, for segments that do not say; 0 where it is not given either.

        Raises:
            InputError: the samples cannot be opened.
            ValueError: there is no recording.
        """
        gr.sync_block.__init__(self, name="iq_file_source", in_sig=None, out_sig=[np.complex64])
        self._coming = [recordings] if isinstance(recordings, Recording) else list(recordings)
        if not self._coming:
            raise ValueError("recordings: expected one or more, got none")
        self._center_freq = center_freq or 0.0
        self._error: InputError | None = None
        self._ended = False
        self._played: list[Recording] = []
        self._starts: list[int] = []  # output offset of the first sample of each
        self._fresh = True  # nothing of the newest recording has been put out
        self._reader = self._open_next(0)
        self.set_min_output_buffer(BUFFER_SAMPLES)

    @property
    def position(self) -> int:
        """Samples of the newest recording read so far."""
        return self._reader.position

    @property
    def ended(self) -> bool:
        """Whether all samples have been read."""
        return self._ended

    @property
    def error(self) -> InputError | None:
        """Why reading ended before the end, if it did."""
        return self._error

    def locate(self, offset: int) -> tuple[Recording, int]:
        """The recording of a sample that was put out, and the sample's index in it.

        Args:
            offset: samples put out before that one.
        """
        number = bisect.bisect_right(self._starts, offset) - 1
        return self._played[number], offset - self._starts[number]

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        if self._ended or self._error is not None:
            return int(gr.WORK_DONE)
        try:
            chunk = self._reader.read(len(out))
            while chunk is None and self._coming:
                self._reader.close()
                self._reader = self._open_next(self.nitems_written(0))
                chunk = self._reader.read(len(out))
        except InputError as error:
            self._reader.close()
            self._error = error
            self.logger.error(str(error))
            return int(gr.WORK_DONE)
        if chunk is None:
            self._reader.close()
            self._ended = True
            chunk = Chunk(np.zeros(1, np.complex64), None)
            self._tag(keys.FLUSH, pmt.PMT_T)
        if chunk.begins is not None:
            self._tag_segment(chunk.begins)
        out[: len(chunk.samples)] = chunk.samples
        return len(chunk.samples)

    def _open_next(self, offset: int) -> SampleReader:
        recording = self._coming.pop(0)
        reader = SampleReader(recording)
        self._played.append(recording)  # before its start: locate() may be looking
        self._starts.append(offset)
        self._fresh = True
        return reader

    def _tag_segment(self, segment: Segment) -> None:
        if self.nitems_written(0):
            self._tag(keys.FLUSH, pmt.PMT_T)
        time = segment.rx_time
        if time is None and self._fresh and self.nitems_written(0):
            time = (0, 0.0)
        freq = self._center_freq if segment.center_freq is None else segment.center_freq
        self._tag(keys.RX_RATE, pmt.from_double(self._played[-1].samp_rate))
        self._tag(keys.RX_FREQ, pmt.from_double(freq))
        if time is not None:
            seconds, fraction = time
            value = pmt.make_tuple(pmt.from_uint64(seconds), pmt.from_double(fraction))
            self._tag(keys.RX_TIME, value)
        self._fresh = False

    def _tag(self, key: str, value: Any) -> None:
        self.add_item_tag(0, self.nitems_written(0), pmt.intern(key), value)
