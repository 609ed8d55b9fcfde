# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-transmit: writes recordings of WiFi, LTE, NR and single-carrier transmitters."""

import argparse
import errno
import sys
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO, TextIO

from gnuradio import gr
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .. import kernels
from ..errors import InputError, UserError
from ..iqfile import STDIN
from ..recording_file import DEFAULT_DTYPE, RecordingFile, Target, sigmf_meta
from ..sample_format import SampleFormat, sample_format
from ..transmitters.link import Link, Propagation
from ..transmitters.protocols import PROTOCOLS
from ..transmitters.recording_sink import recording_sink
from ..transmitters.sample_stream import Transmitter
from ..waveforms.physical_layers import labels_of
from . import rows
from .console import (
    EXIT_FAILED,
    EXIT_OK,
    OutputError,
    Parser,
    command_line,
    complain,
    held_interrupts,
    is_terminal,
)
from .transmit_options import DELAY_SPREAD_S, add_protocols, settings_of

PROG = "lwmspectro-transmit"
STDOUT = STDIN  # the same dash
_POLL_S = 0.1


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    args = _parser().parse_args(argv)
    gr.logging().set_default_level(gr.log_levels.critical)  # errors are reported here
    with held_interrupts() as interrupt:
        return command_line(PROG, lambda results: run(args, results, interrupt))


def run(args: argparse.Namespace, results: TextIO, interrupt: threading.Event) -> int:
    """Writes one recording; everything is checked before the first sample.

    Args:
        args: of the command line.
        results: the standard output.
        interrupt: once it is set, the recording ends, with nothing left behind.

    Raises:
        KeyboardInterrupt: it was.
        UserError: an option or the output is wrong.
        OutputError: the samples cannot be written.
    """
    protocol = PROTOCOLS[args.protocol]
    sent = settings_of(args)
    path = _path(args)
    if args.protocol == "nr":
        sent["carrier_hz"] = args.center_freq or 0.0
    try:
        config = protocol.configure(**sent)
        transmitter = protocol.transmitter(config, args.seed)
    except ValueError as error:
        raise UserError(f"{args.protocol}: {error}") from None
    samp_rate = args.samp_rate or float(transmitter.samp_rate)
    n_samples = round(args.duration * samp_rate)
    if n_samples < 1:
        raise InputError(f"--duration: expected one sample at least, got {args.duration} s")
    about = {"protocol": args.protocol, **sent, "modulation": labels_of(config).modulation}
    try:
        if args.output == STDOUT:
            form = sample_format(args.dtype or DEFAULT_DTYPE)
            sink = _write(transmitter, path, args, n_samples, results.buffer, form, interrupt)
        else:
            target = Target.of(args.output, args.dtype)
            with RecordingFile(target, n_samples) as recording:
                sink = _write(
                    transmitter, path, args, n_samples, recording.file, target.form, interrupt
                )
                meta = sigmf_meta(
                    target.form,
                    samp_rate,
                    n_samples,
                    description=_describe(about),
                    recorder=PROG,
                    label=protocol.label,
                    sha512=sink.sha512.hexdigest(),
                    extra={**about, **_path_about(args)},
                    center_freq=args.center_freq,
                    occupied_bw_hz=float(transmitter.occupied_bw_hz),
                )
                recording.keep(meta)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = f"{args.output}: {error.strerror or error}"
        raise OutputError(error.errno or errno.EIO, reason) from None
    except RuntimeError as error:  # of the transmitter
        return complain(PROG, error, EXIT_FAILED)
    if sink.clipped:
        of = f"{sink.clipped} of {2 * n_samples}"
        sys.stderr.write(f"{PROG}: warning: {of} values clipped: lower --level-db\n")
    return EXIT_OK


def _write(
    transmitter: Transmitter,
    path: Propagation,
    args: argparse.Namespace,
    n_samples: int,
    file: BinaryIO,
    form: SampleFormat,
    interrupt: threading.Event,
) -> recording_sink:
    """All samples; returns the block that wrote them, which knows what became of them."""
    link = Link(transmitter, path, args.samp_rate or 0.0, n_samples, args.seed, file, form)
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeRemainingColumn(),
        console=rows.console_on(sys.stderr),
        transient=True,
        disable=not is_terminal(sys.stderr),
    )
    with progress:
        task = progress.add_task(args.output, total=n_samples)
        link.start()
        try:
            while not link.sink.finished.wait(_POLL_S) and not interrupt.is_set():
                progress.update(task, completed=link.sink.written)
        finally:
            if link.sink.finished.is_set():
                link.wait()
            else:
                link.stop()
        if interrupt.is_set():
            raise KeyboardInterrupt
    file.flush()
    return link.sink


def _path(args: argparse.Namespace) -> Propagation:
    """The channel and the receiver that the options ask for."""
    if args.channel is None and args.speed:
        raise InputError("--speed: expected --channel with it, got none")
    if args.channel is None and args.delay_spread is not None:
        raise InputError("--delay-spread: expected --channel with it, got none")
    if args.speed and args.center_freq is None:
        raise InputError("--speed: expected --center-freq with it, got none")
    if args.front_end not in (None, "ideal") and args.center_freq is None:
        raise InputError(f"--front-end {args.front_end}: expected --center-freq with it, got none")
    if not abs(args.level_db) <= 200.0:
        raise InputError(f"--level-db: expected -200 to 200, got {args.level_db:g}")
    if args.snr_db is not None and not abs(args.snr_db) <= 200.0:
        raise InputError(f"--snr-db: expected -200 to 200, got {args.snr_db:g}")
    doppler = 0.0
    if args.speed:
        try:
            doppler = kernels.doppler_of(args.speed, args.center_freq)
        except ValueError as error:
            raise InputError(f"--speed: {error}") from None
    return Propagation(
        channel=args.channel,
        delay_spread_s=_delay_spread(args),
        doppler_hz=doppler,
        snr_db=args.snr_db,
        front_end=args.front_end,
        center_freq=args.center_freq or 0.0,
        level_db=args.level_db,
    )


def _delay_spread(args: argparse.Namespace) -> float:
    return DELAY_SPREAD_S if args.delay_spread is None else args.delay_spread


def _path_about(args: argparse.Namespace) -> dict[str, Any]:
    """The channel and the receiver, for the metadata; what is absent is left out."""
    about: dict[str, Any] = {"seed": args.seed}
    if args.channel is not None:
        about |= {"channel": args.channel, "delay_spread_s": _delay_spread(args)}
        about |= {"speed_kmh": args.speed}
    if args.snr_db is not None:
        about["snr_db"] = args.snr_db
    if args.front_end is not None:
        about["front_end"] = args.front_end
    return about


def _describe(about: dict[str, Any]) -> str:
    """One line on what was sent."""
    return ", ".join(f"{key} {value}" for key, value in about.items() if value is not None)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROG,
        description="Writes what a transmitter sends, or what a receiver makes of it, to a file.",
        epilog="Exit status: 0 done, 1 the samples could not be written or made, 2 wrong usage.",
    )
    add_protocols(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
