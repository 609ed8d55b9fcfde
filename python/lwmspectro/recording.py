# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a recording before its samples are read."""

import math
from dataclasses import dataclass
from pathlib import Path

from . import kernels
from .errors import InputError
from .sample_format import SampleFormat
from .strict_json import describe

SAMP_RATE_RANGE = (kernels.min_samp_rate, kernels.max_samp_rate)
"""Lowest and highest sample rate of the tokenizer, Hz."""


@dataclass(frozen=True)
class Segment:
    """Samples taken in one go, with the receiver's settings unchanged."""

    start: int
    """Index of the first sample in the recording."""
    count: int | None
    """Samples; None for a stream, which ends when it ends."""
    byte_offset: int
    """Where the first sample is in the file."""
    center_freq: float | None = None
    """Hz, if known."""
    rx_time: tuple[int, float] | None = None
    """Time of the first sample since 1970 (UTC), whole seconds and fraction, if known."""


@dataclass(frozen=True)
class Recording:
    """Samples in a file, or coming through a pipe."""

    name: str
    """As it was given."""
    path: Path | None
    """File of the samples; None for standard input."""
    form: SampleFormat
    """How samples are stored."""
    samp_rate: float
    """Hz."""
    segments: tuple[Segment, ...]
    """In order, at least one."""

    @property
    def n_samples(self) -> int | None:
        """Samples in all; None for a stream."""
        counts = [segment.count for segment in self.segments if segment.count is not None]
        return sum(counts) if len(counts) == len(self.segments) else None


def check_samp_rate(value: object, where: str) -> float:
    """A sample rate that the tokenizer takes, in Hz.

    Raises:
        InputError: it is not a number, or out of range.
    """
    low, high = SAMP_RATE_RANGE
    rate = check_number(value, where)
    if not low <= rate <= high:
        raise InputError(f"{where}: expected {low:g} to {high:g} Hz, got {rate:g}")
    return rate


def check_number(value: object, where: str) -> float:
    """A finite number.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InputError(f"{where}: expected a number, got {describe(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{where}: expected a finite number, got {describe(value)}")
    return number


def check_count(value: object, where: str) -> int:
    """A whole number, zero or more.

    Raises:
        InputError: it is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{where}: expected a whole number from 0, got {describe(value)}")
    return value


def count_samples(n_bytes: int, form: SampleFormat) -> int:
    """Whole samples in so many bytes.

    Raises:
        InputError: there are none, or the last one is cut short.
    """
    if n_bytes == 0:
        raise InputError("expected samples, got an empty file")
    count, rest = divmod(n_bytes, form.sample_bytes)
    if rest:
        raise InputError(
            f"expected a multiple of {form.sample_bytes} bytes ({form.name}), got {n_bytes}: "
            "the last sample is cut short"
        )
    return count
