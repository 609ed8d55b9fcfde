# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths of a channel from what a person gives: a model's name, or the paths one by one."""

from collections.abc import Sequence

from . import kernels

CUSTOM = "custom"

_DELAYS_S = (0.0, 150e-9, 370e-9, 1090e-9, 1730e-9)  # five of EVA's, TS 36.101 B.2.1-3
_POWERS_DB = (0.0, -1.4, -0.6, -7.0, -12.0)


def channel_profile(
    model: str = CUSTOM,
    delay_spread_s: float = 100e-9,
    delays_s: Sequence[float] = _DELAYS_S,
    powers_db: Sequence[float] = _POWERS_DB,
    doppler_hz: float = 0.0,
    k_factors_db: Sequence[float] = (),
    los_doppler_ratios: Sequence[float] = (),
) -> kernels.tdl_profile:
    """A profile for the ``tdl_channel``.

    Args:
        model: ``custom``, or one of ``kernels.tdl_model_names`` (TR 38.901 7.7.2).
        delay_spread_s: RMS delay spread of a model, s.
        delays_s, powers_db: paths of ``custom``: 0 to 21e-6 s, and mean powers in dB.
        doppler_hz: maximum Doppler shift, 0 to 10 kHz.
        k_factors_db: Rician K of each path of ``custom``, dB; empty for none.
        los_doppler_ratios: Doppler shift of each line of sight of ``custom`` over the
            maximum, -1 to 1; empty for 0.7.

    Raises:
        ValueError: there is no such model, or a value is out of range.
    """
    if model != CUSTOM:
        return kernels.tdl_model(model, delay_spread_s, doppler_hz)
    return kernels.tdl_profile(
        list(delays_s), list(powers_db), doppler_hz, list(k_factors_db), list(los_doppler_ratios)
    )
