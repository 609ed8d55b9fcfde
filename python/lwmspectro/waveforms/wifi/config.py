# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a WiFi channel: stations, formats, traffic."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..common import log_uniform
from . import tables
from .format import SAMP_RATE, Format, format_of

STANDARDS = ("11a", "11n", "11ac")
TRAFFIC = ("csma", "stream", "sparse")
MIXED = "mixed"
MODULATIONS = {2: "BPSK", 4: "QPSK", 16: "16QAM", 64: "64QAM", 256: "256QAM"}

_FORMATS = {"11a": "legacy", "11n": "ht", "11ac": "vht"}
# octets that stations send: without aggregation an MSDU of 1500 octets (Ethernet) and its header
_LONGEST = {"11a": 1528, "11n": 65535, "11ac": 65535}
# headroom of an amplifier, dB, that keeps the constellation error within 17.3.9.7.4, 19.3.18.7.4
# and 21.3.17.4.4: -19 dB for 16-QAM, -28 dB for 64-QAM at rate 5/6, -30 dB for 256-QAM
_LEAST_SATURATION_DB = {2: 4.0, 4: 4.0, 16: 4.1, 64: 8.0, 256: 8.7}
SHORTEST = 34  # octets of a data frame: QoS header, FCS and delimiter


@dataclass(frozen=True)
class Station:
    """One transmitter as the receiver hears it.

    Attributes:
        level_db: mean power while transmitting, relative to the strongest.
        cfo_hz: carrier offset.
        saturation_db: saturated over mean power of its amplifier (Rapp, p = 2); inf is linear.
        leakage_db: carrier leakage relative to its own power; -inf is none.
    """

    level_db: float = 0.0
    cfo_hz: float = 0.0
    saturation_db: float = np.inf
    leakage_db: float = -np.inf

    @classmethod
    def random(
        cls, level_db: float, rng: np.random.Generator, least_saturation_db: float = 4.0
    ) -> Station:
        """Draw the imperfections that 17.3.9 allows: 20 ppm, leakage, compression."""
        return cls(
            level_db=level_db,
            cfo_hz=float(rng.uniform(-60e3, 60e3)),
            saturation_db=float(rng.uniform(least_saturation_db, 12.0))
            if rng.random() < 0.3
            else np.inf,
            leakage_db=float(rng.uniform(-45.0, -15.0)) if rng.random() < 0.4 else -np.inf,
        )


