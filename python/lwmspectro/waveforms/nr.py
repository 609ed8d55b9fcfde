# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthetic NR downlink in frequency range 1, 3GPP TS 38.211, 15 and 30 kHz, FDD and TDD.

The standard's grid, reference and synchronisation signals are exact; channel coding is replaced
by random bits. Antennas and precoders appear as one complex gain per layer and user, as one
receive antenna would see them over a flat channel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .nr_grid import downlink_grid
from .nr_random import random_fields
from .nr_signals import MAX_RB, SSB_WIDTH
from .ofdm import Numerology, modulate
from .sequences import MODULATION_BITS
from .traffic import Traffic
from .uplink import uplink_symbols


@dataclass(frozen=True)
class NrConfig:
    """One NR cell as seen by one receive antenna.

    Attributes:
        n_rb: resource blocks of the carrier, 1..275.
        scs_hz: subcarrier spacing, 15000 or 30000 Hz.
        fft_size: samples of the useful symbol; sets ``samp_rate``.
        pci: physical cell identity, 0..1007.
        crb_offset: common resource block of the carrier's lowest block.
        carrier_hz: carrier frequency whose phase is reset at each symbol (38.211 5.4), Hz.
        pattern: slots that repeat, letters D, S (special), U; "D" for FDD.
        special_symbols: downlink symbols of a special slot.
        uplink_db: power of the uplink of a near user in dB over a downlink resource element
            of 0 dB, None for silence.
        ssb: indices of the blocks sent in a half frame, empty for none.
        ssb_l_max: candidates in a half frame, 4 or 8.
        ssb_case: "A" for blocks of 15 kHz, "B" or "C" for 30 kHz, whatever ``scs_hz``.
        ssb_period_ms: 5, 10, 20, 40, 80 or 160.
        ssb_half: half frame of the blocks, 0 or 1.
        ssb_subcarrier: first subcarrier of the block, in steps of ``ssb_scs_hz`` from the
            lowest one of the carrier.
        ssb_db: power of the SSS over a 0 dB resource element, dB.
        pss_db: power of the PSS over the SSS, dB.
        coreset_symbols: symbols 1..3 of the control region.
        coreset_rb: first block and number of blocks of the control region.
        pdcch_load: share of the control region in use in slots with data, 0..1.
        traffic: how the shared channel is filled.
        modulation: of the shared channel, "qpsk", "16qam", "64qam", "256qam" or "mixed".
        pdsch_rb: first block and number of blocks of the part used by the shared channel.
        pdsch_start: first symbol of the shared channel, 0..``dmrs_first``; the control region
            overwrites what it overlaps.
        dmrs_type: 1 or 2.
        dmrs_first: first DM-RS symbol, 2 or 3.
        dmrs_additional: further DM-RS positions, 0..3.
        dmrs_groups: CDM groups without data, 1..2 (type 1) or 1..3 (type 2).
        dmrs_identity: N_ID of the DM-RS, None for the cell identity.
        power_offsets_db: offsets of the users' power, one is drawn per user, dB.
        two_layers: users may have two spatial layers.
        precoders: random precoders that a user's blocks take turns in, 1..4.
        system_info: SIB1 every 20 ms.
        trs_period_ms: period of the tracking reference signal, 0 for none.
        csi_period_ms: period of a two-port CSI-RS, 0 for none.
        repeat: "none", or what a test transmitter repeats: "frame", "subframe" or "slot" all its
            data, "control" the control region of each frame.
    """

    n_rb: int = 51
    scs_hz: int = 30000
    fft_size: int = 1024
    pci: int = 0
    crb_offset: int = 0
    carrier_hz: float = 0.0
    pattern: str = "D"
    special_symbols: int = 6
    uplink_db: float | None = None
    ssb: tuple[int, ...] = (0,)
    ssb_l_max: int = 8
    ssb_case: str = "C"
    ssb_period_ms: int = 20
    ssb_half: int = 0
    ssb_subcarrier: int = 0
    ssb_db: float = 0.0
    pss_db: float = 0.0
    coreset_symbols: int = 2
    coreset_rb: tuple[int, int] = (0, 48)
    pdcch_load: float = 0.5
    traffic: Traffic = field(default_factory=Traffic)
    modulation: str = "mixed"
    pdsch_rb: tuple[int, int] = (0, 51)
    pdsch_start: int = 2
    dmrs_type: int = 1
    dmrs_first: int = 2
    dmrs_additional: int = 1
    dmrs_groups: int = 2
    dmrs_identity: int | None = None
    power_offsets_db: tuple[float, ...] = (0.0,)
    two_layers: bool = False
    precoders: int = 1
    system_info: bool = True
    trs_period_ms: int = 0
    csi_period_ms: int = 0
    repeat: str = "none"

    def __post_init__(self) -> None:
        width = 12 * self.n_rb
        checks = {
            "n_rb": 1 <= self.n_rb <= MAX_RB - self.crb_offset,
            "scs_hz": self.scs_hz in (15000, 30000),
            "fft_size": self.fft_size >= width,
            "pci": 0 <= self.pci < 1008,
            "pattern": bool(self.pattern) and set(self.pattern) <= set("DSU"),
            "special_symbols": 0 <= self.special_symbols <= 14,
            "ssb": all(0 <= i < self.ssb_l_max for i in self.ssb),
            "ssb_l_max": self.ssb_l_max in (4, 8),
            "ssb_case": self.ssb_case in ("A", "B", "C"),
            "ssb_period_ms": self.ssb_period_ms in (5, 10, 20, 40, 80, 160),
            "ssb_subcarrier": not self.ssb
            or 0 <= self.ssb_subcarrier <= width * self.scs_hz // self.ssb_scs_hz - SSB_WIDTH,
            "coreset_symbols": 1 <= self.coreset_symbols <= 3,
            "coreset_rb": self._inside(self.coreset_rb),
            "pdcch_load": 0 <= self.pdcch_load <= 1,
            "modulation": self.modulation in (*MODULATION_BITS, "mixed"),
            "pdsch_rb": self._inside(self.pdsch_rb),
            "pdsch_start": 0 <= self.pdsch_start <= self.dmrs_first,
            "dmrs_type": self.dmrs_type in (1, 2),
            "dmrs_first": self.dmrs_first in (2, 3),
            "dmrs_additional": 0 <= self.dmrs_additional <= 3,
            "dmrs_groups": 1 <= self.dmrs_groups <= self.dmrs_type + 1,
            "precoders": 1 <= self.precoders <= 4,
            "repeat": self.repeat in ("none", "frame", "subframe", "slot", "control"),
        }
        wrong = [f"{name}={getattr(self, name)!r}" for name, good in checks.items() if not good]
        if wrong:
            raise ValueError(f"outside the range in NrConfig's documentation: {', '.join(wrong)}")

    def _inside(self, blocks: tuple[int, int]) -> bool:
        return blocks[0] >= 0 and blocks[1] >= 0 and sum(blocks) <= self.n_rb

    @property
    def numerology(self) -> Numerology:
        """Symbol timing at the native rate."""
        return Numerology(self.fft_size, self.scs_hz)

    @property
    def samp_rate(self) -> float:
        """Native rate in samples per second."""
        return self.numerology.samp_rate

    @property
    def ssb_scs_hz(self) -> int:
        """Subcarrier spacing of the synchronisation blocks in Hz, 38.213 4.1."""
        return 15000 if self.ssb_case == "A" else 30000

    @property
    def slots_per_ms(self) -> int:
        """Slots in a subframe."""
        return self.scs_hz // 15000

    @property
    def occupied_bw_hz(self) -> float:
        """Bandwidth of all resource blocks, in Hz."""
        return float(12 * self.n_rb * self.scs_hz)

    @classmethod
    def random(cls, rng: np.random.Generator) -> NrConfig:
        """Draw a cell; both spacings, both duplex modes and every load are likely."""
        return cls(**random_fields(rng))


