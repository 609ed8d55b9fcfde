# SPDX-License-Identifier: GPL-3.0-or-later
"""Random NR cells, from idle small cells to full wide carriers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sequences import MODULATION_BITS
from ..traffic import Traffic
from .raster import nearest_raster
from .signals import SSB_WIDTH
from .tbs import modulation_indices

# 38.101-1 table 5.3.2-1: blocks of 5, 10, 15, 20, 25, 30 and 40 MHz carriers
_BLOCKS = {15000: (25, 52, 79, 106, 133, 160, 216), 30000: (11, 24, 38, 51, 65, 78, 106)}
_PATTERNS = {
    15000: ("DDDSU", "DSUUU", "DDSUU", "DSUDD", "DDDSUUDDDD", "DDDDDDDSUU"),
    30000: (
        *("DDDSU", "DDDSUDDSUU", "DDDDDDDSUU", "DDDDDDSUUU", "DSUUU", "DDSU", "DDSUU"),
        *("DDDSUUDDDD", "DSUDDDSUDD", "DDDDDDDDSU", "DSUUDDDDDD"),
    ),
}
_FFT_SIZES = (128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
_MAX_RATE = 61.44e6


def _carrier(rng: np.random.Generator) -> dict[str, Any]:
    """Bandwidth and rate."""
    scs = int(rng.choice([15000, 30000], p=[0.4, 0.6]))
    if rng.random() < 0.88:
        n_rb = int(rng.choice(_BLOCKS[scs], p=[0.16, 0.28, 0.1, 0.22, 0.07, 0.05, 0.12]))
    else:
        n_rb = int(rng.integers(11, _BLOCKS[scs][-1] + 1))
    sizes = [n for n in _FFT_SIZES if 12.2 * n_rb <= n and n * scs <= _MAX_RATE][:3]
    power_of_two = next(n for n in sizes if n & (n - 1) == 0)
    size = power_of_two if rng.random() < 0.7 else int(rng.choice(sizes[:2]))
    return {
        "n_rb": n_rb,
        "scs_hz": scs,
        "fft_size": size,
        "pci": int(rng.integers(1008)),
        "crb_offset": int(rng.choice([0, rng.integers(0, 276 - n_rb)])),
    }


def _duplex(scs: int, rng: np.random.Generator) -> dict[str, Any]:
    """FDD, or TDD with silent or audible uplink."""
    if rng.random() < (0.6 if scs == 15000 else 0.35):
        return {"pattern": "D"}
    return {
        "pattern": str(rng.choice(_PATTERNS[scs])),
        "special_symbols": int(rng.choice([2, 3, 4, 6, 6, 8, 9, 10, 10, 11, 12])),
        "uplink_db": float(rng.uniform(-30, 5)) if rng.random() < 0.4 else None,
    }


def _ssb(scs: int, n_rb: int, rng: np.random.Generator) -> dict[str, Any]:
    """Synchronisation blocks: one beam mostly, sometimes many or none."""
    ssb_scs = scs if rng.random() < 0.93 and 12 * n_rb >= SSB_WIDTH else 45000 - scs
    spare = 12 * n_rb * scs // ssb_scs - SSB_WIDTH
    l_max = int(rng.choice([4, 8]))
    if spare < 0 or rng.random() < 0.1:
        ssb: tuple[int, ...] = ()
    else:
        many = int(rng.integers(1, l_max + 1)) if rng.random() < 0.35 else 1
        start = int(rng.integers(l_max)) if many == 1 and rng.random() < 0.3 else 0
        ssb = tuple(range(start, start + many))
    subcarrier = int(rng.integers(0, max(spare, 0) + 1))
    if rng.random() < 0.6:
        subcarrier -= subcarrier % 12
    elif rng.random() < 0.3:
        subcarrier = max(spare, 0) // 2
    return {
        "ssb": ssb,
        "ssb_l_max": l_max,
        "ssb_case": "A" if ssb_scs == 15000 else str(rng.choice(["B", "C"], p=[0.3, 0.7])),
        "ssb_period_ms": int(rng.choice([5, 10, 20, 40], p=[0.15, 0.25, 0.5, 0.1])),
        "ssb_half": int(rng.random() < 0.2),
        "ssb_subcarrier": subcarrier,
        "ssb_db": float(rng.choice([0.0, 0.0, 3.0, rng.uniform(-3, 6)])),
        "pss_db": float(rng.choice([0.0, 3.0])),
    }


def _frequency(fields: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Carrier frequency with the block on the synchronisation raster, and what depends on it.

    Half of all carriers are at 0 Hz: their transmitter resets no phase (38.211 5.4).
    """
    if rng.random() < 0.5:
        return {}
    scs, ssb_scs = fields["scs_hz"], 15000 if fields["ssb_case"] == "A" else 30000
    centre = (fields["ssb_subcarrier"] + 120) * ssb_scs - 6 * fields["n_rb"] * scs
    # 38.213 4.1: more than 3 GHz has eight candidates, case C in TDD from 1.88 GHz on
    early = fields["ssb_case"] == "C" and fields["pattern"] != "D"
    few = (0.6e9, 1.87e9 if early else 2.69e9)
    low, high = few if fields["ssb_l_max"] == 4 else (2.3e9 if early else 3.3e9, 4.99e9)
    return {"carrier_hz": nearest_raster(rng.uniform(low, high) + centre) - centre}


