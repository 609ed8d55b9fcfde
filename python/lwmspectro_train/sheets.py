# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact sheets: what is in a data set, for people to look at.

A sheet is a table of windows: one label along the rows, another along the columns, and in each
cell the window that lies nearest. Frequency runs upwards and time to the right, as in a
waterfall that has been turned; colours span 5 to 99.8 % of a window's cells.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from .dataset import Windows, column
from .scene_plan import MOBILITY

MODULATIONS = ("BPSK", "QPSK", "16QAM", "64QAM", "256QAM", "mixed")
SNR_DB = (-5, 0, 5, 10, 15, 20, 25)
FIGURE_2_SNR_DB = 20.0

_SNR_REACH_DB = 2.5
_EXAMPLES = 8
_CELL_IN = 1.9
_MAP, _MAP_COLOURS = "viridis", 96
_FACE, _INK, _QUIET = "#ffffff", "#1f2328", "#6e7781"

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Axis:
    """One direction of a sheet.

    Attributes:
        title: of the label.
        names: of its values.
        masks: which windows have each value, (n,) each.
    """

    title: str
    names: tuple[str, ...]
    masks: tuple[Mask, ...]

    def present(self, within: Mask) -> Axis:
        """Without the values that no window has."""
        kept = [k for k, mask in enumerate(self.masks) if (mask & within).any()]
        return Axis(
            self.title,
            tuple(self.names[k] for k in kept),
            tuple(self.masks[k] for k in kept),
        )


def _palette() -> Image.Image:
    """128 colours: those of the map, then from the ink to the paper."""
    colours = colormaps[_MAP](np.linspace(0.0, 1.0, _MAP_COLOURS))[:, :3]
    ink, face = (np.array(to_rgb(colour)) for colour in (_INK, _FACE))
    greys = ink + np.linspace(0.0, 1.0, 128 - _MAP_COLOURS)[:, None] * (face - ink)
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.rint(255.0 * np.vstack([colours, greys])).astype(np.uint8).tobytes())
    return palette


