# SPDX-License-Identifier: GPL-3.0-or-later
"""Linear probes on moments of a data set's tokens: is what a model shall learn in there, and where?

Each probe is a logistic regression, fitted on the first four fifths of the windows and measured on
the last fifth, which come from other scenes. It says nothing about how well a network can do, but
what a probe finds is present in the tokens, and what it finds in a control is a shortcut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from . import moments
from .dataset import Windows, column

Features = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HELD_OUT = 0.2
LEAST = 100  # windows to fit on, and a fifth of it to measure on
SNR_CLASSES_DB = (0.0, 5.0, 10.0, 15.0, 20.0)  # between classes
SNR_SPANS_DB = ((-5.0, 5.0), (5.0, 15.0), (15.0, 25.0))
GRIDS = {
    "lte": ("grid_cp_15khz",),
    "nr": ("grid_cp_15khz", "grid_cp_30khz"),
    "wifi": ("grid_wifi_long_gi", "grid_wifi_short_gi"),
}
_BATCH = 500  # windows read at once
_EDGE = 0.98  # of half the sample rate: a carrier beyond it leaves no empty edge


@dataclass(frozen=True)
class Probe:
    """One result.

    Attributes:
        question: what was asked.
        features: of what.
        windows: number measured on.
        accuracy: share that is right, 0 to 1.
        chance: share of the commonest class among them.
        by_snr: accuracy for each of ``SNR_SPANS_DB``, NaN where there are too few windows.
    """

    question: str
    features: str
    windows: int
    accuracy: float
    chance: float
    by_snr: tuple[float, ...]

    @property
    def margin(self) -> float:
        """Half the 95 % confidence interval of the accuracy."""
        return 1.96 * float(np.sqrt(self.accuracy * (1.0 - self.accuracy) / self.windows))


def read_moments(
    folder: Path, limit: int | None = None, workers: int = 1
) -> tuple[dict[str, Features], dict[str, npt.NDArray[Any]]]:
    """Moments by name, shape (n, k) each, and labels by column, shape (n,).

    A symbol grid has moments in windows of the protocols that ``GRIDS`` lists for it, and zeros
    in others.

    Args:
        folder: of the data set.
        limit: the first so many windows; all where None.
        workers: processes.

    Raises:
        FileNotFoundError: there is no whole data set.
    """
    windows = Windows(folder)
    n = min(limit or len(windows), len(windows))
    spans = [(first, min(first + _BATCH, n)) for first in range(0, n, _BATCH)]
    parts = Parallel(n_jobs=workers)(delayed(_batch)(folder, *span) for span in spans)
    features = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    names = windows.table.column_names
    return features, {name: column(windows.table, name)[:n] for name in names}


def _batch(folder: Path, first: int, last: int) -> dict[str, Features]:
    windows = Windows(folder)
    tokens = windows.tokens(np.arange(first, last))
    protocol = column(windows.table, "protocol")[first:last]
    out: dict[str, Features] = {}
    at = 0
    for name, shape in windows.shapes.items():
        size = int(np.prod(shape))
        view = tokens[:, at : at + size].reshape(-1, *shape).astype(np.float32)
        at += size
        if name == "spectrogram":
            out["band edges"] = moments.band_edges(view)
            out["texture"] = moments.texture(view)
            shuffled = moments.shuffle_frames(view, first)
            out["texture of shuffled frames"] = moments.texture(shuffled)
        elif name == "correlogram":
            out["coherence"] = moments.coherence(view)
        else:
            users = [key for key, grids in GRIDS.items() if name in grids]
            own = np.isin(protocol.astype(str), users)
            values = np.zeros((len(view), 1 + 10 * (shape[0] - 1)))
            if own.any():
                values[own] = moments.constellation(view[own])
            out[name] = values
    return out


def run_probe(
    question: str,
    what: str,
    features: Features,
    target: npt.NDArray[Any],
    chosen: Mask,
    snr_db: npt.NDArray[np.float32],
    measured: Mask | None = None,
) -> Probe | None:
    """Fits and measures one probe; None where there are too few windows.

    Args:
        question, what: for the result.
        features: shape (n, k).
        target: classes, shape (n,).
        chosen: windows that take part, shape (n,).
        snr_db: of each window, shape (n,).
        measured: of these, the ones to measure on; all where None.
    """
    last = np.zeros(len(chosen), bool)
    last[round(len(chosen) * (1.0 - HELD_OUT)) :] = True
    fit, test = chosen & ~last, chosen & last
    if measured is not None:
        test &= measured
    if fit.sum() < LEAST or test.sum() < LEAST * HELD_OUT or len(set(target[fit])) < 2:
        return None
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))
    model.fit(features[fit], target[fit].astype(str))
    right = model.predict(features[test]) == target[test].astype(str)
    _, counts = np.unique(target[test].astype(str), return_counts=True)
    spans = []
    for low, high in SNR_SPANS_DB:
        within = (snr_db[test] >= low) & (snr_db[test] < high)
        enough = within.sum() >= LEAST * HELD_OUT
        spans.append(float(right[within].mean()) if enough else float("nan"))
    n = int(test.sum())
    return Probe(question, what, n, float(right.mean()), counts.max() / n, tuple(spans))


def probe(folder: Path, limit: int | None = None, workers: int = 1) -> list[Probe]:
    """All probes that a data set has windows and views for; see ``read_moments``."""
    features, labels = read_moments(folder, limit, workers)
    return [*_modulation(features, labels), *_mobility(features, labels), *_snr(features, labels)]


def _whole(labels: dict[str, npt.NDArray[Any]]) -> Mask:
    whole: Mask = (labels["fraction"] == 1.0) & np.isfinite(labels["snr_db"])
    return whole


def _modulation(
    features: dict[str, Features], labels: dict[str, npt.NDArray[Any]]
) -> Iterator[Probe]:
    single = np.isin(labels["modulation"].astype(str), ("BPSK", "QPSK", "16QAM", "64QAM", "256QAM"))
    for protocol in ("wifi", "lte", "nr", "single_carrier"):
        chosen = _whole(labels) & single & (labels["protocol"] == protocol)
        tried = {"texture of the spectrogram": features["texture"]}
        grids = [features[name] for name in GRIDS.get(protocol, ()) if name in features]
        if grids:
            tried["symbol grid"] = np.concatenate(grids, axis=1)
        for what, values in tried.items():
            result = run_probe(
                f"modulation, {protocol}",
                what,
                values,
                labels["modulation"],
                chosen,
                labels["snr_db"],
            )
            if result:
                yield result


def _mobility(
    features: dict[str, Features], labels: dict[str, npt.NDArray[Any]]
) -> Iterator[Probe]:
    fades = _whole(labels) & (labels["channel"] != "cable")
    steady = np.isin(labels["protocol"].astype(str), ("lte", "nr"))
    for question, sight in (("no line of sight", False), ("line of sight", True)):
        chosen = fades & steady & (labels["los"] == sight)  # null is neither
        for what in ("texture", "texture of shuffled frames"):
            result = run_probe(
                f"mobility, LTE and NR, {question}",
                what,
                features[what],
                labels["mobility"],
                chosen,
                labels["snr_db"],
            )
            if result:
                yield result


def _snr(features: dict[str, Features], labels: dict[str, npt.NDArray[Any]]) -> Iterator[Probe]:
    half = labels["samp_rate"] / 2.0
    filled = (labels["band_low_hz"] <= -_EDGE * half) & (labels["band_high_hz"] >= _EDGE * half)
    target = np.digitize(np.nan_to_num(labels["snr_db"]), SNR_CLASSES_DB)
    inner = np.concatenate([features["texture"], features["coherence"]], axis=1)
    tried = {
        "band edges alone": features["band edges"],
        "texture and coherence": inner,
        "all three": np.concatenate([inner, features["band edges"]], axis=1),
    }
    for protocol in ("wifi", "lte", "nr"):
        chosen = _whole(labels) & (labels["protocol"] == protocol)
        for where, measured in (("an edge in view", ~filled), ("no edge in view", filled)):
            for what, values in tried.items():
                result = run_probe(
                    f"SNR in 6 classes, {protocol}, {where}",
                    what,
                    values,
                    target,
                    chosen & measured,
                    labels["snr_db"],
                )
                if result:
                    yield result


def as_markdown(probes: list[Probe]) -> str:
    """A table of results."""
    spans = [f"{low:g} to {high:g} dB" for low, high in SNR_SPANS_DB]
    lines = [
        "| " + " | ".join(["question", "of", "windows", "right, %", "chance, %", *spans]) + " |",
        "| --- | --- | ---: | ---: | ---: |" + " ---: |" * len(spans),
    ]
    for p in probes:
        by_snr = ["" if np.isnan(a) else f"{100 * a:.0f}" for a in p.by_snr]
        accuracy = f"{100 * p.accuracy:.1f} ± {100 * p.margin:.1f}"
        cells = [p.question, p.features, str(p.windows), accuracy, f"{100 * p.chance:.0f}", *by_snr]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
