# SPDX-License-Identifier: GPL-3.0-or-later
"""The physical layers by name: how each is configured, and what it sends with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..waveforms import lte, nr, single_carrier, wifi
from . import settings
from .sample_stream import Transmitter


@dataclass(frozen=True)
class Protocol:
    """One physical layer."""

    configure: Callable[..., Any]
    """From a person's numbers, see ``settings``."""
    transmitter: Callable[[Any, int], Transmitter]
    """From that configuration and a seed."""
    label: str | None
    """Of the classifier; None where it knows no name for it."""


PROTOCOLS = {
    "wifi": Protocol(settings.wifi_config, lambda c, s: wifi.Transmitter(c, s), "wifi"),
    "lte": Protocol(settings.lte_config, lambda c, s: lte.Transmitter(c, s), "lte"),
    "nr": Protocol(settings.nr_config, lambda c, s: nr.Transmitter(c, s), "nr"),
    "single-carrier": Protocol(
        settings.single_carrier_config, lambda c, s: single_carrier.Transmitter(c, s), None
    ),
}
