# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites in ray-traced cities, as ``lwmspectro-train sites`` makes them."""
