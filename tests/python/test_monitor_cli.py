# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-monitor, as installed: sources, signals, publishing, and its summary."""

import contextlib
import io
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import zmq
from gnuradio.lwmspectro.cli import monitor
from gnuradio.lwmspectro.cli.displays import Display

APP = "lwmspectro-monitor"
RATE = 1_920_000
WINDOW = 49152
TIMEOUT = 60.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Four windows of noise, 0.1 s."""
    path = tmp_path_factory.mktemp("recording") / "noise.raw"
    rng = np.random.default_rng(2)
    path.write_bytes(rng.normal(0, 20, 2 * 4 * WINDOW).astype(np.int8).tobytes())
    return path


@pytest.fixture
def file_source(recording, lte_bundle):
    return [
        *("--source", "file", "--input", recording, "--dtype", "ci8"),
        *("--samp-rate", RATE, "--model", lte_bundle),
    ]


@pytest.fixture
def endless(prefix, lte_bundle):
    """Starts a monitor of samples that come as long as the test goes on."""
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            command = [prefix / "bin" / APP, "--source", "file", "--input", "-", "--dtype", "ci8"]
            command += ["--samp-rate", RATE, "--model", lte_bundle, *arguments]
            process = stack.enter_context(
                subprocess.Popen(
                    list(map(str, command)),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={},
                )
            )
            stack.callback(process.kill)

            def feed():
                with contextlib.suppress(BrokenPipeError), process.stdin:
                    while True:
                        process.stdin.write(bytes(WINDOW))

            feeder = threading.Thread(target=feed, daemon=True)
            feeder.start()
            return process

        yield start


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def summary_of(stderr):
    found = re.fullmatch(
        rf"{APP}: (\d+) windows in ([\d.]+) s, (\d+) answered, (\d+) dropped; .*; "
        r"latency p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms\n",
        stderr,
    )
    assert found, stderr
    windows, _, answered, dropped = (float(text) for text in found.groups())
    assert windows == answered + dropped
    return int(windows), int(dropped)


def assert_one_line(result, message):
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith(f"{APP}: error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_file_to_its_end(run_app, file_source):
    result = run_app(APP, *file_source, "--format", "jsonl", "--center-freq", "2.4e9")
    assert result.returncode == 0, result.stderr
    windows, dropped = summary_of(result.stderr)
    assert windows == 4
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(records) == windows - dropped
    assert [record["window"] for record in records] == list(range(len(records)))
    assert {record["protocol"] for record in records} == {"lte"}
    assert {record["center_freq"] for record in records} == {2.4e9}


@pytest.mark.parametrize(
    "option",
    [
        ("--gain", 3),
        ("--antenna", "A"),
        ("--device-args", "x"),
        ("--seed", 1),
        ("--zmq-tags",),
        ("--zmq-address", "tcp://127.0.0.1:1"),
    ],
)
def test_an_option_of_another_source(run_app, file_source, option):
    assert_one_line(run_app(APP, *file_source, *option), f"--source file: {option[0]} is not for")


def test_plain_lines_where_there_is_no_terminal(run_app, file_source):
    result = run_app(APP, *file_source, "--policy", "block")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split()[:4] == ["time", "s", "status", "protocol"]
    assert [line.split()[1:3] for line in lines[1:]] == [["ok", "lte"]] * 4
    assert "\x1b" not in result.stdout


def test_live_table_on_a_terminal(prefix, file_source):
    ours, theirs = pty.openpty()
    command = [prefix / "bin" / APP, *file_source]
    with subprocess.Popen(
        list(map(str, command)),
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={"TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
    ) as process:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], TIMEOUT)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
        stderr = process.stderr.read().decode()
        assert process.wait(TIMEOUT) == 0, stderr
    os.close(ours)
    summary_of(stderr)
    for text in (b"protocol", b"lte", b"windows", b"p95"):
        assert text in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("policy", ["drop", "block"])
def test_signals_stop_it_cleanly(endless, number, policy):
    process = endless("--format", "jsonl", "--policy", policy)
    assert json.loads(process.stdout.readline())["window"] == 0
    drain = threading.Thread(target=process.stdout.read, daemon=True)
    drain.start()
    process.send_signal(number)
    stderr = process.stderr.read().decode()
    assert process.wait(TIMEOUT) == 0, stderr
    summary_of(stderr)


def test_duration(endless):
    process = endless("--format", "jsonl", "--duration", "0.5")
    stdout, stderr = process.stdout.read(), process.stderr.read().decode()
    assert process.wait(TIMEOUT) == 0, stderr
    assert json.loads(stdout.splitlines()[0])["window"] == 0
    summary_of(stderr)


def test_a_reader_that_goes_away(endless):
    process = endless("--format", "jsonl")
    assert process.stdout.readline()
    process.stdout.close()
    process.stderr.read()
    assert process.wait(TIMEOUT) in (0, -signal.SIGPIPE)


@pytest.mark.parametrize("form", ["jsonl", "table"])
def test_a_full_disk_is_one_line_and_status_1(run_app, file_source, form):
    with open("/dev/full", "w") as full:
        options = {"capture_output": False, "stdout": full, "stderr": subprocess.PIPE}
        result = run_app(APP, *file_source, "--format", form, **options)
    assert result.returncode == 1, result.stderr
    message = "results cannot be written: No space left on device"
    assert result.stderr == f"{APP}: error: {message}\n"


def test_a_broken_pipe_of_a_driver_cannot_end_it(endless):
    """SIGPIPE would, without a word."""
    process = endless("--format", "jsonl")
    assert process.stdout.readline()
    status = Path(f"/proc/{process.pid}/status").read_text()
    ignored = int(re.search(r"SigIgn:\s*(\w+)", status).group(1), 16)
    assert ignored & 1 << (signal.SIGPIPE - 1)


class FailingDisplay(Display):
    """Of which refresh() fails at its second call."""

    refreshed = 0

    def refresh(self):
        self.refreshed += 1
        if self.refreshed == 2:
            raise ArithmeticError("display")


class FakePublisher:
    """Remembers what came after it was closed."""

    def __init__(self, endpoint):
        self.closed = False
        self.late = 0
        FakePublisher.last = self

    def send(self, record):
        self.late += self.closed

    def close(self):
        names = {thread.name for thread in threading.enumerate()}
        self.model_ended = "lwmspectro" not in names
        self.closed = True


def test_a_display_that_fails_leaves_nothing_running(recording, lte_bundle, monkeypatch):
    monkeypatch.setattr(monitor, "_display", lambda *_: FailingDisplay())
    monkeypatch.setattr(monitor, "ZmqPublisher", FakePublisher)
    args = monitor._parser().parse_args(
        ["--source", "demo", "--samp-rate", "2e6", "--publish", "--model", str(lte_bundle)]
    )
    with pytest.raises(ArithmeticError, match="display"):
        monitor.run(args, io.StringIO(), threading.Event())
    assert "lwmspectro" not in {thread.name for thread in threading.enumerate()}
    assert FakePublisher.last.closed
    assert FakePublisher.last.model_ended
    assert FakePublisher.last.late == 0


def test_publishes_json(endless):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    process = endless("--format", "jsonl", "--publish", endpoint)
    drain = threading.Thread(target=process.stdout.read, daemon=True)
    drain.start()
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt_string(zmq.SUBSCRIBE, "")
        subscriber.connect(endpoint)
        assert subscriber.poll(1000 * TIMEOUT)
        record = json.loads(subscriber.recv())
        assert record["status"] in ("ok", "no_signal")
        assert record["sample_rate"] == RATE
        assert record["window"] >= 0
    process.send_signal(signal.SIGTERM)
    stderr = process.stderr.read().decode()
    assert process.wait(TIMEOUT) == 0, stderr


def test_samples_over_zmq(prefix, lte_bundle):
    address = f"tcp://127.0.0.1:{free_port()}"
    command = [prefix / "bin" / APP, "--source", "zmq", "--zmq-address", address]
    command += ["--samp-rate", RATE, "--format", "jsonl", "--model", lte_bundle]
    stop = threading.Event()

    def publish():
        with zmq.Context() as context, context.socket(zmq.PUB) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.bind(address)
            samples = np.zeros(WINDOW // 4, np.complex64).tobytes()
            while not stop.is_set():
                socket.send(samples)

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        with subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}
        ) as process:
            assert json.loads(process.stdout.readline())["status"] == "no_signal"
            drain = threading.Thread(target=process.stdout.read, daemon=True)
            drain.start()
            process.send_signal(signal.SIGINT)
            stderr = process.stderr.read().decode()
            assert process.wait(TIMEOUT) == 0, stderr
            summary_of(stderr)
    finally:
        stop.set()
        publisher.join(TIMEOUT)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: --source"),
        (["--source", "radio"], "invalid choice: 'radio'"),
        (["--source", "file"], "--source file: expected --input, got none"),
        (["--source", "file", "--input", "missing.sigmf-meta"], "No such file"),
        (["--source", "zmq"], "--source zmq: expected --samp-rate, got none"),
        (["--source", "zmq", "--samp-rate", "1e3"], "--samp-rate: expected 1.92e+06 to"),
        (
            ["--source", "zmq", "--samp-rate", "2e6", "--zmq-address", "nonsense"],
            "--source zmq: Invalid argument",
        ),
        (["--source", "soapy", "--samp-rate", "2e6"], "--source soapy: expected --center-freq"),
        (["--source", "uhd", "--center-freq", "1e9"], "--source uhd: expected --samp-rate"),
        (["--source", "demo", "--samp-rate", "-1"], "expected a number above 0, got '-1'"),
        (["--source", "demo", "--duration", "0"], "expected a number above 0, got '0'"),
        (["--source", "demo", "--model", "missing"], "missing/bundle.json: cannot be read"),
    ],
)
def test_bad_usage_is_one_line(run_app, tmp_path, lte_bundle, arguments, message):
    model = [] if "--model" in arguments else ["--model", lte_bundle]
    assert_one_line(run_app(APP, *arguments, *model, cwd=tmp_path), message)


def test_bad_publishing_is_one_line(run_app, file_source):
    assert_one_line(run_app(APP, *file_source, "--publish", "x"), "x: cannot publish there")


@pytest.mark.parametrize(
    ("source", "device"), [("soapy", "driver=none_such"), ("uhd", "type=none_such")]
)
def test_no_such_radio_is_one_line(run_app, lte_bundle, source, device):
    pytest.importorskip(f"gnuradio.{source}", reason=f"GNU Radio here has no gr-{source}")
    options = ["--samp-rate", "2e6", "--center-freq", "1e9", "--device-args", device]
    result = run_app(APP, "--source", source, *options, "--model", lte_bundle)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    ours = [line for line in result.stderr.splitlines() if line.startswith(f"{APP}: ")]
    assert len(ours) == 1
    assert ours[0].startswith(f"{APP}: error: --source {source}: expected a device that answers")
    assert f"{device!r}, found none (" in ours[0]
    assert "Traceback" not in result.stderr


def test_a_missing_driver_is_one_line(lte_bundle):
    """As where GNU Radio was built without it."""
    code = (
        "import sys; sys.modules['gnuradio.soapy'] = None; "
        "from gnuradio.lwmspectro.cli.monitor import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "--source", "soapy", "--samp-rate", "2e6"]
    command += ["--center-freq", "1e9", "--model", str(lte_bundle)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert_one_line(result, "GNU Radio here has no gr-soapy")


def test_drivers_are_not_imported_before_they_are_needed():
    code = (
        "import sys; import gnuradio.lwmspectro.cli.monitor; "
        "sys.exit(bool({'gnuradio.soapy', 'gnuradio.uhd', 'gnuradio.zeromq', 'onnxruntime'} "
        "& set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
