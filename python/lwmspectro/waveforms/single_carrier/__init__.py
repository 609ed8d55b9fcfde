# SPDX-License-Identifier: GPL-3.0-or-later
"""Single-carrier links: LWM-Spectro's eq. 1-4 read literally.

Bits, channel code, interleaver, constellation, root raised cosine pulses. ``modem`` has the
first three steps, ``pulse`` the last one, ``stream`` strings frames together.
"""

from .config import MODULATIONS, SingleCarrierConfig
from .stream import Transmitter, waveform

__all__ = ["MODULATIONS", "SingleCarrierConfig", "Transmitter", "waveform"]
