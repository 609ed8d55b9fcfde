# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of lwmspectro-transmit: one subcommand a protocol."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import kernels
from ..sample_format import FORMATS
from ..transmitters.protocols import PROTOCOLS
from ..transmitters.settings import DUPLEX, MIXED, QAM, STANDARDS
from ..waveforms.frontend import PROFILES
from ..waveforms.single_carrier.config import TRAFFIC
from ..waveforms.wifi.config import SHORTEST
from .console import Parser, number, positive, whole, within

SAMP_RATE_RANGE = (1e5, kernels.max_samp_rate)
"""Hz: below, native rates are filtered down for minutes."""
DELAY_SPREAD_S = 100e-9


@dataclass(frozen=True)
class _Setting:
    """An option on what is sent; a bool is a switch with a --no- twin."""

    name: str
    kind: Callable[[str], Any] | tuple[str, ...] | type[bool]
    help: str
    metavar: str | None = None


_SETTINGS = {
    "wifi": (
        _Setting("standard", STANDARDS, "11a (also 11g), 11n (HT20) or 11ac (VHT20)"),
        _Setting("mcs", whole(0, 8), "0 to 7, 11ac 0 to 8; 11a: 6, 9, ... 54 Mb/s in turn", "N"),
        _Setting(
            "psdu_bytes",
            whole(SHORTEST, 65535),
            "octets of a data frame, FCS included; 11a to 4095",
            "N",
        ),
        _Setting("duty", number, "wanted share of time on the air, 0 to 1", "SHARE"),
        _Setting("short_gi", bool, "guard interval of 0.4 us (11n, 11ac)"),
        _Setting("acks", bool, "data frames are answered"),
        _Setting("beacons", bool, "beacons among the data"),
    ),
    "lte": (
        _Setting("n_prb", whole(1, 110), "bandwidth: 6, 15, 25, 50, 75 or 100 blocks", "N"),
        _Setting("pci", whole(0, 503), "physical cell identity", "N"),
        _Setting("duplex", DUPLEX, "frame structure"),
        _Setting("tdd_config", whole(0, 6), "uplink-downlink configuration of tdd", "N"),
        _Setting("n_ports", whole(1, 4), "antenna ports: 1, 2 or 4", "N"),
        _Setting("modulation", (*QAM, MIXED), "of the shared channel"),
        _Setting(
            *("mcs", whole(0, 28)),
            "MCS index: QPSK 0 to 9, 16QAM to 16, 64QAM to 28; with 256QAM 20 to 27",
            "N",
        ),
        _Setting("load", number, "share of subframes with data, 0 to 1", "SHARE"),
        _Setting("cfi", whole(1, 3), "control symbols", "N"),
    ),
    "nr": (
        _Setting("n_rb", whole(20, 275), "bandwidth in resource blocks", "N"),
        _Setting("scs_hz", whole(15000, 30000), "subcarrier spacing: 15000 or 30000", "HZ"),
        _Setting("pci", whole(0, 1007), "physical cell identity", "N"),
        _Setting("duplex", DUPLEX, "slots"),
        _Setting("modulation", (*QAM, MIXED), "of the shared channel"),
        _Setting(
            *("mcs", whole(0, 27)),
            "index of MCS table 2: QPSK 0 to 4, 16QAM to 10, 64QAM to 19, 256QAM to 27",
            "N",
        ),
        _Setting("load", number, "share of slots with data, 0 to 1", "SHARE"),
        _Setting("ssb_period_ms", whole(5, 160), "of the synchronisation blocks", "MS"),
    ),
    "single-carrier": (
        _Setting("symbol_rate", positive, "symbols a second", "HZ"),
        _Setting("sps", positive, "samples per symbol at the native rate", "N"),
        _Setting("modulation", ("BPSK", *QAM), "constellation"),
        _Setting("alpha", number, "roll-off of the root raised cosine", "SHARE"),
        _Setting("info_bits", whole(8, 65536), "of a frame, before the code", "N"),
        _Setting("preamble", whole(0, 127), "known symbols before a frame", "N"),
        _Setting("traffic", TRAFFIC, "frame after frame, or with gaps"),
        _Setting("duty", number, "mean share of time on the air of bursts, 0 to 1", "SHARE"),
    ),
}
_TITLES = {
    "wifi": "802.11 OFDM traffic of an access point and a station",
    "lte": "downlink of an LTE cell",
    "nr": "downlink of a 5G NR cell",
    "single-carrier": "coded single-carrier link with root raised cosine pulses",
}


