# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens recordings: SigMF, SigMF archives, raw files, and pipes."""

import os
import stat
import tarfile
from pathlib import Path

from .errors import InputError
from .recording import Recording, Segment, check_samp_rate, count_samples
from .sample_format import sample_format
from .sample_reader import SampleReader
from .sigmf_meta import SigmfMeta

STDIN = "-"
META, DATA, ARCHIVE = ".sigmf-meta", ".sigmf-data", ".sigmf"
MAX_META_BYTES = 64 << 20


def open_recording(
    name: str, samp_rate: float | None = None, dtype: str | None = None
) -> Recording:
    """What a recording holds; its samples are read by ``SampleReader``.

    Args:
        name: a .sigmf-meta or .sigmf-data file or what they are called without the suffix,
            a .sigmf archive, any other file or pipe of raw samples, or ``-`` for standard
            input.
        samp_rate: Hz, of raw samples, and of a SigMF recording that does not say.
        dtype: SigMF name of the format of raw samples; of a SigMF recording only its own.

    Raises:
        InputError: the input is missing, empty, or not what it says it is.
    """
    try:
        recording = _open(name, samp_rate, dtype)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a null byte in the name
        raise InputError(f"{name!r}: {error}") from None
    if recording.n_samples is not None:
        reader = SampleReader(recording)
        try:
            reader.check_finite()
        finally:
            reader.close()
    return recording


def _open(name: str, samp_rate: float | None, dtype: str | None) -> Recording:
    if name.endswith((META, DATA)):
        return _open_sigmf(name, Path(name[: -len(META)] + META), samp_rate, dtype)
    if name != STDIN and not os.path.lexists(name) and os.path.lexists(name + META):
        return _open_sigmf(name, Path(name + META), samp_rate, dtype)
    if name.endswith(ARCHIVE):
        return _open_archive(name, samp_rate, dtype)
    # a name that is wrong is the first thing to say
    if name != STDIN and stat.S_ISDIR(os.stat(name).st_mode):
        raise InputError("expected a file, got a folder")
    if samp_rate is None or dtype is None:
        raise InputError("raw samples: expected --samp-rate and --dtype, or a SigMF recording")
    form = sample_format(dtype)
    rate = check_samp_rate(samp_rate, "samp_rate")
    if name == STDIN:
        return Recording(name, None, form, rate, (Segment(0, None, 0),))
    path = Path(name)
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return Recording(name, path, form, rate, (Segment(0, None, 0),))
    segments = (Segment(0, count_samples(_size(path), form), 0),)
    return Recording(name, path, form, rate, segments)


def _open_sigmf(
    name: str, meta_path: Path, samp_rate: float | None, dtype: str | None
) -> Recording:
    if _size(meta_path) > MAX_META_BYTES:
        raise InputError(f"metadata: expected at most {MAX_META_BYTES} bytes")
    meta = SigmfMeta.parse(meta_path.read_bytes(), samp_rate, dtype)
    if meta.dataset is not None:
        data_path = meta_path.with_name(meta.dataset)
    else:
        data_path = meta_path.with_name(meta_path.name[: -len(META)] + DATA)
    if not data_path.exists():
        raise InputError(f"samples: {data_path} does not exist")
    return _sigmf_recording(name, meta, data_path, _size(data_path), 0)


def _open_archive(name: str, samp_rate: float | None, dtype: str | None) -> Recording:
    """A .sigmf archive, an uncompressed tar; its samples are read where they are."""
    try:
        with tarfile.open(name, "r:") as archive:
            members = [member for member in archive.getmembers() if member.isreg()]
            metas = [member for member in members if member.name.endswith(META)]
            if len(metas) != 1:
                raise InputError(f"archive: expected one recording, got {len(metas)}")
            if metas[0].size > MAX_META_BYTES:
                raise InputError(f"metadata: expected at most {MAX_META_BYTES} bytes")
            content = archive.extractfile(metas[0])
            text = content.read() if content is not None else b""
            meta = SigmfMeta.parse(text, samp_rate, dtype)
    except tarfile.TarError as error:
        raise InputError(f"archive: expected an uncompressed tar: {error}") from None
    wanted = metas[0].name[: -len(META)] + DATA
    data = next((member for member in members if member.name == wanted), None)
    if data is None or data.issparse():
        raise InputError(f"archive: expected samples in {wanted}, got none")
    return _sigmf_recording(name, meta, Path(name), data.size, data.offset_data)


def _sigmf_recording(
    name: str, meta: SigmfMeta, path: Path, n_bytes: int, first_byte: int
) -> Recording:
    segments = meta.segments(n_bytes, first_byte)
    return Recording(name, path, meta.form, meta.samp_rate, segments)


def _size(path: Path) -> int:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise InputError("expected a file, got a folder or a device")
    return status.st_size
