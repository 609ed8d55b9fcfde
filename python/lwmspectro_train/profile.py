# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a window goes: one process, kernels alone, stage by stage."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import (
    channels,
    common,
    frontend,
    negatives,
    resample,
    snr,
)
from gnuradio.lwmspectro.waveforms.physical_layers import LAYERS

from . import chunks, columns, scene_plan
from .columns import Window
from .dataset_config import DatasetConfig
from .kernel_renderer import KernelRenderer
from .memory import keep_freed_memory
from .scene_plan import PlannedScene

_STAGES: dict[str, tuple[Callable[..., Any], ...]] = {
    "transmitter": (*(layer.waveform for layer in LAYERS.values()), negatives.waveform),
    "resampling": (resample.place,),
    "fading": (channels.apply,),
    "noise": (common.filtered_noise,),
    "measuring the SNR": (snr.signal_power, snr.band_power),
    "front end": (frontend.apply,),
}


@dataclass(frozen=True)
class Profile:
    """How long windows took.

    Attributes:
        windows: how many.
        cpu_s: of this process, without the profiler.
        stages: name to seconds, with the profiler; "tokenizer and the rest" is what is left.
    """

    windows: int
    cpu_s: float
    stages: dict[str, float]

    @property
    def rate(self) -> float:
        """Windows a CPU-second."""
        return self.windows / self.cpu_s

    def text(self) -> str:
        """A table, for people."""
        total = sum(self.stages.values())
        lines = [f"{self.windows} windows, {self.rate:.1f} windows/s on one core"]
        lines += [
            f"  {name:24s} {1e3 * seconds / self.windows:7.2f} ms a window {seconds / total:6.1%}"
            for name, seconds in self.stages.items()
        ]
        return "\n".join(lines)


def profile_scenes(planned: Sequence[PlannedScene], spec: kernels.window_spec) -> Profile:
    """Renders scenes twice and encodes them: once for the rate, once for the stages."""
    keep_freed_memory()
    renderer = KernelRenderer(spec)
    _encode(list(renderer.render(planned[:1])), spec)  # plans of transforms, tables
    start = time.process_time()
    _encode(list(renderer.render(planned)), spec)
    cpu_s = time.process_time() - start

    profiler = cProfile.Profile(time.process_time)
    start = time.process_time()
    profiler.enable()
    _encode(list(renderer.render(planned)), spec)
    profiler.disable()
    total = time.process_time() - start
    stats = pstats.Stats(profiler)
    stages = {name: _seconds(stats, functions) for name, functions in _STAGES.items()}
    stages["measuring the SNR"] -= _nested(stats, snr.band_power, snr.signal_power)
    stages["table and compression"] = _seconds(stats, (_encode,))
    stages["tokenizer and the rest"] = total - sum(stages.values())
    return Profile(len(planned), cpu_s, stages)


def profile(config: DatasetConfig, windows: int) -> Profile:
    """Profiles the first windows of a data set."""
    sites = scene_plan.sites_of(config)
    planned = [scene_plan.plan(config, number, sites) for number in range(windows)]
    return profile_scenes(planned, config.tokens.window_spec())


def _encode(windows: list[Window], spec: kernels.window_spec) -> bytes:
    parts = columns.views(spec)
    return chunks.encode(columns.table(windows, parts, {}), parts)


def _key(function: Callable[..., Any]) -> tuple[str, int, str]:
    code = function.__code__
    return code.co_filename, code.co_firstlineno, code.co_name


def _seconds(stats: pstats.Stats, functions: Iterable[Callable[..., Any]]) -> float:
    """Cumulative time of functions."""
    table = stats.stats  # type: ignore[attr-defined]
    return float(sum(table[key][3] for f in functions if (key := _key(f)) in table))


def _nested(stats: pstats.Stats, inner: Callable[..., Any], outer: Callable[..., Any]) -> float:
    """Cumulative time of one function within another, which has counted it already."""
    entry = stats.stats.get(_key(inner))  # type: ignore[attr-defined]
    return float(entry[4].get(_key(outer), (0, 0, 0, 0.0))[3]) if entry else 0.0
