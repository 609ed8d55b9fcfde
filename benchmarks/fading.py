# SPDX-License-Identifier: GPL-3.0-or-later
"""The fading channel against the one that GNU Radio has, twelve taps each."""

import os
import statistics
from collections.abc import Callable
from typing import Any

from flowgraphs import cores, run_chain
from gnuradio import blocks, channels, gr
from gnuradio.lwmspectro import kernels, tdl_channel

RATE = 15.36e6
DOPPLER_HZ = 100.0
DELAYS_S = [k * 137e-9 for k in range(12)]
POWERS_DB = [-float(k) for k in range(12)]
SINUSOIDS, RICIAN_K, SEED, N_FIR = 8, 4.0, 1, 32
Row = dict[str, Any]


def ours() -> list[Any]:
    """tdl_channel with 12 paths."""
    profile = kernels.tdl_profile(DELAYS_S, POWERS_DB, DOPPLER_HZ)
    return [tdl_channel(RATE, profile, SEED), blocks.null_sink(gr.sizeof_gr_complex)]


def stock() -> list[Any]:
    """gr-channels' selective_fading_model with the same paths."""
    delays = [delay * RATE for delay in DELAYS_S]
    magnitudes = [10 ** (power / 20) for power in POWERS_DB]
    model = channels.selective_fading_model(
        SINUSOIDS, DOPPLER_HZ / RATE, False, RICIAN_K, SEED, delays, magnitudes, N_FIR
    )
    return [model, blocks.null_sink(gr.sizeof_gr_complex)]


def bench_channel(seconds: float, repeat: int) -> list[Row]:
    """Both on one core, runs interleaved."""
    chains: dict[str, Callable[[], list[Any]]] = {
        "tdl_channel": ours,
        "selective_fading_model": stock,
    }
    seen: dict[str, list[float]] = {name: [] for name in chains}
    with cores({max(os.sched_getaffinity(0))}):
        for _ in range(repeat):
            for name, make in chains.items():
                seen[name].append(run_chain(make(), seconds, paced=False)[0])
    medians = {name: statistics.median(speeds) for name, speeds in seen.items()}
    return [
        {
            "what": name,
            "MS per CPU-second": round(speed, 2),
            "of stock": round(speed / medians["selective_fading_model"], 1),
        }
        for name, speed in medians.items()
    ]
