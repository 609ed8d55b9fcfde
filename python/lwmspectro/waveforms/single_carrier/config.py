# SPDX-License-Identifier: GPL-3.0-or-later
"""What a single-carrier link sends and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..common import log_uniform
from .modem import BITS_PER_SYMBOL, TAIL_BITS

MODULATIONS = tuple(BITS_PER_SYMBOL)
PREAMBLES = (0, 31, 63, 127)
TRAFFIC = ("continuous", "bursts")

_MAX_DENOMINATOR = 64


@dataclass(frozen=True)
class SingleCarrierConfig:
    """One single-carrier link.

    Attributes:
        symbol_rate: symbols a second, Hz.
        sps: samples per symbol, 1.25..64, a fraction of denominator 64 at most; not below
            1 + ``alpha``, where the pulse's spectrum would fold. Sets ``samp_rate``.
        modulation: "BPSK", "QPSK", "16QAM", "64QAM" or "256QAM", Gray mapped.
        alpha: roll-off of the root raised cosine, 0.05..1.
        span: length of the pulse in symbols, even, 4..64.
        info_bits: bits of a frame before the code, 8..65536.
        interleaver_rows: rows of the block interleaver over the coded bits, 1..1024; 1 leaves
            their order.
        preamble: known BPSK symbols before each frame, an m-sequence of 31, 63 or 127; 0: none.
        traffic: "continuous" sends frame after frame, "bursts" leaves gaps between them.
        duty: mean share of time on the air of "bursts", 0.01..1.
    """

    symbol_rate: float = 1e6
    sps: float = 4.0
    modulation: str = "QPSK"
    alpha: float = 0.25
    span: int = 16
    info_bits: int = 1000
    interleaver_rows: int = 16
    preamble: int = 0
    traffic: str = "continuous"
    duty: float = 0.5

    def __post_init__(self) -> None:
        _expect("symbol_rate", 1e3 <= self.symbol_rate <= 100e6, "1e3..100e6", self.symbol_rate)
        _expect("alpha", 0.05 <= self.alpha <= 1.0, "0.05..1", self.alpha)
        low = max(1.25, 1.0 + self.alpha)
        _expect("sps", low <= self.sps <= 64.0, f"{low:g}..64", self.sps)
        near = abs(float(self.sps_fraction) / self.sps - 1.0) <= 1e-9
        _expect("sps", near, f"a fraction of denominator up to {_MAX_DENOMINATOR}", self.sps)
        _expect("modulation", self.modulation in MODULATIONS, MODULATIONS, self.modulation)
        _expect("span", self.span in range(4, 65, 2), "an even number 4..64", self.span)
        _expect("info_bits", 8 <= self.info_bits <= 65536, "8..65536", self.info_bits)
        rows = self.interleaver_rows
        _expect("interleaver_rows", 1 <= rows <= 1024, "1..1024", rows)
        _expect("preamble", self.preamble in PREAMBLES, PREAMBLES, self.preamble)
        _expect("traffic", self.traffic in TRAFFIC, TRAFFIC, self.traffic)
        _expect("duty", 0.01 <= self.duty <= 1.0, "0.01..1", self.duty)

    @classmethod
    def random(cls, rng: np.random.Generator) -> SingleCarrierConfig:
        """Draw a link: every constellation alike, 0.2 to 16 M symbols a second."""
        alpha = float(rng.choice([0.2, 0.22, 0.25, 0.35, 0.5, rng.uniform(0.1, 0.6)]))
        least = int(np.ceil(16 * max(1.25, 1.0 + alpha)))
        bursts = bool(rng.random() < 0.4)
        return cls(
            symbol_rate=round(log_uniform(rng, 0.2e6, 16e6)),
            sps=float(rng.choice([2.0, 4.0, rng.integers(least, 81) / 16])),
            modulation=str(rng.choice(MODULATIONS)),
            alpha=alpha,
            span=int(rng.choice([8, 12, 16, 24])),
            info_bits=round(log_uniform(rng, 100, 12000)),
            interleaver_rows=int(rng.choice([1, 8, 16, 32])),
            preamble=int(rng.choice(PREAMBLES[1:] if bursts else PREAMBLES)),
            traffic="bursts" if bursts else "continuous",
            duty=float(rng.uniform(0.1, 0.95)),
        )

    @property
    def sps_fraction(self) -> Fraction:
        """Samples per symbol, exactly."""
        return Fraction(self.sps).limit_denominator(_MAX_DENOMINATOR)

    @property
    def samp_rate(self) -> float:
        """Native rate in Hz."""
        return self.symbol_rate * float(self.sps_fraction)

    @property
    def occupied_bw_hz(self) -> float:
        """Width of the pulse's spectrum, (1 + alpha) times the symbol rate, Hz."""
        return (1.0 + self.alpha) * self.symbol_rate

    @property
    def mcs(self) -> int | None:
        """None: no table of this link's numbers its schemes."""
        return None

    @property
    def coded_bits(self) -> int:
        """Bits of a frame after the code and its tail."""
        return 2 * (self.info_bits + TAIL_BITS)

    @property
    def frame_symbols(self) -> int:
        """Symbols of a frame, the preamble among them."""
        return self.preamble + -(-self.coded_bits // BITS_PER_SYMBOL[self.modulation])


def _expect(name: str, good: bool, expected: object, got: object) -> None:
    if not good:
        raise ValueError(f"{name}: expected {expected}, got {got!r}")
