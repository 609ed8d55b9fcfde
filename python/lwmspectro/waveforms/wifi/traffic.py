# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sends what and when on a WiFi channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from . import ampdu, mac
from .config import WifiConfig
from .format import Format
from .network import AP, Network
from .scrambler import PERIOD

_US = 20  # samples in a microsecond
SIFS, DIFS, SLOT = 16 * _US, 34 * _US, 9 * _US  # table 17-21, 10.3.2.3
_SIFS_US = SIFS // _US
_CW = 16  # slots of the first contention window (aCWmin 15)
_SHORTEST_GAP = 2 * _US
_SPARSE_GAP = 4000 * _US
_MIN_VISIBLE = 40 * _US
_LONGEST_MPDU = 1600  # octets: longer payloads are aggregates (HT and VHT)
_LONGEST_DATA = mac.MAX_MMPDU + mac.HEADER + 16 + mac.FCS  # without QoS there is no A-MSDU
_TIDS = (0,) * 16 + (5, 5, 5, 6)  # mostly best effort, some video and voice (table 10-1)
_AGGREGATE = 64  # MPDUs that one BlockAck answers


@dataclass(frozen=True)
class Frame:
    """One frame on the air.

    Attributes:
        start: samples from the window's first.
        fmt: how it is sent.
        psdu: octets (VHT: the A-MPDU before EOF padding).
        sender: index of the station.
        seed: of the scrambler, 1..127.
        kind: "data", "ack", "block_ack", "rts", "cts" or "beacon".
        aggregated: the PSDU is an A-MPDU.
        group_id, partial_aid: of VHT-SIG-A.
    """

    start: int
    fmt: Format
    psdu: bytes
    sender: int
    seed: int = 0b1011101
    kind: str = "data"
    aggregated: bool = False
    group_id: int = 63
    partial_aid: int = 0

    @property
    def n_bytes(self) -> int:
        """Octets of the PSDU."""
        return len(self.psdu)

    @property
    def n_symbols(self) -> int:
        """Symbols of its data field."""
        return self.fmt.n_symbols(self.n_bytes)

    @property
    def stop(self) -> int:
        """Sample after the last."""
        return self.start + self.fmt.n_samples(self.n_symbols)

    def moved(self, samples: int) -> Frame:
        """The same frame, later by some samples."""
        return replace(self, start=self.start + samples)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1, PERIOD + 1))


