# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources, and what the front end costs."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from flowgraphs import cpu_seconds, run_chain
from gnuradio import blocks, gr
from gnuradio.lwmspectro import front_end
from gnuradio.lwmspectro.transmitters.protocols import PROTOCOLS
from gnuradio.lwmspectro.transmitters.source_block import transmitter_source
from gnuradio.lwmspectro.waveforms import lte, nr, single_carrier, wifi
from gnuradio.lwmspectro.waveforms.frontend import PROFILES

Row = dict[str, Any]
LAYERS = {"wifi": wifi, "lte": lte, "nr": nr, "single-carrier": single_carrier}
SOURCES: tuple[tuple[str, str, dict[str, Any], float], ...] = (  # name, layer, settings, rate
    ("WiFi, 802.11n MCS 7", "wifi", {}, 0.0),
    ("LTE, 1.4 MHz", "lte", {"n_prb": 6}, 0.0),
    ("LTE, 10 MHz", "lte", {"n_prb": 50}, 0.0),
    ("NR, 10 MHz at 30 kHz", "nr", {"n_rb": 24}, 0.0),
    ("NR, 20 MHz at 30 kHz", "nr", {"n_rb": 51}, 0.0),
    ("single carrier, QPSK", "single-carrier", {}, 0.0),
    ("single carrier, 4 to 6 MS/s", "single-carrier", {}, 6e6),
)
FRONT_END_RATE = 20e6


def _source(layer: str, settings: dict[str, Any], samp_rate: float) -> transmitter_source:
    protocol = PROTOCOLS[layer]
    transmitter = protocol.transmitter(protocol.configure(**settings), 0)
    return transmitter_source(layer, transmitter, samp_rate, 1.0, 0.0)


def _run_source(source: transmitter_source, seconds: float) -> float:
    """Samples a CPU-second, in MS/s."""
    graph = gr.top_block()
    graph.connect(source, blocks.null_sink(gr.sizeof_gr_complex))
    cpu = cpu_seconds()
    graph.start()
    time.sleep(seconds)
    graph.stop()
    graph.wait()
    return float(source.nitems_written(0) / (cpu_seconds() - cpu) / 1e6)


def _front_end(profile: str) -> Callable[[], list[Any]]:
    return lambda: [
        front_end(FRONT_END_RATE, profile),
        blocks.null_sink(gr.sizeof_gr_complex),
    ]


def bench_transmitters(seconds: float, repeat: int) -> list[Row]:
    """Each source into nothing, and each front end behind noise."""
    rows = []
    for name, layer, settings, samp_rate in SOURCES:
        sources = [_source(layer, settings, samp_rate) for _ in range(repeat)]
        speed = statistics.median(_run_source(source, seconds) for source in sources)
        rows.append(_row(f"source: {name}", speed, sources[0].samp_rate))
    for profile in PROFILES:
        make = _front_end(profile)
        speed = statistics.median(run_chain(make(), seconds, False)[0] for _ in range(repeat))
        rows.append(_row(f"front end: {profile}", speed, FRONT_END_RATE))
    return rows


def _row(what: str, speed: float, samp_rate: float) -> Row:
    return {
        "what": what,
        "MS per CPU-second": round(speed, 1),
        "of real time": round(speed * 1e6 / samp_rate, 2),
        "sample rate": f"{samp_rate / 1e6:g} MS/s",
    }
