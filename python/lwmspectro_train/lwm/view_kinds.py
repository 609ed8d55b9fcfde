# SPDX-License-Identifier: GPL-3.0-or-later
"""Which view belongs to which kind of source."""

from __future__ import annotations

from . import config, drift, statistics, views

VIEWS: dict[str, type[views.View]] = {
    config.SPECTROGRAM: views.SpectrogramView,
    config.SYMBOL_GRID: views.GridView,
    config.CONSTELLATION: statistics.ConstellationView,
    config.CORRELOGRAM: views.CorrelogramView,
    config.FLUCTUATION: views.FluctuationView,
    config.SIMILARITY: statistics.SimilarityView,
    config.DRIFT: drift.DriftView,
}
