# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the monitor's samples come from. Drivers are imported when they are asked for."""

import argparse
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gnuradio import blocks, gr

from ..errors import UserError
from ..iq_file_source import iq_file_source
from ..iqfile import open_recording
from ..recording import check_samp_rate
from ..sample_format import FORMATS
from ..synthetic_source import synthetic_source
from .console import number, positive, whole

DEMO_SAMP_RATE = 20e6
DEFAULT_ZMQ_ADDRESS = "tcp://127.0.0.1:5555"
DEFAULT_SOAPY_DEVICE = "driver=rtlsdr"
_DRIVER_ERRORS = (RuntimeError, ValueError, LookupError)


@dataclass(frozen=True)
class Source:
    """Samples, ready to be connected."""

    chain: tuple[Any, ...]
    """Blocks, to be connected one after the other."""
    samp_rate: float
    """Hz."""
    center_freq: float
    """Hz."""
    ends: bool
    """Whether it is normal that there is an end."""

    def error(self) -> Exception | None:
        """What made the first block fail, if it did."""
        failure = getattr(self.chain[0], "error", None)
        return failure if isinstance(failure, Exception) else None


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """The options that :func:`open_source` reads."""
    group = parser.add_argument_group("source")
    group.add_argument("--source", choices=tuple(_OPENERS), required=True, help="kind of source")
    group.add_argument(
        "--samp-rate",
        metavar="HZ",
        type=positive,
        help="sample rate; demo: 20e6 where not given; file: of raw samples, or where not recorded",
    )
    group.add_argument("--center-freq", metavar="HZ", type=number, help="centre frequency")
    group.add_argument("--gain", metavar="DB", type=number, help="soapy, uhd: receive gain")
    group.add_argument("--antenna", metavar="NAME", help="soapy, uhd: receive antenna")
    group.add_argument(
        "--device-args",
        metavar="ARGS",
        help=f"soapy, uhd: which device (soapy default: {DEFAULT_SOAPY_DEVICE})",
    )
    group.add_argument(
        "--input", metavar="INPUT", help="file: what to play, as lwmspectro-classify takes it"
    )
    group.add_argument("--dtype", choices=tuple(FORMATS), help="file: format of raw samples")
    group.add_argument(
        "--zmq-address",
        metavar="ENDPOINT",
        default=_DEFAULTS["zmq_address"],
        help="zmq: a PUB sink of complex samples (default: %(default)s)",
    )
    group.add_argument(
        "--zmq-tags", action="store_true", help="zmq: the sink passes tags (rx_time and others)"
    )
    group.add_argument(
        "--seed",
        metavar="N",
        type=whole(0, 2**63),
        default=_DEFAULTS["seed"],
        help="demo: random seed",
    )


def open_source(args: argparse.Namespace) -> Source:
    """Opens what ``--source`` names.

    Raises:
        UserError: an option is missing, wrong or of another source, a driver is missing, or
            the device does not answer.
    """
    opener, takes = _OPENERS[args.source]
    for option, default in _DEFAULTS.items():
        if option not in takes and getattr(args, option) != default:
            raise UserError(f"--source {args.source}: --{option.replace('_', '-')} is not for it")
    try:
        return opener(args)
    except UserError:
        raise
    except _DRIVER_ERRORS as error:
        raise UserError(f"--source {args.source}: {error}") from None


def _device(source: str, name: str, needs: str, opened: Callable[[], Any]) -> Any:
    """A radio, or one line on what it takes."""
    try:
        return opened()
    except _DRIVER_ERRORS as error:
        said = " ".join(str(error).split())
        raise UserError(
            f"--source {source}: expected a device that answers to {name!r}, found none ({said}); "
            f"it takes {needs}"
        ) from None


def _open_demo(args: argparse.Namespace) -> Source:
    rate = check_samp_rate(args.samp_rate or DEMO_SAMP_RATE, "--samp-rate")
    freq = args.center_freq or 0.0
    source = synthetic_source(rate, seed=args.seed, center_freq=freq)
    return Source((source, _real_time(rate)), rate, freq, ends=False)


