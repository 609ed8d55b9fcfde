# SPDX-License-Identifier: GPL-3.0-or-later
"""What the symbol grids take beside the other tokens."""

import statistics
import time
from typing import Any

import numpy as np
from flowgraphs import RATE, noise
from gnuradio.lwmspectro import kernels
from numpy.typing import NDArray

WIFI_SYMBOL, WIFI_FFT = 80, 64  # samples at 20 MS/s
LEAST_WINDOWS = 10


def bursts(n: int) -> NDArray[np.complex64]:
    """WiFi symbols without end, with the long guard interval, complex64 (n,)."""
    useful = noise(n).reshape(-1, WIFI_SYMBOL)[:, :WIFI_FFT]
    guard = useful[:, 2 * WIFI_FFT - WIFI_SYMBOL :]
    return np.concatenate([guard, useful], axis=1).ravel()


def bench_grid(seconds: float, repeat: int) -> list[dict[str, Any]]:
    """CPU time a window of the kernel with all grids and without, interleaved; medians."""
    plain = kernels.window_spec()
    full = kernels.window_spec(grids=kernels.symbol_grids)
    n = kernels.window_tokenizer(RATE).window_len() // WIFI_SYMBOL * WIFI_SYMBOL
    scenes = {"noise": noise(n), "wifi": bursts(n)}
    rows = []
    for scene, iq in scenes.items():
        iq = np.resize(iq, kernels.window_tokenizer(RATE).window_len())
        made = [kernels.window_tokenizer(RATE, spec) for spec in (plain, full)]
        took: list[list[float]] = [[], []]
        for _ in range(max(LEAST_WINDOWS, int(repeat * seconds * 10))):
            for kernel, times in zip(made, took, strict=True):
                start = time.process_time()
                kernel.push(iq)
                times.append(time.process_time() - start)
        without, together = (statistics.median(times) * 1e3 for times in took)
        rows.append(
            {
                "scene": scene,
                "plain ms a window": round(without, 2),
                "with grids ms": round(together, 2),
                "grids ms": round(together - without, 2),
                "of plain": round(together / without, 2),
            }
        )
    return rows