def _scheme(modulation: str, rng: np.random.Generator) -> dict[str, Any]:
    """MCS table and, mostly, one index for all users."""
    table = 2 if modulation == "256qam" or rng.random() < 0.5 else 1
    out: dict[str, Any] = {"modulation": modulation, "mcs_table": table}
    if modulation != "mixed" and rng.random() < 0.7:
        out["mcs"] = int(rng.choice(modulation_indices(table, modulation)))
    return out


def _interleaver(symbols: int, width: int, rng: np.random.Generator) -> tuple[int, int, int] | None:
    """Mapping of the control channel that fits a control region, 38.211 7.3.2.2."""
    if rng.random() < 0.5:
        return None
    size = int(rng.choice((3, 6) if symbols == 3 else (2, 6)))
    rows = [r for r in (2, 3, 6) if width * symbols % (size * r) == 0]
    return (size, int(rng.choice(rows)), int(rng.integers(275))) if rows and width else None


def _part(n_rb: int, least: int, share: float, rng: np.random.Generator) -> tuple[int, int]:
    """The whole carrier with probability ``share``, else a random part of it."""
    if rng.random() < share or n_rb <= least:
        return 0, n_rb
    width = int(rng.integers(least, n_rb + 1))
    return int(rng.integers(0, n_rb - width + 1)), width


def _shared_channel(n_rb: int, rng: np.random.Generator) -> dict[str, Any]:
    """Control region, shared channel and its reference signals."""
    symbols = int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
    dmrs_first = 3 if symbols == 3 else int(rng.choice([2, 3], p=[0.85, 0.15]))  # 38.211 7.3.2.2
    first, width = _part(n_rb, 6, 0.5, rng)
    kind = int(rng.choice([1, 2], p=[0.8, 0.2]))
    offsets = [(0.0,), (0.0,), (-3.0, 0.0), (-6.0, -3.0, 0.0, 3.0)]
    traffic = Traffic.random(rng)
    scheme = _scheme(str(rng.choice(["mixed", *MODULATION_BITS])), rng)
    layers = bool(rng.random() < 0.35)
    additional = int(rng.choice([0, 1, 2, 3], p=[0.15, 0.4, 0.35, 0.1]))
    groups = int(rng.integers(1, kind + 2))
    fallback = (kind, groups, additional, layers, traffic.scattered) == (1, 2, 2, False, False)
    if fallback and scheme["mcs_table"] == 1 and rng.random() < 0.7:
        scheme["dci_format"] = "1_0"
    return {
        "coreset_symbols": symbols,
        "coreset_rb": (first, width // 6 * 6),
        "pdcch_load": float(rng.choice([0.0, 1.0, rng.random(), rng.random()])),
        "coreset_interleaver": _interleaver(symbols, width // 6 * 6, rng),
        "traffic": traffic,
        **scheme,
        "pdsch_rb": _part(n_rb, min(n_rb, 24), 0.85, rng),
        "pdsch_start": int(rng.integers(symbols, dmrs_first + 1)),
        "dmrs_type": kind,
        "dmrs_first": dmrs_first,
        "dmrs_additional": additional,
        "dmrs_groups": groups,
        "dmrs_identity": int(rng.integers(65536)) if rng.random() < 0.3 else None,
        "power_offsets_db": offsets[int(rng.integers(len(offsets)))],
        "two_layers": layers,
        "precoders": int(rng.choice([1, 1, 2, 4])),
        "system_info": bool(rng.random() < 0.8),
        "trs_period_ms": int(rng.choice([0, 10, 20, 40], p=[0.4, 0.1, 0.3, 0.2])),
        "csi_period_ms": int(rng.choice([0, 5, 10, 20, 40], p=[0.6, 0.1, 0.1, 0.1, 0.1])),
    }


def random_fields(rng: np.random.Generator) -> dict[str, Any]:
    """Arguments of ``NrConfig`` for one random cell.

    Args:
        rng: source of randomness.

    Returns:
        Values by field name.
    """
    carrier = _carrier(rng)
    scs, n_rb = carrier["scs_hz"], carrier["n_rb"]
    fields = carrier | _duplex(scs, rng) | _ssb(scs, n_rb, rng) | _shared_channel(n_rb, rng)
    fields |= _frequency(fields, rng)
    sparse = not fields["ssb"] or fields["ssb_period_ms"] > 20
    if sparse and fields["traffic"].time_load < 0.2:  # never a carrier with nothing in a window
        fields["traffic"] = Traffic(0.2 + 0.8 * float(rng.random()), float(rng.random()))
    fields["repeat"] = str(
        rng.choice(
            ["none", "frame", "subframe", "slot", "control"], p=[0.73, 0.06, 0.05, 0.06, 0.1]
        )
    )
    return fields