def _open_file(args: argparse.Namespace) -> Source:
    if args.input is None:
        raise UserError("--source file: expected --input, got none")
    recording = open_recording(args.input, args.samp_rate, args.dtype)
    source = iq_file_source(recording, args.center_freq)
    is_pipe = recording.n_samples is None  # paced by whoever writes into it
    chain = (source,) if is_pipe else (source, _real_time(recording.samp_rate))
    return Source(chain, recording.samp_rate, args.center_freq or 0.0, ends=True)


def _open_zmq(args: argparse.Namespace) -> Source:
    rate = _required_rate(args)
    zeromq = _driver("zeromq")
    source = zeromq.sub_source(gr.sizeof_gr_complex, 1, args.zmq_address, 100, args.zmq_tags)
    return Source((source,), rate, args.center_freq or 0.0, ends=False)


def _open_soapy(args: argparse.Namespace) -> Source:
    rate, freq = _required_rate(args), _required_freq(args)
    soapy = _driver("soapy")
    device = args.device_args or DEFAULT_SOAPY_DEVICE
    source = _device(
        "soapy",
        device,
        "its SoapySDR module (Debian: soapysdr-module-...)",
        lambda: soapy.source(device, "fc32", 1, "", "", [""], [""]),
    )
    source.set_sample_rate(0, rate)
    source.set_frequency(0, freq)
    if args.antenna is not None:
        source.set_antenna(0, args.antenna)
    if args.gain is not None:
        source.set_gain(0, args.gain)
    elif source.has_gain_mode(0):
        source.set_gain_mode(0, True)
    rate = check_samp_rate(source.get_sample_rate(0), "sample rate of the device")
    return Source((source,), rate, source.get_frequency(0), ends=False)


def _open_uhd(args: argparse.Namespace) -> Source:
    rate, freq = _required_rate(args), _required_freq(args)
    uhd = _driver("uhd")
    stream = uhd.stream_args(cpu_format="fc32", channels=[0])
    device = args.device_args or ""
    source = _device(
        "uhd",
        device or "any",
        "a USRP and its images (uhd_images_downloader)",
        lambda: uhd.usrp_source(device, stream),
    )
    source.set_samp_rate(rate)
    source.set_center_freq(freq, 0)
    if args.antenna is not None:
        source.set_antenna(args.antenna, 0)
    if args.gain is not None:
        source.set_gain(args.gain, 0)
    rate = check_samp_rate(source.get_samp_rate(), "sample rate of the device")
    return Source((source,), rate, source.get_center_freq(0), ends=False)


_DEFAULTS: dict[str, Any] = {
    "gain": None,
    "antenna": None,
    "device_args": None,
    "input": None,
    "dtype": None,
    "zmq_address": DEFAULT_ZMQ_ADDRESS,
    "zmq_tags": False,
    "seed": 0,
}
"""Options that only some sources take."""

_RADIO = ("gain", "antenna", "device_args")
_OPENERS: dict[str, tuple[Callable[[argparse.Namespace], Source], tuple[str, ...]]] = {
    "demo": (_open_demo, ("seed",)),
    "file": (_open_file, ("input", "dtype")),
    "zmq": (_open_zmq, ("zmq_address", "zmq_tags")),
    "soapy": (_open_soapy, _RADIO),
    "uhd": (_open_uhd, _RADIO),
}
"""How each source is opened, and which of those options it takes."""


def _required_rate(args: argparse.Namespace) -> float:
    if args.samp_rate is None:
        raise UserError(f"--source {args.source}: expected --samp-rate, got none")
    return check_samp_rate(args.samp_rate, "--samp-rate")


def _required_freq(args: argparse.Namespace) -> float:
    if args.center_freq is None:
        raise UserError(f"--source {args.source}: expected --center-freq, got none")
    freq: float = args.center_freq
    return freq


def _driver(name: str) -> Any:
    try:
        return importlib.import_module(f"gnuradio.{name}")
    except ImportError as error:
        raise UserError(f"GNU Radio here has no gr-{name}: {error}") from None


def _real_time(samp_rate: float) -> Any:
    return blocks.throttle(gr.sizeof_gr_complex, samp_rate)
