# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker does: it turns the number of a chunk into the bytes of its file."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from gnuradio.lwmspectro import kernels

from . import chunks, columns
from .columns import Window
from .dataset_config import DatasetConfig
from .kernel_renderer import KernelRenderer
from .memory import keep_freed_memory
from .scene_plan import PlannedScene, plan, sites_of

RENDERERS = ("auto", "gnuradio", "kernels")


class Renderer(Protocol):
    """Turns scenes into windows."""

    def render(self, scenes: Sequence[PlannedScene]) -> Iterator[Window]:
        """A window for each scene, in order."""

    def close(self) -> None:
        """Ends what runs."""


def chosen_renderer(name: str) -> str:
    """The renderer that "auto" stands for here: GNU Radio's where it can be imported.

    Raises:
        ValueError: GNU Radio is asked for, and is not there.
    """
    if name not in RENDERERS:
        raise ValueError(f"renderer: expected one of {', '.join(RENDERERS)}, got {name!r}")
    if name == "kernels":
        return name
    found = importlib.util.find_spec("gnuradio.gr") is not None
    if name == "gnuradio" and not found:
        raise ValueError("renderer: expected kernels, since GNU Radio is not here, got gnuradio")
    return "gnuradio" if found else "kernels"


def make_renderer(name: str, spec: kernels.window_spec) -> Renderer:
    """A renderer by its name."""
    if chosen_renderer(name) == "kernels":
        return KernelRenderer(spec)
    from .flowgraph import FlowgraphRenderer

    return FlowgraphRenderer(spec)


class ChunkMaker:
    """Makes chunks of one data set, with one renderer for all of them."""

    def __init__(self, config: DatasetConfig, renderer: str = "auto") -> None:
        keep_freed_memory()
        spec = config.tokens.window_spec()
        self._config = config
        self._parts = columns.views(spec)
        self._sites = sites_of(config)
        self._renderer = make_renderer(renderer, spec)

    def numbers(self, chunk: int) -> range:
        """Numbers of the windows of a chunk."""
        first = chunk * self._config.chunk_windows
        return range(first, min(first + self._config.chunk_windows, self._config.windows))

    def make(self, chunk: int, on_window: Callable[[], None] = lambda: None) -> bytes:
        """The file of a chunk.

        Args:
            chunk: its number.
            on_window: called after each window.
        """
        scenes = [plan(self._config, number, self._sites) for number in self.numbers(chunk)]
        windows = []
        for window in self._renderer.render(scenes):
            windows.append(window)
            on_window()
        table = columns.table(windows, self._parts, {"chunk": str(chunk)})
        return chunks.encode(table, self._parts)

    def close(self) -> None:
        """Ends the renderer."""
        self._renderer.close()
