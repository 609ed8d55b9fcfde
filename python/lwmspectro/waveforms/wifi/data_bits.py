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


def _pack_symbols(rows: Bits) -> Bits:
    """Transpose bits of symbols, shape (8 n, m), to bytes of eight symbols each, shape (m, n)."""
    eight = rows.reshape(-1, 8, rows.shape[1])
    out = eight[:, 7].copy()
    for i in range(6, -1, -1):
        out += out
        out |= eight[:, i]
    return np.ascontiguousarray(out.T)


def labels(fmt: Format, payloads: Sequence[Payload]) -> npt.NDArray[np.uint8]:
    """Constellation labels of the data fields of several frames of one format.

    All symbols of all frames are coded, punctured and interleaved at once, eight to a byte.

    Returns:
        uint8, shape (streams, data subcarriers, symbols of all frames): bit b of a label is b_b.
    """
    n_dbps, source = interleaver.cell_sources(
        not fmt.is_legacy, fmt.row.n_bpsc, fmt.row.coding, fmt.streams
    )
    memory = convolutional.MEMORY
    parts = [scrambled(fmt, payload).reshape(-1, n_dbps) for payload in payloads]
    sizes = [part.shape[0] for part in parts]
    total = sum(sizes)
    # a row for each symbol: the encoder's six last bits, then the symbol's own
    rows = np.zeros((-(-total // 8) * 8, memory + n_dbps), np.uint8)
    stop = 0
    for part, size in zip(parts, sizes, strict=True):
        start, stop = stop, stop + size
        rows[start:stop, memory:] = part
        rows[start + 1 : stop, :memory] = part[:-1, n_dbps - memory :]  # first: the zero state
    mother = np.concatenate(convolutional.parity(_pack_symbols(rows)))
    bits = np.unpackbits(np.take(mother, source, axis=0), axis=-1, count=total, bitorder="little")
    out = bits[:, -1].copy()
    for bit in range(fmt.row.n_bpsc - 2, -1, -1):
        out += out
        out |= bits[:, bit]
    return out
