# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-classify, as installed: what it says of recordings."""

import io
import json
import os
import resource
import signal
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from gnuradio.lwmspectro import keys
from gnuradio.lwmspectro.cli import classify, console
from tiny_models import MOBILITIES, MODULATIONS

APP = "lwmspectro-classify"
RATE = 1_920_000
WINDOW = 49152


@pytest.fixture(scope="module")
def noise():
    """Two windows and a half of noise, ci8."""
    rng = np.random.default_rng(1)
    return rng.normal(0, 20, 5 * WINDOW).astype(np.int8).tobytes()


@pytest.fixture
def raw(tmp_path, noise):
    path = tmp_path / "noise.raw"
    path.write_bytes(noise)
    return path


@pytest.fixture
def sigmf(tmp_path, noise):
    info = {"core:datatype": "ci8", "core:sample_rate": RATE, "core:version": "1.2.0"}
    captures = [
        {
            "core:sample_start": 0,
            "core:frequency": 1e9,
            "core:datetime": "2026-01-31T12:00:00.5Z",
        },
        {"core:sample_start": WINDOW, "core:frequency": 2e9},
    ]
    text = json.dumps({"global": info, "captures": captures, "annotations": []})
    (tmp_path / "noise.sigmf-meta").write_text(text)
    (tmp_path / "noise.sigmf-data").write_bytes(noise)
    return tmp_path / "noise.sigmf-meta"


def raw_options(dtype="ci8", rate=RATE):
    return ["--samp-rate", rate, "--dtype", dtype]


def in_process(arguments, results):
    args = classify._parser().parse_args(list(map(str, arguments)))
    return console.guarded(APP, lambda: classify.run(args, results))


