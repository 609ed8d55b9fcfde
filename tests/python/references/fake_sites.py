# SPDX-License-Identifier: GPL-3.0-or-later
"""A traced position, for tests that need no traced sites."""

from dataclasses import dataclass

from gnuradio.lwmspectro import kernels


@dataclass(frozen=True)
class FakeUser:
    city: str = "munich"
    site: str = "munich-3"
    user: int = 17
    los: bool = True
    delay_spread_s: float = 81e-9

    def profile(self, doppler_hz: float) -> kernels.tdl_profile:
        return kernels.tdl_profile([0.0, 2e-7], [0.0, -6.0], doppler_hz)
