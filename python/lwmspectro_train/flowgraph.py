# SPDX-License-Identifier: GPL-3.0-or-later
"""The generating flowgraph: scenes -> tokenizer -> tokens, one window a scene.

Each scene starts with tags for its rate and a flush, so that one top block serves them all:
rebuilding a flowgraph for every window leaks memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pmt
from gnuradio import gr, lwmspectro
from gnuradio.lwmspectro import kernels, keys
from gnuradio.lwmspectro.waveforms import scene

from .scene_plan import PlannedScene

Tokens = np.ndarray
Deliver = Callable[[PlannedScene, str, Tokens], None]


class scene_source(gr.sync_block):  # noqa: N801 (GNU Radio's blocks are snake case)
    """Emits the samples of one scene after the other, then one sample that flushes the last."""

    def __init__(self, scenes: Iterable[PlannedScene], spec: kernels.window_spec) -> None:
        gr.sync_block.__init__(self, "scene_source", None, [np.complex64])
        self._spec = spec
        self._scenes: Iterator[PlannedScene] = iter(scenes)
        self._samples = np.zeros(0, np.complex64)
        self._at = 0
        self._pending = 0  # samples of the work call at hand
        self._done = False
        self.rendered: list[tuple[PlannedScene, str]] = []
        self.failure: Exception | None = None

    def _next_scene(self) -> bool:
        """Renders the next scene; at the end a single sample takes its place."""
        planned = next(self._scenes, None)
        offset = self.nitems_written(0) + self._pending
        if planned is None:
            if self._done:
                return False
            self._done = True
            self._samples = np.zeros(1, np.complex64)
        else:
            samp_rate = planned.scene.samp_rate
            whole = kernels.window_tokenizer(samp_rate, self._spec).window_len()
            n = max(1, round(planned.fraction * whole))
            rng = np.random.default_rng(planned.seed)
            self._samples, label = scene.render(planned.scene, n, rng)
            self.rendered.append((planned, label))
            rate = pmt.from_double(samp_rate)
            self.add_item_tag(0, offset, pmt.intern(keys.RX_RATE), rate)
        self._at = 0
        self.add_item_tag(0, offset, pmt.intern(keys.FLUSH), pmt.PMT_T)
        return True

    def work(self, input_items: list[np.ndarray], output_items: list[np.ndarray]) -> int:
        """Fills the output with what is left of the scene, and with scenes after it."""
        out = output_items[0]
        self._pending = 0
        while self._pending < len(out):
            try:
                going = self._at < len(self._samples) or self._next_scene()
            except Exception as error:  # raised in a scheduler thread it would hang the flowgraph
                self.failure = error
                return -1
            if not going:
                return self._pending or -1
            n = min(len(out) - self._pending, len(self._samples) - self._at)
            out[self._pending : self._pending + n] = self._samples[self._at : self._at + n]
            self._at += n
            self._pending += n
        return self._pending


class token_sink(gr.sync_block):  # noqa: N801
    """Hands every vector of tokens to a callback, in order."""

    def __init__(self, vlen: int, deliver: Callable[[Tokens], None]) -> None:
        gr.sync_block.__init__(self, "token_sink", [(np.float32, vlen)], None)
        self._deliver = deliver
        self.failure: Exception | None = None

    def work(self, input_items: list[np.ndarray], output_items: list[np.ndarray]) -> int:
        """Delivers each item."""
        try:
            for tokens in input_items[0]:
                self._deliver(tokens)
        except Exception as error:  # see scene_source
            self.failure = error
            return -1
        return len(input_items[0])


def run(scenes: Iterable[PlannedScene], spec: kernels.window_spec, deliver: Deliver) -> int:
    """Runs scenes through the live tokenizer block.

    Args:
        scenes: what to render, in order.
        spec: shape of the windows.
        deliver: called with each scene, its true label and its tokens float32[vlen]; the
            tokens are only valid during the call.

    Returns:
        Windows delivered.

    Raises:
        RuntimeError: the flowgraph gave another number of windows than scenes.
        Exception: what rendering or delivering a scene raised.
    """
    source = scene_source(scenes, spec)
    tokenizer = lwmspectro.tokenizer(kernels.min_samp_rate, spec)
    count = 0

    def on_tokens(tokens: Tokens) -> None:
        nonlocal count
        planned, label = source.rendered[count]
        deliver(planned, label, tokens)
        count += 1

    sink = token_sink(spec.vlen, on_tokens)
    top = gr.top_block("lwmspectro_generate")
    top.connect(source, tokenizer, sink)
    top.run()
    for failure in (source.failure, sink.failure):
        if failure is not None:
            raise failure
    if count != len(source.rendered):
        raise RuntimeError(f"windows: expected {len(source.rendered)}, got {count}")
    return count
