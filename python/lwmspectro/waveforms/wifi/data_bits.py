# SPDX-License-Identifier: GPL-3.0-or-later
"""Bits of the data field, scrambled, and their way to constellation labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..coding import convolutional
from . import ampdu, fields, interleaver, scrambler
from .format import SERVICE_BITS, TAIL_BITS, Format

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Payload:
    """What one frame carries.

    Attributes:
        psdu: octets; for VHT the A-MPDU before its EOF padding.
        seed: initial state of the scrambler, 1..127.
    """

    psdu: bytes
    seed: int = scrambler.ANNEX_SEED


def scrambled(fmt: Format, payload: Payload) -> Bits:
    """SERVICE, PSDU, tail and pad bits after scrambling, shape (n_symbols * n_dbps,).

    The tail is six zeros after the PSDU (17.3.5.3), in VHT after the pad bits (21.3.10.2).
    """
    n_bytes = len(payload.psdu)
    out = np.zeros(fmt.n_symbols(n_bytes) * fmt.n_dbps, np.uint8)
    psdu = payload.psdu
    if fmt.standard == "vht":
        psdu = ampdu.pad(psdu, fmt.psdu_len(n_bytes))
        out[:SERVICE_BITS] = fields.vht_service(n_bytes)
    stop = SERVICE_BITS + 8 * len(psdu)
    out[SERVICE_BITS:stop] = np.unpackbits(np.frombuffer(psdu, np.uint8), bitorder="little")
    out ^= scrambler.sequence(payload.seed, out.size)
    if fmt.standard == "vht":
        stop = out.size - TAIL_BITS
    out[stop : stop + TAIL_BITS] = 0
    return out


def labels(fmt: Format, payloads: Sequence[Payload]) -> npt.NDArray[np.uint8]:
    """Constellation labels of the data fields of several frames of one format.

    Returns:
        uint8, shape (streams, data subcarriers, symbols of all frames): bit b of a label is b_b.
    """
    n_dbps, source = interleaver.cell_sources(
        not fmt.is_legacy, fmt.row.n_bpsc, fmt.row.coding, fmt.streams
    )
    parts = [scrambled(fmt, payload) for payload in payloads]
    total = sum(part.size for part in parts) // n_dbps
    # row t holds data bit t of every symbol; six rows above hold the end of the symbol before
    history = np.empty((convolutional.MEMORY + n_dbps, total), np.uint8)
    flat = parts[0] if len(parts) == 1 else np.concatenate(parts)
    history[convolutional.MEMORY :] = flat.reshape(total, n_dbps).T
    history[: convolutional.MEMORY, 1:] = history[n_dbps:, :-1]
    first = np.cumsum([0] + [part.size // n_dbps for part in parts[:-1]])
    history[: convolutional.MEMORY, first] = 0  # every frame starts from the zero state
    mother = np.concatenate(convolutional.parity(history))
    out = np.take(mother, source[:, 0], axis=0)
    for bit in range(1, fmt.row.n_bpsc):
        out |= np.take(mother, source[:, bit], axis=0) << np.uint8(bit)
    return out
