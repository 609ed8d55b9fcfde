# SPDX-License-Identifier: GPL-3.0-or-later
"""What a subframe is to carry, as the scheduler hands it to the resource grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .control import Message


@dataclass(frozen=True)
class Codeword:
    """A transport block on its way: ``message`` bits, or draw ``draw`` of the pool."""

    size: int
    draw: int = 0
    message: bytes | None = None
    version: int = 0


@dataclass(frozen=True)
class Grant:
    """Codewords and the resource elements that carry them.

    Attributes:
        rnti: of the receiver.
        places: resource elements in the order of mapping, flattened (symbols x subcarriers).
        bits: of a modulation symbol.
        amplitude: of the elements.
        layers: gain of each spatial layer, empty for one port or transmit diversity.
        codewords: one, or two on two layers.
        mcs: MCS index, and the table it refers to.
        with_256qam: whether that is 36.213 table 7.1.7.1-1A.
    """

    rnti: int
    places: NDArray[np.int64]
    bits: int
    amplitude: float
    layers: tuple[complex, ...]
    codewords: tuple[Codeword, ...]
    mcs: int
    with_256qam: bool = False


@dataclass
class Subframe:
    """What one downlink subframe carries.

    Attributes:
        number: subframe, counted from the start of system frame 0.
        cfi: control format indicator.
        n_control: symbols of the control region.
        units: PHICH mapping units.
        answers: on the PHICH, int8 (units, 8): +1 for NACK, -1 for ACK, 0 for none.
        messages: of the PDCCH.
        grants: of the PDSCH.
    """

    number: int
    cfi: int
    n_control: int
    units: int
    answers: NDArray[np.int8]
    messages: list[Message] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
