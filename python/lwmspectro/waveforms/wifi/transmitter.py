# SPDX-License-Identifier: GPL-3.0-or-later
"""An endless stream of WiFi traffic."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..common import Complex64
from .config import WifiConfig
from .network import Network
from .render import Air, render
from .traffic import exchanges

_AT_ONCE = 16  # exchanges rendered together: frames of one format share their transforms


class Transmitter:
    """Stations that exchange frames without end, at 20 MS/s.

    Addresses, sequence numbers, packet numbers, the timer in the beacons and the carriers' phases
    run on from piece to piece. The strongest station has unit mean power while transmitting, gaps
    are zero.

    Attributes:
        samp_rate: Hz.
        occupied_bw_hz: of the data frames, Hz.
        network: who takes part.
    """

    def __init__(self, cfg: WifiConfig, seed: int) -> None:
        self._cfg = cfg
        self._rng = np.random.default_rng(seed)
        self._air = Air.random(cfg, self._rng)
        self._rendered: deque[Complex64] = deque()
        self._sent = 0
        self.samp_rate = cfg.samp_rate
        self.occupied_bw_hz = cfg.occupied_bw_hz
        self.network = Network.random(cfg, self._rng)
        self._traffic = exchanges(cfg, self._rng, self.network)

    def next_piece(self) -> Complex64:
        """One frame exchange and the gap after it, shape (n,), complex64."""
        if not self._rendered:
            self._render()
        return self._rendered.popleft()

    def _render(self) -> None:
        """Render the next exchanges as one, and cut the result between them."""
        frames, stops, now = [], [], 0
        for _ in range(_AT_ONCE):
            group, gap = next(self._traffic)
            frames += [frame.moved(now) for frame in group]
            now += group[-1].stop + max(round(gap), self._cfg.ramp)
            stops.append(now)
        out = render(self._cfg, frames, now, self._rng, self._air, self._sent)
        self._rendered.extend(np.split(out, stops[:-1]))
        self._sent += now
