# SPDX-License-Identifier: GPL-3.0-or-later
"""Fig. 3 and 4: t-SNE of raw spectrograms and of embeddings, coloured by SNR and by modulation.

A picture persuades easily, so that two numbers stand beside each: how often the 15 nearest windows
are of the same class (in the features themselves, not in the picture), and the silhouette.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from torch.nn.functional import avg_pool2d

from ..lwm.contrastive import NO_LABEL
from . import labels, plots, report
from .bench import Ground
from .cells import ALL
from .city import open_city
from .encoders import embed
from .images import Images
from .methods import METHODS
from .preset import Embedding, Links, Preset
from .provenance import machine
from .splits import Split

FIGURE_3 = "fig3"
RAW = "raw spectrogram"
_NEIGHBOURS = 15
_COMPONENTS = 50  # principal ones that t-SNE begins with
_PATCH = 4
_BATCH = 64

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """One picture.

    Attributes:
        links, features: of what.
        label, names: classes of the points, and their names.
        points: (n, 2).
        neighbours: share of windows whose class their nearest neighbours tell, 5-fold.
        silhouette: of the classes in the features, -1 to 1.
    """

    links: str
    features: str
    label: npt.NDArray[np.int64]
    names: tuple[str, ...]
    points: Points
    neighbours: float
    silhouette: float

    @property
    def chance(self) -> float:
        """Share of the commonest class."""
        return float(np.bincount(self.label).max() / len(self.label))


def panel(
    links: str, features: str, values: Points, label: npt.NDArray[np.int64], names: Sequence[str]
) -> Panel:
    """Projects features (n, k) and measures how far their classes lie apart."""
    scaled = StandardScaler().fit_transform(values)
    few = PCA(min(_COMPONENTS, *scaled.shape), random_state=0).fit_transform(scaled)
    perplexity = min(30.0, (len(few) - 1) / 3)
    points = TSNE(2, perplexity=perplexity, init="pca", random_state=0).fit_transform(few)
    near = KNeighborsClassifier(min(_NEIGHBOURS, len(few) // 2))
    return Panel(
        links=links,
        features=features,
        label=label,
        names=tuple(names),
        points=np.asarray(points, float),
        neighbours=float(cross_val_score(near, few, label, cv=5).mean()),
        silhouette=float(silhouette_score(few, label)),
    )


def figure_3(study: Embedding, preset: Preset, command: str) -> Path:
    """Draws every kind of links; encoders whose weights are missing are left out.

    Raises:
        FileNotFoundError: a data set is not complete.
        ValueError: a data set is not the unseen city's.
    """
    torch.set_num_threads(preset.threads)
    out = Path(preset.out)
    panels, notes = [], []
    for links in study.links:
        ground = _ground(links, study, preset)
        own, skipped = _panels(ground, study)
        panels += own
        notes += [f"- data `{links.name}`: SHA-256 of its files `{ground.city.sha256[:16]}`"]
        notes += [f"- left out on {links.name}: {why}" for why in skipped]
    _draw(panels, out / f"{FIGURE_3}.svg")
    report.write(out / f"{FIGURE_3}.csv", _csv(panels))
    rows = [
        [
            p.links,
            p.features,
            str(len(p.label)),
            f"{100 * p.neighbours:.1f}",
            f"{100 * p.chance:.1f}",
            f"{p.silhouette:.3f}",
        ]
        for p in panels
    ]
    head = ["links", "features", "windows", "15 nearest, %", "chance, %", "silhouette"]
    text = (
        "# Fig. 3 and 4: t-SNE\n\nWindows of San Francisco. Beside the pictures: how often the "
        "nearest neighbours tell the class (5-fold, in 50 principal components of the features), "
        "and the silhouette of the classes there.\n\n"
        + report.table(head, rows)
        + f"\n![t-SNE]({FIGURE_3}.svg)\n\n- command: `{command}`\n"
        + "\n".join(notes)
        + f"\n- {machine()}\n"
    )
    path = out / f"{FIGURE_3}.md"
    report.write(path, text)
    return path


def _ground(links: Links, study: Embedding, preset: Preset) -> Ground:
    city = open_city(Path(links.data))
    label, names = labels.of_rows(city.table, links.task, city.rows(links.protocols))
    snr_db = labels.snr_of(city.table)
    chosen = np.zeros(len(label), bool)
    chosen[city.rows(links.protocols)] = True
    chosen &= label != NO_LABEL
    if links.task == labels.MODULATION:
        chosen &= snr_db >= study.least_snr_db
    else:  # coloured by SNR alone
        levels = np.unique(snr_db[chosen])
        label = np.where(chosen, np.searchsorted(levels, snr_db), NO_LABEL)
        names = tuple(f"{level:g} dB" for level in levels)
    rows = np.random.default_rng(preset.seeds[0]).permutation(np.flatnonzero(chosen))
    rows = np.sort(rows[: study.windows])
    if len(rows) < 2 * _NEIGHBOURS:
        raise ValueError(f"{links.data}: expected 30 windows or more to draw, got {len(rows)}")
    split = Split(rows, rows[:0], rows[:0])
    seeds = {(ALL, preset.seeds[0]): split}
    return Ground(links, city, label, names, snr_db, seeds, preset, study.methods)


def _panels(ground: Ground, study: Embedding) -> tuple[list[Panel], list[str]]:
    bench, rows, links = ground.bench, ground.used, ground.links
    label = ground.label[rows]
    images = Images(bench.images, bench.grids, rows)
    spans = range(0, len(rows), _BATCH)
    pooled = [
        avg_pool2d(images.read(rows[k : k + _BATCH])[:, :1], _PATCH).flatten(1) for k in spans
    ]
    panels = [panel(links.name, RAW, torch.cat(pooled).double().numpy(), label, ground.names)]
    skipped = []
    for name in study.methods:
        if why := ground.lacking(name):
            skipped.append(f"{METHODS[name].title}: {why}")
            continue
        stage = METHODS[name].stage
        encoder = bench.encoders[stage]
        if name.startswith("random"):
            encoder = encoder.like(ground.preset.seeds[0])
        embedded = embed(encoder, bench.readers[stage], rows, _BATCH).float().mean(dim=1)
        values = embedded.double().numpy()
        panels.append(panel(links.name, METHODS[name].title, values, label, ground.names))
    return panels, skipped


def _csv(panels: list[Panel]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["links", "features", "windows", "neighbours", "chance", "silhouette"])
    for p in panels:
        figures = [f"{v:.6g}" for v in (p.neighbours, p.chance, p.silhouette)]
        writer.writerow([p.links, p.features, len(p.label), *figures])
    return text.getvalue()


def _draw(panels: list[Panel], path: Path) -> None:
    names = list(dict.fromkeys(p.links for p in panels))
    columns = max(sum(p.links == name for p in panels) for name in names)
    figure = Figure(figsize=(3.4 * columns, 3.4 * len(names)), layout="constrained")
    axes: Any = figure.subplots(len(names), columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for row, name in enumerate(names):
        for column, p in enumerate([p for p in panels if p.links == name]):
            ax = axes[row][column]
            for k, title in enumerate(p.names):
                chosen = p.points[p.label == k]
                colour = plots.shade(k, len(p.names))
                # thousands of points: a bitmap within the SVG
                ax.scatter(*chosen.T, s=4, color=colour, label=title, rasterized=True)
            ax.set_title(
                f"{p.links}\n{p.features}: {100 * p.neighbours:.0f} % by neighbours", fontsize=8
            )
        axes[row][0].legend(fontsize=6, markerscale=2, loc="best")
    plots.save(figure, path)
