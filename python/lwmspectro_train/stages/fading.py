# SPDX-License-Identifier: GPL-3.0-or-later
"""Where mobility can be told: right answers by Rician K, and by how long a link sends.

What a line of sight carries turns at one frequency and does not fade, whatever the speed. The more
of the power is in it, the less a window shows of the speed. Nor does a channel show that it changes
while nothing is sent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gnuradio.lwmspectro.sites.site_set import SiteSet

from ..lwm.answers import MOBILITY, SNR
from ..lwm.contrastive import NO_LABEL
from .figures import MOVING
from .predict import Predictions

FROM_DB = 5.0
"""SNR of windows that count."""

Bands = tuple[tuple[str, float, float], ...]
"""Name, from, below."""

RICIAN_K: Bands = (
    ("no line of sight", -np.inf, -300.0),
    ("K below 5 dB", -300.0, 5.0),
    ("K 5 to 15 dB", 5.0, 15.0),
    ("K from 15 dB", 15.0, np.nan),  # a line of sight alone, infinite K, among them
)
"""Of K, dB."""

ACTIVITY: Bands = (
    ("below 5 %", 0.0, 0.05),
    ("5 to 20 %", 0.05, 0.2),
    ("20 to 50 %", 0.2, 0.5),
    ("from 50 %", 0.5, np.nan),
)
"""Of the share of a window's samples in which the link sends."""


def rician_k_db(table: dict[str, npt.NDArray[Any]], split: str) -> npt.NDArray[np.float64]:
    """Power of the line of sight over that of all other paths, dB, shape (n,).

    Args:
        table: columns ``channel``, ``site`` and ``user`` of windows.
        split: of the sites.

    Returns:
        -inf without line of sight, inf with nothing else; NaN where the channel is no site's.
    """
    sites = SiteSet.load(split)
    found = np.full(len(table["channel"]), np.nan)
    for k, (kind, site, user) in enumerate(
        zip(table["channel"], table["site"], table["user"], strict=True)
    ):
        if kind == "site":
            paths = sites.site(site).user(int(user))
            power = 10.0 ** (paths.gains_db / 10.0)
            seen = paths.line_of_sight
            with np.errstate(divide="ignore"):
                found[k] = 10.0 * np.log10(power[seen].sum()) - 10.0 * np.log10(power[~seen].sum())
    return found


def by_band(
    predictions: Predictions, values: npt.NDArray[np.floating[Any]], bands: Bands
) -> dict[str, dict[str, float]]:
    """Right answers from ``FROM_DB`` on, in each band that has windows.

    Args:
        predictions: of all windows, n.
        values: what the bands are of, shape (n,).
        bands: such as ``RICIAN_K``.

    Returns:
        by band: windows, accuracy (three classes); moving_windows, pedestrian_vehicular.
    """
    label, logits = predictions.labels[MOBILITY], predictions.answers[MOBILITY]
    strong = (label != NO_LABEL) & (predictions.labels[SNR] >= FROM_DB)
    right = logits.argmax(axis=1) == label
    of_two = np.array(MOVING)[logits[:, MOVING].argmax(axis=1)] == label
    found = {}
    for name, low, high in bands:
        chosen = strong & (values >= low) & ~(values >= high)
        moving = chosen & np.isin(label, MOVING)
        if chosen.any() and moving.any():
            found[name] = {
                "windows": int(chosen.sum()),
                "accuracy": round(float(right[chosen].mean()), 4),
                "moving_windows": int(moving.sum()),
                "pedestrian_vehicular": round(float(of_two[moving].mean()), 4),
            }
    return found
