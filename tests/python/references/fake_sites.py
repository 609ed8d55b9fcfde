# SPDX-License-Identifier: GPL-3.0-or-later
"""Positions with two paths each, the first a line of sight, for tests that need no traced sites."""

import numpy as np
from gnuradio.lwmspectro.sites import Site, SitePaths

USERS = 1000


def fake_site(city: str = "munich", name: str = "munich-3") -> Site:
    """A site whose line of sight comes from the east, 6 dB above an echo 200 ns later."""
    users, paths = np.ones(USERS, np.int64), np.tile([0, 1], USERS)
    paths_of = SitePaths(
        positions_m=np.tile([-50.0, 0.0, 1.5], (USERS, 1)),
        n_paths=2 * users,
        n_traced=2 * users,
        total_gain_db=-89.0 * users,
        delays_s=1e-7 + 2e-7 * paths,
        gains_db=-90.0 - 6.0 * paths,
        departure_azimuth_deg=180.0 + 0.0 * paths,
        departure_zenith_deg=90.0 + 0.0 * paths,
        arrival_azimuth_deg=90.0 * paths,
        arrival_zenith_deg=90.0 + 0.0 * paths,
        n_reflections=paths,
        n_diffractions=0 * paths,
    )
    return Site(name, city, "street", 3.5e9, (0.0, 0.0, 1.5), 1.5, paths_of)
