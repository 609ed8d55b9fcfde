# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a data set: every column with its type, its unit and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms.channels import ChannelTruth
from gnuradio.lwmspectro.waveforms.physical_layers import PhyLabels, labels_of
from gnuradio.lwmspectro.waveforms.scene import NONE, Measured, Scene

from .scene_plan import PlannedScene

Tokens = np.ndarray
GRID = "grid_"
_DETAIL = 400  # characters


@dataclass(frozen=True)
class View:
    """One part of a vector of tokens, a column of its own.

    Attributes:
        name: of the column.
        start, size: floats within the vector.
        shape: of this part.
    """

    name: str
    start: int
    size: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """A rendered window.

    Attributes:
        planned: its scene.
        measured: what is truly in it.
        tokens: float16, shape (vlen,).
    """

    planned: PlannedScene
    measured: Measured
    tokens: Tokens


@dataclass(frozen=True)
class _Facts:
    number: int
    seed: int
    planned: PlannedScene
    scene: Scene
    measured: Measured
    channel: ChannelTruth
    phy: PhyLabels

    @classmethod
    def of(cls, window: Window) -> _Facts:
        planned, measured = window.planned, window.measured
        # what is not in view has no label
        unseen = measured.layer == NONE or measured.data_share == 0.0
        return cls(
            number=planned.number,
            seed=planned.seed[0],
            planned=planned,
            scene=planned.scene,
            measured=measured,
            channel=planned.scene.channel,
            phy=PhyLabels() if unseen else labels_of(planned.scene.transmitter),
        )


@dataclass(frozen=True)
class Column:
    """One label.

    Attributes:
        name: of the column.
        type: in Arrow; any label may be null.
        unit: or "" where it has none.
        text: what it says.
        value: of a window; NaN becomes null.
    """

    name: str
    type: pa.DataType
    unit: str
    text: str
    value: Callable[[_Facts], Any]


def _bandwidth(facts: _Facts) -> float | None:
    return None if facts.scene.layer == NONE else facts.scene.transmitter.occupied_bw_hz


COLUMNS: tuple[Column, ...] = (
    Column("number", pa.int64(), "", "position in the data set", lambda f: f.number),
    Column("seed", pa.int64(), "", "of the data set", lambda f: f.seed),
    Column(
        "protocol",
        pa.string(),
        "",
        "wifi, lte, nr, single_carrier, or none: a negative, or a transmitter silent in view",
        lambda f: f.measured.layer,
    ),
    Column(
        "modulation",
        pa.string(),
        "",
        "of the data: BPSK, QPSK, 16QAM, 64QAM, 256QAM or mixed; null where none are in view",
        lambda f: f.phy.modulation,
    ),
    Column(
        "data_share",
        pa.float32(),
        "",
        "share of what is in view that carries data of the modulation",
        lambda f: f.measured.data_share,
    ),
    Column("mcs", pa.int16(), "", "modulation and coding scheme", lambda f: f.phy.mcs),
    Column("bandwidth_hz", pa.float64(), "Hz", "occupied, of the carrier", _bandwidth),
    Column("samp_rate", pa.float64(), "Hz", "of the receiver", lambda f: f.scene.samp_rate),
    Column("snr_drawn_db", pa.float32(), "dB", "wanted", lambda f: f.scene.snr_db),
    Column("snr_db", pa.float32(), "dB", "measured: the label", lambda f: f.measured.snr_db),
    Column(
        "snr_window_db",
        pa.float32(),
        "dB",
        "measured over all samples of the window",
        lambda f: f.measured.ratio.window_db,
    ),
    Column(
        "snr_active_db",
        pa.float32(),
        "dB",
        "measured over the samples in which the signal transmits",
        lambda f: f.measured.ratio.active_db,
    ),
    Column("active", pa.float32(), "", "share of these samples", lambda f: f.measured.ratio.active),
    Column(
        "band_low_hz",
        pa.float64(),
        "Hz",
        "occupied band in view, against the centre",
        lambda f: f.measured.band.low_hz,
    ),
    Column("band_high_hz", pa.float64(), "Hz", "its upper edge", lambda f: f.measured.band.high_hz),
    Column(
        "offset_hz",
        pa.float64(),
        "Hz",
        "carrier's centre against the receiver's",
        lambda f: f.scene.offset_hz,
    ),
    Column("center_freq", pa.float64(), "Hz", "carrier frequency", lambda f: f.scene.center_freq),
    Column(
        "speed_kmh",
        pa.float32(),
        "km/h",
        "of the doppler_hz at the center_freq",
        lambda f: f.planned.speed_kmh,
    ),
    Column(
        "mobility",
        pa.string(),
        "",
        "static, pedestrian (up to 15 km/h) or vehicular",
        lambda f: f.planned.mobility,
    ),
    Column(
        "doppler_hz", pa.float32(), "Hz", "maximum Doppler shift", lambda f: f.channel.doppler_hz
    ),
    Column(
        "channel",
        pa.string(),
        "",
        "cable, fading, tdl-a to tdl-e, or site",
        lambda f: f.channel.kind,
    ),
    Column(
        "delay_spread_s", pa.float32(), "s", "root mean square", lambda f: f.channel.delay_spread_s
    ),
    Column("los", pa.bool_(), "", "line of sight", lambda f: f.channel.los),
    Column("city", pa.string(), "", "of the site", lambda f: f.channel.city),
    Column("site", pa.string(), "", "the base station", lambda f: f.channel.site),
    Column("user", pa.int32(), "", "position at the site", lambda f: f.channel.user),
    Column(
        "heading_deg",
        pa.float32(),
        "deg",
        "azimuth that the user at the site moves to",
        lambda f: f.channel.heading_deg,
    ),
    Column(
        "front_end", pa.string(), "", "profile of the receiver", lambda f: f.scene.front_end.profile
    ),
    Column(
        "cfo_hz",
        pa.float32(),
        "Hz",
        "carrier offset by the receiver's clock and tuner",
        lambda f: f.scene.front_end.cfo_hz(f.scene.center_freq),
    ),
    Column(
        "fraction",
        pa.float32(),
        "",
        "share of the window that is not padding",
        lambda f: f.planned.fraction,
    ),
    Column(
        "detail",
        pa.string(),
        "",
        "transmitter in words",
        lambda f: repr(f.scene.transmitter)[:_DETAIL],
    ),
)