class Sheets:
    """Draws the sheets of one data set."""

    def __init__(self, windows: Windows, view: str) -> None:
        """Takes a data set whose only view is ``view``."""
        self._windows = windows
        self._view = view
        self._labels = {
            name: column(windows.table, name)
            for name in (
                "protocol",
                "modulation",
                "snr_db",
                "mobility",
                "samp_rate",
                "doppler_hz",
                "channel",
                "fraction",
            )
        }

    def draw_all(self, folder: Path) -> list[Path]:
        """Writes every sheet that the data set has windows for; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        made = [self._write(folder / "protocols.png", self.protocols())]
        for protocol in sorted(set(self._labels["protocol"])):
            within = self._labels["protocol"] == protocol
            if not np.isfinite(self._labels["snr_db"][within]).any():
                continue
            for name, rows in (("mobility", self._mobility()), ("modulation", self._modulation())):
                rows = rows.present(within)
                if len(rows.names) > 0:
                    figure = self.table(protocol, rows, self._snr().present(within), within)
                    made.append(self._write(folder / f"{protocol}-snr-{name}.png", figure))
        figure_2 = self.figure_2()
        if figure_2 is not None:
            made.append(self._write(folder / "figure-2.png", figure_2))
        return made

    def _snr(self) -> Axis:
        snr = self._labels["snr_db"]
        masks = tuple(np.abs(snr - value) <= _SNR_REACH_DB for value in SNR_DB)
        return Axis("SNR, dB", tuple(f"{value:d} dB" for value in SNR_DB), masks)

    def _mobility(self) -> Axis:
        return self._of("mobility", MOBILITY)

    def _modulation(self) -> Axis:
        return self._of("modulation", MODULATIONS)

    def _of(self, name: str, values: Sequence[str]) -> Axis:
        return Axis(name, tuple(values), tuple(self._labels[name] == value for value in values))

    def protocols(self) -> Figure:
        """The first windows of each protocol."""
        names = tuple(sorted(set(self._labels["protocol"])))
        first = [np.flatnonzero(self._labels["protocol"] == n)[:_EXAMPLES] for n in names]
        cells = [[*rows, *[None] * (_EXAMPLES - len(rows))] for rows in first]
        return self._figure("Protocols", names, ("",) * _EXAMPLES, cells, self._caption)

    def table(self, protocol: str, rows: Axis, columns: Axis, within: Mask) -> Figure:
        """One window for each pair of values; whole ones before those cut short."""
        whole = self._labels["fraction"] >= 1.0
        cells: list[list[Any]] = []
        for row in rows.masks:
            cells.append([])
            for col in columns.masks:
                chosen = np.flatnonzero(row & col & within)
                order = np.argsort(~whole[chosen], kind="stable")
                cells[-1].append(chosen[order[0]] if len(chosen) else None)
        title = f"{protocol}: {rows.title} over {columns.title}"
        return self._figure(title, rows.names, columns.names, cells, self._caption)

    def figure_2(self) -> Figure | None:
        """The paper's figure 2: one link standing still and driving; None without such windows.

        The protocol and modulation with most windows near 20 dB both ways, BPSK first.
        """
        near = np.abs(self._labels["snr_db"] - FIGURE_2_SNR_DB) <= _SNR_REACH_DB
        near &= self._labels["fraction"] >= 1.0
        best: tuple[int, str, str] | None = None
        ways = ("static", "vehicular")
        for protocol in sorted(set(self._labels["protocol"])):
            for modulation in MODULATIONS:
                link = near & (self._labels["protocol"] == protocol)
                link &= self._labels["modulation"] == modulation
                counts = [int((link & (self._labels["mobility"] == way)).sum()) for way in ways]
                weight = min(counts) * (1000 if modulation == "BPSK" else 1)
                if weight and (best is None or weight > best[0]):
                    best = (weight, protocol, modulation)
        if best is None:
            return None
        _, protocol, modulation = best
        link = near & (self._labels["protocol"] == protocol)
        link &= self._labels["modulation"] == modulation
        cells = []
        for way in ways:
            chosen = np.flatnonzero(link & (self._labels["mobility"] == way))[:4]
            cells.append([*chosen, *[None] * (4 - len(chosen))])
        title = f"{protocol}, {modulation}, {FIGURE_2_SNR_DB:g} dB (LWM-Spectro, figure 2)"
        return self._figure(title, ways, ("",) * 4, cells, self._caption)

    def _caption(self, number: int) -> str:
        labels = self._labels
        snr = labels["snr_db"][number]
        parts = [
            f"{labels['samp_rate'][number] / 1e6:g} MS/s",
            "silent" if np.isnan(snr) else f"{snr:.1f} dB",
            f"{labels['doppler_hz'][number]:.0f} Hz",
        ]
        return ", ".join(parts)

    def _figure(
        self,
        title: str,
        rows: Sequence[str],
        columns: Sequence[str],
        cells: Sequence[Sequence[int | None]],
        caption: Callable[[int], str],
    ) -> Figure:
        size = (_CELL_IN * len(columns) + 0.7, (_CELL_IN + 0.22) * len(rows) + 0.6)
        figure = Figure(size, facecolor=_FACE, layout="constrained")
        figure.suptitle(title, color=_INK, fontsize=11)
        axes = figure.subplots(len(rows), len(columns), squeeze=False)
        for r, row in enumerate(rows):
            for c, name in enumerate(columns):
                ax, number = axes[r][c], cells[r][c]
                ax.set_xticks([])
                ax.set_yticks([])
                for spine in ax.spines.values():
                    spine.set_visible(False)
                if c == 0:
                    ax.set_ylabel(row, color=_INK, fontsize=9)
                if r == 0 and name:
                    ax.set_title(name, color=_INK, fontsize=9)
                if number is None:
                    continue  # no caption either: "none" is a class
                image = self._image(int(number))
                low, high = np.percentile(image, (5.0, 99.8))
                ax.imshow(
                    image,
                    origin="lower",
                    aspect="auto",
                    cmap=_MAP,
                    vmin=low,
                    vmax=max(high, low + 1.0),
                    interpolation="nearest",
                )
                ax.set_xlabel(caption(int(number)), color=_QUIET, fontsize=7)
        return figure

    def _image(self, number: int) -> npt.NDArray[np.float32]:
        """A window as an image: frequency or row upwards, time to the right."""
        shape = self._windows.shapes[self._view]
        tokens = self._windows.tokens([number])[0].astype(np.float32).reshape(shape)
        if self._view == "spectrogram":
            return tokens.T  # (bins, frames)
        return tokens[0].T if tokens.ndim == 3 else tokens[::-1]

    def _write(self, path: Path, figure: Figure) -> Path:
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(80)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        partial = path.with_name(path.name + ".part")
        # the colours of the map and the greys of the text: a third of the size
        indexed = picture.quantize(palette=_palette(), dither=Image.Dither.NONE)
        indexed.save(partial, "PNG", optimize=True)
        os.replace(partial, path)
        return path
