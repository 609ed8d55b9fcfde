# SPDX-License-Identifier: GPL-3.0-or-later
"""The stations behind the addresses: who they are, what they send, what they have counted."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from . import mac
from .config import WifiConfig

_SSIDS = (b"lwm-lab", b"eduroam", b"HomeNet-5G", b"Cafe Guest", b"office", b"FRITZ!Box 7590", b"")
_CHANNELS = (36, 40, 44, 48, 149, 153, 157, 161)
_LLC_IPV4 = bytes.fromhex("aaaa030000000800")
_IP_HEADER, _UDP_HEADER = 20, 8
_CCMP, _MIC = 8, 8  # octets (12.5.3.2)
_A_MSDU_HEADER = 14  # 9.3.2.2.2
AP = 0


def _checksum(octets: bytes) -> int:
    """Internet checksum (RFC 1071) of an even number of octets."""
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def _msdu(n: int, source: int, target: int, number: int, rng: np.random.Generator) -> bytes:
    """LLC, IPv4 and UDP around random octets, n octets in all; random where n is too small."""
    rest = n - len(_LLC_IPV4)
    if rest < _IP_HEADER + _UDP_HEADER:
        return rng.bytes(n)
    addresses = bytes([10, 0, 0, 1 + source, 10, 0, 0, 1 + target])
    start = struct.pack(">BBHHHBBH", 0x45, 0, rest, number & 0xFFFF, 0x4000, 64, 17, 0)
    ip = start[:10] + struct.pack(">H", _checksum(start + addresses)) + addresses
    udp = struct.pack(">HHHH", 50000 + source, 5001, rest - _IP_HEADER, 0)  # 0: no checksum
    return _LLC_IPV4 + ip + udp + rng.bytes(rest - _IP_HEADER - _UDP_HEADER)


@dataclass
class Network:
    """An access point and its stations with their counters.

    Attributes:
        addresses: MAC address of each station, the access point's is the BSSID.
        gateway: address beyond the access point.
        ssid: of the access point.
        channel: its number.
        encrypted: data are protected by CCMP.
        tsf_us: timer of the access point at the first sample.
        sequences: next sequence number of each station.
        packets: next CCMP packet number of each station.
    """

    addresses: tuple[bytes, ...]
    gateway: bytes
    ssid: bytes
    channel: int
    encrypted: bool
    tsf_us: int
    sequences: list[int] = field(default_factory=list)
    packets: list[int] = field(default_factory=list)

    @classmethod
    def random(cls, cfg: WifiConfig, rng: np.random.Generator) -> Network:
        """Draw addresses, names and counters."""
        count = len(cfg.stations)

        def address() -> bytes:
            return bytes([rng.integers(64) << 2 | 2]) + rng.bytes(5)  # local, one receiver

        return cls(
            addresses=tuple(address() for _ in range(count)),
            gateway=address(),
            ssid=_SSIDS[rng.integers(len(_SSIDS))],
            channel=_CHANNELS[rng.integers(len(_CHANNELS))],
            encrypted=cfg.encrypted,
            tsf_us=int(rng.integers(1 << 40)),
            sequences=[int(n) for n in rng.integers(0, 4096, count)],
            packets=[int(n) for n in rng.integers(1, 1 << 30, count)],
        )

    @property
    def bssid(self) -> bytes:
        """Address of the access point."""
        return self.addresses[AP]

    def partial_aid(self, receiver: int) -> int:
        """PARTIAL_AID of a VHT frame (10.20): from the BSSID towards the access point."""
        if receiver == AP:
            return int.from_bytes(self.bssid[4:], "little") >> 7  # bits 39 to 47
        high, low = self.bssid[5] >> 4, self.bssid[5] & 0xF
        return (receiver + ((high ^ low) << 5)) % 512  # the AID is the station's index

    def next_sequence(self, sender: int) -> int:
        """Count a frame of a station."""
        number = self.sequences[sender]
        self.sequences[sender] = (number + 1) % 4096
        return number

    def mpdu(
        self,
        n_bytes: int,
        sender: int,
        receiver: int,
        *,
        tid: int | None,
        duration_us: int,
        rng: np.random.Generator,
    ) -> tuple[bytes, int]:
        """A data frame of n_bytes octets with FCS, and its sequence number.

        Bodies beyond the longest MSDU are A-MSDUs (QoS data only). With CCMP header and MIC
        around random octets when the network is encrypted.
        """
        header_len = mac.HEADER if tid is None else mac.QOS_HEADER
        room = n_bytes - header_len - mac.FCS
        sequence = self.next_sequence(sender)
        protected = self.encrypted and room > _CCMP + _MIC
        a_msdu = tid is not None and room > mac.MAX_MMPDU + (_CCMP + _MIC if protected else 0)
        kind = mac.Type.DATA if tid is None else mac.Type.QOS_DATA
        header = mac.data_header(
            kind,
            self.addresses[receiver],
            self.addresses[sender],
            self.bssid if a_msdu else self.gateway,
            to_ds=sender != AP,
            duration_us=duration_us,
            sequence=sequence,
            tid=tid,
            protected=protected,
            a_msdu=a_msdu,
        )
        if protected:
            number = self.packets[sender]
            self.packets[sender] += 1
            pn = number.to_bytes(6, "little")
            body = pn[:2] + b"\0\x20" + pn[2:] + rng.bytes(room - _CCMP)
        elif a_msdu:
            body = self._a_msdu(room, sender, receiver, sequence, rng)
        else:
            body = _msdu(room, sender, receiver, sequence, rng)
        return mac.with_fcs(header + body), sequence

    def _a_msdu(
        self, room: int, sender: int, receiver: int, sequence: int, rng: np.random.Generator
    ) -> bytes:
        """Subframes of equal length, padded to four octets but the last (9.3.2.2)."""
        count = -(-room // 1600)
        size = room // count // 4 * 4
        out = b""
        for i in range(count):
            rest = size if i < count - 1 else room - len(out)
            far = self.gateway
            ends = (
                (self.addresses[receiver], far) if sender == AP else (far, self.addresses[sender])
            )
            length = rest - _A_MSDU_HEADER
            out += ends[0] + ends[1] + struct.pack(">H", length)
            out += _msdu(length, sender, receiver, sequence, rng)
        return out

    def beacon(self, cfg: WifiConfig, n_bytes: int, time_us: int) -> bytes:
        """The access point's beacon at a time after the first sample."""
        return mac.beacon(
            self.bssid,
            self.next_sequence(AP),
            self.tsf_us + time_us,
            self.ssid,
            self.channel,
            standard=cfg.data_format(cfg.rates[0]).standard,
            protected=self.encrypted,
            n_bytes=n_bytes,
        )