def _symbol_power(grid: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Sum of the squared magnitudes of each row."""
    power: NDArray[np.float32] = np.einsum("ij,ij->i", grid.real, grid.real)
    power += np.einsum("ij,ij->i", grid.imag, grid.imag)
    return power


def _modulate(
    cfg: NrConfig, grid: NDArray[np.complex64], numerology: Numerology, first_ms: int
) -> NDArray[np.complex64]:
    """OFDM with the carrier's phase set to zero at the start of every useful symbol."""
    if cfg.carrier_hz:  # 38.211 5.4
        halves = 2 * first_ms + np.arange(grid.shape[0] // numerology.half_ms_symbols)
        times = (halves[:, None] * 0.5e-3 + numerology.useful_times).reshape(-1, 1)
        cycles = np.mod(times * cfg.carrier_hz, 1.0)
        grid = grid * np.exp(-2j * np.pi * cycles).astype(np.complex64)
    return modulate(grid, numerology, skip_dc=False)


def waveform(
    cfg: NrConfig, duration_s: float, rng: np.random.Generator, start_s: float | None = None
) -> NDArray[np.complex64]:
    """Generate the downlink of one cell, centred on subcarrier ``6 n_rb``.

    The mean power over the OFDM symbols in which the cell transmits anything is 1, whatever the
    load: an idle cell is not weaker than a busy one, only sparser. Uplink is left out of the
    mean. A cell with nothing to send in the window gives zeros.

    Args:
        cfg: the cell.
        duration_s: seconds to generate.
        rng: source of randomness.
        start_s: time of the first sample in seconds after the start of frame 0; drawn within
            160 ms when None.

    Returns:
        complex64 samples at ``cfg.samp_rate``, shape (round(duration_s * samp_rate),).

    Raises:
        ValueError: the duration or the start is negative.
    """
    if duration_s < 0 or (start_s is not None and start_s < 0):
        raise ValueError(f"expected times >= 0, got {duration_s} and {start_s}")
    numerology = cfg.numerology
    count = round(duration_s * cfg.samp_rate)
    begin = round((160e-3 * rng.random() if start_s is None else start_s) * cfg.samp_rate)
    per_ms = 2 * numerology.half_ms_samples
    first = begin // per_ms
    subframes = max(1, -(-(begin + count) // per_ms) - first)
    slots = np.arange(first * cfg.slots_per_ms, (first + subframes) * cfg.slots_per_ms)
    grid, ssb = downlink_grid(cfg, slots, rng)  # (slots, 14, subcarriers)
    power = _symbol_power(grid.reshape(-1, grid.shape[2]))
    if ssb is not None:  # the carrier's symbols that the blocks' symbols fall into
        repeated = np.repeat(_symbol_power(ssb), cfg.slots_per_ms)
        power += repeated.reshape(-1, cfg.ssb_scs_hz // 15000).mean(axis=1)
    active = power[power > 0]
    scale = np.float32(1.0 / np.sqrt(active.mean(dtype=np.float64)) if active.size else 1.0)
    if cfg.uplink_db is not None:
        amplitude = 10 ** (cfg.uplink_db / 20)
        letters = np.array(list(cfg.pattern))[slots % len(cfg.pattern)]
        for row in np.flatnonzero(letters == "U"):
            grid[row] = uplink_symbols(14, cfg.n_rb, amplitude, rng)
    samples = _modulate(cfg, grid.reshape(-1, grid.shape[2]), numerology, first)
    if ssb is not None:
        size = cfg.fft_size * cfg.scs_hz // cfg.ssb_scs_hz
        samples += _modulate(cfg, ssb, Numerology(size, cfg.ssb_scs_hz), first)
    offset = begin - first * per_ms
    return samples[offset : offset + count] * scale
