# SPDX-License-Identifier: GPL-3.0-or-later
"""One source block for each physical layer."""

from __future__ import annotations

from ..waveforms import lte, nr, single_carrier, wifi
from . import settings
from .source_block import transmitter_source


class wifi_source(transmitter_source):  # noqa: N801 - GNU Radio's naming of blocks
    """802.11 OFDM traffic of an access point and a station; see ``settings.wifi_config``."""

    def __init__(
        self,
        samp_rate: float = 0.0,
        standard: str = "11n",
        mcs: int = 7,
        psdu_bytes: int = 1500,
        duty: float = 0.5,
        short_gi: bool = False,
        acks: bool = True,
        beacons: bool = False,
        amplitude: float = 1.0,
        seed: int = 0,
        repeat_s: float = 0.0,
    ) -> None:
        """As ``settings.wifi_config``, and what ``transmitter_source`` says.

        Raises:
            ValueError: a value is out of range.
        """
        cfg = settings.wifi_config(standard, mcs, psdu_bytes, duty, short_gi, acks, beacons)
        transmitter = wifi.Transmitter(cfg, _checked(seed))
        super().__init__("wifi_source", transmitter, samp_rate, amplitude, repeat_s)


class lte_source(transmitter_source):  # noqa: N801
    """The downlink of an LTE cell; see ``settings.lte_config``."""

    def __init__(
        self,
        samp_rate: float = 0.0,
        n_prb: int = 50,
        pci: int = 0,
        duplex: str = "fdd",
        tdd_config: int = 1,
        n_ports: int = 1,
        modulation: str = settings.MIXED,
        mcs: int | None = None,
        load: float = 1.0,
        cfi: int = 2,
        amplitude: float = 1.0,
        seed: int = 0,
        repeat_s: float = 0.0,
    ) -> None:
        """As ``settings.lte_config``, and what ``transmitter_source`` says.

        Raises:
            ValueError: a value is out of range.
        """
        cfg = settings.lte_config(
            n_prb, pci, duplex, tdd_config, n_ports, modulation, mcs, load, cfi
        )
        transmitter = lte.Transmitter(cfg, _checked(seed))
        super().__init__("lte_source", transmitter, samp_rate, amplitude, repeat_s)


class nr_source(transmitter_source):  # noqa: N801
    """The downlink of an NR cell; see ``settings.nr_config``."""

    def __init__(
        self,
        samp_rate: float = 0.0,
        n_rb: int = 51,
        scs_hz: int = 30000,
        pci: int = 0,
        duplex: str = "fdd",
        modulation: str = settings.MIXED,
        mcs: int | None = None,
        load: float = 1.0,
        ssb_period_ms: int = 20,
        carrier_hz: float = 0.0,
        amplitude: float = 1.0,
        seed: int = 0,
        repeat_s: float = 0.0,
    ) -> None:
        """As ``settings.nr_config``, and what ``transmitter_source`` says.

        Raises:
            ValueError: a value is out of range.
        """
        cfg = settings.nr_config(
            n_rb, scs_hz, pci, duplex, modulation, mcs, load, ssb_period_ms, carrier_hz
        )
        transmitter = nr.Transmitter(cfg, _checked(seed))
        super().__init__("nr_source", transmitter, samp_rate, amplitude, repeat_s)


class single_carrier_source(transmitter_source):  # noqa: N801
    """A link with root raised cosine pulses; see ``settings.single_carrier_config``."""

    def __init__(
        self,
        samp_rate: float = 0.0,
        symbol_rate: float = 1e6,
        sps: float = 4.0,
        modulation: str = "QPSK",
        alpha: float = 0.25,
        info_bits: int = 1000,
        preamble: int = 63,
        traffic: str = "continuous",
        duty: float = 0.5,
        amplitude: float = 1.0,
        seed: int = 0,
        repeat_s: float = 0.0,
    ) -> None:
        """As ``settings.single_carrier_config``, and what ``transmitter_source`` says.

        Raises:
            ValueError: a value is out of range.
        """
        cfg = settings.single_carrier_config(
            symbol_rate, sps, modulation, alpha, info_bits, preamble, traffic, duty
        )
        transmitter = single_carrier.Transmitter(cfg, _checked(seed))
        super().__init__("single_carrier_source", transmitter, samp_rate, amplitude, repeat_s)


def _checked(seed: int) -> int:
    if seed < 0:
        raise ValueError(f"seed: expected 0 or more, got {seed}")
    return seed
