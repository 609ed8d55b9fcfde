# SPDX-License-Identifier: GPL-3.0-or-later
"""Ray-traced users of base stations in cities, each with a profile for the ``tdl_channel``::

users = SiteSet.load("train")
user = users.draw(rng)
profile = user.profile(kernels.doppler_of(30.0, user.center_freq_hz)).tdl
"""

from .manifest import MANIFEST_NAME
from .site import Site, SiteUser
from .site_paths import SitePaths
from .site_profile import SiteProfile, site_profile
from .site_set import DATA, SiteSet
from .split import SPLITS, TEST_CITIES, VALIDATION_SITES, split_of

__all__ = [
    "DATA",
    "MANIFEST_NAME",
    "SPLITS",
    "TEST_CITIES",
    "VALIDATION_SITES",
    "Site",
    "SitePaths",
    "SiteProfile",
    "SiteSet",
    "SiteUser",
    "site_profile",
    "split_of",
]
