# SPDX-License-Identifier: GPL-3.0-or-later
"""Traces all planned sites into a folder; goes on where it was stopped."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gnuradio.lwmspectro.sites.city_file import read_arrays, write_arrays, write_city
from gnuradio.lwmspectro.sites.manifest import (
    FORMAT,
    MANIFEST_NAME,
    CityFile,
    Manifest,
    SiteRecord,
    sha256_of,
)
from gnuradio.lwmspectro.sites.site_paths import SitePaths
from gnuradio.lwmspectro.strict_json import to_json

from ..files import write_json
from .placement import PlacedSite, draw_users, place_sites
from .plan import PlannedSite, TraceConfig
from .scene import CityScene, versions
from .surface import Surface, survey

_BATCH = 64  # users at once: 2 GB with 100,000 rays
_MOST_DRAWS = 20  # of a user with a link; a site that needs more is badly placed


@dataclass(frozen=True)
class BuildConfig:
    """What is to be traced, and where to."""

    folder: Path
    parts: Path  # where sites go as they are traced, and are found again
    plans: tuple[PlannedSite, ...]
    seed: int = 1
    n_users: int = 1000
    trace: TraceConfig = field(default_factory=TraceConfig)

    def __post_init__(self) -> None:
        if not 1 <= self.n_users <= 100_000:
            raise ValueError(f"users: expected 1 to 100000, got {self.n_users}")
        if self.seed < 0:
            raise ValueError(f"seed: expected 0 or more, got {self.seed}")
        if not self.plans:
            raise ValueError("expected at least one site")

    def fingerprint(self, plan: PlannedSite) -> str:
        """Of all that the numbers of a site follow from."""
        # A site keeps its distance from those of its city before it, not from those after it.
        before = self.plans[: self.plans.index(plan) + 1]
        told: list[object] = [dataclasses.asdict(p) for p in before if p.city == plan.city]
        told += [self.seed, self.n_users, dataclasses.asdict(self.trace), versions()]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class _City:
    scene: CityScene
    surface: Surface
    sites: list[PlacedSite]


def build(config: BuildConfig, on_users: Callable[[str, int], None]) -> Manifest:
    """Traces what is not there yet, then writes the cities' files and the manifest.

    Args:
        config: what is to be traced.
        on_users: told the site and how many more users it has, as they are found.

    Raises:
        RuntimeError: a site has no place, or reaches nobody.
        ValueError: ray tracing is not installed.
        OSError: the folder cannot be written.
    """
    config.folder.mkdir(parents=True, exist_ok=True)
    config.parts.mkdir(parents=True, exist_ok=True)
    cities = {}
    for name in dict.fromkeys(plan.city for plan in config.plans):
        scene = CityScene(name)
        surface = survey(scene)
        plans = [plan for plan in config.plans if plan.city == name]
        placed = place_sites(scene, surface, plans, config.trace, config.seed)
        cities[name] = _City(scene, surface, placed)
    found: dict[str, tuple[SitePaths, int]] = {}
    # The first site of each city, then the second: who stops early has some of each.
    for sites in itertools.zip_longest(*(city.sites for city in cities.values())):
        for site in filter(None, sites):
            path = config.parts / f"{site.plan.name}.npz"
            earlier = _read_part(path, config.fingerprint(site.plan))
            if earlier is None:
                city = cities[site.plan.city]
                traced = _trace_users(city.scene, city.surface, site, config, on_users)
                _write_part(path, config.fingerprint(site.plan), *traced)
                found[site.plan.name] = traced
            else:
                on_users(site.plan.name, config.n_users)
                found[site.plan.name] = earlier
    files = {}
    for name, city in cities.items():
        path = config.folder / f"{name}.npz"
        paths = {site.plan.name: found[site.plan.name][0] for site in city.sites}
        write_city(path, city.surface.footprint, paths)
        files[name] = CityFile(path.name, sha256_of(path), path.stat().st_size)
    records = [
        _record(site, *found[site.plan.name]) for city in cities.values() for site in city.sites
    ]
    trace = dataclasses.asdict(config.trace)
    manifest = Manifest(FORMAT, config.seed, versions(), trace, files, tuple(records))
    write_json(config.folder / MANIFEST_NAME, to_json(manifest))
    return manifest


def _trace_users(
    scene: CityScene,
    surface: Surface,
    site: PlacedSite,
    config: BuildConfig,
    on_users: Callable[[str, int], None],
) -> tuple[SitePaths, int]:
    """Paths of ``n_users`` users with a link, and how many were drawn for that."""
    rng = np.random.default_rng([site.seed, 1])
    pieces: list[SitePaths] = []
    n_found = n_drawn = 0
    while n_found < config.n_users:
        if n_drawn >= _MOST_DRAWS * max(config.n_users, _BATCH):
            raise RuntimeError(f"{site.plan.name}: reaches {n_found} of {n_drawn} users")
        users = draw_users(scene, surface, site, config.trace, _BATCH, rng)
        paths, linked = scene.trace(
            np.array(site.position_m), users, site.plan.center_freq_hz, config.trace, site.seed
        )
        wanted = min(len(linked), config.n_users - n_found)
        last = n_found + wanted == config.n_users and wanted > 0
        n_drawn += int(linked[wanted - 1]) + 1 if last else len(users)
        n_found += wanted
        if paths is not None and wanted:
            pieces.append(paths.first(wanted))
        on_users(site.plan.name, wanted)
    return SitePaths.concatenate(pieces), n_drawn


def _record(site: PlacedSite, paths: SitePaths, n_drawn: int) -> SiteRecord:
    n_los = int(paths.los.sum())
    return SiteRecord(
        name=site.plan.name,
        city=site.plan.city,
        kind=site.plan.kind,
        center_freq_hz=site.plan.center_freq_hz,
        position_m=site.position_m,
        height_m=site.height_m,
        radius_m=site.plan.radius_m,
        seed=site.seed,
        n_users=len(paths.n_paths),
        n_los=n_los,
        n_nlos=len(paths.n_paths) - n_los,
        n_drawn=n_drawn,
    )


def _write_part(path: Path, fingerprint: str, paths: SitePaths, n_drawn: int) -> None:
    columns: dict[str, Any] = paths.to_columns()
    columns["fingerprint"] = np.array(fingerprint)
    columns["n_drawn"] = np.array(n_drawn)
    write_arrays(path, columns)


def _read_part(path: Path, fingerprint: str) -> tuple[SitePaths, int] | None:
    """A site traced earlier, if it is one and was traced as it would be now."""
    try:
        columns = read_arrays(path)
        if str(columns["fingerprint"]) != fingerprint:
            return None
        return SitePaths.from_columns(columns), int(columns["n_drawn"])
    except (OSError, ValueError, KeyError):
        return None
