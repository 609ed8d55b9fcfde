# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-classify: one line and status 2 for whatever is wrong with what it was given."""

import contextlib
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from gnuradio.lwmspectro import classifier, kernels
from gnuradio.lwmspectro.cli import classify, console
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FEATURES = kernels.features_version

APP = "lwmspectro-classify"
RATE = 1_920_000


@pytest.fixture
def raw(tmp_path, rng):
    """Two windows and a half of noise, ci8."""
    path = tmp_path / "noise.raw"
    path.write_bytes(rng.normal(0, 20, 5 * 49152).astype(np.int8).tobytes())
    return path


def raw_options(dtype="ci8", rate=RATE):
    return ["--samp-rate", rate, "--dtype", dtype]


def assert_one_line(result, message):
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith(f"{APP}: error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.sigmf-meta"], "missing.sigmf-meta: cannot be read: No such file"),
        (["noise.raw"], "expected --samp-rate and --dtype"),
        (["noise.raw", "missing", *raw_options()], "missing: cannot be read: No such file"),
        (["noise.raw", *raw_options("ci4")], "argument --dtype: invalid choice: 'ci4'"),
        (["noise.raw", *raw_options(rate="fast")], "expected a finite number, got 'fast'"),
        (["noise.raw", *raw_options(rate="nan")], "expected a finite number, got 'nan'"),
        (["noise.raw", *raw_options(rate=1)], "samp_rate: expected 1.92e+06 to 6.144e+07 Hz"),
        (["noise.raw", *raw_options(rate=1e12)], "samp_rate: expected 1.92e+06 to 6.144e+07 Hz"),
        (["noise.raw", *raw_options(), "--center-freq", "inf"], "expected a finite number"),
        (["odd", *raw_options()], "the last sample is cut short"),
        (["empty", *raw_options()], "got an empty file"),
        (["nan", *raw_options("cf32_le")], "got none that is finite"),
        ([".", *raw_options()], ".: expected a file, got a folder"),
        (["."], ".: expected a file, got a folder"),
        (["text.sigmf-meta"], "metadata: not JSON"),
        (["-", "-", *raw_options()], "expected standard input once"),
        ([], "the following arguments are required: INPUT"),
        (["noise.raw", "--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["noise.raw", *raw_options(), "--threads", "0"], "expected a whole number from 1"),
        (["noise.raw", *raw_options(), "--policy", "x"], "invalid choice: 'x'"),
        (["noise.raw", *raw_options(), "--provider", "cuda"], "provider: expected one of"),
        (["noise.raw", *raw_options(), "--model", "missing"], "missing/bundle.json: cannot be"),
        (["noise.raw", *raw_options(), "--model", "tampered"], "expected SHA-256"),
        (["new\nline\x1b", *raw_options()], "new line : cannot be read"),
    ],
)
def test_bad_input_is_one_line(run_app, tmp_path, raw, lte_bundle, arguments, message):
    (tmp_path / "odd").write_bytes(b"odd")
    (tmp_path / "empty").touch()
    (tmp_path / "nan").write_bytes(np.full(100, np.nan, "<f4").tobytes())
    (tmp_path / "text.sigmf-meta").write_text("this is not JSON")
    (tmp_path / "text.sigmf-data").write_bytes(bytes(10))
    (tmp_path / "tampered").mkdir()
    for file in lte_bundle.iterdir():
        (tmp_path / "tampered" / file.name).write_bytes(file.read_bytes())
    content = bytearray((lte_bundle / "router.onnx").read_bytes())
    content[10] ^= 255
    (tmp_path / "tampered" / "router.onnx").write_bytes(content)
    model = [] if "--model" in arguments else ["--model", lte_bundle]
    assert_one_line(run_app(APP, *arguments, *model, cwd=tmp_path), message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samp_rate_min": 2e6}, "noise.raw: samp_rate: expected 2e+06 to 6.144e+07 Hz, got"),
        ({"n_frames": 64, "n_bins": 256, "hop_frames": 64}, "spec: n_bins: expected 64 or 128"),
        (
            {"features": FEATURES + 1},
            f"features: expected {FEATURES}, as the tokenizer here makes them, got {FEATURES + 1}",
        ),
        ({"correlogram_rows": ["a"] * 9}, "spec: correlogram_rows: expected ('cp_15khz', "),
    ],
)
def test_a_bundle_that_does_not_fit_is_one_line(run_app, make_bundle, raw, change, message):
    model = make_bundle(spec=change)
    assert_one_line(run_app(APP, raw, *raw_options(), "--model", model), message)


@pytest.mark.parametrize(
    ("data", "dtype", "message"),
    [
        (b"", "ci8", "-: expected samples, got an empty file"),
        (b"abc", "ci8", "-: expected a multiple of 2 bytes (ci8), got 3"),
        (np.full(4000, np.inf, "<f4").tobytes(), "cf32_le", "-: expected samples, got none"),
    ],
)
def test_bad_standard_input_is_one_line(run_app, lte_bundle, data, dtype, message):
    options = [*raw_options(dtype), "--model", lte_bundle]
    result = run_app(APP, "-", *options, input=data, text=False)
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    assert message in result.stderr.decode()


@pytest.mark.parametrize(("closed", "status"), [("<&-", 2), (">&-", 2), ("2>&-", 2), (">&-", 1)])
def test_closed_standard_streams(prefix, raw, lte_bundle, closed, status):
    name = "-" if status == 2 else raw
    command = [prefix / "bin" / APP, name, *map(str, raw_options()), "--model", lte_bundle]
    result = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == (closed != "2>&-")
    assert ("standard output is closed" in result.stderr) == (status == 1)


