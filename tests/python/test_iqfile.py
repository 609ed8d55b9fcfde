# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recordings are opened, and what is said of those that are not."""

import contextlib
import io
import tarfile

import numpy as np
import pytest
from gnuradio.lwmspectro import InputError, open_recording
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RATE = 2.4e6


def test_names_of_a_sigmf_recording(write_sigmf):
    base = write_sigmf("some.name", bytes(8))
    for suffix in ("", ".sigmf-meta", ".sigmf-data"):
        recording = open_recording(f"{base}{suffix}")
        assert recording.n_samples == 4
        assert recording.name == f"{base}{suffix}"


def test_archive(tmp_path, write_sigmf, read_all):
    base = write_sigmf("a", bytes([9, 8, 7, 6]))
    with tarfile.open(tmp_path / "a.sigmf", "w") as archive:
        for suffix in (".sigmf-meta", ".sigmf-data"):
            archive.add(f"{base}{suffix}", f"a/a{suffix}")
    samples, _ = read_all(open_recording(str(tmp_path / "a.sigmf")))
    np.testing.assert_array_equal(samples.view(np.float32) * 128, [9, 8, 7, 6])


def test_an_archive_without_samples(tmp_path, write_sigmf):
    base = write_sigmf("a", bytes(4))
    with tarfile.open(tmp_path / "a.sigmf", "w") as archive:
        archive.add(f"{base}.sigmf-meta", "a/a.sigmf-meta")
    with pytest.raises(InputError, match=r"expected samples in a/a\.sigmf-data, got none"):
        open_recording(str(tmp_path / "a.sigmf"))


def test_first_finite_sample_may_come_late(tmp_path):
    values = np.full(2 * 400_000, np.nan, "<f4")
    values[-2:] = 1.0
    (tmp_path / "raw").write_bytes(values.tobytes())
    assert open_recording(str(tmp_path / "raw"), RATE, "cf32_le").n_samples == 400_000
    values[-2:] = np.inf
    (tmp_path / "raw").write_bytes(values.tobytes())
    with pytest.raises(InputError, match="expected samples, got none that is finite"):
        open_recording(str(tmp_path / "raw"), RATE, "cf32_le")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "cannot be read: No such file or directory"),
        ("missing.sigmf-meta", "cannot be read: No such file or directory"),
        ("missing.sigmf-data", "cannot be read: No such file or directory"),
        ("missing.sigmf", "cannot be read: No such file or directory"),
        ("junk.sigmf", "archive: expected an uncompressed tar"),
        ("folder", "expected a file, got a folder"),
        ("alone.sigmf-meta", "alone.sigmf-data does not exist"),
        ("empty", "expected samples, got an empty file"),
        ("odd", "expected a multiple of 2 bytes (ci8), got 3: the last sample is cut short"),
        ("nul\0", "null byte"),
    ],
)
def test_inputs_that_are_not_there(tmp_path, name, message, write_sigmf):
    write_sigmf("alone", bytes(4))
    (tmp_path / "alone.sigmf-data").unlink()
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "odd").write_bytes(b"abc")
    (tmp_path / "junk.sigmf").write_bytes(b"junk" * 500)
    with pytest.raises(InputError) as caught:
        open_recording(str(tmp_path / name), RATE, "ci8")
    assert message in str(caught.value)


def test_raw_samples_need_a_rate_and_a_format(tmp_path):
    (tmp_path / "raw").write_bytes(bytes(8))
    for rate, dtype in ((None, None), (RATE, None), (None, "ci8")):
        with pytest.raises(InputError, match="expected --samp-rate and --dtype"):
            open_recording(str(tmp_path / "raw"), rate, dtype)
        with pytest.raises(InputError, match="expected --samp-rate and --dtype"):
            open_recording("-", rate, dtype)
    with pytest.raises(InputError, match=r"samp_rate: expected 1.92e\+06 to .*, got 1"):
        open_recording(str(tmp_path / "raw"), 1.0, "ci8")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.binary(max_size=200), suffix=st.sampled_from([".sigmf-meta", ".sigmf"]))
def test_any_bytes_are_read_or_refused(tmp_path, data, suffix):
    (tmp_path / "any.sigmf-data").write_bytes(data)
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    with pytest.raises(InputError):
        open_recording(str(path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.data())
def test_damaged_archives_are_read_or_refused(tmp_path, data, write_sigmf, read_all):
    base = write_sigmf("a", bytes(range(40)))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for suffix in (".sigmf-meta", ".sigmf-data"):
            archive.add(f"{base}{suffix}", f"a{suffix}")
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, 2559))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    (tmp_path / "b.sigmf").write_bytes(content)
    with contextlib.suppress(InputError):
        read_all(open_recording(str(tmp_path / "b.sigmf")))
