# SPDX-License-Identifier: GPL-3.0-or-later
"""The block under all transmitters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from .. import keys
from .piece_worker import PieceWorker
from .sample_stream import SampleStream, Transmitter

BUFFER_SAMPLES = 1 << 16
STALL_S = 0.05
"""Longest wait of the scheduler for a piece; then it gets the chance to stop."""
MAX_AMPLITUDE = 1e6


class transmitter_source(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """Complex baseband of a transmitter, without end, as fast as it is taken.

    Pieces are made in a thread, a few ahead. An error in it is logged, ends the stream and stays
    in ``error``. A flowgraph that is stopped and started again goes on where it was. The first
    sample carries the tag ``rx_rate`` (double, Hz), from which blocks behind it learn the sample
    rate; there is no rx_freq and no rx_time, for baseband has no carrier and no clock.
    """

    def __init__(
        self,
        name: str,
        transmitter: Transmitter,
        samp_rate: float,
        amplitude: float,
        repeat_s: float,
    ) -> None:
        """Takes the transmitter for itself.

        Args:
            name: of the block.
            transmitter: what is sent.
            samp_rate: Hz; 0 for the transmitter's own.
            amplitude: RMS of the samples while transmitting.
            repeat_s: seconds after which the samples start again; 0 never.

        Raises:
            ValueError: a value is out of range.
        """
        gr.sync_block.__init__(self, name=name, in_sig=None, out_sig=[np.complex64])
        self._stream = SampleStream(transmitter, samp_rate, repeat_s)
        self._worker = PieceWorker(self._stream.next_piece)
        self._piece = np.zeros(0, np.complex64)
        self._told = False
        self.set_amplitude(amplitude)
        self.set_min_output_buffer(BUFFER_SAMPLES)

    @property
    def samp_rate(self) -> float:
        """Hz, of the output."""
        return self._stream.samp_rate

    @property
    def occupied_bw_hz(self) -> float:
        """Bandwidth of the signal, Hz."""
        return self._stream.occupied_bw_hz

    @property
    def amplitude(self) -> float:
        """RMS of the output while transmitting."""
        return float(self._amplitude)

    @property
    def error(self) -> Exception | None:
        """What ended the stream, if anything did."""
        return self._worker.error

    def set_amplitude(self, amplitude: float) -> None:
        """RMS of the output while transmitting, from the next samples on.

        Raises:
            ValueError: it is not within 0 to 1e6.
        """
        if not 0.0 <= amplitude <= MAX_AMPLITUDE:
            raise ValueError(f"amplitude: expected 0 to {MAX_AMPLITUDE:g}, got {amplitude}")
        self._amplitude = np.float32(amplitude)

    def start(self) -> bool:
        """Called when the flowgraph starts."""
        self._worker.start()
        return True

    def stop(self) -> bool:
        """Called when the flowgraph stops."""
        self._worker.stop()
        return True

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        done = 0
        while done < len(out):
            if not self._piece.size:
                try:
                    piece = self._worker.get(0.0 if done else STALL_S)
                except EOFError:
                    return done or self._end()
                if piece is None:
                    break
                self._piece = piece
            n = min(len(out) - done, self._piece.size)
            np.multiply(self._piece[:n], self._amplitude, out=out[done : done + n])
            self._piece = self._piece[n:]
            done += n
        if done and not self.nitems_written(0):
            rate = pmt.from_double(self.samp_rate)
            self.add_item_tag(0, 0, pmt.intern(keys.RX_RATE), rate)
        return done

    def _end(self) -> int:
        if not self._told:
            self._told = True
            self.logger.error(f"{self.name()}: {self._worker.error}")
        return int(gr.WORK_DONE)
