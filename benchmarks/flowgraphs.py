# SPDX-License-Identifier: GPL-3.0-or-later
"""Flowgraphs that are measured, and how."""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from gnuradio import blocks, fft, gr
from gnuradio.lwmspectro import kernels, tokenizer
from numpy.typing import NDArray

RATE = 20e6
STOCK_VLEN = 256
FILE_SAMPLES = 1 << 20
PIECE_S = 1e-3  # of the source that keeps real time


def noise(n: int) -> NDArray[np.complex64]:
    """White noise, complex64 (n,)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=2 * n).astype(np.float32).view(np.complex64)


def cpu_seconds() -> float:
    """CPU time of this process so far, all threads, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def cores(wanted: set[int]) -> Iterator[None]:
    """Threads started here run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class RealTimeSource(gr.sync_block):
    """Samples that come as from a radio, over and over: each piece when its last one is due."""

    def __init__(self, samp_rate: float, iq: NDArray[np.complex64] | None = None) -> None:
        """Plays ``iq``, or noise."""
        gr.sync_block.__init__(self, name="real_time", in_sig=None, out_sig=[np.complex64])
        self.samp_rate = samp_rate
        self.began: float | None = None
        self._piece = round(PIECE_S * samp_rate)
        self._iq = noise(self._piece) if iq is None else iq
        self.set_min_output_buffer(0, 4 * self._piece)

    def due(self, sample: int) -> float:
        """Time at which so many samples are there, seconds of time.monotonic()."""
        return (self.began or 0.0) + sample / self.samp_rate

    def work(self, _: list[Any], output_items: list[Any]) -> int:
        """Called by the scheduler."""
        if self.began is None:
            self.began = time.monotonic()
        at = self.nitems_written(0) % len(self._iq)
        n = min(len(output_items[0]), self._piece, len(self._iq) - at)
        output_items[0][:n] = self._iq[at : at + n]
        time.sleep(max(0.0, self.due(self.nitems_written(0) + n) - time.monotonic()))
        return n


def tokenizer_chain() -> list[Any]:
    """Blocks from complex samples on."""
    block = tokenizer(RATE)
    vlen = kernels.window_spec().vlen
    return [block, blocks.null_sink(gr.sizeof_float * vlen)]


def no_chain() -> list[Any]:
    """Nothing behind the source: what the source itself takes of the others' figures."""
    return [blocks.null_sink(gr.sizeof_gr_complex)]


def stock_chain() -> list[Any]:
    """The spectrogram that GNU Radio has: |FFT|^2 of each 256 samples in dB."""
    n = STOCK_VLEN
    return [
        blocks.stream_to_vector(gr.sizeof_gr_complex, n),
        fft.fft_vcc(n, True, fft.window.hann(n), True, 1),
        blocks.complex_to_mag_squared(n),
        blocks.nlog10_ff(10, n, 0),
        blocks.null_sink(gr.sizeof_float * n),
    ]


def run_chain(chain: list[Any], seconds: float, paced: bool) -> tuple[float, float]:
    """Samples a CPU-second, and samples a second, in MS/s.

    The samples come from a file in memory: of the stock sources that repeat, it takes the least
    CPU time (vector_source_c takes more than the tokenizer).
    """
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        noise(FILE_SAMPLES).tofile(file.name)
        source = blocks.file_source(gr.sizeof_gr_complex, file.name, True)
        pace = [blocks.throttle(gr.sizeof_gr_complex, RATE)] if paced else []
        graph = gr.top_block()
        graph.connect(source, *pace, *chain)
        cpu, wall = cpu_seconds(), time.monotonic()
        graph.start()
        time.sleep(seconds)
        graph.stop()
        graph.wait()
    cpu, wall = cpu_seconds() - cpu, time.monotonic() - wall
    samples = (pace or [source])[0].nitems_written(0)
    return samples / cpu / 1e6, samples / wall / 1e6
