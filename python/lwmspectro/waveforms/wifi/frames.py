# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole PPDUs: octets in, samples out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..common import Complex64
from . import ampdu, header
from .data_bits import Payload
from .format import Format
from .header import Signalling
from .scrambler import ANNEX_SEED, PERIOD
from .symbols import ONE_ANTENNA, Antennas, data_field


def check(fmt: Format, psdu: bytes, seed: int, signalling: Signalling) -> None:
    """Refuse what the format cannot carry.

    Raises:
        ValueError: as ``ppdu``.
    """
    if not 1 <= len(psdu) <= fmt.max_bytes:
        raise ValueError(
            f"PSDU of {fmt.standard} {fmt.rate}: expected 1..{fmt.max_bytes} octets, "
            f"got {len(psdu)}"
        )
    if not 1 <= seed <= PERIOD:
        raise ValueError(f"scrambler seed: expected 1..{PERIOD}, got {seed}")
    if fmt.standard == "vht" and not ampdu.is_ampdu(psdu):
        raise ValueError(
            "PSDU of vht: expected an A-MPDU (wifi.ampdu.build), "
            f"got {psdu[:4].hex(' ')} instead of a delimiter"
        )
    if signalling.aggregated and fmt.is_legacy:
        raise ValueError("aggregated: expected False for legacy, got True")
    if not (0 <= signalling.group_id < 64 and 0 <= signalling.partial_aid < 512):
        raise ValueError(
            "group_id and partial_aid: expected 0..63 and 0..511, "
            f"got {signalling.group_id} and {signalling.partial_aid}"
        )


def ppdu(
    psdu: bytes,
    fmt: Format,
    scrambler_seed: int = ANNEX_SEED,
    *,
    aggregated: bool = False,
    group_id: int = 63,
    partial_aid: int = 0,
    antennas: Antennas | None = None,
) -> Complex64:
    """One frame on the air.

    Args:
        psdu: octets with their FCS. VHT carries nothing but A-MPDUs: give one before its EOF
            padding (``ampdu.build``).
        fmt: legacy, HT mixed format or VHT; rate or MCS; guard interval; ramp; streams.
        scrambler_seed: initial state of the scrambler, 1..127.
        aggregated: HT: the PSDU is an A-MPDU.
        group_id, partial_aid: VHT: addressee as VHT-SIG-A names it.
        antennas: gains towards the receive antenna; None is one antenna, or two that are heard
            alike.

    Returns:
        complex64 at 20 MS/s, shape (header_len + symbols * symbol_len + ramp,), unit mean power.

    Raises:
        ValueError: the PSDU is empty, too long or (VHT) no A-MPDU, or a value is out of range.
    """
    signalling = Signalling(len(psdu), aggregated, group_id, partial_aid)
    check(fmt, psdu, scrambler_seed, signalling)
    if antennas is None:
        alike = np.full((fmt.streams, ONE_ANTENNA.legacy.size), np.sqrt(1.0 / fmt.streams))
        antennas = ONE_ANTENNA
        if fmt.streams > 1:
            antennas = Antennas(ONE_ANTENNA.legacy, alike.astype(np.complex64))
    return next(assemble(fmt, [(Payload(psdu, scrambler_seed), signalling)], antennas))


def assemble(
    fmt: Format, frames: Sequence[tuple[Payload, Signalling]], antennas: Antennas
) -> Iterator[Complex64]:
    """Samples of several frames of one format, which share their transforms."""
    sizes, symbols, tails = data_field(fmt, [payload for payload, _ in frames], antennas)
    heads: dict[Signalling, Complex64] = {}
    stop = 0
    for (_, signalling), size in zip(frames, sizes, strict=True):
        start, stop = stop, stop + size
        body = np.empty(fmt.n_samples(size) + fmt.ramp, np.complex64)
        if signalling not in heads:
            heads[signalling] = header.samples(fmt, signalling, antennas)
        head = heads[signalling]
        body[: fmt.header_len] = head[: fmt.header_len]
        body[fmt.header_len : body.size - fmt.ramp] = symbols[start:stop].reshape(-1)
        body[fmt.header_len : head.size] += head[fmt.header_len :]
        body[body.size - fmt.ramp :] = tails[stop - 1]
        yield body
