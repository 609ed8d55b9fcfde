# SPDX-License-Identifier: GPL-3.0-or-later
"""From the paths of a user to the taps of a fading channel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import kernels

MAX_K_FACTOR_DB = 19.0
"""Mean and two standard deviations of K in line of sight, UMi (TR 38.901 table 7.5-6)."""

_MAX_DOPPLER_HZ = 1e4  # of the channel


@dataclass(frozen=True)
class SiteProfile:
    """A profile for the ``tdl_channel``, and what of the user's power it leaves out."""

    tdl: kernels.tdl_profile
    power_lost: float  # share of the power received, 0 to 1

    @property
    def n_taps(self) -> int:
        """How many taps there are."""
        return len(self.tdl.delays_s)


def site_profile(
    delays_s: NDArray[np.float64],
    gains_db: NDArray[np.float64],
    line_of_sight: NDArray[np.bool_],
    total_gain_db: float,
    doppler_hz: float = 0.0,
    resolution_s: float = 10e-9,
    max_taps: int = 12,
    max_k_factor_db: float = MAX_K_FACTOR_DB,
    los_doppler_ratio: float | None = None,
) -> SiteProfile:
    """Merges paths (n,) that are close in time to taps, and keeps the strongest taps.

    A tap gathers the paths that come within ``resolution_s`` of its first one; its power is
    their sum and its delay their mean, weighted by power. Taps fade as Rayleigh does, since each
    ray stands for the many waves of a rough wall, except the one with the line of sight: that is
    Rician, with K the power of the line of sight over that of the other paths in the tap, and at
    most ``max_k_factor_db``, since traffic and foliage that no scene holds scatter too.

    Args:
        delays_s, gains_db, line_of_sight: of each path.
        total_gain_db: power of all paths, those left out of the file among them.
        doppler_hz: maximum Doppler shift, 0 to 10 kHz.
        resolution_s: 10 ns is finer than a sample at 61.44 MS/s.
        max_taps: at least 1.
        max_k_factor_db: -100 to 100 dB.
        los_doppler_ratio: Doppler shift of the line of sight over the maximum, -1 to 1;
            None for the channel's own, 0.7.

    Raises:
        ValueError: a value is out of range.
    """
    if not (resolution_s > 0 and math.isfinite(resolution_s)):
        raise ValueError(f"resolution_s: expected more than 0 s, got {resolution_s:g}")
    if max_taps < 1:
        raise ValueError(f"max_taps: expected at least 1, got {max_taps}")
    if not -100 <= max_k_factor_db <= 100:
        raise ValueError(f"max_k_factor_db: expected -100 to 100 dB, got {max_k_factor_db:g}")
    if not 0 <= doppler_hz <= _MAX_DOPPLER_HZ:
        raise ValueError(f"doppler_hz: expected 0 to 1e4 Hz, got {doppler_hz:g}")
    if los_doppler_ratio is not None and not -1 <= los_doppler_ratio <= 1:
        raise ValueError(f"los_doppler_ratio: expected -1 to 1, got {los_doppler_ratio:g}")
    order = np.argsort(delays_s, kind="stable")
    delays_s, power = delays_s[order], 10 ** (gains_db[order] / 10)
    starts = _tap_starts(delays_s, resolution_s)
    tap_power = np.add.reduceat(power, starts)
    tap_delay_s = np.add.reduceat(power * delays_s, starts) / tap_power
    los_power = np.add.reduceat(np.where(line_of_sight[order], power, 0.0), starts)

    kept = np.sort(np.argsort(-tap_power, kind="stable")[:max_taps])
    taps_db = 10 * np.log10(tap_power[kept] / tap_power[kept].sum())
    with np.errstate(divide="ignore"):
        diffuse = np.maximum(tap_power - los_power, 0.0)
        k_db = 10 * np.log10(los_power[kept]) - 10 * np.log10(diffuse[kept])
    k_db = np.where(los_power[kept] > 0, np.minimum(k_db, max_k_factor_db), -np.inf)
    is_los = bool((los_power[kept] > 0).any())
    ratios = [] if los_doppler_ratio is None or not is_los else [los_doppler_ratio] * len(kept)
    tdl = kernels.tdl_profile(
        (tap_delay_s[kept] - tap_delay_s[kept[0]]).tolist(),
        taps_db.tolist(),
        doppler_hz,
        k_db.tolist() if is_los else [],
        ratios,
    )
    received = max(10 ** (total_gain_db / 10), float(power.sum()))
    return SiteProfile(tdl, max(0.0, 1.0 - float(tap_power[kept].sum()) / received))


def _tap_starts(delays_s: NDArray[np.float64], resolution_s: float) -> NDArray[np.intp]:
    """Where each tap begins among sorted delays."""
    starts = [0]
    while True:
        end = float(delays_s[starts[-1]]) + resolution_s
        following = int(np.searchsorted(delays_s, end, side="left"))
        if following >= len(delays_s):
            return np.array(starts)
        starts.append(max(following, starts[-1] + 1))
