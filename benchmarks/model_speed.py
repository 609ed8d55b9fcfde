# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows a second of each model of the bundle, and of the paper's encoder in PyTorch."""

import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from flowgraphs import cpu_seconds
from gnuradio.lwmspectro import open_bundle
from gnuradio.lwmspectro.inference import PROVIDERS, Router, open_experts
from gnuradio.lwmspectro.packages import import_onnxruntime
from numpy.typing import NDArray

WINDOW_S = 25.6e-3
WAYS = ((1, 1), (1, 8), (2, 1))
"""Threads and batch."""
PAPER = {"d_model": 128, "nhead": 8, "dim_feedforward": 512}  # LWM-Spectro, III-B
PAPER_LAYERS, PAPER_TOKENS = 12, 1024
Row = dict[str, Any]


def bench_model(seconds: float, repeat: int) -> list[Row]:
    """The default bundle, or that of LWMSPECTRO_MODEL; medians."""
    bundle = open_bundle()
    rng = np.random.default_rng(0)
    rows = []
    for provider in providers():
        for threads, batch in WAYS:
            models = {"router": (Router(bundle, provider, threads), bundle.spec.router_vlen)}
            for protocol, expert in open_experts(bundle, provider, threads).items():
                models[f"expert_{protocol}"] = (expert, bundle.spec.vlen)
            for name, (run, vlen) in models.items():
                tokens = rng.normal(size=(batch, vlen)).astype(np.float32)
                speed = measure(run, tokens, seconds / 2, repeat)
                rows.append(_row(f"{bundle.id} {name}", provider, threads, batch, speed))
    return rows + paper_encoder(seconds / 2, repeat)


def providers() -> list[str]:
    """Short names of the execution providers that are here."""
    available = import_onnxruntime().get_available_providers()
    found = [name for name, provider in PROVIDERS.items() if provider in available]
    plugin = find_spec("onnxruntime_ep_openvino") is not None
    return [*found, "openvino"] if plugin and "openvino" not in found else found


def paper_encoder(seconds: float, repeat: int) -> list[Row]:
    """An encoder of the paper's size with random weights; nothing where PyTorch is absent."""
    if find_spec("torch") is None:
        return []
    import torch

    layer = torch.nn.TransformerEncoderLayer(
        **PAPER, dropout=0.0, activation="gelu", batch_first=True
    )
    encoder = torch.nn.TransformerEncoder(layer, PAPER_LAYERS, enable_nested_tensor=False).eval()
    rng = np.random.default_rng(0)
    patches = rng.normal(size=(1, PAPER_TOKENS, PAPER["d_model"])).astype(np.float32)

    def run(tokens: NDArray[np.float32]) -> None:
        with torch.inference_mode():
            encoder(torch.from_numpy(tokens))

    rows = []
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        speed = measure(run, patches, seconds, repeat)
        rows.append(_row("encoder of the paper's size", "PyTorch", threads, 1, speed))
    torch.set_num_threads(before)
    return rows


def measure(
    run: Callable[[NDArray[np.float32]], Any],
    tokens: NDArray[np.float32],
    seconds: float,
    repeat: int,
) -> tuple[float, float]:
    """Windows a second, and CPU ms a window: medians of ``repeat`` times ``seconds``."""
    run(tokens)  # warm
    found = []
    for _ in range(repeat):
        windows, cpu, start = 0, cpu_seconds(), time.monotonic()
        while (took := time.monotonic() - start) < seconds or windows == 0:
            run(tokens)
            windows += len(tokens)
        found.append((windows / took, (cpu_seconds() - cpu) / windows * 1e3))
    speeds, costs = zip(*found, strict=True)
    return statistics.median(speeds), statistics.median(costs)


def _row(model: str, provider: str, threads: int, batch: int, speed: tuple[float, float]) -> Row:
    windows_per_second, cpu_ms = speed
    return {
        "model": model,
        "provider": provider,
        "threads": threads,
        "batch": batch,
        "windows/s": round(windows_per_second, 1),
        "of real time": round(windows_per_second * WINDOW_S, 1),
        "CPU ms a window": round(cpu_ms, 2),
    }
