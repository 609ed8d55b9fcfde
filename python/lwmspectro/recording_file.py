# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes recordings: SigMF or raw files, under another name until they are whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from .errors import InputError
from .iqfile import ARCHIVE, DATA, META
from .sample_format import FORMATS, SampleFormat, sample_format

SIGMF_VERSION = "1.2.0"
DEFAULT_DTYPE = "cf32_le"

_RAW = {
    ".cf32": "cf32_le",
    ".fc32": "cf32_le",
    ".cfile": "cf32_le",
    ".ci16": "ci16_le",
    ".cs16": "ci16_le",
    ".sc16": "ci16_le",
    ".ci8": "ci8",
    ".cs8": "ci8",
    ".cu8": "cu8",
}
_UNTOLD = (".bin", ".dat", ".iq", ".raw")


@dataclass(frozen=True)
class Target:
    """Where a recording goes, and how it is stored."""

    data: Path
    meta: Path | None
    """None for raw samples."""
    form: SampleFormat

    @classmethod
    def of(cls, name: str, dtype: str | None) -> Target:
        """From a name: its suffix says whether it is raw, and in which format.

        Args:
            name: a .sigmf-meta or .sigmf-data file or what they are called without the suffix;
                or a raw file: .cf32, .fc32, .cfile, .ci16, .cs16, .sc16, .ci8, .cs8 or .cu8,
                and, with a dtype, .bin, .dat, .iq or .raw.
            dtype: SigMF name of the format; None for what the suffix says, or cf32_le.

        Raises:
            InputError: the name and the format do not go together.
        """
        path = Path(name)
        suffix = path.suffix.lower()
        if suffix == ARCHIVE:
            raise InputError(f"{name}: expected a recording or a raw file, got a SigMF archive")
        if not path.name or name.endswith("/"):
            raise InputError(f"{name}: expected the name of a file")
        if suffix in _UNTOLD:
            if dtype is None:
                raise InputError(f"{name}: expected --dtype, one of {list(FORMATS)}, got none")
            return cls(path, None, sample_format(dtype))
        if suffix in _RAW:
            if dtype not in (None, _RAW[suffix]):
                raise InputError(f"{name}: expected dtype {_RAW[suffix]}, got {dtype}")
            return cls(path, None, sample_format(_RAW[suffix]))
        base = name[: -len(suffix)] if suffix in (META, DATA) else name
        return cls(Path(base + DATA), Path(base + META), sample_format(dtype or DEFAULT_DTYPE))


class RecordingFile:
    """A recording that appears under its name when it is whole, and not at all before that."""

    def __init__(self, target: Target, n_samples: int) -> None:
        """Checks that there is room.

        Raises:
            InputError: there is no such folder, it cannot be written to, or it is full.
        """
        self._target = target
        self._moves: list[tuple[Path, Path]] = []
        folder = target.data.parent
        if target.data.is_dir():
            raise InputError(f"{target.data}: expected a file, got a folder")
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise InputError(f"{target.data}: cannot be written: {error.strerror}") from None
        needed = n_samples * target.form.sample_bytes
        if needed > free:
            raise InputError(f"{target.data}: expected {needed} bytes of room, got {free}")
        self.file: BinaryIO = self._open(target.data)

    def __enter__(self) -> RecordingFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Removes what has not been kept."""
        with suppress(OSError):  # keep() has closed it where that matters
            self.file.close()
        for temporary, _ in self._moves:
            temporary.unlink(missing_ok=True)

    def keep(self, meta: dict[str, Any]) -> None:
        """Close, add the metadata, and give the files their names.

        Raises:
            OSError: the disk is full.
        """
        self.file.close()
        if self._target.meta is not None:
            with self._open(self._target.meta) as file:
                file.write(json.dumps(meta, indent=2).encode() + b"\n")
        for temporary, final in self._moves:
            os.replace(temporary, final)
        self._moves.clear()

    def _open(self, path: Path) -> BinaryIO:
        try:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from None
        self._moves.append((Path(name), path))
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)  # as an ordinary file would have
        return os.fdopen(handle, "wb")


def sigmf_meta(
    form: SampleFormat,
    samp_rate: float,
    n_samples: int,
    *,
    description: str,
    recorder: str,
    label: str | None,
    sha512: str,
    extra: dict[str, Any],
    center_freq: float | None = None,
    occupied_bw_hz: float | None = None,
) -> dict[str, Any]:
    """Metadata of a recording of one transmission (SigMF 1.2).

    Args:
        form: of the samples.
        samp_rate: Hz.
        n_samples: in the file.
        description: one line.
        recorder: name of the program.
        label: protocol, as ``lwm:label`` has it, or None.
        sha512: of the file of samples, hexadecimal.
        extra: what was sent and what became of it, as ``lwm:transmission``.
        center_freq: Hz, where there is one.
        occupied_bw_hz: of the signal, for the edges of the annotation.
    """
    capture: dict[str, Any] = {"core:sample_start": 0}
    note: dict[str, Any] = {
        "core:sample_start": 0,
        "core:sample_count": n_samples,
        "core:label": label or "signal",
        "core:comment": description,
    }
    if center_freq:
        capture["core:frequency"] = center_freq
        if occupied_bw_hz is not None:
            half = min(occupied_bw_hz, samp_rate) / 2.0
            note["core:freq_lower_edge"] = center_freq - half
            note["core:freq_upper_edge"] = center_freq + half
    return {
        "global": {
            "core:datatype": form.name,
            "core:sample_rate": samp_rate,
            "core:version": SIGMF_VERSION,
            "core:num_channels": 1,
            "core:sha512": sha512,
            "core:description": description,
            "core:recorder": recorder,
            "core:extensions": [{"name": "lwm", "version": "0.1.0", "optional": True}],
            "lwm:label": {"protocol": label},
            "lwm:transmission": extra,
        },
        "captures": [capture],
        "annotations": [note],
    }
