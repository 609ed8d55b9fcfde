#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast are the tokenizer and the model, and how late is a message?

tokenizer  Flowgraphs of the tokenizer (spectrogram and correlogram, 20 MS/s settings) and
           of the stock chain that makes a spectrogram alone: stream_to_vector(256),
           fft_vcc, complex_to_mag_squared, nlog10_ff. Both read the same noise and end in
           a null_sink. CPU time is that of the whole process, source included; the source
           alone is shown, since it takes most of it where it keeps the pace in Python.
           Repetitions are interleaved; medians are shown. Three ways: on one core; on all
           cores; and behind a source that keeps 20 MS/s, as a radio does.
kernel     The same computation without a scheduler.
grid       The tokenizer's kernel with all symbol grids and without any, at 20 MS/s, on a
           window of each kind of signal: what the grids take of one core.
model      Windows a second of the router and of each expert through onnxruntime, with one and two
           threads, alone and in batches, with every provider that is here; beside it an encoder
           of the paper's size in PyTorch, where that is installed.
chain      Windows a second at 20 MS/s of signals that the router names, from a file in memory:
           the tokenizer alone, with the bundle's grids, and the whole classifier.
channel    The fading channel of 12 taps, and gr-channels' selective_fading_model with the same
           ones, on one core.
transmit   The sources of WiFi, LTE, NR and the single carrier, each into a null_sink, and the front
           ends behind noise, all threads counted.
latency    From the instant at which the last sample of a window is due at the source to
           the message about it, behind a source that keeps real time; and windows dropped.