def records(result):
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_sigmf_with_segments(run_app, sigmf, lte_bundle):
    answers = records(run_app(APP, sigmf, "--model", lte_bundle))
    assert [answer["window"] for answer in answers] == [0, 1, 2]
    assert [answer["status"] for answer in answers] == ["ok", "ok", "partial"]
    assert [answer["protocol"] for answer in answers] == ["lte", "lte", None]
    assert [answer["center_freq"] for answer in answers] == [1e9, 2e9, 2e9]
    assert [answer["sample_start"] for answer in answers] == [0, WINDOW, 2 * WINDOW]
    assert [answer["sample_count"] for answer in answers] == [WINDOW, WINDOW, WINDOW // 2]
    assert answers[0]["rx_time"] == 1769860800.5
    assert answers[1]["rx_time"] == pytest.approx(1769860800.5256, abs=1e-6)
    assert {answer["file"] for answer in answers} == {str(sigmf)}
    assert list(answers[0]) == ["file", "window", *keys.MESSAGE_KEYS]
    assert {answers[0][key] for key in keys.EXPERT_KEYS} == {None}  # of a router alone


def test_answers_of_an_expert(run_app, raw, make_bundle):
    bundle = make_bundle(gain=0.0, bias=(0, 2.485, 0, 0), experts=("lte",))
    answers = records(run_app(APP, raw, *raw_options(), "--model", bundle))
    assert [answer["protocol"] for answer in answers] == ["lte", "lte", None]
    for answer in answers[:2]:
        assert answer["modulation"] in MODULATIONS
        assert answer["mobility"] in MOBILITIES
        assert 0.2 <= answer["modulation_p"] <= 1.0
        assert 100.0 < answer["snr_db"] < 300.0  # 200 more than a token in dB
    assert {answers[2][key] for key in keys.EXPERT_KEYS} == {None}
    options = [*raw_options(), "--format", "table", "--model", bundle]
    rows = [line.split() for line in run_app(APP, raw, *options).stdout.splitlines()[2:]]
    for row, answer in zip(rows[:2], answers, strict=False):
        assert row[4] == answer["modulation"]
        assert row[6] == f"{answer['snr_db']:.1f}"
        assert row[7:9] == [answer["mobility"], f"{answer['mobility_p']:.2f}"]
    assert rows[2][4:9] == ["-"] * 5


def test_raw_samples(run_app, raw, lte_bundle):
    options = [*raw_options(), "--center-freq", "3.5e9", "--model", lte_bundle]
    answers = records(run_app(APP, raw, *options))
    assert [answer["status"] for answer in answers] == ["ok", "ok", "partial"]
    assert {answer["center_freq"] for answer in answers} == {3.5e9}
    assert {answer["sample_rate"] for answer in answers} == {RATE}


def test_standard_input(run_app, noise, lte_bundle):
    result = run_app(APP, "-", *raw_options(), "--model", lte_bundle, input=noise, text=False)
    lines = result.stdout.splitlines()
    assert result.returncode == 0
    assert [json.loads(line)["file"] for line in lines] == ["-"] * 3


def test_files_in_their_order(run_app, raw, sigmf, lte_bundle):
    """Of other frequencies and times: nothing is carried over from one to the next."""
    names = [str(sigmf), str(raw), str(sigmf.with_suffix(".sigmf-data")), str(raw)]
    answers = records(run_app(APP, *names, *raw_options(), "--model", lte_bundle))
    alone = [
        record
        for name in names
        for record in records(run_app(APP, name, *raw_options(), "--model", lte_bundle))
    ]
    for answer in answers + alone:
        assert answer.pop("latency_s") > 0.0
    assert answers == alone
    assert [answer["window"] for answer in answers] == [0, 1, 2] * 4


@pytest.mark.parametrize("n", [10_000, 1000, 100])
def test_a_sure_model_names_a_short_input(run_app, tmp_path, noise, make_bundle, n):
    (tmp_path / "short").write_bytes(noise[: 2 * n])
    sure = make_bundle(gain=0.0, bias=(0, 0, 9, 0))
    unsure = make_bundle(gain=0.0, bias=(0, 0, 1, 0))
    for model, expected in ((sure, ["ok"]), (unsure, ["partial"])):
        options = [*raw_options(), "--model", model]
        answers = records(run_app(APP, tmp_path / "short", *options))
        assert [answer["status"] for answer in answers] == expected
        assert answers[0]["sample_count"] == n


def test_samples_that_are_not_finite_are_zero(run_app, tmp_path, lte_bundle):
    values = np.full(2 * WINDOW, np.nan, "<f4")
    values[:2] = 0.0
    (tmp_path / "nan").write_bytes(values.tobytes())
    options = [*raw_options("cf32_le"), "--model", lte_bundle]
    result = run_app(APP, tmp_path / "nan", *options)
    assert result.returncode == 0
    assert [json.loads(line)["status"] for line in result.stdout.splitlines()] == ["no_signal"]
    said = f"samples that are not finite, or above 1e8, taken as 0: {WINDOW - 1}"
    assert result.stderr == f"{APP}: warning: {tmp_path / 'nan'}: {said}\n"


def test_samples_that_are_not_finite_are_counted_for_each_file(run_app, tmp_path, lte_bundle):
    values = np.ones(4 * WINDOW, "<f4")
    (tmp_path / "good").write_bytes(values.tobytes())
    values[[2, 3, 4 * WINDOW - 1]] = np.nan, np.inf, -np.inf  # of two samples
    (tmp_path / "bad").write_bytes(values.tobytes())
    names = [tmp_path / name for name in ("bad", "good", "bad")]
    result = run_app(APP, *names, *raw_options("cf32_le"), "--model", lte_bundle)
    assert result.returncode == 0
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert all("/bad: samples " in line and line.endswith(" taken as 0: 2") for line in lines)


def test_table(run_app, raw, lte_bundle):
    options = [*raw_options(), "--format", "table", "--model", lte_bundle]
    result = run_app(APP, raw, *options)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0] == str(raw)
    assert lines[1].split()[:4] == ["time", "s", "status", "protocol"]
    assert [line.split()[1:3] for line in lines[2:]] == [["ok", "lte"]] * 2 + [["partial", "-"]]
    assert "\x1b" not in result.stdout


