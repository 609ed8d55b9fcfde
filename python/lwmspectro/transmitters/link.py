# SPDX-License-Identifier: GPL-3.0-or-later
"""A transmitter, what is between it and a receiver, and the receiver, as one flowgraph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from gnuradio import analog, blocks, gr

from .. import kernels
from ..errors import InputError
from ..front_end import front_end
from ..lwmspectro_python import tdl_channel
from ..sample_format import SampleFormat
from ..waveforms.common import db_to_amplitude, db_to_power
from .recording_sink import recording_sink
from .sample_stream import Transmitter
from .source_block import transmitter_source


@dataclass(frozen=True)
class Propagation:
    """From the transmitter's antenna to the receiver's samples.

    Attributes:
        channel: name of a TDL model of TR 38.901, None for a cable.
        delay_spread_s: RMS, of that model.
        doppler_hz: maximum Doppler shift of that model.
        snr_db: mean signal power while transmitting over noise power, both in the part of the
            occupied band in view; None for no noise.
        front_end: profile of the receiver, None for samples as they are.
        center_freq: carrier frequency, Hz.
        level_db: RMS of signal and noise over full scale, dB, where there is no front end.
    """

    channel: str | None = None
    delay_spread_s: float = 100e-9
    doppler_hz: float = 0.0
    snr_db: float | None = None
    front_end: str | None = None
    center_freq: float = 0.0
    level_db: float = -14.0

    def noise_power(self, occupied_bw_hz: float, samp_rate: float) -> float:
        """Of all the receiver's band, beside a signal of unit power in all of its own.

        What of the signal is not in view takes as much noise with it.
        """
        if self.snr_db is None:
            return 0.0
        return samp_rate / occupied_bw_hz / db_to_power(self.snr_db)


class Link:
    """The flowgraph that writes so many samples to a file."""

    def __init__(
        self,
        transmitter: Transmitter,
        path: Propagation,
        samp_rate: float,
        n_samples: int,
        seed: int,
        file: BinaryIO,
        form: SampleFormat,
    ) -> None:
        """Connects everything.

        Args:
            transmitter: what is sent.
            path: what happens to it.
            samp_rate: Hz, of the samples; 0 for the transmitter's own.
            n_samples: to be written.
            seed: of the channel, the noise and the front end.
            file: where the samples go; stays open.
            form: how.

        Raises:
            InputError: a value is out of range.
        """
        self._n_samples = n_samples
        seeds = [int(word) for word in np.random.SeedSequence(seed).generate_state(3)]
        try:
            self.source = transmitter_source("transmitter", transmitter, samp_rate, 1.0, 0.0)
            rate = self.source.samp_rate
            chain: list[Any] = [self.source]
            if path.channel is not None:
                profile = kernels.tdl_model(path.channel, path.delay_spread_s, path.doppler_hz)
                chain.append(tdl_channel(rate, profile, seeds[0]))
            self._graph = gr.top_block("link")
            noise_power = path.noise_power(self.source.occupied_bw_hz, rate)
            if noise_power:
                adder = blocks.add_cc()
                amplitude = float(np.sqrt(noise_power))
                noise = analog.noise_source_c(analog.GR_GAUSSIAN, amplitude, 1 + seeds[1] // 2)
                self._graph.connect(noise, (adder, 1))
                chain.append(adder)
            rms = float(np.sqrt(1.0 + noise_power))
            scale = 1.0
            if path.front_end is None:
                scale = db_to_amplitude(path.level_db) / rms
            else:
                chain.append(front_end(rate, path.front_end, path.center_freq, rms, seed=seeds[2]))
        except ValueError as error:
            raise InputError(str(error)) from None
        self.sink = recording_sink(file, form, scale)
        self._graph.connect(*chain, blocks.head(gr.sizeof_gr_complex, n_samples), self.sink)
        self._graph.handle_sigint = False

    def start(self) -> None:
        """Begin."""
        self._graph.start()

    def stop(self) -> None:
        """End before the end."""
        self._graph.stop()
        self._graph.wait()

    def wait(self) -> None:
        """Until all is written, or an error has ended it.

        Raises:
            OSError: the samples cannot be written.
            RuntimeError: the transmitter failed.
        """
        self._graph.wait()
        if self.sink.error is not None:
            raise self.sink.error
        if self.source.error is not None and self.sink.written < self._n_samples:
            raise RuntimeError(f"the transmitter failed: {self.source.error}")
