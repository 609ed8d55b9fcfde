# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a window is user data: what a generator notes down, and the share it makes in view.

A configuration says which modulation its data have. Whether a window shows any of it depends on
the traffic, on the window's place in it and on the part of the carrier that the receiver sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

BITS = {"BPSK": 1, "QPSK": 2, "16QAM": 4, "64QAM": 6, "256QAM": 8}
"""Bits of a symbol by the name of its modulation."""


@dataclass(frozen=True)
class Elements:
    """The resource grid of an OFDM downlink and when it is sent.

    Attributes:
        data: bool, shape (symbols, subcarriers), elements with user data, all of the modulation
            that the cell is configured for.
        edges_s: starts of the symbols with their prefixes, and the end of the last, in seconds
            after the waveform's first sample, shape (symbols + 1,).
        carriers_hz: of the subcarriers against the carrier's centre, rising, (subcarriers,).
    """

    data: NDArray[np.bool_]
    edges_s: NDArray[np.float64]
    carriers_hz: NDArray[np.float64]


@dataclass(frozen=True)
class Stretch:
    """A time in which a transmitter sends data symbols over all its band.

    Attributes:
        start_s, stop_s: after the waveform's first sample.
        bits: of a symbol.
        user: False for what only keeps the link going, an acknowledgement or a beacon.
    """

    start_s: float
    stop_s: float
    bits: int
    user: bool = True


@dataclass
class DataLog:
    """Where a waveform carries data; its generator fills it in.

    Attributes:
        elements: of an OFDM downlink.
        stretches: of a transmitter that has its band to itself, apart in time.
    """

    elements: Elements | None = None
    stretches: list[Stretch] = field(default_factory=list)

    def share(
        self,
        start_s: float,
        stop_s: float,
        low_hz: float,
        high_hz: float,
        modulation: str | None,
    ) -> float:
        """Share of what is in view that carries data of a modulation, 0 to 1.

        Of a resource grid: of the elements within the band and the time; symbols that the window
        cuts count by the part inside. Of stretches: of the time, those of the modulation, user
        data or not.

        Args:
            start_s, stop_s: the window, after the waveform's first sample.
            low_hz, high_hz: band in view, against the carrier's centre.
            modulation: of the configuration, "mixed" for several.
        """
        if stop_s <= start_s:
            return 0.0
        if self.elements is not None:
            return _share_of_elements(self.elements, start_s, stop_s, low_hz, high_hz)
        bits = BITS.get(modulation or "")
        inside = sum(
            max(min(s.stop_s, stop_s) - max(s.start_s, start_s), 0.0)
            for s in self.stretches
            if (s.user if bits is None else s.bits == bits)
        )
        return min(inside / (stop_s - start_s), 1.0)


def _share_of_elements(
    grid: Elements, start_s: float, stop_s: float, low_hz: float, high_hz: float
) -> float:
    left, right = np.searchsorted(grid.carriers_hz, (low_hz, high_hz))
    spans = np.diff(np.clip(grid.edges_s, start_s, stop_s))  # (symbols,)
    rows = np.flatnonzero(spans)
    if right <= left or not rows.size:
        return 0.0
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    counts = grid.data[part, left:right].sum(axis=1, dtype=np.uint16)  # (symbols in part,)
    return float(spans[part] @ counts) / (float(right - left) * (stop_s - start_s))