@dataclass(frozen=True)
class WifiConfig:
    """One channel with its traffic.

    Attributes:
        standard: "11a", "11n" or "11ac" of the data frames; ACKs and beacons are always legacy.
        rates: Mb/s (11a) or MCS indices of one stream; one is drawn for each exchange.
        streams: spatial streams of the data frames, 1 or (11n, 11ac) 2.
        short_gi: data frames of 11n/11ac use the 0.4 us guard interval.
        ack_rate: Mb/s of ACKs and other control frames.
        sizes: PSDUs in octets, MAC header and FCS included; one is drawn for each exchange. What
            one frame cannot carry is cut: at 5.484 ms on the air and, legacy, at 4095 octets.
        traffic: "csma" (exchanges with random gaps), "stream" (one frame after the other with a
            steady gap) or "sparse" (few exchanges).
        duty: wanted share of time on the air, 0..1 (the gaps of the standard bound it).
        answered: data frames are followed by an ACK after SIFS.
        protected: RTS and CTS precede the data.
        beacons: beacons at 6 Mb/s among the exchanges.
        qos: legacy data frames are QoS data (11n and 11ac always are).
        encrypted: bodies look like CCMP's, random octets; otherwise IPv4 and UDP around such.
        stations: the access point, then the others.
        ramp: samples of the transition between symbols (100 ns is 2).
        burst: put at least one frame in view.
        samp_rate: Hz, always 20e6.
    """

    standard: str = "11a"
    rates: tuple[int, ...] = (6,)
    streams: int = 1
    short_gi: bool = False
    ack_rate: int = 6
    sizes: tuple[int, ...] = (1500,)
    traffic: str = "csma"
    duty: float = 0.5
    answered: bool = True
    protected: bool = False
    beacons: bool = False
    qos: bool = False
    encrypted: bool = False
    stations: tuple[Station, ...] = (Station(), Station())
    ramp: int = 1
    burst: bool = True
    samp_rate: float = field(default=SAMP_RATE, init=False)

    def __post_init__(self) -> None:
        if self.standard not in STANDARDS:
            raise ValueError(f"standard: expected one of {STANDARDS}, got {self.standard!r}")
        if self.traffic not in TRAFFIC:
            raise ValueError(f"traffic: expected one of {TRAFFIC}, got {self.traffic!r}")
        if not 0.0 < self.duty <= 1.0:
            raise ValueError(f"duty: expected 0 < duty <= 1, got {self.duty}")
        if not self.rates:
            raise ValueError(f"rates: expected at least one, got {self.rates}")
        if not self.sizes or min(self.sizes) < SHORTEST:
            raise ValueError(f"sizes: expected at least one, all >= {SHORTEST}, got {self.sizes}")
        if len(self.stations) < 2:
            raise ValueError(f"stations: expected at least 2, got {len(self.stations)}")
        for rate in self.rates:
            self.data_format(rate)  # raises for a rate that the standard does not have

    @classmethod
    def random(cls, rng: np.random.Generator) -> WifiConfig:
        """Draw a channel: standard, rates, sizes, load and powers over what is on the air."""
        standard = str(rng.choice(STANDARDS, p=[0.45, 0.3, 0.25]))
        legacy = standard == "11a"
        choices = {"11a": sorted(tables.LEGACY_RATES), "11n": range(8), "11ac": range(9)}
        n_rates = 1 if rng.random() < 0.7 else int(rng.integers(2, 4))
        # nothing else has 256-QAM: without a weight it would be one window in a hundred
        likely = [0.075] * 8 + [0.4] if standard == "11ac" else None
        rates = rng.choice(list(choices[standard]), n_rates, p=likely)
        kinds = rng.choice(3, int(rng.integers(1, 4)), p=[0.3, 0.45, 0.25])
        n_stations = int(rng.choice([2, 3, 4], p=[0.7, 0.2, 0.1]))
        levels = np.where(rng.random(n_stations) < 0.7, rng.uniform(-20.0, 0.0, n_stations), 0.0)
        levels[int(rng.random() < 0.4)] = 0.0
        table = tables.LEGACY_RATES if legacy else tables.HT_RATES
        headroom = _LEAST_SATURATION_DB[max(table[int(r)].order for r in rates)]
        short_gi = not legacy and bool(rng.random() < 0.4)
        duty = rng.uniform(0.02, 0.98) if rng.random() < 0.7 else log_uniform(rng, 0.02, 0.3)
        return cls(
            standard=standard,
            rates=tuple(int(r) for r in rates),
            streams=2 if not legacy and rng.random() < 0.2 else 1,
            short_gi=short_gi,
            ack_rate=int(rng.choice([6, 12, 24])),
            sizes=tuple(_random_size(int(kind), _LONGEST[standard], rng) for kind in kinds),
            traffic=str(rng.choice(TRAFFIC, p=[0.5, 0.38, 0.12])),
            duty=float(duty),
            answered=bool(rng.random() < 0.8),
            protected=bool(rng.random() < 0.1),
            beacons=bool(rng.random() < 0.3),
            stations=tuple(Station.random(float(level), rng, headroom) for level in levels),
            # half a guard interval at most, or receivers would meet it
            ramp=int(rng.choice([0, 1, 2, 4, 4 if short_gi else 8], p=[0.3, 0.4, 0.1, 0.1, 0.1])),
            qos=bool(rng.random() < 0.7),
            encrypted=bool(rng.random() < 0.7),
        )

    @property
    def modulation(self) -> str:
        """Constellation of the data frames; "mixed" for several, or several at a time."""
        orders = {self.data_format(rate).row.order for rate in self.rates}
        return MODULATIONS[orders.pop()] if len(orders) == 1 and self.streams == 1 else MIXED

    @property
    def mcs(self) -> int | None:
        """MCS index of the data frames; None for legacy and for several rates.

        11n counts streams in the index (8-15 for two), 11ac does not.
        """
        if self.standard == "11a" or len(set(self.rates)) > 1:
            return None
        return self.rates[0] + (8 if self.standard == "11n" and self.streams == 2 else 0)

    @property
    def occupied_bw_hz(self) -> float:
        """Width of the outermost subcarriers of the data frames, Hz (53 or 57 of 312.5 kHz)."""
        return (53 if self.standard == "11a" else 57) * 312.5e3

    def data_format(self, rate: int) -> Format:
        """Format of a data frame of a rate."""
        return format_of(_FORMATS[self.standard], rate, self.short_gi, self.ramp, self.streams)

    @property
    def control_format(self) -> Format:
        """Format of ACK, RTS and CTS."""
        return format_of("legacy", self.ack_rate, False, self.ramp, 1)

    @property
    def beacon_format(self) -> Format:
        """Format of beacons."""
        return format_of("legacy", 6, False, self.ramp, 1)


def _random_size(kind: int, longest: int, rng: np.random.Generator) -> int:
    """Octets of a short frame (kind 0), one packet of Ethernet (1) or an aggregate (2).

    What cannot be aggregated is a full packet instead.
    """
    if kind == 0:
        return int(rng.integers(SHORTEST, 400))
    if kind == 1:
        return min(int(rng.integers(400, 1600)), longest)
    return int(log_uniform(rng, min(1600.0, longest), longest))
