# SPDX-License-Identifier: GPL-3.0-or-later
"""LTE downlink, 3GPP TS 36.211 to 36.213: every bit on the air is coded and laid out as there."""

from .config import FFT_SIZES, REPEATS, LteConfig
from .generator import Transmitter, waveform

__all__ = ["FFT_SIZES", "REPEATS", "LteConfig", "Transmitter", "waveform"]
