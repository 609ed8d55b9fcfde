# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of sites in ``docs/sites.md``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gnuradio.lwmspectro.sites import Site, SiteSet
from gnuradio.lwmspectro.sites.manifest import Manifest, SiteRecord
from gnuradio.lwmspectro.sites.split import split_of

_HEAD = (
    "site",
    "split",
    "kind",
    "antenna, m",
    "MHz",
    "users",
    "LOS",
    "with a link",
    "path loss, dB",
    "delay spread, ns",
    "paths",
)


def site_table(data: Path) -> str:
    """A Markdown table, one line a site; medians over the users.

    Raises:
        ValueError: the folder does not hold sites.
        OSError: a file cannot be read.
    """
    manifest = Manifest.load(data)
    sets = {split: SiteSet.load(split, data) for split in _splits(manifest)}
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    for record in manifest.sites:
        split = split_of(record.city, record.name)
        lines.append(_line(_row(record, sets[split].site(record.name), split)))
    return "\n".join(lines) + "\n"


def _splits(manifest: Manifest) -> list[str]:
    return sorted({split_of(record.city, record.name) for record in manifest.sites})


def _row(record: SiteRecord, site: Site, split: str) -> list[str]:
    return [
        record.name,
        split,
        record.kind,
        f"{record.height_m:.1f}",
        f"{record.center_freq_hz / 1e6:.0f}",
        str(record.n_users),
        f"{100 * record.n_los / record.n_users:.0f} %",
        f"{100 * record.n_users / record.n_drawn:.0f} %",
        f"{np.median(site.path_loss_db):.0f}",
        f"{1e9 * np.median(site.delay_spread_s):.0f}",
        f"{np.median(site.paths.n_traced):.0f}",
    ]


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