def test_windows_keep_their_numbers_when_some_are_dropped(tmp_path, lte_bundle, monkeypatch):
    """The model is held up at its first window until ten have come."""
    n_windows, n_first = 100, 10
    come = threading.Semaphore(0)
    expect = classify._Writer.expect

    def count(writer, info):
        expect(writer, info)
        come.release()

    class Slow:
        def __init__(self, *arguments):
            self.held_up = n_first

        def __call__(self, tokens):
            for _ in range(self.held_up):
                assert come.acquire(timeout=60)
            self.held_up = 0
            return np.zeros((len(tokens), 4), np.float32)

    monkeypatch.setattr(classify._Writer, "expect", count)
    monkeypatch.setattr(classify, "Router", Slow)
    for name in ("a", "b"):
        with open(tmp_path / name, "wb") as file:
            file.truncate(2 * WINDOW * n_windows)
    options = ["--policy", "drop", "--queue", 1, "--batch", 1, "--model", lte_bundle]
    results = io.StringIO()
    names = [tmp_path / "a", tmp_path / "b"]
    assert in_process([*names, *raw_options(), *options], results) == 0
    answers = [json.loads(line) for line in results.getvalue().splitlines()]
    assert len(answers) < 2 * n_windows
    for name in names:
        numbers = [answer["window"] for answer in answers if answer["file"] == str(name)]
        assert numbers == sorted(set(numbers))
    for answer in answers:
        assert answer["sample_start"] == answer["window"] * WINDOW


def test_names_that_are_not_utf_8(run_app, tmp_path, noise, lte_bundle):
    path = os.fsdecode(bytes(tmp_path) + b"/n\xff.raw")
    Path(path).write_bytes(noise)
    options = [*raw_options(), "--model", lte_bundle]
    result = run_app(APP, path, *options, "--format", "table")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == f"{tmp_path}/n\\udcff.raw"
    assert {answer["file"] for answer in records(run_app(APP, path, *options))} == {path}


def test_nothing_but_results_on_stdout(run_app, raw, lte_bundle):
    """GNU Radio logs to stdout; with its chattiest level the results are still clean."""
    env = {"GR_CONF_LOG_LOG_LEVEL": "debug", "HOME": str(raw.parent)}
    result = run_app(APP, raw, *raw_options(), "--model", lte_bundle, env=env)
    assert [json.loads(line)["window"] for line in result.stdout.splitlines()] == [0, 1, 2]


def test_a_reader_that_goes_away(prefix, raw, lte_bundle):
    """Like `lwmspectro-classify ... | head -1`."""
    names = [str(raw)] * 50
    command = [prefix / "bin" / APP, *names, *map(str, raw_options()), "--model", lte_bundle]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={}
    ) as process:
        assert json.loads(process.stdout.readline())["window"] == 0
        process.stdout.close()
        assert process.stderr.read() == ""
        process.wait(120)
    assert process.returncode in (0, -signal.SIGPIPE)


def test_a_reader_that_goes_away_where_the_signal_is_ignored(raw, lte_bundle):
    class Gone(io.StringIO):
        def flush(self):
            raise BrokenPipeError

    assert in_process([raw, *raw_options(), "--model", lte_bundle], Gone()) == 0


def test_interrupt(prefix, lte_bundle):
    """While it waits for samples on standard input."""
    command = [prefix / "bin" / APP, "-", *map(str, raw_options()), "--model", lte_bundle]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=False,
        env={},
    ) as process:
        process.stdin.write(bytes(2 * (WINDOW + 1)))
        process.stdin.flush()
        assert process.stdout.readline()  # it runs
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert process.stderr.read() == b""
    assert process.returncode == 130


def test_interrupt_in_the_middle_of_a_file(prefix, tmp_path, lte_bundle):
    n_windows = 20_000
    with open(tmp_path / "zeros", "wb") as file:
        file.truncate(2 * WINDOW * n_windows)  # sparse
    command = [prefix / "bin" / APP, tmp_path / "zeros", *raw_options(), "--model", lte_bundle]
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}
    ) as process:
        assert json.loads(process.stdout.readline())["window"] == 0
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == b""
    numbers = [json.loads(line)["window"] for line in rest.splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) < n_windows - 1


def test_many_files_take_no_more_memory_than_one(raw, lte_bundle):
    """In one flowgraph: GNU Radio never frees blocks written in Python."""

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    arguments = [*raw_options(), "--model", lte_bundle]
    in_process([raw, *arguments], io.StringIO())
    before = resident()
    in_process([*[raw] * 100, *arguments], io.StringIO())
    assert resident() - before < 32 << 20


def test_shipped_model_is_the_default(run_app, raw):
    answers = records(run_app(APP, raw, *raw_options()))
    assert answers
    assert all(answer["model"].startswith("lwmspectro-live-") for answer in answers)
