# SPDX-License-Identifier: GPL-3.0-or-later
"""LTE downlink, 3GPP TS 36.211 to 36.213."""

from .config import FFT_SIZES, REPEATS, LteConfig, waveform

__all__ = ["FFT_SIZES", "REPEATS", "LteConfig", "waveform"]
