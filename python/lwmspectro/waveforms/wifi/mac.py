# SPDX-License-Identifier: GPL-3.0-or-later
"""MAC frames with header and FCS (IEEE Std 802.11-2020 clause 9)."""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum

BROADCAST = b"\xff" * 6
HEADER, QOS_HEADER, FCS = 24, 26, 4  # octets (9.2.3, 9.3.2.1)
ACK_BYTES, RTS_BYTES, BLOCK_ACK_BYTES = 14, 20, 32
MAX_MMPDU = 2304  # octets (table 9-25), the MSDU too

_TO_DS, _FROM_DS, _RETRY, _PROTECTED = 0x01, 0x02, 0x08, 0x40
_A_MSDU = 1 << 7  # of QoS Control; its Ack Policy 0 asks for an Ack or BlockAck (9.2.4.5)


class Type(IntEnum):
    """First octet of Frame Control: version 0, type and subtype (table 9-1)."""

    BEACON = 0x80
    BLOCK_ACK = 0x94
    RTS = 0xB4
    CTS = 0xC4
    ACK = 0xD4
    DATA = 0x08
    QOS_DATA = 0x88
    QOS_NULL = 0xC8


def with_fcs(octets: bytes) -> bytes:
    """Append the frame check sequence (9.2.4.8): CRC-32, least significant octet first."""
    return octets + zlib.crc32(octets).to_bytes(4, "little")


def data_header(
    kind: Type,
    receiver: bytes,
    transmitter: bytes,
    third: bytes,
    *,
    to_ds: bool,
    duration_us: int,
    sequence: int,
    tid: int | None = None,
    protected: bool = False,
    retry: bool = False,
    a_msdu: bool = False,
) -> bytes:
    """Header of a data frame within a BSS (9.3.2.1), 24 octets, with a tid 26.

    Args:
        kind: DATA, QOS_DATA or QOS_NULL.
        receiver, transmitter: addresses 1 and 2.
        third: the far end beyond the access point, address 3.
        to_ds: towards the access point instead of from it.
        duration_us: what the exchange needs after this frame, microseconds.
        sequence: number of the MSDU, 0..4095.
        tid: traffic identifier; None has no QoS Control field.
        protected: the body is encrypted.
        retry: sent before.
        a_msdu: the body holds several MSDUs.
    """
    flags = _TO_DS if to_ds else _FROM_DS
    flags |= (_PROTECTED if protected else 0) | (_RETRY if retry else 0)
    start = struct.pack("<BBH", kind, flags, duration_us)
    header = start + receiver + transmitter + third + struct.pack("<H", sequence << 4)
    if tid is None:
        return header
    return header + bytes([tid | (_A_MSDU if a_msdu else 0), 0])


def rts(receiver: bytes, transmitter: bytes, duration_us: int) -> bytes:
    """RTS (9.3.1.2), 20 octets."""
    return with_fcs(struct.pack("<BBH", Type.RTS, 0, duration_us) + receiver + transmitter)


def cts(receiver: bytes, duration_us: int) -> bytes:
    """CTS (9.3.1.3), 14 octets."""
    return with_fcs(struct.pack("<BBH", Type.CTS, 0, duration_us) + receiver)


def ack(receiver: bytes) -> bytes:
    """Ack (9.3.1.4), 14 octets."""
    return with_fcs(struct.pack("<BBH", Type.ACK, 0, 0) + receiver)


def block_ack(
    receiver: bytes, transmitter: bytes, tid: int, sequences: list[int], duration_us: int = 0
) -> bytes:
    """Compressed BlockAck (9.3.1.8.2) of up to 64 successive sequence numbers, 32 octets.

    Raises:
        ValueError: the numbers do not fit one bitmap.
    """
    first = sequences[0]
    offsets = [(number - first) % 4096 for number in sequences]
    if max(offsets) > 63:
        raise ValueError(f"BlockAck: expected numbers within 64 of {first}, got {sequences}")
    bitmap = sum(1 << offset for offset in offsets)
    control = 0x0004 | tid << 12  # BA Type: Compressed BlockAck, acknowledged at once
    body = struct.pack("<HHQ", control, first << 4, bitmap)
    start = struct.pack("<BBH", Type.BLOCK_ACK, 0, duration_us)
    return with_fcs(start + receiver + transmitter + body)


def _element(number: int, body: bytes) -> bytes:
    return bytes([number, len(body)]) + body


def beacon(
    bssid: bytes,
    sequence: int,
    timestamp_us: int,
    ssid: bytes,
    channel: int,
    *,
    standard: str = "legacy",
    protected: bool = False,
    n_bytes: int = 0,
) -> bytes:
    """Beacon (9.3.3.2) with the elements of an access point of a standard.

    Args:
        bssid: of the access point.
        sequence: 0..4095.
        timestamp_us: TSF timer.
        ssid: up to 32 octets.
        channel: primary channel.
        standard: "legacy", "ht" or "vht".
        protected: announces encryption.
        n_bytes: wanted length with FCS; a vendor specific element fills up to it.
    """
    header = struct.pack("<BBH", Type.BEACON, 0, 0) + BROADCAST + bssid + bssid
    header += struct.pack("<H", sequence << 4)
    capability = 0x0401 | (0x0010 if protected else 0)  # ESS, short slot, privacy
    body = struct.pack("<QHH", timestamp_us, 100, capability)
    body += _element(0, ssid[:32])
    body += _element(1, bytes([0x8C, 0x12, 0x98, 0x24, 0xB0, 0x48, 0x60, 0x6C]))  # 6 to 54 Mb/s
    body += _element(3, bytes([channel])) + _element(5, bytes([0, 1, 0, 0]))  # DS, TIM
    if protected:  # RSN: CCMP, pre-shared key
        suite = bytes.fromhex("000fac04")
        body += _element(48, b"\x01\0" + suite + b"\x01\0" + suite + b"\x01\0\0\x0f\xac\x02\0\0")
    if standard != "legacy":  # HT Capabilities, HT Operation
        body += _element(45, b"\x2c\x01\x17\xff\xff" + bytes(21))
        body += _element(61, bytes([channel]) + bytes(21))
    if standard == "vht":  # VHT Capabilities, VHT Operation
        body += _element(191, bytes.fromhex("92010000fafffffffaffffff"))
        body += _element(192, bytes([0, channel, 0, 0xFA, 0xFF]))
    out = header + body
    while (missing := n_bytes - FCS - len(out)) > 6:
        size = min(missing - 2, 255)
        out += _element(221, (bytes.fromhex("0050f204") + bytes(size))[:size])
    return with_fcs(out)
