# SPDX-License-Identifier: GPL-3.0-or-later
import io
import os
import pty
import re
import signal
import struct
import subprocess
import threading
from pathlib import Path

import pytest
from gnuradio.lwmspectro import Bundle, Spec, kernels, keys
from gnuradio.lwmspectro.cli import demo, demo_picture
from gnuradio.lwmspectro.cli.demo_display import Lines
from gnuradio.lwmspectro.cli.demo_record import MIXED, Answer, Record

APP = "lwmspectro-demo"
QUICK = ("--samp-rate", "2e6", "--duration", "1")
TIMEOUT_S = 60.0
SPEC = Spec(kernels.features_version, 128, 200, 128, 128, 1.92e6, 61.44e6, kernels.correlogram_rows)


def message(index, protocol="lte"):
    status = {"protocol": protocol, "status": "ok"} if protocol else {"status": "no_signal"}
    return {
        **status,
        keys.PROTOCOL_P: 0.9,
        keys.SAMPLE_START: index * 10,
        keys.SAMPLE_COUNT: 10,
        keys.RX_TIME: (0, index * 0.0256),
        keys.LATENCY_S: 0.01,
        keys.DROPPED_WINDOWS: 0,
    }


class HalfLte:
    """A source of 100 windows: LTE, then noise; one window has both."""

    def truth(self, start, count):
        if start < 500 < start + count:
            return None
        return "lte" if start < 500 else "noise"


def png_size(path):
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def test_the_whole_of_it(run_app, lte_bundle, tmp_path):
    png = tmp_path / "demo.png"
    done = run_app(APP, *QUICK, "--model", lte_bundle, "--png", png)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "on the air" in lines[0]
    rows = [line.split()[1:3] for line in lines[1 : lines.index("")]]
    assert ["WiFi", "LTE"] in rows
    assert ["noise", "LTE"] in rows
    assert len(rows) <= 8  # not one for each of 39 windows
    scores = {words[0]: words for line in lines if (words := line.split()) and "%" not in words}
    assert scores["LTE"][-1] == "100.0"
    assert scores["noise"][-1] == "0.0"
    answered, dropped = re.search(r"(\d+) windows answered, (\d+) dropped", done.stdout).groups()
    assert int(answered) + int(dropped) == 39
    assert int(answered) > 20  # some may be dropped where the machine is busy
    assert lines[-1] == f"picture: {png}"
    width, height = png_size(png)
    assert width > 1000
    assert height > 600


def test_a_table_on_a_terminal(prefix, lte_bundle, tmp_path):
    png = tmp_path / "demo.png"
    command = [prefix / "bin" / APP, *QUICK, "--model", lte_bundle, "--png", png]
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    demo = subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # how Linux says that the other side has closed
        pass
    finally:
        os.close(ours)
    _, errors = demo.communicate(timeout=TIMEOUT_S)
    assert demo.returncode == 0, errors
    assert shown.count(b"on the air") > 3  # drawn again and again
    assert b"\x1b[" in shown
    assert b"windows answered" in shown
    assert png.exists()


def test_sigint_ends_it_with_a_picture(prefix, lte_bundle, tmp_path):
    png = tmp_path / "demo.png"
    command = [prefix / "bin" / APP, "--samp-rate", "2e6", "--duration", "600"]
    demo = subprocess.Popen(
        [*command, "--model", lte_bundle, "--png", png],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={},
    )
    assert "time s" in demo.stdout.readline()
    assert "WiFi" in demo.stdout.readline()
    demo.send_signal(signal.SIGINT)
    output, errors = demo.communicate(timeout=TIMEOUT_S)
    assert demo.returncode == 0, errors
    assert "picture:" in output
    assert png_size(png)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--samp-rate", "1e6"], "--samp-rate: expected 1.92e+06"),
        (["--duration", "0"], "--duration"),
        (["--seed", "-1"], "--seed"),
        (["--png", "/nowhere/demo.png"], "--png"),
        (["--model", "/nowhere"], "/nowhere/bundle.json"),
    ],
)
def test_wrong_usage_is_one_line(run_app, lte_bundle, options, complaint):
    done = run_app(APP, "--model", lte_bundle, *options)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_full_disk_is_one_line_and_status_1(run_app, lte_bundle, tmp_path):
    options = [*QUICK, "--model", lte_bundle, "--png", tmp_path / "demo.png"]
    with open("/dev/full", "w") as full:
        done = run_app(APP, *options, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"{APP}: making 2 MS/s")
    message = "results cannot be written: No space left on device"
    assert lines[1:] == [f"{APP}: error: {message}"]


def test_a_display_that_fails_leaves_nothing_running(lte_bundle):
    class Failing(Lines):
        def refresh(self):
            raise ArithmeticError("display")

    made = demo.Demo(Bundle.load(lte_bundle), 2e6, 600.0, 0)
    with pytest.raises(ArithmeticError, match="display"):
        made.play(Failing(io.StringIO(), made.record), threading.Event())
    assert "lwmspectro" not in {thread.name for thread in threading.enumerate()}
    counts = made.model.counts
    assert counts.submitted == counts.done + counts.dropped


def test_the_picture_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "demo.png"
    path.write_text("old")
    record = Record(HalfLte())

    def fail(figure, file, **_):
        Path(file).write_text("half")
        raise OSError(28, "full", str(file))

    with monkeypatch.context() as patch:
        patch.setattr(demo_picture.Figure, "savefig", fail)
        with pytest.raises(OSError, match="full"):
            demo_picture.draw(record, {}, SPEC, 2e6, "tiny-1", path)
    assert path.read_text() == "old"
    demo_picture.draw(record, {}, SPEC, 2e6, "tiny-1", path)
    assert png_size(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_for_a_device_is_written_there(tmp_path):
    """A rename would put a file in its place."""
    path = tmp_path / "null"
    path.symlink_to("/dev/null")
    demo_picture.draw(Record(HalfLte()), {}, SPEC, 2e6, "tiny-1", path)
    assert path.is_char_device()


def test_make_demo_says_where_the_picture_goes(repository):
    text = (repository / "Makefile").read_text()
    assert "--png build/lwmspectro-demo.png" in text


def test_scores_leave_out_what_is_mixed():
    record = Record(HalfLte())
    for index in range(49):
        record.add(message(index))
    record.add(message(49.5))
    for index in range(51, 100):
        record.add(message(index, None if index < 75 else "lte"))
    assert record.scores() == {"lte": (49, 49), "noise": (49, 24)}
    assert record.answers[49].truth == MIXED
    assert not record.answers[49].right


def test_plain_lines_come_once_a_second_and_at_a_change():
    record = Record(HalfLte())
    stream = io.StringIO()
    with Lines(stream, record) as lines:
        for index in range(100):
            record.add(message(index))
            lines.refresh()
    rows = [line.split() for line in stream.getvalue().splitlines()[1:]]
    assert [row[0] for row in rows] == ["0.00", "1.02", "1.28", "2.30"]
    assert [row[1] for row in rows] == ["LTE", "LTE", "noise", "noise"]


def test_no_signal_is_right_of_noise():
    answer = Answer(0.0, "noise", keys.STATUS_NO_SIGNAL, 0.0, keys.STATUS_NO_SIGNAL, 0.0, 0)
    assert answer.right
