# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sends what and when on a WiFi channel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .config import WifiConfig
from .frame import Format

_US = 20  # samples in a microsecond
SIFS, DIFS, SLOT = 16 * _US, 34 * _US, 9 * _US  # table 17-21, 10.3.2.3
_CW = 16  # slots of the first contention window (aCWmin 15)
_ACK_BYTES, _BLOCK_ACK_BYTES, _RTS_BYTES = 14, 32, 20  # 9.3.1
_BLOCK_ACK_FROM = 1600  # bytes of data
_SHORTEST_GAP = 2 * _US
_SPARSE_GAP = 4000 * _US
_MIN_VISIBLE = 40 * _US
_AP = 0


@dataclass(frozen=True)
class Frame:
    """One frame on the air; start in samples from the window's first, sender a station index."""

    start: int
    fmt: Format
    n_bytes: int
    sender: int

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


def exchange(cfg: WifiConfig, start: int, rng: np.random.Generator) -> list[Frame]:
    """A data frame with the control frames around it, SIFS apart (10.3.2.9, 10.3.2.11)."""
    peer = int(rng.integers(1, len(cfg.stations)))
    down = cfg.traffic == "stream" or bool(rng.random() < 0.65)
    sender, receiver = (_AP, peer) if down else (peer, _AP)
    control = cfg.control_format
    frames: list[Frame] = []
    if cfg.protected:
        frames.append(Frame(start, control, _RTS_BYTES, sender))
        frames.append(Frame(frames[-1].stop + SIFS, control, _ACK_BYTES, receiver))
        start = frames[-1].stop + SIFS
    size, rate = int(rng.choice(cfg.sizes)), int(rng.choice(cfg.rates))
    frames.append(Frame(start, cfg.data_format(rate), size, sender))
    if cfg.answered:
        n_bytes = _BLOCK_ACK_BYTES if size > _BLOCK_ACK_FROM else _ACK_BYTES
        frames.append(Frame(frames[-1].stop + SIFS, control, n_bytes, receiver))
    return frames


def _gap(cfg: WifiConfig, mean_gap: float, spread: float, rng: np.random.Generator) -> float:
    """Samples of silence after an exchange."""
    if cfg.traffic == "stream":
        return float(max(mean_gap * rng.uniform(1.0 - spread, 1.0 + spread), _SHORTEST_GAP))
    if cfg.traffic == "sparse":
        return float(DIFS + rng.exponential(max(mean_gap, _SPARSE_GAP)))
    contention = DIFS + SLOT * int(rng.integers(0, _CW))
    return float(contention + rng.exponential(max(mean_gap - contention, 1.0)))


def schedule(cfg: WifiConfig, n: int, rng: np.random.Generator) -> list[Frame]:
    """Frames that overlap a window of n samples, in order of time.

    The window opens anywhere in the traffic. Gaps are exponential about what the duty asks for,
    never below DIFS plus backoff; steady in a "stream"; milliseconds when "sparse".
    """
    spread = 0.02 if rng.random() < 0.7 else 0.5
    frames: list[Frame] = []
    now = 0.0
    first = True
    while now < n:
        if cfg.beacons and rng.random() < 0.1:
            group = [Frame(int(now), cfg.beacon_format, int(rng.integers(100, 350)), _AP)]
        else:
            group = exchange(cfg, int(now), rng)
        length = group[-1].stop - group[0].start
        on_air = sum(frame.stop - frame.start for frame in group)
        gap = _gap(cfg, max(on_air / cfg.duty - length, 0.0), spread, rng)
        if first:  # the window opens anywhere in the first period
            back = int(rng.uniform(0.0, length + gap))
            group = [frame.moved(-back) for frame in group]
            now -= back
            first = False
        frames += group
        now += length + gap
    frames = [frame for frame in frames if frame.stop > 0 and frame.start < n]
    visible = max((min(f.stop, n) - max(f.start, 0) for f in frames), default=0)
    if cfg.burst and visible < min(_MIN_VISIBLE, n // 2):
        group = exchange(cfg, 0, rng)
        room = max(n - min(group[-1].stop, n // 2), 1)
        move = int(rng.integers(0, room))
        frames = [frame.moved(move) for frame in group if frame.start + move < n]
    return frames
