# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is neither WiFi, LTE nor NR, generated at the receiver's sample rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from . import negative_analog as analog
from . import negative_chirps as chirps
from . import negative_keyed as keyed
from . import negative_linear as linear
from . import negative_noise as noise
from . import negative_ofdm as ofdm
from .common import Complex64, Float32, complex_noise, db_to_amplitude, log_uniform, unit_power

_Maker = Callable[["NegativeConfig", int, np.random.Generator], Complex64]

GATES = ("none", "bursts", "periodic")


@dataclass(frozen=True)
class NegativeConfig:
    """One signal that is no protocol of ours.

    Attributes:
        kind: one of ``KINDS``.
        samp_rate: Hz, any; the signal is made at this rate.
        bandwidth_hz: of the signal where its kind does not fix it; may exceed samp_rate.
        centre_hz: of the signal relative to the receiver's.
        gate: "none", "bursts" (at random) or "periodic".
        burst_s: length of a burst, s.
        duty: share of time on, 0..1.
        also: a second, weaker signal in the same band.
        also_db: its power relative to the first.
    """

    kind: str
    samp_rate: float
    bandwidth_hz: float = 1e6
    centre_hz: float = 0.0
    gate: str = "none"
    burst_s: float = 1e-3
    duty: float = 0.5
    also: NegativeConfig | None = None
    also_db: float = -10.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: expected one of {tuple(KINDS)}, got {self.kind!r}")
        if self.gate not in GATES:
            raise ValueError(f"gate: expected one of {GATES}, got {self.gate!r}")
        if self.samp_rate <= 0.0 or self.bandwidth_hz <= 0.0:
            raise ValueError(
                "samp_rate and bandwidth_hz: expected > 0, "
                f"got {self.samp_rate} and {self.bandwidth_hz} Hz"
            )

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        samp_rate: float,
        kind: str | None = None,
        among: Sequence[str] = (),
    ) -> NegativeConfig:
        """Draw a signal.

        Args:
            rng: source of randomness.
            samp_rate: of the receiver, Hz.
            kind: of the signal; a random one where there is none.
            among: kinds to draw from; all where there are none.
        """
        names = list(among or KINDS)
        weights = np.array([KINDS[name].weight for name in names])
        name = kind or str(rng.choice(names, p=weights / weights.sum()))
        spec = KINDS[name]
        gate, also = "none", None
        if rng.random() < spec.gated:
            gate = str(rng.choice(["bursts", "periodic"]))
        if kind is None and not spec.is_noise and rng.random() < 0.1:
            also = cls.random(rng, samp_rate, str(rng.choice(["cw", "dc", "fsk", "band_noise"])))
        bandwidth = spec.random_bandwidth(samp_rate, rng)
        case = rng.random()
        centre = 0.0
        if case < 0.75:  # within view, and where it is too wide for that, part of it
            room = 0.48 * samp_rate - 0.5 * bandwidth
            centre = float(rng.uniform(-1.0, 1.0)) * abs(room)
        elif case < 0.85 and spec.wide:  # cut by the edge of the band
            centre = 0.5 * samp_rate + float(rng.uniform(-0.3, 0.1)) * min(bandwidth, samp_rate)
            centre *= float(rng.choice([-1.0, 1.0]))
        return cls(
            kind=name,
            samp_rate=samp_rate,
            bandwidth_hz=bandwidth,
            centre_hz=centre,
            gate=gate,
            burst_s=log_uniform(rng, 50e-6, 10e-3),
            duty=float(rng.uniform(0.05, 0.95)),
            also=also,
            also_db=float(rng.uniform(-25.0, 0.0)),
        )

    @property
    def is_noise(self) -> bool:
        """True where the signal itself is receiver-like noise and needs none added."""
        return KINDS[self.kind].is_noise

    @property
    def occupied_bw_hz(self) -> float:
        """Band that an SNR refers to, Hz: the carrier's, or the whole view for narrow signals."""
        if KINDS[self.kind].wide:
            return self.bandwidth_hz
        return self.samp_rate


@dataclass(frozen=True)
class Kind:
    """How a kind is made and drawn; bandwidths are shares of the sample rate."""

    make: _Maker
    weight: float = 1.0
    low: float = 0.02
    high: float = 0.9
    gated: float = 0.0
    wide: bool = False
    is_noise: bool = False
    fixed_hz: float = 0.0  # bandwidth that the kind fixes

    def random_bandwidth(self, samp_rate: float, rng: np.random.Generator) -> float:
        """A bandwidth in Hz; carriers of usual widths are favoured where they fit."""
        if self.fixed_hz > 0.0:
            return self.fixed_hz
        usual = [w for w in _USUAL_HZ if self.low * samp_rate < w < self.high * samp_rate]
        if self.wide and usual and rng.random() < 0.4:
            return float(rng.choice(usual))
        return log_uniform(rng, self.low, self.high) * samp_rate


# occupied bandwidths of LTE, NR and WiFi carriers: noise of their outline must not pass for them
_USUAL_HZ = (1.08e6, 2.7e6, 4.5e6, 9e6, 13.5e6, 16.6e6, 17.8e6, 18e6, 8.64e6, 18.36e6, 38.16e6)


def _broadcast(cfg: NegativeConfig, n: int, rng: np.random.Generator) -> Complex64:
    return ofdm.ofdm(n, cfg.samp_rate, ofdm.broadcast(rng), cfg.centre_hz, rng)


def _dab(cfg: NegativeConfig, n: int, rng: np.random.Generator) -> Complex64:
    return ofdm.ofdm(n, cfg.samp_rate, ofdm.DAB, cfg.centre_hz, rng)


