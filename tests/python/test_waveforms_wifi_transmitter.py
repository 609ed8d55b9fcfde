# SPDX-License-Identifier: GPL-3.0-or-later
"""The endless stream: what runs on from piece to piece, read back by the receiver of the tests."""

from __future__ import annotations

import dataclasses
import struct

import numpy as np
import pytest
import wifi_receiver
from gnuradio.lwmspectro.waveforms import wifi
from gnuradio.lwmspectro.waveforms.common import active_power
from gnuradio.lwmspectro.waveforms.wifi import mac
from wifi_ofdm import L_LTF

STATIONS = (wifi.Station(0.0, 20e3), wifi.Station(-6.0, -35e3), wifi.Station(-12.0, 5e3))
CFG = wifi.WifiConfig(
    "11a", (12, 54), sizes=(60, 300), duty=0.8, beacons=True, stations=STATIONS, ramp=2
)


def stream(cfg: wifi.WifiConfig, seed: int, pieces: int) -> np.ndarray:
    transmitter = wifi.Transmitter(cfg, seed)
    return np.concatenate([transmitter.next_piece() for _ in range(pieces)])


@pytest.fixture(scope="module")
def iq() -> np.ndarray:
    return stream(CFG, 3, 40)


@pytest.fixture(scope="module")
def frames(iq: np.ndarray) -> list[wifi_receiver.Received]:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, iq.size + 300)) * 1e-3
    return wifi_receiver.receive(np.pad(iq, (200, 100)) + noise[0] + 1j * noise[1])


def test_every_frame_is_right(frames: list[wifi_receiver.Received]) -> None:
    assert all(frame.ok for frame in frames)
    kinds = [frame.psdu[0] for frame in frames]
    data, beacons = kinds.count(mac.Type.DATA), kinds.count(mac.Type.BEACON)
    assert data + beacons == 40
    assert beacons > 0
    assert kinds.count(mac.Type.ACK) == data


def test_sequence_numbers_run_on(frames: list[wifi_receiver.Received]) -> None:
    last: dict[bytes, int] = {}
    counted = 0
    for frame in frames:
        if frame.psdu[0] in (mac.Type.DATA, mac.Type.BEACON):
            sender, number = frame.psdu[10:16], struct.unpack("<H", frame.psdu[22:24])[0] >> 4
            if sender in last:
                assert number == (last[sender] + 1) % 4096
                counted += 1
            last[sender] = number
    assert counted > 30


def test_timer_of_the_beacons_follows_the_samples(frames: list[wifi_receiver.Received]) -> None:
    beacons = [frame for frame in frames if frame.psdu[0] == mac.Type.BEACON]
    times = [struct.unpack("<Q", frame.psdu[24:32])[0] for frame in beacons]
    assert len(beacons) > 1
    for frame, time_us in zip(beacons[1:], times[1:], strict=True):
        elapsed = (frame.start - beacons[0].start) / 20.0
        assert time_us - times[0] == pytest.approx(elapsed, abs=3.0)


def test_carriers_run_on_between_frames(
    iq: np.ndarray, frames: list[wifi_receiver.Received]
) -> None:
    spectrum = np.zeros(64)
    spectrum[np.arange(-26, 27)] = L_LTF
    training = np.fft.ifft(spectrum)
    padded = np.pad(iq, (200, 100))
    for station in STATIONS:
        starts = [f.start + 192 for f in frames if abs(f.cfo_hz - station.cfo_hz) < 5e3]
        assert len(starts) > 3
        turns = []
        for start in starts:
            n = np.arange(start - 200, start - 136)
            part = padded[start : start + 64] * np.exp(-2j * np.pi * station.cfo_hz / 20e6 * n)
            turns.append(np.vdot(training, part))
        turns = np.array(turns) / np.abs(turns)
        assert np.abs(np.mean(turns)) > 0.999


def test_one_seed_gives_one_stream() -> None:
    np.testing.assert_array_equal(stream(CFG, 8, 3), stream(CFG, 8, 3))
    first, other = stream(CFG, 8, 1), stream(CFG, 9, 1)
    assert first.size != other.size or not np.array_equal(first, other)


@pytest.mark.parametrize("standard", ["11a", "11n", "11ac"])
def test_level_rate_and_gaps(standard: str) -> None:
    cfg = wifi.WifiConfig(standard, (6,) if standard == "11a" else (3,), duty=0.4, ramp=4)
    transmitter = wifi.Transmitter(cfg, 0)
    piece = transmitter.next_piece()
    assert piece.dtype == np.complex64
    assert transmitter.samp_rate == 20e6
    assert transmitter.occupied_bw_hz == cfg.occupied_bw_hz
    assert active_power(piece) == pytest.approx(1.0, abs=0.1)
    assert not piece[-100:].any()
    pieces = [transmitter.next_piece() for _ in range(60)]
    on_air = sum(np.count_nonzero(p) for p in pieces) / sum(p.size for p in pieces)
    assert on_air == pytest.approx(0.4, abs=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_windows_of_random_channels_hold_right_frames(seed: int) -> None:
    """All frames wholly in view, whatever was drawn; two streams need two antennas."""
    rng = np.random.default_rng(seed)
    cfg = dataclasses.replace(wifi.WifiConfig.random(rng), streams=1, duty=0.6)
    n = 80_000
    sent = wifi.schedule(cfg, n, rng)
    iq = wifi.render(cfg, sent, n, rng)
    noise = rng.normal(size=(2, n)) * 1e-3
    got = {frame.start: frame for frame in wifi_receiver.receive(iq + noise[0] + 1j * noise[1])}
    for frame in sent:
        if frame.start >= 0 and frame.stop < n:
            near = [got[start] for start in got if abs(start - frame.start) < 10]
            assert len(near) == 1
            assert near[0].ok
            assert near[0].psdu.startswith(frame.psdu)


@pytest.mark.parametrize(
    ("standard", "rates", "streams", "mcs", "modulation"),
    [
        ("11a", (36,), 1, None, "16QAM"),
        ("11n", (7,), 1, 7, "64QAM"),
        ("11n", (1,), 2, 9, "mixed"),
        ("11ac", (8,), 1, 8, "256QAM"),
        ("11ac", (0, 8), 1, None, "mixed"),
        ("11ac", (1, 2), 1, None, "QPSK"),
    ],
)
def test_labels(
    standard: str, rates: tuple[int, ...], streams: int, mcs: int | None, modulation: str
) -> None:
    cfg = wifi.WifiConfig(standard, rates, streams)
    assert cfg.mcs == mcs
    assert cfg.modulation == modulation
