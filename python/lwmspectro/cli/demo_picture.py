# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture that the demonstration leaves: spectrograms, and what was said against the truth."""

import os
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from .. import keys
from ..spec import Spec
from ..synthetic_scenes import NOISE
from .demo_display import name_of
from .demo_record import Answer, Excerpt, Record, Score

LANES = (keys.STATUS_UNKNOWN, NOISE, "nr", "lte", "wifi")
"""From the bottom up; a status that names nothing but no_signal is in the first."""

_LANE_NAMES = {NOISE: "no signal"}

COLOURS = {
    "wifi": "#0072b2",
    "lte": "#d55e00",
    "nr": "#009e73",
    NOISE: "#6b7280",
    keys.STATUS_UNKNOWN: "#b0307a",
}
SIZE_INCHES, DPI = (16.0, 8.5), 110
LOW_PERCENTILE, HIGH_PERCENTILE = 2.0, 99.7
TEXT = "#1f2937"


def draw(
    record: Record,
    excerpts: Mapping[str, Excerpt],
    spec: Spec,
    samp_rate: float,
    model: str,
    path: Path,
) -> None:
    """Writes the picture, a PNG.

    Args:
        record: the answers.
        excerpts: spectrograms of the scenes that were heard.
        spec: what the tokens are made by.
        samp_rate: of the signal, Hz.
        model: what answered.
        path: of the picture.

    Raises:
        OSError: the file cannot be written.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout=layout)
    figure.suptitle(
        f"gr-lwmspectro: {samp_rate / 1e6:g} MS/s live, {model}",
        fontsize=14,
        fontweight="bold",
        color=TEXT,
    )
    halves: Any = figure.subfigures(2, 1, height_ratios=(1.35, 1.0))
    scores = record.scores()
    scenes = [scene for scene in scores if scene in excerpts]
    if scenes:
        _draw_spectrograms(halves[0], scenes, excerpts, scores, spec, samp_rate)
    _draw_answers(halves[1], record.answers, spec.window_s)
    _save(figure, path.resolve())


def _save(figure: Figure, path: Path) -> None:
    """Whoever looks at the file sees the old picture or the new one, never half of it."""
    if path.exists() and not path.is_file():  # /dev/stdout, say
        figure.savefig(path, format="png")
        return
    part = path.with_name(f".lwmspectro-{os.getpid()}.png")
    try:
        figure.savefig(part, format="png")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _draw_spectrograms(
    figure: Any,
    scenes: list[str],
    excerpts: Mapping[str, Excerpt],
    scores: Mapping[str, Score],
    spec: Spec,
    samp_rate: float,
) -> None:
    axes = figure.subplots(1, len(scenes), sharey=True, squeeze=False)[0]
    images = [excerpts[scene].image() for scene in scenes]
    cells = np.concatenate([image.ravel() for image in images])
    low, high = np.percentile(cells, (LOW_PERCENTILE, HIGH_PERCENTILE))
    half_mhz = samp_rate / 2e6
    for axis, scene, image in zip(axes, scenes, images, strict=True):
        length_ms = image.shape[0] * spec.frame_us * 1e-3
        drawn = axis.imshow(
            image.T,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            cmap="magma",
            vmin=low,
            vmax=high,
            extent=(0.0, length_ms, -half_mhz, half_mhz),
        )
        truth = scores[scene].truth
        heading = [
            name_of(truth.protocol),
            " ".join(filter(None, (truth.modulation, truth.mobility))),
        ]
        axis.set_title(
            "\n".join(heading), color=COLOURS[truth.protocol], fontsize=11, fontweight="bold"
        )
        said = "\n".join([f"ms from {excerpts[scene].begin_s:.2f} s", *_said(scores[scene])])
        axis.set_xlabel(said, color=TEXT, fontsize=9)
    axes[0].set_ylabel("frequency, MHz from the centre", color=TEXT)
    figure.colorbar(drawn, ax=axes, label="power, dB", pad=0.01, aspect=30)


def _said(score: Score) -> list[str]:
    """How a scene was answered, line by line."""
    windows, truth = score.windows, score.truth
    lines = [f"{windows} windows", f"protocol {100.0 * score.protocol / windows:.0f} %"]
    if not np.isfinite(score.snr_error_db):  # noise, or no expert
        return lines
    if truth.modulation:
        lines.append(f"modulation {100.0 * score.modulation / windows:.0f} %")
    if truth.mobility:
        lines.append(f"mobility {100.0 * score.mobility / windows:.0f} %")
    return [*lines, f"SNR off by {score.snr_error_db:.1f} dB"]


def _draw_answers(figure: Any, answers: list[Answer], window_s: float) -> None:
    lanes, probability = figure.subplots(2, 1, sharex=True, height_ratios=(2.3, 1.0))
    for truth, begin, end in _stretches(answers, window_s):
        lane = LANES.index(truth)
        lanes.broken_barh(
            [(begin, end - begin)], (lane - 0.42, 0.84), color=to_rgba(COLOURS[truth], 0.18)
        )
    for said, name in enumerate(LANES):
        bars = [(answer.time_s, window_s) for answer in answers if _lane(answer) == name]
        lanes.broken_barh(bars, (said - 0.28, 0.56), color=COLOURS[name], linewidth=0.0)
    lanes.set_yticks(range(len(LANES)), [_LANE_NAMES.get(name, name_of(name)) for name in LANES])
    lanes.set_ylim(-0.6, len(LANES) - 0.4)
    lanes.set_title(
        "Said of each window (solid) and what was on the air (pale)", color=TEXT, fontsize=11
    )
    probability.scatter(
        [answer.time_s for answer in answers],
        [answer.p for answer in answers],
        s=5,
        c=[COLOURS[_lane(answer)] for answer in answers],
    )
    probability.set_ylim(-0.05, 1.05)
    probability.set_ylabel("probability", color=TEXT)
    probability.set_xlabel("time, s", color=TEXT)
    if answers:
        probability.set_xlim(0.0, answers[-1].time_s + window_s)
    for axis in (lanes, probability):
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#e5e7eb", linewidth=0.6)
        axis.set_axisbelow(True)


def _lane(answer: Answer) -> str:
    """The lane that an answer is drawn in."""
    if answer.said == keys.STATUS_NO_SIGNAL:
        return NOISE
    return answer.said if answer.said in LANES else keys.STATUS_UNKNOWN


def _stretches(answers: list[Answer], window_s: float) -> Iterator[tuple[str, float, float]]:
    """Protocol, begin and end in seconds of each scene that was heard."""
    for _, group in groupby(answers, key=lambda answer: answer.scene):
        members = list(group)
        truth = members[0].truth
        if truth is not None:
            yield truth.protocol, members[0].time_s, members[-1].time_s + window_s
