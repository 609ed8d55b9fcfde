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
from unittest.mock import ANY

import pytest
from gnuradio.lwmspectro import Bundle, Spec, kernels, keys
from gnuradio.lwmspectro.cli import demo, demo_picture
from gnuradio.lwmspectro.cli.demo_display import Lines, score_table
from gnuradio.lwmspectro.cli.demo_record import MIXED, Answer, Record, Score
from gnuradio.lwmspectro.cli.rows import console_on
from gnuradio.lwmspectro.synthetic_scenes import LINKS, Truth

APP = "lwmspectro-demo"
QUICK = ("--samp-rate", "2e6", "--duration", "1")
TIMEOUT_S = 60.0
LTE = Truth("lte_64qam_static", "lte", "64QAM", "static", 20.0)
NOISE = Truth("noise", "noise", None, None, float("nan"))
SPEC = Spec(kernels.features_version, 128, 200, 128, 128, 1.92e6, 61.44e6, kernels.correlogram_rows)


def message(index, protocol="lte", **fields):
    status = {"protocol": protocol, "status": "ok"} if protocol else {"status": "no_signal"}
    return {
        **status,
        **fields,
        keys.PROTOCOL_P: 0.9,
        keys.SAMPLE_START: index * 10,
        keys.SAMPLE_COUNT: 10,
        keys.RX_TIME: (0, index * 0.0256),
        keys.LATENCY_S: 0.01,
        keys.DROPPED_WINDOWS: 0,
    }


class HalfLte:
    """A source of 100 windows: LTE, then noise; one window has both."""

    def truth_of(self, start, count):
        if start < 500 < start + count:
            return None
        return LTE if start < 500 else NOISE


def png_size(path):
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def test_the_whole_of_it(run_app, lte_bundle, tmp_path):
    png = tmp_path / "demo.png"
    done = run_app(APP, *QUICK, "--model", lte_bundle, "--png", png)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:5] == ["time", "s", "protocol", "p", "modulation"]
    rows = [line.split() for line in lines[1 : lines.index("")]]
    assert ["WiFi", ">", "LTE"] in [row[1:4] for row in rows]
    assert ["noise", ">", "LTE"] in [row[1:4] for row in rows]
    assert ["64QAM", ">", "-"] in [row[5:8] for row in rows]
    assert len(rows) <= 15  # one or two of a scene, not one for each of 39 windows
    scores = [line for line in lines if re.search(r"  \d+ +\d+\.\d % ", line)]
    assert len(scores) == len(LINKS)
    for line in scores:
        right = "100.0" if line.startswith("LTE") else "0.0"
        assert line.split()[-5:] == [right, "%", "-", "-", "-"]
    assert "tiny-1 has no experts: it answers the protocol alone" in done.stdout
    answered, dropped = re.search(r"(\d+) windows answered, (\d+) dropped", done.stdout).groups()
    assert int(answered) + int(dropped) == 39
    assert int(answered) > 20  # some may be dropped where the machine is busy
    assert lines[-1] == f"picture: {png}"
    width, height = png_size(png)
    assert width > 1000
    assert height > 600


def test_all_four_answers_beside_the_truth(run_app, make_bundle, tmp_path):
    """Of an expert that hands on values in dB: far off, and the same for all scenes."""
    bundle = make_bundle(gain=0.0, bias=(0, 2.485, 0, 0), experts=("lte",))
    png = tmp_path / "demo.png"
    done = run_app(APP, *QUICK, "--model", bundle, "--png", png)
    assert done.returncode == 0, done.stderr
    assert "has no experts" not in done.stdout
    rows = [line for line in done.stdout.splitlines() if " > LTE " in line]
    assert rows
    for row in rows:
        assert re.search(r" > (BPSK|QPSK|16QAM|64QAM|256QAM) ", row)
        assert re.search(r" > (static|pedestrian|vehicular) ", row)
    scores = [line for line in done.stdout.splitlines() if line.startswith("LTE ")]
    for line in scores:
        assert re.fullmatch(r"LTE .* 100\.0 % +\d+\.\d % +\d+\.\d % +\d+\.\d dB *", line), line
    assert png_size(png)


def test_a_table_on_a_terminal(prefix, lte_bundle, tmp_path):
    png = tmp_path / "demo.png"
    command = [prefix / "bin" / APP, *QUICK, "--model", lte_bundle, "--png", png]
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
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
    assert shown.count(b"modulation") > 3  # drawn again and again
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


def test_every_answer_is_held_against_the_truth():
    record = Record(HalfLte())
    said = [("64QAM", 19.0, "static"), ("16QAM", 23.0, "static"), ("64QAM", 26.0, "vehicular")]
    for index, (modulation, snr_db, mobility) in enumerate(said):
        answers = {"modulation": modulation, "snr_db": snr_db, "mobility": mobility}
        record.add(message(index, **answers))
    record.add(message(3))  # left out by the model: not right
    record.add(message(60, None))
    assert record.scores() == {
        "lte_64qam_static": Score(LTE, 4, 4, 2, 2, 3.0),
        "noise": Score(NOISE, 1, 1, 0, 0, ANY),
    }
    stream = io.StringIO()
    console_on(stream).print(score_table(record, experts=True))
    lines = [re.split("  +", line.strip()) for line in stream.getvalue().splitlines()]
    assert lines[1] == ["LTE 64QAM static", "4", "100.0 %", "50.0 %", "50.0 %", "3.0 dB"]
    assert lines[2] == ["noise", "1", "100.0 %", "-", "-", "-"]


def test_scores_leave_out_what_is_mixed():
    record = Record(HalfLte())
    for index in range(49):
        record.add(message(index))
    record.add(message(49.5))
    for index in range(51, 100):
        record.add(message(index, None if index < 75 else "lte"))
    scores = record.scores()
    assert {name: (score.windows, score.protocol) for name, score in scores.items()} == {
        "lte_64qam_static": (49, 49),
        "noise": (49, 24),
    }
    assert record.answers[49].scene == MIXED
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
    said = keys.STATUS_NO_SIGNAL
    assert Answer(0.0, NOISE, said, 0.0, None, None, None, said, 0.0, 0).right
