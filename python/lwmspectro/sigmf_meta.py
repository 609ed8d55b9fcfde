# SPDX-License-Identifier: GPL-3.0-or-later
"""SigMF metadata: the part of it that is needed to read samples.

Read with a parser of its own rather than the sigmf package, which maps whole files, does
not read from pipes, and leaves malformed metadata to whichever exception comes up.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from . import strict_json
from .errors import InputError
from .recording import Segment, check_count, check_number, check_samp_rate, count_samples
from .sample_format import SampleFormat, sample_format

_DATETIME = re.compile(
    r"(?P<whole>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?"
)


@dataclass(frozen=True)
class SigmfMeta:
    """The fields of a .sigmf-meta file that matter here, checked."""

    form: SampleFormat
    samp_rate: float
    """Hz."""
    dataset: str | None
    """``core:dataset``: name of the samples' file, where it is not the usual one."""
    trailing_bytes: int
    captures: tuple[dict[str, Any], ...]

    @classmethod
    def parse(
        cls, text: bytes, samp_rate: float | None = None, dtype: str | None = None
    ) -> "SigmfMeta":
        """Metadata from the bytes of the file (SigMF 1.2).

        Args:
            text: these bytes.
            samp_rate: Hz, where the metadata do not say.
            dtype: what the datatype has to be, if anything.

        Raises:
            InputError: it is not JSON, a field is missing, of the wrong type or not what it
                has to be, or it describes samples that are not supported.
        """
        try:
            data = strict_json.parse(text)
        except strict_json.SchemaError as error:
            raise InputError(f"metadata: {error}") from None
        top = _expect(data, dict, "an object", "metadata")
        info = _expect(top.get("global"), dict, "an object", "global")
        captures = _expect(top.get("captures", []), list, "an array", "captures")
        for index, capture in enumerate(captures):
            _expect(capture, dict, "an object", f"captures[{index}]")
        if info.get("core:num_channels", 1) != 1:
            got = strict_json.describe(info["core:num_channels"])
            raise InputError(f"core:num_channels: expected 1, got {got}")
        if info.get("core:metadata_only", False) is not False:
            raise InputError("core:metadata_only: expected a recording with samples, got none")
        dataset = info.get("core:dataset")
        if dataset is not None:
            dataset = _expect(dataset, str, "a string", "core:dataset")
            if not dataset or "/" in dataset or "\0" in dataset or dataset in (".", ".."):
                raise InputError(f"core:dataset: expected a plain file name, got {dataset!r}")
        return cls(
            _form(info.get("core:datatype"), dtype),
            _samp_rate(info.get("core:sample_rate"), samp_rate),
            dataset,
            check_count(info.get("core:trailing_bytes", 0), "core:trailing_bytes"),
            tuple(captures),
        )

    def segments(self, n_bytes: int, first_byte: int = 0) -> tuple[Segment, ...]:
        """Where the samples of each capture are, in a file of ``n_bytes`` bytes.

        Samples before the first capture are a segment of their own; captures without
        samples are left out.

        Args:
            n_bytes: size of the samples' file.
            first_byte: where it begins, inside an archive.

        Raises:
            InputError: captures are out of order or beyond the end, or the size does not
                fit the datatype.
        """
        starts = [
            check_count(c.get("core:sample_start"), f"captures[{k}].core:sample_start")
            for k, c in enumerate(self.captures)
        ]
        headers = [
            check_count(c.get("core:header_bytes", 0), f"captures[{k}].core:header_bytes")
            for k, c in enumerate(self.captures)
        ]
        total = count_samples(max(n_bytes - sum(headers) - self.trailing_bytes, 0), self.form)
        if starts != sorted(starts):
            raise InputError(f"captures: expected ascending core:sample_start, got {starts}")
        if starts and starts[-1] > total:
            raise InputError(
                f"captures[{len(starts) - 1}].core:sample_start: expected at most {total}, the "
                f"samples in the file, got {starts[-1]}"
            )
        result = []
        if not starts or starts[0] > 0:
            result.append(Segment(0, starts[0] if starts else total, first_byte))
        ends = [*starts[1:], total]
        skipped = first_byte
        for index, capture in enumerate(self.captures):
            skipped += headers[index]
            where = f"captures[{index}]"
            freq = capture.get("core:frequency")
            segment = Segment(
                starts[index],
                ends[index] - starts[index],
                skipped + starts[index] * self.form.sample_bytes,
                None if freq is None else check_number(freq, f"{where}.core:frequency"),
                _seconds(capture.get("core:datetime"), f"{where}.core:datetime"),
            )
            if segment.count:
                result.append(segment)
        return tuple(result)


def _form(recorded: object, given: str | None) -> SampleFormat:
    form = sample_format(recorded)
    if given is not None and given != form.name:
        raise InputError(f"dtype: expected {form.name}, as core:datatype says, got {given}")
    return form


def _samp_rate(recorded: object, given: float | None) -> float:
    where = "core:sample_rate"
    if recorded is None:
        if given is None:
            raise InputError(f"{where}: expected a number, got null; --samp-rate may fill it in")
        return check_samp_rate(given, "samp_rate")
    rate = check_samp_rate(recorded, where)
    if given is not None and given != rate:
        raise InputError(f"samp_rate: expected {rate:.12g}, as {where} says, got {given:.12g}")
    return rate


def _expect(value: Any, kind: type, name: str, where: str) -> Any:
    if not isinstance(value, kind):
        raise InputError(f"{where}: expected {name}, got {strict_json.describe(value)}")
    return value


def _seconds(text: Any, where: str) -> tuple[int, float] | None:
    """ISO 8601 to seconds since 1970, whole and fraction; UTC where no zone is named."""
    if text is None:
        return None
    match = _DATETIME.fullmatch(text) if isinstance(text, str) else None
    try:
        if match is None:
            raise ValueError
        zone = (match["zone"] or "Z").replace("Z", "+00:00")
        whole = int(dt.datetime.fromisoformat(match["whole"] + zone).timestamp())
        if whole < 0:
            raise ValueError
    except (ValueError, OverflowError):
        raise InputError(
            f"{where}: expected a time since 1970 as 2026-01-31T12:00:00.5Z, "
            f"got {strict_json.describe(text)}"
        ) from None
    return whole, float(match["fraction"] or 0.0)
