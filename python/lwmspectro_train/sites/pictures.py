# SPDX-License-Identifier: GPL-3.0-or-later
"""A map of each city: its sites, and the path loss and delay spread of their users."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gnuradio.lwmspectro.sites import Site, SiteSet
from gnuradio.lwmspectro.sites.footprint import Footprint
from gnuradio.lwmspectro.sites.manifest import Manifest
from gnuradio.lwmspectro.sites.split import split_of
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

_DPI = 110
_COLOURS = 256  # a palette makes the files half as large
_PANEL_INCH = 2.35
_AROUND_M = 1.08  # of the radius that a panel shows
_PATH_LOSS_DB = Normalize(60, 160)
_DELAY_SPREAD_NS = LogNorm(3, 1000)
_TITLES = {
    "munich": "Munich",
    "etoile": "Étoile, Paris",
    "florence": "Florence",
    "san_francisco": "San Francisco",
}
_BUILDINGS = ListedColormap(["#ffffff", "#d4d4d8"])


def draw_maps(data: Path, images: Path) -> list[Path]:
    """Draws ``CITY.png`` for every city of a folder of sites.

    Raises:
        ValueError: the folder does not hold sites.
        OSError: a file cannot be read or written.
    """
    manifest = Manifest.load(data)
    splits = sorted({split_of(record.city, record.name) for record in manifest.sites})
    sets = [SiteSet.load(split, data) for split in splits]
    images.mkdir(parents=True, exist_ok=True)
    drawn = []
    for city in manifest.cities:
        footprint = next(each.footprints[city] for each in sets if city in each.footprints)
        sites = [site for each in sets for site in each if site.city == city]
        sites.sort(key=lambda site: site.name)
        path = images / f"{city}.png"
        partial = path.with_suffix(".part")
        partial.write_bytes(city_map(city, footprint, sites))
        partial.replace(path)
        drawn.append(path)
    return drawn


def city_map(city: str, footprint: Footprint, sites: Sequence[Site]) -> bytes:
    """A PNG: the city with its sites, then a column for each site."""
    columns = len(sites)
    figure = Figure(figsize=(_PANEL_INCH * (columns + 2.2) + 0.6, 2 * _PANEL_INCH + 0.9), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        2,
        columns + 2,
        width_ratios=[2.1, *[1.0] * columns, 0.06],
        left=0.01,
        right=0.96,
        bottom=0.03,
        top=0.87,
        wspace=0.06,
        hspace=0.06,
    )
    figure.suptitle(f"{_TITLES.get(city, city)}: ray-traced sites", fontsize=12)
    _draw_overview(figure.add_subplot(grid[:, 0]), footprint, sites)
    for row, (name, norm, colours) in enumerate(
        (
            ("path loss, dB", _PATH_LOSS_DB, _truncated("viridis_r")),
            ("RMS delay spread, ns", _DELAY_SPREAD_NS, _truncated("inferno_r")),
        )
    ):
        for column, site in enumerate(sites):
            axes = figure.add_subplot(grid[row, column + 1])
            values = site.path_loss_db if row == 0 else 1e9 * site.delay_spread_s
            points = _draw_site(axes, footprint, site, values, norm, colours)
            if row == 0:
                axes.set_title(_title(site), fontsize=7.5)
        bar = figure.colorbar(points, cax=figure.add_subplot(grid[row, columns + 1]), extend="both")
        bar.set_label(name, fontsize=8)
        bar.ax.tick_params(labelsize=7)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _truncated(name: str) -> Colormap:
    """A colour map without its palest colours, which white paper swallows."""
    return ListedColormap(colormaps[name](np.linspace(0.12, 1.0, 256)))


def _title(site: Site) -> str:
    return (
        f"{site.name}, {site.kind} {site.height_m:.0f} m\n"
        f"{site.center_freq_hz / 1e6:.0f} MHz, {100 * site.is_los.mean():.0f} % LOS, "
        f"{split_of(site.city, site.name)}"
    )


def _draw_buildings(axes: Any, footprint: Footprint) -> None:
    axes.imshow(
        footprint.buildings,
        cmap=_BUILDINGS,
        origin="lower",
        extent=footprint.extent_m,
        interpolation="nearest",
    )
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_overview(axes: Any, footprint: Footprint, sites: Sequence[Site]) -> None:
    _draw_buildings(axes, footprint)
    for kind, marker, colour in (("rooftop", "^", "#b91c1c"), ("street", "o", "#1d4ed8")):
        spots = np.array([site.position_m[:2] for site in sites if site.kind == kind])
        if len(spots):
            axes.scatter(*spots.T, marker=marker, s=42, color=colour, label=kind, zorder=3)
    for site in sites:
        axes.annotate(
            site.name.rpartition("-")[2],
            site.position_m[:2],
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=9,
            fontweight="bold",
        )
    left, right, bottom, top = footprint.extent_m
    start = (left + 0.05 * (right - left), bottom + 0.04 * (top - bottom))
    axes.plot([start[0], start[0] + 200], [start[1]] * 2, color="black", linewidth=2.5)
    axes.annotate("200 m", start, xytext=(0, 4), textcoords="offset points", fontsize=8)
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9)


def _draw_site(
    axes: Any,
    footprint: Footprint,
    site: Site,
    values: NDArray[np.float64],
    norm: Normalize,
    colours: Colormap,
) -> Any:
    _draw_buildings(axes, footprint)
    x, y, _ = site.paths.positions_m.T
    points = axes.scatter(x, y, c=values, s=3.0, norm=norm, cmap=colours, linewidths=0)
    axes.plot(
        *site.position_m[:2],
        marker="*",
        markersize=12,
        color="#38bdf8",
        markeredgecolor="black",
        zorder=4,
    )
    around = _AROUND_M * max(
        float(np.hypot(*(site.paths.positions_m - site.position_m).T[:2]).max()), 1
    )
    axes.set_xlim(site.position_m[0] - around, site.position_m[0] + around)
    axes.set_ylim(site.position_m[1] - around, site.position_m[1] + around)
    return points
