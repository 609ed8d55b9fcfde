# SPDX-License-Identifier: GPL-3.0-or-later
"""Traced positions, for tests that need no traced sites."""

from dataclasses import dataclass
from types import SimpleNamespace

from gnuradio.lwmspectro import kernels


@dataclass(frozen=True)
class FakeUser:
    city: str = "munich"
    site: str = "munich-3"
    index: int = 17
    center_freq_hz: float = 3.5e9
    is_los: bool = True
    delay_spread_s: float = 81e-9

    def profile(self, doppler_hz: float) -> SimpleNamespace:
        return SimpleNamespace(tdl=kernels.tdl_profile([0.0, 2e-7], [0.0, -6.0], doppler_hz))


@dataclass(frozen=True)
class FakeSite:
    city: str = "munich"
    name: str = "munich-3"

    def __len__(self) -> int:
        return 1000

    def user(self, index: int) -> FakeUser:
        return FakeUser(self.city, self.name, index)
