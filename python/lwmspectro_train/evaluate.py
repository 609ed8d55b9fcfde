# SPDX-License-Identifier: GPL-3.0-or-later
"""How good a router is, by protocol, SNR and sample rate."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.decision import energy_excess_db, evidence_db
from gnuradio.lwmspectro.thresholds import Thresholds
from scipy.special import softmax

from .calibrate import Logits, calibration_error
from .dataset import TokenSet
from .router import Router
from .scene_plan import LABELS

_NONE = LABELS.index("none")
_KIND = re.compile(r"NegativeConfig\(kind='(\w+)'")
_SNR_EDGES = (-5, 0, 5, 10, 20, 30, 65)


@torch.no_grad()
def logits_of(router: Router, data: TokenSet, batch: int = 256) -> Logits:
    """Logits of all windows, shape (n, classes)."""
    parts = [
        router(torch.from_numpy(data.tokens[k : k + batch]).float()).numpy()
        for k in range(0, len(data), batch)
    ]
    return np.concatenate(parts)


def evident(data: TokenSet, limits: Thresholds) -> npt.NDArray[np.bool_]:
    """Whether a window shows what noise does not, so that a protocol may be named, shape (n,)."""
    spec = kernels.window_spec()

    def is_evident(tokens: npt.NDArray[np.float16], fraction: float) -> bool:
        c0, c3 = np.split(tokens.astype(np.float32), [spec.spectrogram_size])
        frames = max(1, int(fraction * spec.n_frames))  # the rest is padding
        c0 = c0.reshape(spec.n_frames, spec.n_bins)[:frames]
        c3 = c3.reshape(len(kernels.correlogram_rows), -1)
        return energy_excess_db(c0) > limits.energy_db or evidence_db(c3) > limits.evidence_db

    return np.array(list(map(is_evident, data.tokens, data.fraction)), bool)


def metrics(logits: Logits, data: TokenSet, limits: Thresholds) -> dict[str, Any]:
    """Shares of windows that are named rightly, wrongly or not at all.

    Returns:
        accuracy (most likely of all labels), calibration_error, negatives_accepted, and by kind;
        and, of windows that hold a protocol, right / wrong / refused by protocol, also from 0 and
        from 5 dB of the label's SNR, by SNR and by sample rate. Shares are 0 to 1.
    """
    p = softmax(logits.astype(np.float64) / limits.temperature, axis=1)
    best = p[:, :_NONE].argmax(axis=1)
    needed = np.where(data.fraction < 1.0, limits.partial_p, limits.protocol_p)
    named = (p[:, :_NONE].max(axis=1) >= needed) & evident(data, limits)

    def outcome(chosen: np.ndarray) -> dict[str, float]:
        right = named & (best == data.label)
        count = max(1, int(chosen.sum()))
        return {
            "windows": int(chosen.sum()),
            "right": round(float((right & chosen).sum() / count), 4),
            "wrong": round(float((named & ~right & chosen).sum() / count), 4),
            "refused": round(float((~named & chosen).sum() / count), 4),
        }

    signal = data.label != _NONE
    snr_db = data.column("snr_active_db")  # while it sends: an idle cell is hard for other reasons
    kinds = kinds_of(data)
    bands = itertools.pairwise(_SNR_EDGES)
    rates, counts = np.unique(data.samp_rate[signal], return_counts=True)
    return {
        "accuracy": round(float((p.argmax(axis=1) == data.label).mean()), 4),
        "calibration_error": round(calibration_error(p, data.label), 4),
        "negatives": int((~signal).sum()),
        "negatives_accepted": round(float(named[~signal].mean()), 4),
        "negatives_by_kind": {
            kind: {"windows": int((kinds == kind).sum()), "accepted": _share(named[kinds == kind])}
            for kind in sorted(set(kinds) - {""})
        },
        "from_0_db": _by_protocol(outcome, data, data.snr_db >= 0.0),
        "from_5_db": _by_protocol(outcome, data, data.snr_db >= 5.0),
        "by_protocol": _by_protocol(outcome, data, np.ones(len(data), bool)),
        "cut_short": {"all protocols": outcome(signal & (data.fraction < 1.0))},
        "by_snr_db": {
            f"{low}..{high}": outcome(signal & (snr_db >= low) & (snr_db < high))
            for low, high in bands
        },
        "by_samp_rate": {
            f"{rate / 1e6:g}": outcome(signal & (data.samp_rate == rate))
            for rate, count in zip(rates, counts, strict=True)
            if count >= 20
        },
    }


def kinds_of(data: TokenSet) -> npt.NDArray[Any]:
    """Kind of each negative, shape (n,); empty for what is none."""
    found = [_KIND.match(detail or "") for detail in data.column("detail")]
    names = [match.group(1) if match else "" for match in found]
    return np.where(data.label == _NONE, np.array(names, dtype=object), "")


def _by_protocol(
    outcome: Callable[[npt.NDArray[np.bool_]], dict[str, float]],
    data: TokenSet,
    chosen: npt.NDArray[np.bool_],
) -> dict[str, dict[str, float]]:
    return {
        name: outcome((data.label == k) & chosen) for k, name in enumerate(LABELS) if k != _NONE
    }


def _share(values: npt.NDArray[np.bool_]) -> float:
    return round(float(values.mean()), 4)
