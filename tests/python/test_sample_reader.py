# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples as they are read: every datatype, files in blocks, and pipes."""

import os
import threading

import numpy as np
import pytest
from gnuradio.lwmspectro import InputError, open_recording
from gnuradio.lwmspectro.recording import Segment
from gnuradio.lwmspectro.sample_format import FORMATS

RATE = 2.4e6


@pytest.mark.parametrize(
    ("dtype", "stored", "expected"),
    [
        ("cu8", np.uint8([0, 255, 127, 128]), [-1 + 1j, (-0.5 + 0.5j) / 127.5]),
        ("ci8", np.int8([-128, 127, 0, 64]), [-1 + 127j / 128, 0.5j]),
        ("ci16_le", np.array([-32768, 16384, 0, 1], "<i2"), [-1 + 0.5j, 1j / 32768]),
        ("cf32_le", np.array([1.5, -2.5, 0, 1e-9], "<f4"), [1.5 - 2.5j, 1e-9j]),
    ],
)
def test_every_datatype(tmp_path, dtype, stored, expected, write_sigmf, read_all):
    data = stored.tobytes()
    sigmf = open_recording(str(write_sigmf("a", data, core__datatype=dtype)))
    (tmp_path / "raw").write_bytes(data)
    raw = open_recording(str(tmp_path / "raw"), RATE, dtype)
    for recording in (sigmf, raw):
        assert recording.n_samples == 2
        assert recording.samp_rate == RATE
        samples, _ = read_all(recording)
        assert samples.dtype == np.complex64
        np.testing.assert_allclose(samples, np.complex64(expected), rtol=1e-6)
    assert set(FORMATS) == {"cu8", "ci8", "ci16_le", "cf32_le"}


def test_agrees_with_the_sigmf_package(write_sigmf, rng, read_all):
    """An independent reader of the same file; only it reads 8 bits unsigned around 128."""
    import sigmf

    for dtype, low, high in (("ci8", -128, 128), ("ci16_le", -32768, 32768)):
        component = FORMATS[dtype].component
        data = rng.integers(low, high, 64).astype(component).tobytes()
        base = write_sigmf(dtype, data, core__datatype=dtype)
        theirs = sigmf.fromfile(f"{base}.sigmf-meta").read_samples()
        ours, _ = read_all(open_recording(f"{base}.sigmf-meta"))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_files_are_read_in_blocks(tmp_path, rng, read_all):
    data = rng.integers(-128, 128, 2 * 1000).astype(np.int8)
    (tmp_path / "raw").write_bytes(data.tobytes())
    recording = open_recording(str(tmp_path / "raw"), RATE, "ci8")
    expected = data.astype(np.float32).view(np.complex64) / 128
    for limit in (1, 3, 999, 1000, 5000):
        np.testing.assert_array_equal(read_all(recording, limit)[0], expected)


def test_pipe(tmp_path, rng, read_all):
    """Written in pieces that cut samples apart."""
    data = rng.integers(-1000, 1000, 2 * 500).astype("<i2").tobytes()
    os.mkfifo(tmp_path / "pipe")

    def write():
        with open(tmp_path / "pipe", "wb", buffering=0) as pipe:
            for at in range(0, len(data), 37):
                pipe.write(data[at : at + 37])

    writer = threading.Thread(target=write)
    writer.start()
    recording = open_recording(str(tmp_path / "pipe"), RATE, "ci16_le")
    assert recording.n_samples is None
    samples, begins = read_all(recording, 64)
    writer.join()
    np.testing.assert_array_equal(samples.view(np.float32) * 32768, np.frombuffer(data, "<i2"))
    assert begins == [(0, Segment(0, None, 0))]


@pytest.mark.parametrize(
    ("data", "dtype", "message"),
    [
        (b"", "ci8", "expected samples, got an empty file"),
        (b"abc", "ci8", "the last sample is cut short"),
        (np.full(8, np.nan, "<f4").tobytes(), "cf32_le", "got none that is finite"),
    ],
)
def test_bad_pipes(tmp_path, data, dtype, message, read_all):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(data,))
    writer.start()
    with pytest.raises(InputError, match=message):
        read_all(open_recording(str(tmp_path / "pipe"), RATE, dtype))
    writer.join()


def test_a_file_that_shrinks_while_it_is_read(tmp_path, read_all):
    (tmp_path / "raw").write_bytes(bytes(100))
    recording = open_recording(str(tmp_path / "raw"), RATE, "ci8")
    os.truncate(tmp_path / "raw", 60)
    with pytest.raises(InputError, match="ended while it was read, after 28 samples"):
        read_all(recording)
