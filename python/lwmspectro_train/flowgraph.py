# SPDX-License-Identifier: GPL-3.0-or-later
"""The generating flowgraph: scenes -> live tokenizer -> tokens, one window a scene.

Each scene starts with tags for its rate and a flush, so that one top block serves a worker from
its first scene to its last: rebuilding a flowgraph leaks memory.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import pmt
from gnuradio import gr, lwmspectro
from gnuradio.lwmspectro import kernels, keys
from gnuradio.lwmspectro.waveforms import scene
from gnuradio.lwmspectro.waveforms.scene import Measured

from .columns import Window
from .scene_plan import PlannedScene

Tokens = np.ndarray
_Rendered = tuple[PlannedScene, Measured]


class scene_source(gr.sync_block):  # noqa: N801 (GNU Radio's blocks are snake case)
    """Emits the samples of the scenes that are put into its queue.

    ``None`` in the queue stands for the end of a batch: a single sample that flushes the window
    before it, and whose own window, which comes with the next batch, has no scene. False ends
    the flowgraph.
    """

    def __init__(self, spec: kernels.window_spec, failures: queue.Queue[object]) -> None:
        gr.sync_block.__init__(self, "scene_source", None, [np.complex64])
        self._spec = spec
        self._failures = failures
        self._samples = np.zeros(0, np.complex64)
        self._at = 0
        self._pending = 0  # samples of the work call at hand
        self.scenes: queue.Queue[PlannedScene | bool | None] = queue.Queue()
        self.rendered: deque[_Rendered | None] = deque()

    def _next_scene(self) -> bool:
        """Renders the next scene; False at the end. May wait, so it is called with no samples."""
        planned = self.scenes.get()
        if planned is False:
            return False
        offset = self.nitems_written(0) + self._pending
        if isinstance(planned, PlannedScene):
            rng = np.random.default_rng(planned.seed)
            n = planned.n_samples(self._spec)
            self._samples, measured = scene.render_measured(planned.scene, n, rng)
            self.rendered.append((planned, measured))
            rate = pmt.from_double(planned.scene.samp_rate)
            self.add_item_tag(0, offset, pmt.intern(keys.RX_RATE), rate)
        else:
            self._samples = np.zeros(1, np.complex64)
            self.rendered.append(None)
        self._at = 0
        self.add_item_tag(0, offset, pmt.intern(keys.FLUSH), pmt.PMT_T)
        return True

    def work(self, input_items: list[np.ndarray], output_items: list[np.ndarray]) -> int:
        """Fills the output with what is left of the scene, and with scenes after it."""
        out = output_items[0]
        self._pending = 0
        while self._pending < len(out):
            if self._at >= len(self._samples):
                if self._pending and self.scenes.empty():
                    break  # hand on what there is before waiting
                try:
                    going = self._next_scene()
                except Exception as error:  # raised in a scheduler thread it would hang the graph
                    self._failures.put(error)
                    return -1
                if not going:
                    return self._pending or -1
            n = min(len(out) - self._pending, len(self._samples) - self._at)
            out[self._pending : self._pending + n] = self._samples[self._at : self._at + n]
            self._at += n
            self._pending += n
        return self._pending


class token_sink(gr.sync_block):  # noqa: N801
    """Puts every vector of tokens into a queue, in order."""

    def __init__(self, vlen: int, windows: queue.Queue[object]) -> None:
        gr.sync_block.__init__(self, "token_sink", [(np.float32, vlen)], None)
        self._windows = windows

    def work(self, input_items: list[np.ndarray], output_items: list[np.ndarray]) -> int:
        """Copies each item."""
        for tokens in input_items[0]:
            self._windows.put(tokens.astype(np.float16))
        return len(input_items[0])


class FlowgraphRenderer:
    """Renders scenes with one top block, which is started once and reused for every batch."""

    def __init__(self, spec: kernels.window_spec) -> None:
        self._windows: queue.Queue[object] = queue.Queue()
        self._source = scene_source(spec, self._windows)
        self._top = gr.top_block("lwmspectro_generate")
        self._tokenizer = lwmspectro.tokenizer(kernels.min_samp_rate, spec)
        # the scheduler calls blocks in Python without holding them
        self._sink = token_sink(spec.vlen, self._windows)
        self._top.connect(self._source, self._tokenizer, self._sink)
        self._running = False
        self._closed = False

    def render(self, scenes: Sequence[PlannedScene]) -> Iterator[Window]:
        """A window for each scene, in order.

        Raises:
            RuntimeError: the flowgraph ended, or has been closed.
            Exception: what rendering a scene raised.
        """
        if self._closed:
            raise RuntimeError("flowgraph: expected one that runs, got one that has ended")
        if not self._running:
            self._top.start()
            self._running = True
        for planned in scenes:
            self._source.scenes.put(planned)
        self._source.scenes.put(None)
        left = len(scenes)
        while left:
            tokens = self._next_tokens()
            rendered = self._source.rendered.popleft()
            if rendered is None:  # what flushed the last batch
                continue
            left -= 1
            yield Window(*rendered, tokens)

    def _next_tokens(self) -> Tokens:
        found = self._windows.get()
        if isinstance(found, Exception):
            self.close()
            raise found
        return cast(Tokens, found)

    def close(self) -> None:
        """Ends the flowgraph."""
        if self._running and not self._closed:
            self._source.scenes.put(False)
            self._top.stop()
            self._top.wait()
        self._closed = True