"""

import argparse
import functools
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fading import bench_channel
from flowgraphs import (
    RATE,
    cores,
    no_chain,
    noise,
    run_chain,
    stock_chain,
    tokenizer_chain,
)
from gnuradio import gr
from gnuradio.lwmspectro import BundleError, kernels
from grids import bench_grid
from live import WHOLE, bench_chain, bench_latency
from model_speed import bench_model
from transmitters import bench_transmitters

PIECE = 8192  # samples handed to the kernel at once
PARTS = ("tokenizer", "kernel", "grid", "channel", "transmit", "model", "chain", "latency")
Row = dict[str, Any]


def bench_tokenizer(seconds: float, repeat: int) -> list[Row]:
    """Tokenizer against stock chain, in three ways."""
    everywhere = os.sched_getaffinity(0)
    ways = {
        "one core": ({max(everywhere)}, False),
        "all cores": (everywhere, False),
        "paced at 20 MS/s": (everywhere, True),
    }
    chains: dict[str, Callable[[], list[Any]]] = {
        "tokenizer": tokenizer_chain,
        "stock chain": stock_chain,
        "source alone": no_chain,
    }
    rows = []
    for way, (where, paced) in ways.items():
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in chains}
        with cores(where):
            for _ in range(repeat):
                for name, make in chains.items():
                    seen[name].append(run_chain(make(), seconds, paced))
        medians = {
            name: [statistics.median(column) for column in zip(*runs, strict=True)]
            for name, runs in seen.items()
        }
        for name, (per_cpu, per_s) in medians.items():
            rows.append(
                {
                    "way": way,
                    "what": name,
                    "MS per CPU-second": round(per_cpu, 1),
                    "MS/s": round(per_s, 1),
                    "of stock": round(per_cpu / medians["stock chain"][0], 2),
                }
            )
    return rows


def bench_kernel(seconds: float, repeat: int) -> list[Row]:
    """The kernel called from Python, in the pieces that a flowgraph hands on."""
    rows = []
    for samp_rate in (1.92e6, 2.4e6, RATE, 30.72e6, 61.44e6):
        n = kernels.window_tokenizer(samp_rate).window_len()
        pieces = np.array_split(noise(n), -(-n // PIECE))
        first, rest = [], []
        for _ in range(max(3, int(repeat * seconds * 50e6 / n))):
            kernel = kernels.window_tokenizer(samp_rate)
            start = time.process_time()
            for piece in pieces[:-1]:
                kernel.push(piece)
            middle = time.process_time()
            kernel.push(pieces[-1])  # ends the window: the correlogram is made
            first.append(middle - start)
            rest.append(time.process_time() - middle)
        spectrogram_s, correlogram_s = statistics.median(first), statistics.median(rest)
        speed = n / (spectrogram_s + correlogram_s)
        rows.append(
            {
                "sample rate": f"{samp_rate / 1e6:g} MS/s",
                "MS per CPU-second": round(speed / 1e6, 1),
                "of real time": round(speed / samp_rate, 1),
                "spectrogram ms a window": round(spectrogram_s * 1e3, 2),
                "correlogram ms a window": round(correlogram_s * 1e3, 2),
            }
        )
    return rows


LEAST, MOST = "at least", "at most"
WANTED = (  # part, row, column, which way, figure
    ("tokenizer", {"way": "one core", "what": "tokenizer"}, "MS per CPU-second", LEAST, 100),
    ("tokenizer", {"way": "all cores", "what": "tokenizer"}, "of stock", LEAST, 2),
    ("channel", {"what": "tdl_channel"}, "MS per CPU-second", LEAST, 25),
    ("channel", {"what": "tdl_channel"}, "of stock", LEAST, 40),
    ("chain", {"what": WHOLE}, "windows/s", LEAST, 117),
    ("latency", {"sample rate": "20 MS/s"}, "p99 ms", MOST, 60),
    ("latency", {"sample rate": "20 MS/s"}, "of real time", LEAST, 0.98),
    ("latency", {"sample rate": "20 MS/s"}, "dropped", MOST, 0),
)


def judge(results: dict[str, Any]) -> list[Row]:
    """What is wanted of the parts that ran, and whether it is there."""
    judged = []
    for part, where, column, way, limit in WANTED:
        for row in results.get(part, []):
            if where.items() <= row.items():
                figure, got = ", ".join([*where.values(), column]), row[column]
                met = "met" if (got >= limit if way == LEAST else got <= limit) else "missed"
                judged.append(
                    {"figure": figure, "limit": way, "wanted": limit, "got": got, "is": met}
                )
    return judged


def show(title: str, rows: list[Row]) -> None:
    """A table on stdout."""
    print(f"\n{title}")
    widths = [max(len(str(row[key])) for row in [*rows, {key: key}]) for key in rows[0]]
    for cells in [list(rows[0]), *(list(row.values()) for row in rows)]:
        line = "  ".join(str(cell).ljust(w) for cell, w in zip(cells, widths, strict=True))
        print("  " + line.rstrip(), flush=True)


def machine() -> Row:
    """What this ran on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    return {
        "cpu": model or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "gnuradio": gr.version(),
    }


def _latency(live_seconds: float, _seconds: float, _repeat: int) -> list[Row]:
    return bench_latency(live_seconds)


def main() -> int:
    """Runs the parts asked for; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement (2)")
    parser.add_argument("--repeat", type=int, default=5, help="measurements of each (5)")
    parser.add_argument(
        "--live-seconds", type=float, default=10.0, help="of each latency run (10; 600 for drops)"
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 if a figure is missed")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"part: expected some of {', '.join(PARTS)}, got {', '.join(unknown)}")
    runs = {
        "tokenizer": bench_tokenizer,
        "kernel": bench_kernel,
        "grid": bench_grid,
        "channel": bench_channel,
        "transmit": bench_transmitters,
        "model": bench_model,
        "chain": bench_chain,
        "latency": functools.partial(_latency, options.live_seconds),
    }
    results: dict[str, Any] = {"machine": machine()}
    print("machine: " + ", ".join(f"{value} {key}" for key, value in results["machine"].items()))
    for part in options.parts or PARTS:
        try:
            results[part] = runs[part](options.seconds, options.repeat)
        except BundleError as error:
            print(f"\n{part}: skipped, no model: {error}")
            continue
        show(part, results[part])
    wanted = judge(results)
    if wanted:
        show("wanted", wanted)
    results["wanted"] = wanted
    missed = any(row["is"] != "met" for row in wanted)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
