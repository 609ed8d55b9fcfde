# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scene has which number in a data set: a pure function of (seed, number)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gnuradio.lwmspectro.waveforms import scene
from gnuradio.lwmspectro.waveforms.scene import NONE, PROTOCOLS, Scene

LABELS = (*PROTOCOLS, NONE)

# receivers' rates and how often each is drawn: from RTL-SDR slices to whole carriers
_RATES_HZ: dict[float, float] = {
    1.92e6: 0.18,
    2.048e6: 0.04,
    2.4e6: 0.12,
    2.56e6: 0.02,
    3.2e6: 0.02,
    3.84e6: 0.04,
    5.0e6: 0.03,
    5.76e6: 0.05,
    7.68e6: 0.09,
    8.0e6: 0.02,
    10.0e6: 0.04,
    11.52e6: 0.03,
    12.5e6: 0.01,
    15.36e6: 0.11,
    16.0e6: 0.01,
    20.0e6: 0.13,
    23.04e6: 0.03,
    25.0e6: 0.01,
    30.72e6: 0.02,
}
_WIFI_RATES_HZ = (10e6, 15.36e6, 20e6, 20e6, 20e6, 20e6, 23.04e6, 25e6, 30.72e6)
_ANY_RATE = 0.03  # share at a rate nobody lists, whole multiples of 10 kHz
_KINDS = {"wifi": 0.22, "lte": 0.24, "nr": 0.24, "none": 0.3}
_PARTIAL = 0.06  # share of windows cut short


@dataclass(frozen=True)
class PlannedScene:
    """One numbered scene.

    Attributes:
        number: position in the data set.
        scene: what is rendered.
        fraction: share of a window that is rendered, 1 but for windows cut short.
        seed: what the random generator of the rendering starts from.
    """

    number: int
    scene: Scene
    fraction: float
    seed: tuple[int, int, int]


def draw_rate(kind: str, rng: np.random.Generator) -> float:
    """A sample rate in Hz. WiFi is mostly seen whole, since its receivers are fast enough."""
    if kind == "wifi" and rng.random() < 0.65:
        return float(rng.choice(_WIFI_RATES_HZ))
    if rng.random() < _ANY_RATE:
        return 1e4 * float(rng.integers(192, 2500))
    rates = list(_RATES_HZ)
    weights = np.array([_RATES_HZ[r] for r in rates])
    return float(rng.choice(rates, p=weights / weights.sum()))


def plan(seed: int, number: int) -> PlannedScene:
    """The scene of a number; every other number may be drawn without it."""
    rng = np.random.default_rng([seed, number, 0])
    kind = str(rng.choice(list(_KINDS), p=list(_KINDS.values())))
    rate = draw_rate(kind, rng)
    fraction = float(rng.uniform(0.12, 0.95)) if rng.random() < _PARTIAL else 1.0
    return PlannedScene(
        number=number,
        scene=scene.draw_scene(kind, rate, rng),
        fraction=fraction,
        seed=(seed, number, 1),
    )
