# SPDX-License-Identifier: GPL-3.0-or-later
"""A source block that plays a recording, with the tags that a radio would give."""

from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from . import keys
from .errors import InputError
from .recording import Recording, Segment
from .sample_reader import SampleReader

BUFFER_SAMPLES = 1 << 17


class iq_file_source(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """Samples of a recording, complex, full scale at 1.0, once.

    The first sample of every segment carries the tags ``rx_rate`` (double, Hz), and where
    they are known ``rx_freq`` (double, Hz) and ``rx_time`` (tuple of uint64 seconds and
    double fraction); of the second segment and on also ``flush``. After the last sample
    comes one zero sample with ``flush``, so that the window that is open then is put out.
    """

    def __init__(self, recording: Recording, center_freq: float | None = None) -> None:
        """Opens the recording.

        Args:
            recording: see ``iqfile.open_recording``.
            center_freq: Hz, for segments that do not say.

        Raises:
            InputError: the samples cannot be opened.
        """
        gr.sync_block.__init__(self, name="iq_file_source", in_sig=None, out_sig=[np.complex64])
        self._recording = recording
        self._center_freq = center_freq
        self._reader = SampleReader(recording)
        self._ended = False
        self._error: InputError | None = None
        self.set_min_output_buffer(BUFFER_SAMPLES)

    @property
    def position(self) -> int:
        """Samples read so far."""
        return self._reader.position

    @property
    def ended(self) -> bool:
        """Whether all samples have been read."""
        return self._ended

    @property
    def error(self) -> InputError | None:
        """Why reading ended before the end, if it did."""
        return self._error

    def stop(self) -> bool:
        """Called by the scheduler."""
        self._reader.close()
        return True

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler."""
        if self._ended:
            return int(gr.WORK_DONE)
        try:
            chunk = self._reader.read(len(output_items[0]))
        except InputError as error:
            self._error = error
            self.logger.error(str(error))
            return int(gr.WORK_DONE)
        if chunk is None:
            self._ended = True
            output_items[0][0] = 0.0
            self._tag(self.nitems_written(0), keys.FLUSH, pmt.PMT_T)
            return 1
        if chunk.begins is not None:
            self._tag_segment(chunk.begins)
        output_items[0][: len(chunk.samples)] = chunk.samples
        return len(chunk.samples)

    def _tag_segment(self, segment: Segment) -> None:
        offset = self.nitems_written(0)
        if offset:
            self._tag(offset, keys.FLUSH, pmt.PMT_T)
        self._tag(offset, keys.RX_RATE, pmt.from_double(self._recording.samp_rate))
        freq = self._center_freq if segment.center_freq is None else segment.center_freq
        if freq is not None:
            self._tag(offset, keys.RX_FREQ, pmt.from_double(freq))
        if segment.rx_time is not None:
            seconds, fraction = segment.rx_time
            time = pmt.make_tuple(pmt.from_uint64(seconds), pmt.from_double(fraction))
            self._tag(offset, keys.RX_TIME, time)

    def _tag(self, offset: int, key: str, value: Any) -> None:
        self.add_item_tag(0, offset, pmt.intern(key), value)
