# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples in, messages out, on signals that the router names: speed, latency and drops."""

import functools
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from flowgraphs import RATE, RealTimeSource, cpu_seconds
from gnuradio import blocks, gr
from gnuradio.lwmspectro import classifier, keys, open_bundle, synthetic_source, tokenizer
from gnuradio.lwmspectro.synthetic_source import CYCLE
from numpy.typing import NDArray

LATENCY_RATES = (2.4e6, RATE)
WINDOW_S = 25.6e-3
WINDOWS_A_SCENE = 6
SNR_DB = 25.0
WARM_UP = 3  # windows
POLL_S = 5e-3
WHOLE = "tokenizer, router and experts"
Row = dict[str, Any]


@functools.lru_cache(maxsize=2)
def signals(samp_rate: float) -> NDArray[np.complex64]:
    """WiFi, LTE and NR at an SNR at which they are named, and noise, a few windows each."""
    dwell_s = WINDOWS_A_SCENE * WINDOW_S
    source = synthetic_source(samp_rate, CYCLE, dwell_s, SNR_DB)
    sink = blocks.vector_sink_c()
    graph = gr.top_block()
    n = 3 * round(dwell_s * samp_rate)  # the noise comes last: no expert would run
    graph.connect(source, blocks.head(gr.sizeof_gr_complex, n), sink)
    graph.run()
    return np.array(sink.data(), np.complex64)


def bench_chain(seconds: float, repeat: int) -> list[Row]:
    """Windows a second at 20 MS/s through the tokenizer alone, and through all; medians."""
    bundle = open_bundle()
    iq = signals(RATE)
    n_windows = max(2 * WARM_UP, round(seconds * 60))
    speeds: dict[str, list[tuple[float, float]]] = {"tokenizer": [], WHOLE: []}
    named = 0
    for _ in range(repeat):
        block = tokenizer(RATE, bundle.spec.kernel_spec())
        sink = blocks.null_sink(gr.sizeof_float * bundle.spec.vlen)
        written = functools.partial(block.nitems_written, 0)
        speeds["tokenizer"].append(_speed(iq, [block, sink], written, n_windows))
        whole = classifier(RATE, 0.0, bundle, "block")
        heard: list[dict[str, Any]] = []
        whole.add_listener(heard.append)
        speeds[WHOLE].append(_speed(iq, [whole], functools.partial(len, heard), n_windows))
        named = sum(keys.SNR_DB in message for message in heard[:n_windows])
    read = f"{named} of {n_windows}"
    rows = []
    for what, values in speeds.items():
        speed, cpu_ms = (statistics.median(column) for column in zip(*values, strict=True))
        rows.append(
            {
                "what": what if bundle.experts or what != WHOLE else "tokenizer and router",
                "model": bundle.id,
                "grids": len(bundle.spec.grids),
                "read by an expert": read if what == WHOLE else "-",
                "windows/s": round(speed, 1),
                "of real time": round(speed * WINDOW_S, 1),
                "CPU ms a window": round(cpu_ms, 2),
            }
        )
    return rows


def bench_latency(live_seconds: float) -> list[Row]:
    """Percentiles of the whole way: source, tokenizer, queue, models, message; and drops."""
    return [_latency(samp_rate, live_seconds) for samp_rate in LATENCY_RATES]


def _latency(samp_rate: float, seconds: float) -> Row:
    source = RealTimeSource(samp_rate, signals(samp_rate))
    block = classifier(samp_rate, batch=1)
    late: list[float] = []

    def heard(message: dict[str, Any]) -> None:
        last = message[keys.SAMPLE_START] + message[keys.SAMPLE_COUNT]
        late.append(time.monotonic() - source.due(last))

    block.add_listener(heard)
    graph = gr.top_block()
    graph.connect(source, block)
    graph.start()
    time.sleep(seconds)
    graph.stop()
    graph.wait()
    p50, p95, p99 = np.percentile(late[WARM_UP:], [50, 95, 99]) * 1e3
    return {
        "sample rate": f"{samp_rate / 1e6:g} MS/s",
        "seconds": round(seconds, 1),
        "windows": len(late),
        "of real time": round(len(late) * WINDOW_S / seconds, 3),
        "p50 ms": round(p50, 1),
        "p95 ms": round(p95, 1),
        "p99 ms": round(p99, 1),
        "dropped": block.counts.dropped,
    }


def _speed(
    iq: NDArray[np.complex64], chain: list[Any], done: Callable[[], int], n_windows: int
) -> tuple[float, float]:
    """Windows a second of a chain, from a file in memory that repeats; CPU ms a window.

    The source is read by the chain itself: a block between them that counts samples would copy
    them all, which takes more than the source.
    """
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        iq.tofile(file.name)
        source = blocks.file_source(gr.sizeof_gr_complex, file.name, True)
        graph = gr.top_block()
        graph.connect(source, *chain)
        cpu, wall = cpu_seconds(), time.monotonic()
        graph.start()
        while (n := done()) < n_windows:
            time.sleep(POLL_S)
        cpu, wall = cpu_seconds() - cpu, time.monotonic() - wall
        graph.stop()
        graph.wait()
        return n / wall, cpu / n * 1e3
