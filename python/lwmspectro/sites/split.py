# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sites may be trained on. This module alone decides it."""

from __future__ import annotations

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")

TEST_CITIES = frozenset({"san_francisco"})
"""Cities that no training, validation or tuning may touch."""

VALIDATION_SITES = frozenset({"munich-5", "etoile-5", "florence-5"})
"""Whole sites, one of each city that is trained on: users of one site stand metres apart and
share their walls, so that users held out of a site would not be unseen."""


def split_of(city: str, site: str) -> str:
    """The one split that a site belongs to."""
    if city in TEST_CITIES:
        return TEST
    return VALIDATION if site in VALIDATION_SITES else TRAIN
