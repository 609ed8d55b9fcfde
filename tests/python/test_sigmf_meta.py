# SPDX-License-Identifier: GPL-3.0-or-later
"""SigMF metadata: segments, files that do not conform, and whatever is wrong with it."""

import contextlib
import tarfile

import numpy as np
import pytest
from gnuradio.lwmspectro import InputError, open_recording
from gnuradio.lwmspectro.recording import Segment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def names(tmp_path, write_sigmf):
    """names(**fields): a recording with these, as files and as an archive."""

    def write(**fields):
        base = write_sigmf("a", bytes(8), **fields)
        with tarfile.open(tmp_path / "a.sigmf", "w") as archive:
            for suffix in (".sigmf-meta", ".sigmf-data"):
                archive.add(f"{base}{suffix}", f"a/a{suffix}")
        return [str(base), f"{base}.sigmf-data", f"{base}.sigmf"]

    return write


def test_a_rate_fills_in_what_is_not_recorded(names):
    for name in names(core__sample_rate=None):
        assert open_recording(name, 2e6).samp_rate == 2e6
        with pytest.raises(InputError, match=r"samp_rate: expected 1\.92e\+06 to .*, got 1"):
            open_recording(name, 1.0)


def test_what_differs_from_what_is_recorded_is_refused(names):
    for name in names():
        assert open_recording(name, 2.4e6, "ci8").samp_rate == 2.4e6
        with pytest.raises(InputError) as caught:
            open_recording(name, 1.92e6)
        said = "samp_rate: expected 2400000, as core:sample_rate says, got 1920000"
        assert str(caught.value) == f"{name}: {said}"
        with pytest.raises(InputError) as caught:
            open_recording(name, dtype="cu8")
        assert str(caught.value) == f"{name}: dtype: expected ci8, as core:datatype says, got cu8"


def test_segments(write_sigmf, read_all):
    captures = [
        {
            "core:sample_start": 0,
            "core:frequency": 1e9,
            "core:datetime": "2026-01-31T12:00:00.250Z",
        },
        {"core:sample_start": 10, "core:frequency": -2},
        {"core:sample_start": 10, "core:datetime": "1970-01-01T01:00:01+01:00"},
        {"core:sample_start": 30},
    ]
    data = np.arange(-30, 34, dtype=np.int8).tobytes()
    recording = open_recording(str(write_sigmf("a", data, captures)))
    samples, begins = read_all(recording)
    np.testing.assert_array_equal(samples.view(np.float32) * 128, np.arange(-30, 34))
    assert begins == [
        (0, Segment(0, 10, 0, 1e9, (1769860800, 0.25))),
        (10, Segment(10, 20, 20, None, (1, 0.0))),
        (30, Segment(30, 2, 60)),
    ]


def test_samples_before_the_first_capture(write_sigmf, read_all):
    base = write_sigmf("a", bytes(20), [{"core:sample_start": 4, "core:frequency": 5}])
    _, begins = read_all(open_recording(str(base)))
    assert begins == [(0, Segment(0, 4, 0)), (4, Segment(4, 6, 8, 5.0))]


@pytest.mark.parametrize("captures", [[], [{"core:sample_start": 0}]])
def test_one_segment(write_sigmf, captures, read_all):
    _, begins = read_all(open_recording(str(write_sigmf("a", bytes(6), captures))))
    assert begins == [(0, Segment(0, 3, 0))]


