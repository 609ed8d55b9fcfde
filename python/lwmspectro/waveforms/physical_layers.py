# SPDX-License-Identifier: GPL-3.0-or-later
"""All physical layers by name, and what their configurations say about themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import lte, nr, single_carrier, wifi
from .common import Complex64

NONE = "none"
PROTOCOLS = ("wifi", "lte", "nr")
SINGLE_CARRIER = "single_carrier"


@dataclass(frozen=True)
class PhysicalLayer:
    """One kind of transmitter.

    Attributes:
        config: its configuration, drawn by ``config.random(rng)``.
        waveform: waveform(config, duration_s, rng, log=None), samples at ``config.samp_rate``;
            the log, a ``data_share.DataLog``, is told where its data are.
        bursty: it transmits in bursts, so that its SNR is that of the active samples.
    """

    config: type[Any]
    waveform: Callable[..., Complex64]
    bursty: bool = False


LAYERS: dict[str, PhysicalLayer] = {
    "wifi": PhysicalLayer(wifi.WifiConfig, wifi.waveform, bursty=True),
    "lte": PhysicalLayer(lte.LteConfig, lte.waveform),
    "nr": PhysicalLayer(nr.NrConfig, nr.waveform),
    SINGLE_CARRIER: PhysicalLayer(
        single_carrier.SingleCarrierConfig, single_carrier.waveform, bursty=True
    ),
}


@dataclass(frozen=True)
class PhyLabels:
    """What a configuration says of the data it sends.

    Attributes:
        modulation: "BPSK", "QPSK", "16QAM", "64QAM", "256QAM" or "mixed"; None where it has none.
        mcs: modulation and coding scheme, None where it has none or several.
    """

    modulation: str | None = None
    mcs: int | None = None


def name_of(cfg: object) -> str:
    """Which layer a configuration belongs to; "none" for what is none of them."""
    for name, layer in LAYERS.items():
        if isinstance(cfg, layer.config):
            return name
    return NONE


def labels_of(cfg: object) -> PhyLabels:
    """Labels of a configuration; a configuration may lack either."""
    spelled = getattr(cfg, "label_modulation", None) or getattr(cfg, "modulation", None)
    modulation = None
    if isinstance(spelled, str):
        modulation = "mixed" if spelled.lower() == "mixed" else spelled.upper()
    mcs = getattr(cfg, "mcs", None)
    return PhyLabels(modulation, int(mcs) if isinstance(mcs, int | np.integer) else None)
