# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenes to tokens by the kernels alone: no scheduler, no GNU Radio.

The samples and the tokens are those of ``flowgraph``, bit for bit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms import scene

from .columns import Window
from .scene_plan import PlannedScene

_KEPT = 24  # tokenizers, some megabytes each


class KernelRenderer:
    """Renders scenes in the calling thread."""

    def __init__(self, spec: kernels.window_spec) -> None:
        self._spec = spec
        self._tokenizers: OrderedDict[float, kernels.window_tokenizer] = OrderedDict()

    def render(self, scenes: Sequence[PlannedScene]) -> Iterator[Window]:
        """A window for each scene, in order."""
        for planned in scenes:
            rng = np.random.default_rng(planned.seed)
            iq, measured = scene.render_measured(planned.scene, planned.n_samples(self._spec), rng)
            tokens = self._tokenizer(planned.scene.samp_rate).process(iq).astype(np.float16)
            yield Window(planned, measured, tokens)

    def _tokenizer(self, samp_rate: float) -> kernels.window_tokenizer:
        """One of this rate: its plans take longer than a window, so the latest are kept."""
        found = self._tokenizers.pop(samp_rate, None)
        self._tokenizers[samp_rate] = found or kernels.window_tokenizer(samp_rate, self._spec)
        if len(self._tokenizers) > _KEPT:
            self._tokenizers.popitem(last=False)
        return self._tokenizers[samp_rate]

    def close(self) -> None:
        """Nothing to end."""
