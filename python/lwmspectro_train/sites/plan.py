# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sites are traced, and how."""

from __future__ import annotations

from dataclasses import dataclass

CITIES = ("munich", "etoile", "florence", "san_francisco")
ROOFTOP, STREET = "rooftop", "street"


@dataclass(frozen=True)
class TraceConfig:
    """How rays are traced; goes into the manifest."""

    max_depth: int = 4  # reflections of a path
    samples_per_site: int = 100_000  # rays shot: 3.4 m apart at 300 m
    diffraction: bool = True  # once, over roofs and around corners
    max_paths: int = 20  # kept of each user
    max_path_loss_db: float = 160.0  # a user beyond has no link, and is drawn again
    user_height_m: float = 1.5  # TR 38.901 table 7.2-1


@dataclass(frozen=True)
class PlannedSite:
    """A base station to be placed in a city, and the users to be drawn around it."""

    name: str
    city: str
    kind: str
    center_freq_hz: float
    radius_m: float


# Rooftops serve a few streets, lamp posts one (TR 38.901 table 7.2-1: UMa and UMi).
_RADIUS_M = {ROOFTOP: 300.0, STREET: 200.0}
# WiFi channels 1, 6 and 11; LTE bands 7, 38 and 41; NR n77 and n78.
_FREQS_MHZ = (2412, 3500, 2655, 3610, 2437, 3450, 2600, 3700, 2462, 3550)
# Three rooftops for two street sites.
_KINDS = (ROOFTOP, STREET, ROOFTOP, ROOFTOP, STREET)
_SITES_A_CITY = 5


def planned_sites() -> tuple[PlannedSite, ...]:
    """All sites, city by city."""
    sites = []
    for turn, city in enumerate(CITIES):
        for number in range(_SITES_A_CITY):
            kind = _KINDS[(turn + number) % len(_KINDS)]
            freq_hz = _FREQS_MHZ[(3 * turn + number) % len(_FREQS_MHZ)] * 1e6
            name = f"{city}-{number + 1}"
            sites.append(PlannedSite(name, city, kind, freq_hz, _RADIUS_M[kind]))
    return tuple(sites)
