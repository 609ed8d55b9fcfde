# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages as rows of a table, plain or coloured."""

from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from .. import keys

COLUMNS = (
    ("time s", 14),
    ("status", 10),
    ("protocol", 9),
    ("p", 5),
    ("modulation", 10),
    ("p", 5),
    ("SNR dB", 6),
    ("mobility", 10),
    ("p", 5),
    ("rate MS/s", 9),
    ("centre MHz", 11),
    ("latency ms", 11),
    ("dropped", 8),
)
"""Headings and widths, in characters."""

UNSAID = "-"
"""In place of what is not said of a window."""

STYLES = {
    keys.STATUS_OK: "bold green",
    keys.STATUS_UNKNOWN: "yellow",
    keys.STATUS_PARTIAL: "cyan",
    keys.STATUS_NO_SIGNAL: "dim",
}


def cells(message: Mapping[str, Any]) -> tuple[str, ...]:
    """One text for each of :data:`COLUMNS`."""
    seconds, fraction = message[keys.RX_TIME]
    return (
        f"{seconds + fraction:.4f}",
        message[keys.STATUS],
        message.get(keys.PROTOCOL, UNSAID),
        f"{message[keys.PROTOCOL_P]:.2f}",
        message.get(keys.MODULATION, UNSAID),
        _number(message, keys.MODULATION_P, ".2f"),
        _number(message, keys.SNR_DB, ".1f"),
        message.get(keys.MOBILITY, UNSAID),
        _number(message, keys.MOBILITY_P, ".2f"),
        f"{message[keys.SAMPLE_RATE] / 1e6:.3f}",
        f"{message[keys.CENTER_FREQ] / 1e6:.3f}",
        f"{message[keys.LATENCY_S] * 1e3:.1f}",
        str(message[keys.DROPPED_WINDOWS]),
    )


def heading() -> str:
    """The headings, in columns."""
    return _columns(tuple(name for name, _ in COLUMNS))


def row(message: Mapping[str, Any]) -> Text:
    """A message, in columns, in the colour of its status."""
    return Text(_columns(cells(message)), style=STYLES[message[keys.STATUS]])


def console_on(stream: TextIO) -> Console:
    """Colours where ``stream`` is a terminal; never breaks or shortens lines."""
    return Console(file=stream, highlight=False, soft_wrap=True, markup=False, emoji=False)


def _number(message: Mapping[str, Any], key: str, form: str) -> str:
    return format(message[key], form) if key in message else UNSAID


def _columns(texts: tuple[str, ...]) -> str:
    pairs = zip(texts, COLUMNS, strict=True)
    return " ".join(text.rjust(width) for text, (_, width) in pairs)
