# SPDX-License-Identifier: GPL-3.0-or-later
"""802.11 OFDM at 20 MS/s: an access point and its stations on one channel.

``waveform`` gives a window of traffic, ``Transmitter`` an endless stream of it and ``ppdu`` one
frame of given octets (build them with ``mac`` and ``ampdu``). Legacy (11a/g, clause 17), HT mixed
format (11n, clause 19) and VHT (11ac, clause 21) of IEEE Std 802.11-2020, all at 20 MHz.
"""

from __future__ import annotations

import numpy as np

from ..common import Complex64
from . import ampdu, mac
from .config import Station, WifiConfig
from .format import SAMP_RATE, Format
from .frames import ppdu
from .network import Network
from .render import Air, compress, render
from .traffic import Frame, schedule
from .transmitter import Transmitter

__all__ = [
    "SAMP_RATE",
    "Air",
    "Format",
    "Frame",
    "Network",
    "Station",
    "Transmitter",
    "WifiConfig",
    "ampdu",
    "compress",
    "mac",
    "ppdu",
    "render",
    "schedule",
    "waveform",
]


def waveform(
    cfg: WifiConfig, duration_s: float, rng: np.random.Generator, start_s: float | None = None
) -> Complex64:
    """Samples of the channel at 20 MS/s, shape (round(duration_s * 20e6),), complex64.

    The strongest station has unit mean power while transmitting, gaps are zero. The window opens
    anywhere in the traffic; WiFi has no frame structure that ``start_s`` could select, so it is
    ignored.
    """
    n = round(duration_s * SAMP_RATE)
    return render(cfg, schedule(cfg, n, rng), n, rng)