def run_quietly(arguments):
    """The command in this process: status and stderr."""
    errors, results = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(errors):
        args = classify._parser().parse_args(list(map(str, arguments)))
        status = console.guarded(APP, lambda: classify.run(args, results))
    return status, errors.getvalue(), results.getvalue()


def assert_ends_well(arguments):
    status, errors, results = run_quietly(arguments)
    assert status in (0, 2)
    assert errors.count(": error: ") == (status == 2)
    assert errors.count("\n") == errors.count(": error: ") + errors.count("taken as 0: ")
    for line in results.splitlines():
        assert json.loads(line)["status"] in ("ok", "no_signal", "unknown", "partial")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    data=st.binary(max_size=64) | st.binary(min_size=3000, max_size=8000),
    dtype=st.sampled_from(["cu8", "ci8", "ci16_le", "cf32_le"]),
)
def test_random_bytes(tmp_path, lte_bundle, data, dtype):
    (tmp_path / "raw").write_bytes(data)
    assert_ends_well([tmp_path / "raw", *raw_options(dtype), "--model", lte_bundle])


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
keys = st.sampled_from(
    ["core:datatype", "core:sample_rate", "core:num_channels", "core:trailing_bytes", "x"]
)
capture = st.dictionaries(
    st.sampled_from(["core:sample_start", "core:frequency", "core:datetime"]),
    values | st.integers(0, 2000),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    info=st.dictionaries(keys, values, max_size=2),
    captures=st.lists(capture, max_size=3) | values,
    text=st.none() | st.binary(max_size=50),
)
def test_random_metadata(tmp_path, lte_bundle, info, captures, text):
    meta = {"global": {"core:datatype": "ci8", "core:sample_rate": RATE, **info}}
    (tmp_path / "a.sigmf-data").write_bytes(bytes(4000))
    (tmp_path / "a.sigmf-meta").write_bytes(
        json.dumps({**meta, "captures": captures}).encode() if text is None else text
    )
    assert_ends_well([tmp_path / "a.sigmf-meta", "--model", lte_bundle])


def places_in(data, path=()):
    """The path of each value in parsed JSON."""
    items = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    for key, value in items:
        yield (*path, key)
        yield from places_in(value, (*path, key))


GONE = object()
replacements = (
    values
    | st.sampled_from([GONE, 2**31, -(2**31) - 1, 2**63, 10**400, 1e308, 5e-324, -0.0, "\ud800"])
    | st.lists(values, max_size=3)
    | st.dictionaries(st.text(max_size=3), values, max_size=2)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_random_changes_of_a_bundle(tmp_path, raw, lte_bundle, data):
    manifest = json.loads((lte_bundle / "bundle.json").read_text())
    for _ in range(data.draw(st.integers(1, 2))):
        *path, last = data.draw(st.sampled_from(sorted(places_in(manifest), key=str)))
        place = manifest
        for key in path:
            place = place[key]
        if (value := data.draw(replacements)) is GONE:
            del place[last]
        else:
            place[last] = value
    folder = tmp_path / "changed"
    folder.mkdir(exist_ok=True)
    for file in lte_bundle.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "bundle.json").write_text(json.dumps(manifest))
    assert_ends_well([raw, *raw_options(), "--model", folder])


@pytest.mark.parametrize("form", ["jsonl", "table"])
def test_a_full_disk_is_one_line_and_status_1(run_app, raw, lte_bundle, form):
    options = [*raw_options(), "--format", form, "--model", lte_bundle]
    with open("/dev/full", "w") as full:
        result = run_app(
            APP, raw, *options, capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    assert result.returncode == 1, result.stderr
    message = "results cannot be written: No space left on device"
    assert result.stderr == f"{APP}: error: {message}\n"


def test_a_disk_that_is_full_at_the_end_is_one_line_and_status_1():
    """Where what is buffered is written at last."""
    code = (
        "import sys; from gnuradio.lwmspectro.cli.console import command_line; "
        "sys.exit(command_line('x', lambda results: 0 * results.write('some')))"
    )
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert result.returncode == 1
    assert result.stderr == "x: error: results cannot be written: No space left on device\n"


def test_results_that_cannot_be_written_are_no_failure_of_the_model(raw, lte_bundle, monkeypatch):
    class Full(io.StringIO):
        def flush(self):
            raise console.OutputError(28, "full")

    blocks = []

    def remember(*arguments, **options):
        blocks.append(classifier(*arguments, **options))
        return blocks[0]

    monkeypatch.setattr(classify, "classifier", remember)
    args = classify._parser().parse_args(
        [str(raw), *map(str, raw_options()), "--model", str(lte_bundle)]
    )
    with pytest.raises(console.OutputError, match="full"):
        classify.run(args, Full())
    assert blocks[0].counts.failed == 0
    assert blocks[0].error is None


def test_a_listener_that_fails_is_status_1(raw, lte_bundle, monkeypatch):
    """As a mistake of ours would be: no result may be missing without a word."""

    def fail(*_):
        raise ArithmeticError("ours")

    monkeypatch.setattr(classify._Writer, "write", fail)
    status, errors, _ = run_quietly([raw, *raw_options(), "--model", lte_bundle])
    assert (status, errors) == (1, f"{APP}: error: ours\n")


def test_a_model_that_fails_is_status_1(raw, lte_bundle, monkeypatch):
    class Failing:
        def __init__(self, *arguments):
            pass

        def __call__(self, tokens):
            raise ArithmeticError("broken\nin two lines")

    monkeypatch.setattr(classify, "Router", Failing)
    status, errors, _ = run_quietly([raw, *raw_options(), "--model", lte_bundle])
    assert (status, errors) == (1, f"{APP}: error: broken in two lines\n")