def _data_frame(
    cfg: WifiConfig, network: Network, sender: int, receiver: int, rng: np.random.Generator
) -> tuple[Frame, int, list[int]]:
    """A data frame at time 0, its tid and the sequence numbers of its MPDUs."""
    size = cfg.sizes[rng.integers(len(cfg.sizes))]
    rate = cfg.rates[rng.integers(len(cfg.rates))]
    fmt = cfg.data_format(rate)
    size = min(size, fmt.max_bytes)
    qos = cfg.qos or not fmt.is_legacy or size > _LONGEST_DATA
    tid = _TIDS[rng.integers(len(_TIDS))] if qos else None
    overhead = ampdu.DELIMITER if fmt.standard == "vht" else 0
    count = 1
    if not fmt.is_legacy and size > _LONGEST_MPDU:
        count = min(-(-size // _LONGEST_MPDU), _AGGREGATE)
        overhead = ampdu.DELIMITER
    aggregated = fmt.standard == "vht" or count > 1
    answer = mac.BLOCK_ACK_BYTES if count > 1 else mac.ACK_BYTES
    wait = _SIFS_US + cfg.control_format.duration_us(answer) if cfg.answered else 0
    each = min(size // count // 4 * 4 if count > 1 else size, 4095 + overhead)
    mpdus, numbers = [], []
    for _ in range(count):
        octets, number = network.mpdu(
            each - overhead, sender, receiver, tid=tid, duration_us=wait, rng=rng
        )
        mpdus.append(octets)
        numbers.append(number)
    psdu = ampdu.build(mpdus, fmt.standard == "vht") if aggregated else mpdus[0]
    frame = Frame(
        0,
        fmt,
        psdu,
        sender,
        _seed(rng),
        aggregated=aggregated,
        group_id=0 if receiver == AP else 63,  # 10.20
        partial_aid=network.partial_aid(receiver),
    )
    return frame, tid or 0, numbers


def exchange(
    cfg: WifiConfig, start: int, rng: np.random.Generator, network: Network
) -> list[Frame]:
    """A data frame with the control frames around it, SIFS apart (10.3.2.9, 10.3.2.11)."""
    peer = int(rng.integers(1, len(cfg.stations)))
    down = cfg.traffic == "stream" or bool(rng.random() < 0.65)
    sender, receiver = (AP, peer) if down else (peer, AP)
    control, names = cfg.control_format, network.addresses
    data, tid, numbers = _data_frame(cfg, network, sender, receiver, rng)
    frames: list[Frame] = []

    def send(kind: str, psdu: bytes, by: int) -> None:
        at = frames[-1].stop + SIFS if frames else start
        frames.append(Frame(at, control, psdu, by, _seed(rng), kind))

    answer = b""
    if cfg.answered and len(numbers) > 1:
        answer = mac.block_ack(names[sender], names[receiver], tid, numbers)
    elif cfg.answered:
        answer = mac.ack(names[sender])
    if cfg.protected:
        after = _SIFS_US + control.duration_us(len(answer)) if answer else 0
        after += _SIFS_US + data.fmt.duration_us(data.n_bytes)
        clear = _SIFS_US + control.duration_us(mac.ACK_BYTES)
        send("rts", mac.rts(names[receiver], names[sender], after + clear), sender)
        send("cts", mac.cts(names[sender], after), receiver)
    frames.append(data.moved(frames[-1].stop + SIFS if frames else start))
    if answer:
        send("block_ack" if len(numbers) > 1 else "ack", answer, receiver)
    return frames


def _gap(cfg: WifiConfig, mean_gap: float, spread: float, rng: np.random.Generator) -> float:
    """Samples of silence after an exchange."""
    if cfg.traffic == "stream":
        return float(max(mean_gap * rng.uniform(1.0 - spread, 1.0 + spread), _SHORTEST_GAP))
    if cfg.traffic == "sparse":
        return float(DIFS + rng.exponential(max(mean_gap, _SPARSE_GAP)))
    contention = DIFS + SLOT * int(rng.integers(0, _CW))
    return float(contention + rng.exponential(max(mean_gap - contention, 1.0)))


def exchanges(
    cfg: WifiConfig, rng: np.random.Generator, network: Network
) -> Iterator[tuple[list[Frame], float]]:
    """Endless traffic: groups of frames whose first starts at sample 0, and the gap after each.

    Gaps are exponential about what the duty asks for, never below DIFS plus backoff; steady in
    a "stream"; milliseconds when "sparse".
    """
    spread = 0.02 if rng.random() < 0.7 else 0.5
    elapsed = 0.0
    while True:
        if cfg.beacons and rng.random() < 0.1:
            octets = network.beacon(cfg, int(rng.integers(100, 350)), int(elapsed) // _US)
            group = [Frame(0, cfg.beacon_format, octets, AP, _seed(rng), "beacon")]
        else:
            group = exchange(cfg, 0, rng, network)
        length = group[-1].stop
        on_air = sum(frame.stop - frame.start for frame in group)
        gap = _gap(cfg, max(on_air / cfg.duty - length, 0.0), spread, rng)
        elapsed += length + gap
        yield group, gap


def schedule(cfg: WifiConfig, n: int, rng: np.random.Generator) -> list[Frame]:
    """Frames that overlap a window of n samples, in order of time.

    The window opens anywhere in the traffic.
    """
    network = Network.random(cfg, rng)
    frames: list[Frame] = []
    now = 0.0
    first = True
    for group, gap in exchanges(cfg, rng, network):
        length = group[-1].stop
        if first:  # the window opens anywhere in the first period
            now = -float(int(rng.uniform(0.0, length + gap)))
            first = False
        frames += [frame.moved(int(now)) for frame in group]
        now += length + gap
        if now >= n:
            break
    frames = [frame for frame in frames if frame.stop > 0 and frame.start < n]
    visible = max((min(f.stop, n) - max(f.start, 0) for f in frames), default=0)
    if cfg.burst and visible < min(_MIN_VISIBLE, n // 2):
        group = exchange(cfg, 0, rng, network)
        room = max(n - min(group[-1].stop, n // 2), 1)
        move = int(rng.integers(0, room))
        frames = [frame.moved(move) for frame in group if frame.start + move < n]
    return frames
