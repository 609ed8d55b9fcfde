# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites to draw users from, split by city."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .city_file import read_city
from .footprint import Footprint
from .manifest import Manifest, sha256_of
from .site import Site, SiteUser
from .split import SPLITS, split_of

DATA = Path(__file__).parent / "data"
"""The sites that come with the module."""


@dataclass(frozen=True)
class SiteSet:
    """Sites of one split: ``SiteSet.load("train")``.

    San Francisco is in "test" and nowhere else, and a set of the other splits that holds it
    cannot be made. Sites of DeepMIMO scenarios have no split.
    """

    sites: tuple[Site, ...]
    split: str | None = None
    footprints: dict[str, Footprint] = field(default_factory=dict)  # by city

    def __post_init__(self) -> None:
        if not self.sites:
            raise ValueError("expected at least one site")
        if self.split is None:
            return
        _check_split(self.split)
        for site in self.sites:
            if (own := split_of(site.city, site.name)) != self.split:
                raise ValueError(f"{site.name}: expected a site of {self.split}, got one of {own}")

    @classmethod
    def load(cls, split: str, folder: Path = DATA) -> SiteSet:
        """The sites of a split; no file that holds none of them is opened.

        Args:
            split: "train", "validation" (a site of each city of "train") or "test" (San
                Francisco).
            folder: what ``lwmspectro-train sites`` wrote.

        Raises:
            ValueError: there is no such split or it is empty, or a file is not what the
                manifest says.
            OSError: a file cannot be read.
        """
        _check_split(split)
        manifest = Manifest.load(folder)
        records = [r for r in manifest.sites if split_of(r.city, r.name) == split]
        if not records:
            raise ValueError(f"{folder}: expected sites of {split}, got none")
        sites: list[Site] = []
        footprints: dict[str, Footprint] = {}
        for city in dict.fromkeys(record.city for record in records):
            if city not in manifest.cities:
                raise ValueError(f"{folder}: expected a file of {city} in the manifest, got none")
            path = folder / manifest.cities[city].file
            if (found := sha256_of(path)) != (wanted := manifest.cities[city].sha256):
                raise ValueError(f"{path}: expected SHA-256 {wanted}, got {found}")
            footprints[city], paths = read_city(path)
            for record in (r for r in records if r.city == city):
                if record.name not in paths:
                    raise ValueError(f"{path}: expected the site {record.name}, got none")
                x, y, z = record.position_m
                site = Site(
                    name=record.name,
                    city=city,
                    kind=record.kind,
                    center_freq_hz=record.center_freq_hz,
                    position_m=(x, y, z),
                    height_m=record.height_m,
                    paths=paths[record.name],
                )
                sites.append(site)
        return cls(tuple(sites), split, footprints)

    @classmethod
    def from_deepmimo(cls, folder: Path) -> SiteSet:
        """The sites of a DeepMIMO scenario, version 4: one for each of its transmitters.

        Args:
            folder: where ``params.json`` and the arrays are (npz or mat).

        Raises:
            ValueError: it is no such scenario, or nobody in it has a path.
            OSError: a file cannot be read.
        """
        from .deepmimo import read_scenario

        return cls(tuple(read_scenario(folder)))

    def __len__(self) -> int:
        """How many sites there are."""
        return len(self.sites)

    def __iter__(self) -> Iterator[Site]:
        """The sites."""
        return iter(self.sites)

    @property
    def n_users(self) -> int:
        """Users of all sites."""
        return sum(len(site) for site in self.sites)

    def site(self, name: str) -> Site:
        """A site by its name.

        Raises:
            KeyError: there is no such site.
        """
        for site in self.sites:
            if site.name == name:
                return site
        raise KeyError(f"expected one of {', '.join(s.name for s in self.sites)}, got {name}")

    def draw(self, rng: np.random.Generator) -> SiteUser:
        """A user at random: each site as often as another, each of its users too."""
        site = self.sites[int(rng.integers(len(self.sites)))]
        return site.user(int(rng.integers(len(site))))


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ValueError(f"split: expected one of {', '.join(SPLITS)}, got {split}")
