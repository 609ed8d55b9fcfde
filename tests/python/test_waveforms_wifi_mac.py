# SPDX-License-Identifier: GPL-3.0-or-later
"""MAC frames and A-MPDUs octet by octet, and who sends them."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import wifi
from gnuradio.lwmspectro.waveforms.wifi import ampdu, mac
from gnuradio.lwmspectro.waveforms.wifi.traffic import exchange
from hypothesis import given
from hypothesis import strategies as st
from wifi_octets import fcs_right, split_ampdu

A, B, C = (bytes([2, 0, 0, 0, 0, n]) for n in (1, 2, 3))
FCS_RESIDUE = 0x2144DF1C  # of every frame with its FCS, as zlib counts


def bitwise_crc8(bits: list[int]) -> list[int]:
    """x^8 + x^2 + x + 1 as a long division of the inverted start (19.3.9.4.4), C7 first."""
    line = [1 - bit for bit in bits[:8]] + bits[8:] + [0] * 8
    for i in range(len(bits)):
        if line[i]:
            for j in (0, 6, 7, 8):
                line[i + j] ^= 1
    return [1 - bit for bit in line[-8:]]


@given(octets=st.binary(min_size=1, max_size=200))
def test_fcs_leaves_the_residue(octets: bytes) -> None:
    frame = mac.with_fcs(octets)
    assert zlib.crc32(frame) == FCS_RESIDUE


def test_control_frames() -> None:
    assert mac.ack(A)[:-4].hex() == "d4000000" + A.hex()
    assert mac.cts(A, 300)[:-4].hex() == "c4002c01" + A.hex()
    assert mac.rts(A, B, 300)[:-4].hex() == "b4002c01" + A.hex() + B.hex()
    assert len(mac.ack(A)) == 14
    assert len(mac.rts(A, B, 0)) == 20


def test_block_ack() -> None:
    frame = mac.block_ack(A, B, tid=5, sequences=[4094, 4095, 0, 3])
    assert len(frame) == 32
    assert frame[:2].hex() == "9400"
    control, start, bitmap = struct.unpack("<HHQ", frame[16:28])
    assert control == 0x5004
    assert start >> 4 == 4094
    assert bitmap == 0b100111
    with pytest.raises(ValueError, match="within 64 of 0"):
        mac.block_ack(A, B, 0, [0, 64])


def test_data_header() -> None:
    header = mac.data_header(
        mac.Type.QOS_DATA, A, B, C, to_ds=True, duration_us=44, sequence=4095, tid=6, protected=True
    )
    assert header.hex() == "88412c00" + A.hex() + B.hex() + C.hex() + "f0ff" + "0600"
    plain = mac.data_header(mac.Type.DATA, A, B, C, to_ds=False, duration_us=0, sequence=1)
    assert plain[:2].hex() == "0802"
    assert len(plain) == 24


@pytest.mark.parametrize("standard", ["legacy", "ht", "vht"])
@pytest.mark.parametrize("n_bytes", [0, 340])
def test_beacon_holds_elements_in_a_row(standard: str, n_bytes: int) -> None:
    frame = mac.beacon(A, 7, 123456, b"lwm-lab", 36, standard=standard, n_bytes=n_bytes)
    assert fcs_right(frame)
    assert frame[4:10] == mac.BROADCAST
    assert struct.unpack("<Q", frame[24:32])[0] == 123456
    elements, at = {}, 36
    while at < len(frame) - 4:
        elements[frame[at]] = frame[at + 2 : at + 2 + frame[at + 1]]
        at += 2 + frame[at + 1]
    assert at == len(frame) - 4
    assert elements[0] == b"lwm-lab"
    assert elements[3] == bytes([36])
    assert (45 in elements) == (standard != "legacy")
    assert (191 in elements) == (standard == "vht")
    if n_bytes:
        assert n_bytes - 6 <= len(frame) <= n_bytes


@given(length=st.integers(0, 4095), vht=st.booleans(), eof=st.booleans())
def test_delimiter(length: int, vht: bool, eof: bool) -> None:
    octets = ampdu.delimiter(length, vht, eof)
    assert octets[3] == 0x4E
    assert int.from_bytes(octets[:2], "little") == length << 4 | eof
    bits = [int.from_bytes(octets, "little") >> i & 1 for i in range(24)]
    assert bits[16:] == bitwise_crc8(bits[:16])


def test_long_mpdus_need_the_high_bits_of_vht() -> None:
    assert int.from_bytes(ampdu.delimiter(9000, True)[:2], "little") == (9000 & 4095) << 4 | 2 << 2
    with pytest.raises(ValueError, match=r"expected 0\.\.4095 octets, got 9000"):
        ampdu.delimiter(9000, False)


@given(
    sizes=st.lists(st.integers(14, 300), min_size=1, max_size=6),
    vht=st.booleans(),
    extra=st.integers(0, 40),
)
def test_ampdu_holds_its_mpdus(sizes: list[int], vht: bool, extra: int) -> None:
    mpdus = [mac.with_fcs(bytes([i]) * (size - 4)) for i, size in enumerate(sizes)]
    octets = ampdu.build(mpdus, vht)
    assert split_ampdu(octets) == mpdus
    if vht:
        padded = ampdu.pad(octets, len(octets) + extra)
        assert len(padded) == len(octets) + extra
        assert split_ampdu(padded) == mpdus
        assert ampdu.is_ampdu(padded)


def test_ampdu_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one MPDU"):
        ampdu.build([], True)
    assert not ampdu.is_ampdu(mac.ack(A))


def _addresses(frame: bytes) -> tuple[bytes, bytes]:
    return frame[4:10], frame[10:16]


@pytest.mark.parametrize("seed", range(12))
def test_answers_fit_the_frames_they_answer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    standard = ("11a", "11n", "11ac")[seed % 3]
    cfg = wifi.WifiConfig(
        standard, (0, 3) if seed % 3 else (6, 54), sizes=(200, 5000), protected=True, qos=True
    )
    network = wifi.Network.random(cfg, rng)
    for _ in range(6):
        rts, cts, data, answer = exchange(cfg, 100, rng, network)
        mpdus = split_ampdu(data.psdu) if data.aggregated else [data.psdu]
        assert all(fcs_right(mpdu) for mpdu in mpdus)
        receiver, sender = _addresses(mpdus[0])
        assert sender == network.addresses[data.sender]
        assert _addresses(rts.psdu) == (receiver, sender)
        assert cts.psdu[4:10] == sender
        assert cts.sender == answer.sender != data.sender == rts.sender
        assert _addresses(answer.psdu)[0] == sender
        numbers = [struct.unpack("<H", mpdu[22:24])[0] >> 4 for mpdu in mpdus]
        assert answer.kind == ("block_ack" if len(mpdus) > 1 else "ack")
        if len(mpdus) > 1:
            start, bitmap = struct.unpack("<HQ", answer.psdu[18:28])
            assert start >> 4 == numbers[0]
            assert bitmap == (1 << len(mpdus)) - 1
        assert numbers == [(numbers[0] + i) % 4096 for i in range(len(numbers))]
        # every Duration ends where the exchange does, to the microsecond it is rounded up to
        for frame, octets in ((rts, rts.psdu), (cts, cts.psdu), (data, mpdus[0])):
            named = struct.unpack("<H", octets[2:4])[0] * 20
            assert 0 <= frame.stop + named - answer.stop < 3 * 20


def test_bodies_are_what_they_say() -> None:
    cfg = wifi.WifiConfig("11a", (54,), sizes=(1000,))
    rng = np.random.default_rng(0)
    network = wifi.Network.random(cfg, rng)
    body = network.mpdu(1000, 0, 1, tid=None, duration_us=0, rng=rng)[0][24:-4]
    assert body[:8].hex() == "aaaa030000000800"
    ip = body[8:28]
    assert struct.unpack(">H", ip[2:4])[0] == len(body) - 8
    total = sum(struct.unpack(">10H", ip))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF  # RFC 1071: header and checksum
    assert struct.unpack(">H", body[32:34])[0] == len(body) - 28

    network.encrypted = True
    first, second = (network.mpdu(200, 0, 1, tid=0, duration_us=0, rng=rng)[0] for _ in range(2))
    assert first[1] & 0x40
    assert first[29] == 0x20  # ExtIV
    assert second[26] == (first[26] + 1) % 256  # packet number


@pytest.mark.parametrize("sender", [0, 1])
def test_long_bodies_are_a_msdus(sender: int) -> None:
    cfg = wifi.WifiConfig("11a", (54,), sizes=(4095,))
    rng = np.random.default_rng(0)
    network = wifi.Network.random(cfg, rng)
    frame = network.mpdu(4095, sender, 1 - sender, tid=0, duration_us=0, rng=rng)[0]
    assert frame[24] & 0x80
    body, lengths, at = frame[26:-4], [], 0
    while at < len(body):
        length = struct.unpack(">H", body[at + 12 : at + 14])[0]
        assert body[at + 14 : at + 17].hex() == "aaaa03"
        lengths.append(length)
        at += 14 + length
        at += -at % 4 if at < len(body) else 0
    assert at == len(body)
    assert len(lengths) == 3
