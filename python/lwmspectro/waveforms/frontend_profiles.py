# SPDX-License-Identifier: GPL-3.0-or-later
"""A typical receiver of each profile, for the ``front_end`` block, commands and tests.

``FrontEnd.random`` draws from ranges of its own for training. These numbers lie within them, but
not in their middle.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from .frontend import PROFILES, FrontEnd

TYPICAL = MappingProxyType(
    {
        "rtl-sdr": FrontEnd(
            profile="rtl-sdr",
            bits=8,
            backoff_db=14.0,
            zero_lsb=0.4,
            dc_db=-18.0,
            dc_phase_rad=0.6,
            drift_db=-30.0,
            iq_gain_db=0.8,
            iq_phase_deg=2.5,
            ppm=30.0,
        ),
        "hackrf": FrontEnd(
            profile="hackrf",
            bits=8,
            backoff_db=14.0,
            zero_lsb=0.3,
            dc_db=-20.0,
            dc_phase_rad=-2.0,
            drift_db=-35.0,
            iq_gain_db=0.4,
            iq_phase_deg=1.5,
            ppm=10.0,
        ),
        "usrp": FrontEnd(
            profile="usrp",
            bits=12,
            backoff_db=14.0,
            dc_db=-40.0,
            dc_phase_rad=1.2,
            iq_gain_db=0.1,
            iq_phase_deg=0.5,
            ppm=1.5,
        ),
        "ideal": FrontEnd(profile="ideal", backoff_db=14.0),
    }
)
"""By name, one for each of ``frontend.PROFILES``."""


def typical(profile: str, **overrides: float | None) -> FrontEnd:
    """The typical receiver of a profile.

    Args:
        profile: one of ``frontend.PROFILES``.
        **overrides: fields of ``FrontEnd`` to be set otherwise; None leaves one as it is.

    Raises:
        ValueError: the profile or a field is unknown.
    """
    if profile not in TYPICAL:
        raise ValueError(f"profile: expected one of {PROFILES}, got {profile!r}")
    given = {name: value for name, value in overrides.items() if value is not None}
    unknown = sorted(set(given) - set(FrontEnd.__dataclass_fields__))
    if unknown:
        raise ValueError(f"overrides: expected fields of FrontEnd, got {unknown}")
    return replace(TYPICAL[profile], **given)  # type: ignore[arg-type]