def _arbitrary(cfg: NegativeConfig, n: int, rng: np.random.Generator) -> Complex64:
    numerology = ofdm.arbitrary(cfg.samp_rate, cfg.bandwidth_hz, rng)
    return ofdm.ofdm(n, cfg.samp_rate, numerology, cfg.centre_hz, rng)


def _plain(make: Callable[[int, np.random.Generator], Complex64]) -> _Maker:
    return lambda cfg, n, rng: make(n, rng)


def _centred(make: Callable[[int, float, float, np.random.Generator], Complex64]) -> _Maker:
    return lambda cfg, n, rng: make(n, cfg.samp_rate, cfg.centre_hz, rng)


def _band(make: Callable[[int, float, float, float, np.random.Generator], Complex64]) -> _Maker:
    return lambda cfg, n, rng: make(n, cfg.samp_rate, cfg.bandwidth_hz, cfg.centre_hz, rng)


KINDS: dict[str, Kind] = {
    "white": Kind(_plain(noise.white), 7.0, is_noise=True),
    "coloured": Kind(_plain(noise.coloured), 2.5, gated=0.1, is_noise=True),
    "band_noise": Kind(_band(noise.band_limited), 3.5, 0.02, 1.5, 0.5, wide=True),
    "scheduled_noise": Kind(_band(noise.scheduled), 2.0, 0.1, 1.5, 0.1, wide=True),
    "cw": Kind(_centred(analog.tones), 2.0, 1e-4, 1e-3, 0.15),
    "comb": Kind(_centred(analog.comb), 0.7, 1e-4, 1e-3, 0.1),
    "dc": Kind(lambda cfg, n, rng: analog.dc_spike(n, cfg.samp_rate, rng), 0.8),
    "am": Kind(_centred(analog.am), 0.8, 1e-3, 1e-2, 0.1),
    "fm": Kind(_centred(analog.narrow_fm), 2.0, 1e-2, 0.3, 0.1),
    "broadcast_fm": Kind(_centred(analog.broadcast_fm), 1.2, fixed_hz=200e3),
    "video_fm": Kind(_centred(analog.video_fm), 0.5, 0.2, 0.5, 0.05),
    "fsk": Kind(_band(keyed.fsk), 1.5, 1e-3, 0.6, 0.4),
    "hopping": Kind(_centred(keyed.hopping), 2.0, 0.05, 0.2),
    "ble": Kind(_centred(keyed.advertising), 1.0, fixed_hz=1e6),
    "psk": Kind(_band(linear.linear), 1.8, 0.01, 1.6, 0.3, wide=True),
    "dsss": Kind(_centred(linear.dsss), 0.8, gated=0.6, wide=True, fixed_hz=11e6),
    "zigbee": Kind(_centred(linear.zigbee), 0.7, gated=0.6, wide=True, fixed_hz=2e6),
    "wcdma": Kind(_centred(linear.wcdma), 1.0, wide=True, fixed_hz=3.84e6),
    "gsm": Kind(_centred(linear.gsm), 1.0, fixed_hz=200e3),
    "css": Kind(_centred(chirps.spread), 1.2, 0.02, 0.3, 0.2),
    "chirp": Kind(_band(chirps.sweep), 2.0, 0.05, 3.0, 0.1),
    "pulses": Kind(_band(chirps.pulses), 1.0, 0.02, 0.9),
    "impulses": Kind(lambda cfg, n, rng: chirps.impulses(n, cfg.samp_rate, rng), 0.7),
    "ofdm": Kind(_arbitrary, 2.0, 0.05, 1.6, 0.3, wide=True),
    "dvbt": Kind(_broadcast, 0.8, gated=0.05, wide=True, fixed_hz=7.61e6),
    "dab": Kind(_dab, 0.5, wide=True, fixed_hz=1.536e6),
}


def gate_envelope(cfg: NegativeConfig, n: int, rng: np.random.Generator) -> Float32:
    """On-off envelope with ramps of 0 to 5 us, shape (n,), float32; on at least once."""
    burst = max(cfg.burst_s * cfg.samp_rate, 8.0)
    gap = burst * (1.0 - cfg.duty) / cfg.duty
    envelope = np.zeros(n, np.float32)
    now = -float(rng.uniform(0.0, burst))
    while now < n:
        spread = (1.0, 1.0) if cfg.gate == "periodic" else tuple(rng.exponential(1.0, 2))
        length = max(burst * spread[0], 8.0)
        envelope[max(int(now), 0) : max(int(now + length), 0)] = 1.0
        now += length + gap * spread[1]
    if not envelope.any():
        start = int(rng.integers(0, n))
        envelope[start : start + int(burst)] = 1.0
    return keyed.smooth(envelope, int(rng.uniform(0.0, 5e-6) * cfg.samp_rate), passes=1)


def waveform(cfg: NegativeConfig, duration_s: float, rng: np.random.Generator) -> Complex64:
    """Samples at cfg.samp_rate, shape (round(duration_s * samp_rate),), complex64.

    Unit mean power while transmitting. A signal that never enters the band in view leaves
    white noise far below.
    """
    n = round(duration_s * cfg.samp_rate)
    iq = KINDS[cfg.kind].make(cfg, n, rng)
    if cfg.gate != "none":
        iq = iq * gate_envelope(cfg, n, rng)
    iq = unit_power(iq)
    if cfg.also is not None:
        iq = iq + waveform(cfg.also, duration_s, rng) * np.float32(db_to_amplitude(cfg.also_db))
    if not iq.any():
        iq = complex_noise(n, rng) * np.float32(1e-3)
    return iq.astype(np.complex64, copy=False)