def add_protocols(parser: argparse.ArgumentParser) -> None:
    """One subcommand for each protocol, each with all options."""
    commands = parser.add_subparsers(
        dest="protocol", metavar="PROTOCOL", required=True, parser_class=Parser
    )
    for name, fields in _SETTINGS.items():
        command = commands.add_parser(name, help=_TITLES[name], description=_TITLES[name])
        group = command.add_argument_group("what is sent")
        defaults = inspect.signature(PROTOCOLS[name].configure).parameters
        for field in fields:
            _add_setting(group, field, defaults[field.name].default)
        _add_path(command)
        _add_output(command)


def settings_of(args: argparse.Namespace) -> dict[str, Any]:
    """What is sent, under the names of the protocol's ``settings`` function."""
    return {field.name: getattr(args, field.name) for field in _SETTINGS[args.protocol]}


def _add_setting(group: Any, field: _Setting, default: Any) -> None:
    flag = "--" + field.name.replace("_", "-").removesuffix("-hz").removesuffix("-ms")
    text = f"{field.help} (default: {'drawn' if default is None else default})"
    options: dict[str, Any] = {"dest": field.name, "default": default, "help": text}
    if field.kind is bool:
        options["action"] = argparse.BooleanOptionalAction
        options["help"] = field.help + " (default: %(default)s)"
    elif isinstance(field.kind, tuple):
        options["choices"] = field.kind
    else:
        options.update(type=field.kind, metavar=field.metavar)
    group.add_argument(flag, **options)


def _add_path(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("channel and receiver")
    group.add_argument(
        "--channel", choices=kernels.tdl_model_names, help="fading channel of TR 38.901"
    )
    group.add_argument(
        "--delay-spread",
        metavar="S",
        type=number,
        help=f"RMS delay spread of the channel (default: {DELAY_SPREAD_S})",
    )
    group.add_argument(
        "--speed",
        metavar="KMH",
        type=number,
        default=0.0,
        help="of the receiver, for the channel's Doppler (default: %(default)s)",
    )
    group.add_argument(
        "--center-freq",
        "--carrier",
        metavar="HZ",
        type=positive,
        help="carrier frequency, for Doppler, clock error, metadata and the synchronisation "
        "raster and phase of NR",
    )
    group.add_argument(
        "--snr-db",
        metavar="DB",
        type=number,
        help="add noise: mean SNR in the occupied band while transmitting, before fading",
    )
    group.add_argument("--front-end", choices=PROFILES, help="add a receiver's imperfections")


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("samples")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="SigMF recording (its name, with or without suffix), a raw file (.cf32, .ci16, "
        ".ci8, .cu8 and others), or - for raw samples on standard output",
    )
    group.add_argument(
        "--duration",
        metavar="S",
        type=positive,
        default=1.0,
        help="seconds (default: %(default)s)",
    )
    low, high = SAMP_RATE_RANGE
    group.add_argument(
        "--samp-rate",
        metavar="HZ",
        type=within(low, high),
        help=f"{low / 1e6:g} to {high / 1e6:g} MS/s (default: the native rate)",
    )
    group.add_argument(
        "--dtype", choices=tuple(FORMATS), help="format of samples (default: of FILE, or cf32_le)"
    )
    group.add_argument(
        "--level-db",
        metavar="DB",
        type=number,
        default=-14.0,
        help="RMS over full scale, without --front-end (default: %(default)s)",
    )
    group.add_argument(
        "--seed",
        metavar="N",
        type=whole(0, 2**63),
        default=0,
        help="same seed, same samples (default: %(default)s)",
    )
