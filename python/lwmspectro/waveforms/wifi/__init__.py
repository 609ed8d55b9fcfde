# SPDX-License-Identifier: GPL-3.0-or-later
"""802.11 OFDM at 20 MS/s: an access point and its stations on one channel.

``waveform`` gives a window of traffic, ``Transmitter`` an endless stream of it and ``ppdu`` one
frame of given octets (build them with ``mac`` and ``ampdu``). Legacy (11a/g, clause 17), HT mixed
format (11n, clause 19) and VHT (11ac, clause 21) of IEEE Std 802.11-2020, all at 20 MHz.
"""

from __future__ import annotations

import numpy as np

from ..common import Complex64
from ..data_share import DataLog, Stretch
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
    cfg: WifiConfig,
    duration_s: float,
    rng: np.random.Generator,
    start_s: float | None = None,
    log: DataLog | None = None,
) -> Complex64:
    """Samples of the channel at 20 MS/s, shape (round(duration_s * 20e6),), complex64.

    The strongest station has unit mean power while transmitting, gaps are zero. The window opens
    anywhere in the traffic; WiFi has no frame structure that ``start_s`` could select, so it is
    ignored. ``log`` is told when data fields are on the air, those of control frames too.
    """
    n = round(duration_s * SAMP_RATE)
    frames = schedule(cfg, n, rng)
    if log is not None:
        for frame in frames:
            log.stretches.append(
                Stretch(
                    (frame.start + frame.fmt.header_len) / SAMP_RATE,
                    frame.stop / SAMP_RATE,
                    frame.fmt.row.n_bpsc,
                    user=frame.kind == "data",
                )
            )
    return render(cfg, frames, n, rng)
