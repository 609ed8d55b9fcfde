# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demonstration remembers: each answer beside the truth, and some spectrograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from .. import keys
from ..message import Message
from ..spec import Spec
from ..synthetic_scenes import NOISE, Truth
from ..synthetic_source import synthetic_source
from ..window_info import WindowInfo
from .tally import Tally

PANEL_WINDOWS = 2
"""Consecutive windows that are kept of each scene."""
MIXED = "mixed"
"""Scene of a window in which one scene follows another."""


@dataclass(frozen=True)
class Answer:
    """One window: what was on the air and what was said of it."""

    time_s: float
    """Of the first sample, in seconds of signal."""
    truth: Truth | None
    """None where one scene follows another."""
    said: str
    """The protocol, or the status where none was named."""
    p: float
    """Probability of the likeliest protocol."""
    modulation: str | None
    snr_db: float | None
    mobility: str | None
    """None where the model does not say."""
    status: str
    latency_s: float
    dropped: int
    """Windows dropped so far."""

    @property
    def scene(self) -> str:
        """Name of the scene, or MIXED."""
        return MIXED if self.truth is None else self.truth.scene

    @property
    def right(self) -> bool:
        """Whether the protocol is the true one; of noise: that there is no signal."""
        if self.truth is None:
            return False
        noise = self.truth.protocol == NOISE
        return self.said == (keys.STATUS_NO_SIGNAL if noise else self.truth.protocol)


@dataclass(frozen=True)
class Score:
    """How one scene was answered."""

    truth: Truth
    """Of one of its windows."""
    windows: int
    protocol: int
    """Windows of which the protocol was right; of noise: that there is no signal."""
    modulation: int
    mobility: int
    """Likewise; 0 where the scene has none."""
    snr_error_db: float
    """Median of the absolute errors; NaN where no SNR was said."""

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "Score":
        """From all answers of a scene, one at least."""
        pairs = [(answer, answer.truth) for answer in answers if answer.truth is not None]
        errors = [
            abs(answer.snr_db - truth.snr_db)
            for answer, truth in pairs
            if answer.snr_db is not None
        ]
        known = [error for error in errors if np.isfinite(error)]  # noise has no SNR to be held to
        return cls(
            pairs[0][1],
            len(pairs),
            sum(answer.right for answer, _ in pairs),
            sum(answer.modulation == (truth.modulation or "") for answer, truth in pairs),
            sum(answer.mobility == (truth.mobility or "") for answer, truth in pairs),
            float(np.median(known)) if known else float("nan"),
        )


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
                truth=self._source.truth_of(start, count),
                said=message.get(keys.PROTOCOL) or message[keys.STATUS],
                p=message[keys.PROTOCOL_P],
                modulation=message.get(keys.MODULATION),
                snr_db=message.get(keys.SNR_DB),
                mobility=message.get(keys.MOBILITY),
                status=message[keys.STATUS],
                latency_s=message[keys.LATENCY_S],
                dropped=message[keys.DROPPED_WINDOWS],
            )
        )

    def scores(self) -> dict[str, Score]:
        """Of each scene that was heard, in the order in which they were."""
        groups: dict[str, list[Answer]] = {}
        for answer in list(self.answers):
            if answer.truth is not None:
                groups.setdefault(answer.scene, []).append(answer)
        return {scene: Score.of(answers) for scene, answers in groups.items()}


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