def test_files_that_do_not_conform(tmp_path, write_sigmf, read_all):
    """Headers before the captures, bytes after the last, and a file name of its own."""
    data = b"HEAD" + bytes([1, 2, 3, 4]) + b"MORE!" + bytes([5, 6]) + b"TAIL"
    captures = [
        {"core:sample_start": 0, "core:header_bytes": 4},
        {"core:sample_start": 2, "core:header_bytes": 5},
    ]
    base = write_sigmf("a", b"", captures, core__dataset="capture.bin", core__trailing_bytes=4)
    (tmp_path / "capture.bin").write_bytes(data)
    samples, begins = read_all(open_recording(str(base)))
    np.testing.assert_array_equal(samples.view(np.float32) * 128, [1, 2, 3, 4, 5, 6])
    assert [segment.byte_offset for _, segment in begins] == [4, 13]


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({"core__datatype": "ru8"}, "datatype: expected one of ['cu8', 'ci8', 'ci16_le', "),
        ({"core__datatype": 8}, "datatype: expected one of"),
        ({"core__datatype": None}, "datatype: expected one of"),
        ({"core__sample_rate": 0}, "core:sample_rate: expected 1.92e+06 to 6.144e+07 Hz, got 0"),
        ({"core__sample_rate": 1e300}, "got 1e+300"),
        ({"core__sample_rate": 10**400}, "core:sample_rate: expected a finite number"),
        ({"core__sample_rate": "2.4e6"}, "core:sample_rate: expected a number, got '2.4e6'"),
        ({"core__sample_rate": True}, "core:sample_rate: expected a number, got true"),
        ({"core__sample_rate": None}, "core:sample_rate: expected a number, got null"),
        ({"core__num_channels": 2}, "core:num_channels: expected 1, got 2"),
        ({"core__metadata_only": True}, "core:metadata_only: expected a recording with samples"),
        ({"core__dataset": "../x"}, "core:dataset: expected a plain file name, got '../x'"),
        ({"core__dataset": 1}, "core:dataset: expected a string"),
        ({"core__dataset": "gone"}, "gone does not exist"),
        ({"core__trailing_bytes": -1}, "core:trailing_bytes: expected a whole number from 0"),
        ({"core__trailing_bytes": 99}, "expected samples, got an empty file"),
        ({"core__datatype": "ci16_le"}, "expected a multiple of 4 bytes (ci16_le), got 10"),
        ({"captures": {}}, "captures: expected an array, got an object of 0 keys"),
        ({"captures": [1]}, "captures[0]: expected an object, got 1 (number)"),
        ({"captures": [{}]}, "captures[0].core:sample_start: expected a whole number from 0"),
        ({"captures": [{"core:sample_start": -1}]}, "expected a whole number from 0, got -1"),
        ({"captures": [{"core:sample_start": 6}]}, "expected at most 5, the samples in the file"),
        (
            {"captures": [{"core:sample_start": 3}, {"core:sample_start": 2}]},
            "captures: expected ascending core:sample_start, got [3, 2]",
        ),
        (
            {"captures": [{"core:sample_start": 0, "core:frequency": "1e9"}]},
            "captures[0].core:frequency: expected a number, got '1e9' (string)",
        ),
        (
            {"captures": [{"core:sample_start": 0, "core:datetime": "yesterday"}]},
            "captures[0].core:datetime: expected a time since 1970",
        ),
        (
            {"captures": [{"core:sample_start": 0, "core:datetime": "2026-02-30T00:00:00Z"}]},
            "captures[0].core:datetime: expected a time since 1970",
        ),
        (
            {"captures": [{"core:sample_start": 0, "core:datetime": "1969-12-31T00:00:00Z"}]},
            "captures[0].core:datetime: expected a time since 1970",
        ),
    ],
)
def test_metadata_that_is_wrong_says_expected_and_got(write_sigmf, info, message):
    base = write_sigmf("a", bytes(10), **info)
    with pytest.raises(InputError) as caught:
        open_recording(str(base))
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{base}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "metadata: not JSON"),
        (b"{", "metadata: not JSON"),
        (b"\xff\xfe", "metadata: not JSON"),
        (b"[]", "metadata: expected an object, got an array of 0"),
        (b"{}", "global: expected an object, got null"),
        (b'{"global": 1}', "global: expected an object, got 1 (number)"),
    ],
)
def test_text_that_is_not_metadata(tmp_path, text, message):
    (tmp_path / "a.sigmf-data").write_bytes(bytes(4))
    (tmp_path / "a.sigmf-meta").write_bytes(text)
    with pytest.raises(InputError) as caught:
        open_recording(str(tmp_path / "a"))
    assert message in str(caught.value)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["ci8", "cf32_le", 2e6, 0, "2026-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
captures = st.lists(
    st.dictionaries(
        st.sampled_from(
            ["core:sample_start", "core:frequency", "core:datetime", "core:header_bytes"]
        ),
        json_values | st.integers(0, 40),
    )
    | json_values,
    max_size=4,
)
fields = st.dictionaries(
    st.sampled_from(
        [
            "core:datatype",
            "core:sample_rate",
            "core:num_channels",
            "core:dataset",
            "core:trailing_bytes",
            "core:metadata_only",
        ]
    ),
    json_values,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(fields=fields, captures=captures | json_values, data=st.binary(max_size=64))
def test_any_metadata_is_read_or_refused(fields, captures, data, read_all, write_sigmf):
    base = write_sigmf("any", data, captures, **fields)
    with contextlib.suppress(InputError):
        recording = open_recording(str(base))
        samples, begins = read_all(recording)
        assert len(samples) == recording.n_samples
        assert [segment for _, segment in begins] == list(recording.segments)
