# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthetic NR downlink in frequency range 1, coded as TS 38.211 to 38.214 say.

Antennas and precoders appear as one complex gain per layer and user, as one receive antenna would
see them over a flat channel. ``docs/waveforms/nr.md`` says what is implemented.
"""

from .config import NrConfig
from .waveform import Transmitter, waveform

__all__ = ["NrConfig", "Transmitter", "waveform"]
