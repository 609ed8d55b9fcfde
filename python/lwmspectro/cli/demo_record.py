# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demonstration remembers: each answer beside the truth, and some spectrograms."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from .. import keys
from ..message import Message
from ..spec import Spec
from ..synthetic_scenes import NOISE, SCENES
from ..synthetic_source import synthetic_source
from ..window_info import WindowInfo
from .tally import Tally

PANEL_WINDOWS = 2
"""Consecutive windows that are kept of each scene."""
MIXED = "mixed"
"""Truth of a window in which one scene follows another."""


@dataclass(frozen=True)
class Answer:
    """One window: what was on the air and what was said of it."""

    time_s: float
    """Of the first sample, in seconds of signal."""
    truth: str
    """One of SCENES, or MIXED."""
    said: str
    """The protocol, or the status where none was named."""
    p: float
    """Probability of the likeliest protocol."""
    status: str
    latency_s: float
    dropped: int
    """Windows dropped so far."""

    @property
    def right(self) -> bool:
        """Whether that is the truth; of noise: that there is no signal."""
        return self.said == (keys.STATUS_NO_SIGNAL if self.truth == NOISE else self.truth)


class Record:
    """All answers, in order. ``add`` is called in one thread, the others in another."""

    def __init__(self, source: synthetic_source) -> None:
        self._source = source
        self.answers: list[Answer] = []
        self.tally = Tally()

    def add(self, message: Message) -> None:
        """Takes one message of the classifier."""
        start, count = message[keys.SAMPLE_START], message[keys.SAMPLE_COUNT]
        seconds, fraction = message[keys.RX_TIME]
        self.tally.add(message)
        self.answers.append(
            Answer(
                time_s=seconds + fraction,
                truth=self._source.truth(start, count) or MIXED,
                said=message.get(keys.PROTOCOL) or message[keys.STATUS],
                p=message[keys.PROTOCOL_P],
                status=message[keys.STATUS],
                latency_s=message[keys.LATENCY_S],
                dropped=message[keys.DROPPED_WINDOWS],
            )
        )

    def scores(self) -> dict[str, tuple[int, int]]:
        """Windows, and those of them that were answered right, of each scene that was heard."""
        answers = list(self.answers)
        heard = Counter(answer.truth for answer in answers)
        right = Counter(answer.truth for answer in answers if answer.right)
        return {scene: (heard[scene], right[scene]) for scene in SCENES if heard[scene]}


@dataclass
class Excerpt:
    """Some spectrograms of a scene, one after the other."""

    begin_s: float
    windows: list[NDArray[np.float32]]
    """Each float32, shape (n_frames, n_bins), dB."""

    def image(self) -> NDArray[np.float32]:
        """All of them, float32, shape (frames, n_bins)."""
        return np.concatenate(self.windows)


class excerpts(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """Keeps consecutive spectrograms of each scene from the tokenizer's output."""

    def __init__(self, spec: Spec, source: synthetic_source) -> None:
        gr.sync_block.__init__(self, "excerpts", [(np.float32, spec.vlen)], None)
        self._spec = spec
        self._source = source
        self._key = pmt.intern(keys.WINDOW)
        self.of_scene: dict[str, Excerpt] = {}

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler."""
        tokens = input_items[0]
        first = self.nitems_read(0)
        for tag in self.get_tags_in_range(0, first, first + len(tokens), self._key):
            self._keep(tokens[tag.offset - first], WindowInfo.from_pmt(tag.value))
        return len(tokens)

    def _keep(self, tokens: NDArray[np.float32], info: WindowInfo) -> None:
        scene = self._source.truth(info.sample_start, info.sample_count)
        if scene is None:
            return
        spec = self._spec
        c0 = tokens[: spec.spectrogram_size].reshape(spec.n_frames, spec.n_bins)
        excerpt = self.of_scene.setdefault(scene, Excerpt(sum(info.rx_time), []))
        if len(excerpt.windows) < PANEL_WINDOWS:
            excerpt.windows.append(c0.copy())