def views(spec: kernels.window_spec) -> tuple[View, ...]:
    """The parts of a vector of tokens: C0, C3, and the symbol grids (C1, C2) of the spec."""
    rows = len(kernels.correlogram_rows)
    size = spec.spectrogram_size
    c3 = rows * kernels.correlogram_cols
    parts = [
        View("spectrogram", 0, size, (spec.n_frames, spec.n_bins)),
        View("correlogram", size, c3, (rows, kernels.correlogram_cols)),
    ]
    if spec.grids:
        shape = (
            len(kernels.symbol_grid_planes),
            kernels.symbol_grid_rows,
            kernels.symbol_grid_cols,
        )
        each = math.prod(shape)
        start = size + c3
        parts += [View(GRID + n, start + k * each, each, shape) for k, n in enumerate(spec.grids)]
    return tuple(parts)


def schema(parts: tuple[View, ...], metadata: dict[str, str]) -> pa.Schema:
    """Of a file: the labels, then the tokens by their views."""
    fields = [
        pa.field(c.name, c.type, metadata={"unit": c.unit, "description": c.text}) for c in COLUMNS
    ]
    for part in parts:
        shape = " x ".join(map(str, part.shape))
        unit = "" if part.name.startswith(GRID) else "dB"  # planes of grids have units of their own
        about = {"unit": unit, "description": f"tokens, {shape}, row major"}
        # no null within: a value takes 2 bytes and nothing else
        item = pa.field("element", pa.float16(), nullable=False)
        fields.append(pa.field(part.name, pa.list_(item, part.size), metadata=about))
    return pa.schema(fields, metadata=metadata)


def table(windows: list[Window], parts: tuple[View, ...], metadata: dict[str, str]) -> pa.Table:
    """Windows as one table."""
    facts = [_Facts.of(window) for window in windows]
    kind = schema(parts, metadata)
    arrays = [
        pa.array([_plain(column.value(fact)) for fact in facts], column.type) for column in COLUMNS
    ]
    tokens = np.stack([window.tokens for window in windows])  # (n, vlen)
    for part in parts:
        flat = np.ascontiguousarray(tokens[:, part.start : part.start + part.size]).reshape(-1)
        arrays.append(
            pa.FixedSizeListArray.from_arrays(
                pa.array(flat, pa.float16()), type=kind.field(part.name).type
            )
        )
    return pa.Table.from_arrays(arrays, schema=kind)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
