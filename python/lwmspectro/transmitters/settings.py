# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of the physical layers from the few numbers that a person gives.

The blocks and the command line have these functions' parameters, under the same names and with
the same defaults.
"""

from __future__ import annotations

from typing import Any

from ..waveforms import lte, nr, single_carrier, wifi
from ..waveforms.nr.raster import place_block
from ..waveforms.traffic import Traffic
from ..waveforms.wifi.config import SHORTEST

STANDARDS = ("11a", "11n", "11ac")
DUPLEX = ("fdd", "tdd")
MIXED = "mixed"
QAM = ("QPSK", "16QAM", "64QAM", "256QAM")

_LEGACY_RATES = (6, 9, 12, 18, 24, 36, 48, 54)  # Mb/s, IEEE 802.11-2020 17.3.2.4
_TDD_SLOTS = {15000: "DDDSU", 30000: "DDDDDDDSUU"}  # 5 ms
LEAST_CARRIER_HZ, MOST_CARRIER_HZ = 410e6, 7125e6
"""Frequency range 1, TS 38.101-1 table 5.1-1."""
_SSB_CASES = {15000: "A", 30000: "C"}  # TS 38.213 4.1


def wifi_config(
    standard: str = "11n",
    mcs: int = 7,
    psdu_bytes: int = 1500,
    duty: float = 0.5,
    short_gi: bool = False,
    acks: bool = True,
    beacons: bool = False,
) -> wifi.WifiConfig:
    """An access point and a station on one 20 MHz channel.

    Args:
        standard: "11a" (802.11a/g), "11n" (HT20) or "11ac" (VHT20).
        mcs: 0..7, for "11ac" 0..8; for "11a" the place of the rate among 6, 9, 12, 18, 24,
            36, 48 and 54 Mb/s.
        psdu_bytes: of a data frame, MAC header and FCS included: 34 to what the format can
            carry in 5.484 ms, with "11a" 4095 at most.
        duty: wanted share of time on the air, 0..1.
        short_gi: guard interval of 0.4 us in data frames of "11n" and "11ac".
        acks: data frames are answered after SIFS.
        beacons: beacons at 6 Mb/s among them.

    Raises:
        ValueError: a value is out of range.
    """
    if standard not in STANDARDS:
        raise ValueError(f"standard: expected one of {STANDARDS}, got {standard!r}")
    highest = 8 if standard == "11ac" else 7
    if mcs not in range(highest + 1):
        raise ValueError(f"mcs: expected 0..{highest} for {standard}, got {mcs!r}")
    if short_gi and standard == "11a":
        raise ValueError("short_gi: expected False for 11a, got True")
    if psdu_bytes < SHORTEST:
        raise ValueError(f"psdu_bytes: expected {SHORTEST} or more, got {psdu_bytes!r}")
    cfg = wifi.WifiConfig(
        standard=standard,
        rates=(_LEGACY_RATES[mcs] if standard == "11a" else mcs,),
        sizes=(psdu_bytes,),
        duty=duty,
        short_gi=short_gi,
        answered=acks,
        beacons=beacons,
    )
    longest = cfg.data_format(cfg.rates[0]).max_bytes
    if psdu_bytes > longest:
        limits = f"{SHORTEST}..{longest} for {standard} and mcs {mcs}"
        raise ValueError(f"psdu_bytes: expected {limits}, got {psdu_bytes!r}")
    return cfg


def lte_config(
    n_prb: int = 50,
    pci: int = 0,
    duplex: str = "fdd",
    tdd_config: int = 1,
    n_ports: int = 1,
    modulation: str = MIXED,
    mcs: int | None = None,
    load: float = 1.0,
    cfi: int = 2,
) -> lte.LteConfig:
    """The downlink of one LTE cell.

    Args:
        n_prb: bandwidth, 6, 15, 25, 50, 75 or 100 resource blocks.
        pci: physical cell identity, 0..503.
        duplex: "fdd" or "tdd".
        tdd_config: uplink-downlink configuration of "tdd", 0..6.
        n_ports: antenna ports, 1, 2 or 4, heard with equal power.
        modulation: of the shared channel, one of ``QAM`` or "mixed".
        mcs: index of the shared channel's scheme (QPSK 0..9, 16QAM 10..16, 64QAM 17..28, in the
            table of "256QAM" 20..27), which says the modulation where that is "mixed"; None
            draws one for each user.
        load: share of subframes with data, 0..1.
        cfi: control symbols of a subframe, 1..3.

    Raises:
        ValueError: a value is out of range.
    """
    if n_prb not in lte.FFT_SIZES:
        raise ValueError(f"n_prb: expected one of {sorted(lte.FFT_SIZES)}, got {n_prb!r}")
    if n_ports not in (1, 2, 4):
        raise ValueError(f"n_ports: expected 1, 2 or 4, got {n_ports!r}")
    if cfi not in (1, 2, 3):
        raise ValueError(f"cfi: expected 1..3, got {cfi!r}")
    return lte.LteConfig(
        n_prb=n_prb,
        fft_size=lte.FFT_SIZES[n_prb][0],
        pci=pci,
        port_gains=(complex(n_ports**-0.5),) * n_ports,
        tdd_config=tdd_config if _is_tdd(duplex) else None,
        traffic=_traffic(load),
        modulation=_modulation(modulation),
        cfi=cfi,
        **_given(mcs=mcs),
    )


def nr_config(
    n_rb: int = 51,
    scs_hz: int = 30000,
    pci: int = 0,
    duplex: str = "fdd",
    modulation: str = MIXED,
    mcs: int | None = None,
    load: float = 1.0,
    ssb_period_ms: int = 20,
    carrier_hz: float = 0.0,
) -> nr.NrConfig:
    """The downlink of one NR cell in frequency range 1.

    Args:
        n_rb: bandwidth in resource blocks: 25 is 5 MHz at 15 kHz, 51 is 20 MHz at 30 kHz
            (TS 38.101-1 table 5.3.2-1); 20 or more.
        scs_hz: subcarrier spacing, 15000 or 30000 Hz.
        pci: physical cell identity, 0..1007.
        duplex: "fdd" or "tdd".
        modulation: of the shared channel, one of ``QAM`` or "mixed".
        mcs: index in table 2 of TS 38.214 (QPSK 0..4, 16QAM 5..10, 64QAM 11..19, 256QAM
            20..27), which says the modulation where that is "mixed"; None draws one for each
            user.
        load: share of slots with data, 0..1.
        ssb_period_ms: 5, 10, 20, 40, 80 or 160.
        carrier_hz: carrier frequency, whose phase starts anew at each symbol (TS 38.211 5.4); a
            receiver that is told another one sees symbols turned. 0 turns none, and puts the
            synchronisation block into the carrier's middle; otherwise it is at the nearest
            place there that is on the synchronisation raster (TS 38.104 5.4.3).

    Raises:
        ValueError: a value is out of range.
    """
    if scs_hz not in _TDD_SLOTS:
        raise ValueError(f"scs_hz: expected one of {[*_TDD_SLOTS]}, got {scs_hz!r}")
    if not 20 <= n_rb <= 275:
        raise ValueError(f"n_rb: expected 20..275, got {n_rb!r}")
    if carrier_hz != 0.0 and not LEAST_CARRIER_HZ <= carrier_hz <= MOST_CARRIER_HZ:
        limits = f"{LEAST_CARRIER_HZ:g}..{MOST_CARRIER_HZ:g}"
        raise ValueError(f"carrier_hz: expected 0 or {limits} Hz, got {carrier_hz!r}")
    tdd = _is_tdd(duplex)
    return nr.NrConfig(
        n_rb=n_rb,
        scs_hz=scs_hz,
        fft_size=1 << (12 * n_rb).bit_length(),
        pci=pci,
        pattern=_TDD_SLOTS[scs_hz] if tdd else "D",
        ssb_case=_SSB_CASES[scs_hz],
        ssb_l_max=_ssb_candidates(carrier_hz, scs_hz, tdd),
        ssb_period_ms=ssb_period_ms,
        ssb_subcarrier=_ssb_subcarrier(carrier_hz, n_rb, scs_hz),
        carrier_hz=carrier_hz,
        coreset_rb=(0, 6 * (n_rb // 6)),
        pdsch_rb=(0, n_rb),
        traffic=_traffic(load),
        modulation=_modulation(modulation),
        **_given(mcs=mcs),
    )


def single_carrier_config(
    symbol_rate: float = 1e6,
    sps: float = 4.0,
    modulation: str = "QPSK",
    alpha: float = 0.25,
    info_bits: int = 1000,
    preamble: int = 63,
    traffic: str = "continuous",
    duty: float = 0.5,
) -> single_carrier.SingleCarrierConfig:
    """A link with root raised cosine pulses.

    Args:
        symbol_rate: symbols a second, Hz.
        sps: samples per symbol at the native rate.
        modulation: "BPSK" or one of ``QAM``.
        alpha: roll-off, 0.05..1.
        info_bits: of a frame, before the code.
        preamble: known symbols before each frame: 0, 31, 63 or 127.
        traffic: "continuous" or "bursts".
        duty: mean share of time on the air of "bursts".

    Raises:
        ValueError: a value is out of range.
    """
    return single_carrier.SingleCarrierConfig(
        symbol_rate=symbol_rate,
        sps=sps,
        modulation=modulation,
        alpha=alpha,
        info_bits=info_bits,
        preamble=preamble,
        traffic=traffic,
        duty=duty,
    )


def _ssb_candidates(carrier_hz: float, scs_hz: int, tdd: bool) -> int:
    """Of a half frame, TS 38.213 4.1; an unknown carrier is one of 3.5 GHz where it is TDD."""
    limit_hz = 1.88e9 if tdd and _SSB_CASES[scs_hz] == "C" else 3e9
    return 8 if (carrier_hz or (3.5e9 if tdd else 0.0)) > limit_hz else 4


def _ssb_subcarrier(carrier_hz: float, n_rb: int, scs_hz: int) -> int:
    """First subcarrier of the synchronisation block."""
    if not carrier_hz:
        return 12 * ((n_rb - 20) // 2)
    subcarrier, move = place_block(carrier_hz, n_rb, scs_hz)
    if move:
        raise ValueError(
            "carrier_hz: expected one that has room for a block on the synchronisation raster, "
            f"the nearest is {(carrier_hz + move) / 1e6:.9g}e6, got {carrier_hz / 1e6:.9g}e6"
        )
    return subcarrier


def _is_tdd(duplex: str) -> bool:
    if duplex not in DUPLEX:
        raise ValueError(f"duplex: expected one of {DUPLEX}, got {duplex!r}")
    return duplex == "tdd"


def _given(**fields: Any) -> dict[str, Any]:
    """Fields of a configuration that are not left to it."""
    return {name: value for name, value in fields.items() if value is not None}


def _traffic(load: float) -> Traffic:
    if not 0.0 <= load <= 1.0:
        raise ValueError(f"load: expected 0..1, got {load!r}")
    return Traffic(time_load=load)


def _modulation(name: str) -> str:
    if name not in (*QAM, MIXED):
        raise ValueError(f"modulation: expected one of {(*QAM, MIXED)}, got {name!r}")
    return name.lower()
