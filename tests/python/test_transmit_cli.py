# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-transmit, as a person runs it."""

import hashlib
import json
import signal
import subprocess
import time

import numpy as np
import pytest
from gnuradio import gr
from gnuradio.lwmspectro.cli import transmit as transmit_cli
from gnuradio.lwmspectro.iqfile import open_recording
from gnuradio.lwmspectro.recording_file import RecordingFile, Target
from gnuradio.lwmspectro.sample_format import FORMATS
from gnuradio.lwmspectro.waveforms.single_carrier import SingleCarrierConfig, Transmitter

APP = "lwmspectro-transmit"
SHORT = ("single-carrier", "--duration", 0.02)  # 80,000 samples at 4 MS/s
N = 80_000


@pytest.fixture
def transmit(run_app, tmp_path):
    """transmit(*arguments): run it in tmp_path; it has to succeed."""

    def run(*arguments, **options):
        done = run_app(APP, *arguments, cwd=tmp_path, **options)
        assert done.returncode == 0, done.stderr
        return done

    return run


def expected(n=N, seed=0):
    transmitter, parts = Transmitter(SingleCarrierConfig(preamble=63), seed), []
    while sum(map(len, parts)) < n:
        parts.append(transmitter.next_piece())
    return np.concatenate(parts)[:n] * np.float32(10 ** (-14 / 20))


def test_a_sigmf_recording_that_others_read(transmit, read_all, tmp_path):
    transmit(*SHORT, "-o", "link", "--center-freq", 2.4e9)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "link.sigmf-data",
        "link.sigmf-meta",
    ]
    recording = open_recording(str(tmp_path / "link.sigmf-meta"))
    assert recording.samp_rate == 4e6
    assert recording.segments[0].center_freq == 2.4e9
    samples, _ = read_all(recording, 100_000)
    np.testing.assert_allclose(samples, expected(), atol=1e-6)
    meta = json.loads((tmp_path / "link.sigmf-meta").read_text())
    assert meta["global"]["lwm:label"] == {"protocol": None}
    assert meta["global"]["lwm:transmission"]["modulation"] == "QPSK"
    data = (tmp_path / "link.sigmf-data").read_bytes()
    assert meta["global"]["core:sha512"] == hashlib.sha512(data).hexdigest()
    note = meta["annotations"][0]
    assert note["core:sample_count"] == N
    assert note["core:freq_upper_edge"] - note["core:freq_lower_edge"] == pytest.approx(1.25e6)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.cf32", "cf32_le"),
        ("a.sc16", "ci16_le"),
        ("a.cs8", "ci8"),
        ("a.cu8", "cu8"),
    ],
)
def test_raw_files_by_their_suffix(transmit, tmp_path, name, form):
    transmit(*SHORT, "-o", name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    samples = FORMATS[form].decode((tmp_path / name).read_bytes())
    step = {"cf32_le": 1e-6, "ci16_le": 1 / 32768, "ci8": 1 / 128, "cu8": 1 / 127.5}[form]
    np.testing.assert_allclose(samples.view(np.float32), expected().view(np.float32), atol=step)


def test_standard_output(prefix):
    command = [prefix / "bin" / APP, *map(str, SHORT), "-o", "-", "--dtype", "ci16_le"]
    done = subprocess.run(command, env={}, capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    samples = FORMATS["ci16_le"].decode(done.stdout)
    np.testing.assert_allclose(samples.real, expected().real, atol=1e-4)


def test_same_seed_same_file_another_seed_another(transmit, tmp_path):
    options = ["--channel", "TDL-B", "--snr-db", 10, "--front-end", "rtl-sdr", "--carrier", 1e9]
    for name, seed in (("a.cu8", 1), ("b.cu8", 1), ("c.cu8", 2)):
        transmit(*SHORT, "-o", name, "--seed", seed, *options)
    a, b, c = ((tmp_path / f"{x}.cu8").read_bytes() for x in "abc")
    assert a == b
    assert len(a) == 2 * N
    assert a != c


@pytest.mark.parametrize("samp_rate", [4e6, 8e6])
def test_the_snr_is_that_of_the_occupied_band(transmit, tmp_path, samp_rate):
    long = ("single-carrier", "--duration", 0.1, "--samp-rate", samp_rate)
    transmit(*long, "-o", "noisy.cf32", "--snr-db", 7)
    transmit(*long, "-o", "clean.cf32")
    noisy, clean = (
        np.fromfile(tmp_path / f"{name}.cf32", np.complex64) for name in ("noisy", "clean")
    )
    gain = np.vdot(clean, noisy) / np.vdot(clean, clean)
    noise = noisy - gain * clean
    density = np.mean(np.abs(noise) ** 2) / samp_rate
    snr = np.mean(np.abs(gain * clean) ** 2) / (density * 1.25e6)
    assert 10 * np.log10(snr) == pytest.approx(7.0, abs=0.15)
    assert 10 * np.log10(np.mean(np.abs(noisy) ** 2)) == pytest.approx(-14.0, abs=0.15)


def test_the_channel_fades_and_its_speed_matters(transmit, tmp_path):
    def envelope(name):
        power = np.abs(np.fromfile(tmp_path / name, np.complex64)) ** 2
        return power[: power.size // 4000 * 4000].reshape(-1, 4000).mean(axis=1)

    channel = ["--channel", "TDL-A", "--delay-spread", 30e-9, "--center-freq", 3.5e9]
    long = ("single-carrier", "--duration", 0.2)
    transmit(*long, "-o", "still.cf32", *channel)
    transmit(*long, "-o", "fast.cf32", *channel, "--speed", 120)
    still, fast = envelope("still.cf32")[1:], envelope("fast.cf32")[1:]
    assert np.std(still) / np.mean(still) < 0.1
    assert np.std(fast) / np.mean(fast) > 0.3


def test_clipping_is_told(transmit):
    done = transmit(*SHORT, "-o", "loud.cu8", "--level-db", 6)
    assert "values clipped: lower --level-db" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["single-carrier"], "required: -o/--output"),
        (["single-carrier", "-o", "x", "--alpha", 3], "alpha: expected 0.05..1, got 3.0"),
        (["single-carrier", "-o", "x", "--duration", 0], "expected a number above 0, got '0'"),
        (["single-carrier", "-o", "x", "--duration", 1e-9], "expected one sample at least"),
        (["single-carrier", "-o", "x.bin"], "expected --dtype, one of"),
        (["single-carrier", "-o", "x.cu8", "--dtype", "ci8"], "expected dtype cu8, got ci8"),
        (["single-carrier", "-o", "x.sigmf"], "got a SigMF archive"),
        (["single-carrier", "-o", "x/"], "expected the name of a file"),
        (["single-carrier", "-o", "none/x"], "none/x.sigmf-data: cannot be written"),
        (["single-carrier", "-o", "x", "--duration", 1e9], "of room, got"),
        (["single-carrier", "-o", "x", "--speed", 3], "--speed: expected --channel with it"),
        (
            ["single-carrier", "-o", "x", "--speed", 3, "--channel", "TDL-A"],
            "--speed: expected --center-freq with it",
        ),
        (["lte", "-o", "x", "--delay-spread", 1e-6], "--delay-spread: expected --channel with it"),
        (
            ["single-carrier", "-o", "x", "--channel", "TDL-A", "--delay-spread", 1],
            "expected",
        ),
        (["single-carrier", "-o", "x", "--front-end", "usrp"], "expected --center-freq with it"),
        (
            ["single-carrier", "-o", "x", "--channel", "TDL-A", "--samp-rate", 1e6],
            "expected 1.92e6 to 61.44e6 Hz, got 1e+06",
        ),
        (["lte", "-o", "x", "--samp-rate", 1e3], "expected 100000 to 6.144e+07, got '1000.0'"),
        (["lte", "-o", "x", "--samp-rate", 1e8], "expected 100000 to 6.144e+07, got '1"),
        (["wifi", "-o", "x", "--standard", "11a", "--mcs", 8], "mcs: expected 0..7 for 11a, got 8"),
        (["wifi", "-o", "x", "--psdu-bytes", 10], "--psdu-bytes: expected a whole number from 34"),
        (
            ["wifi", "-o", "x", "--standard", "11a", "--psdu-bytes", 60000],
            "psdu_bytes: expected 34..4095 for 11a and mcs 7, got 60000",
        ),
        (["lte", "-o", "x", "--n-prb", 7], "n_prb: expected one of"),
        (["lte", "-o", "x", "--load", 2], "load: expected 0..1, got 2.0"),
        (["nr", "-o", "x", "--scs", 20000], "scs_hz: expected one of [15000, 30000], got 20000"),
        (
            ["nr", "-o", "x", "--modulation", "QPSK", "--mcs", 9],
            "nr: mcs: expected 0..4 for qpsk in table 2, got 9",
        ),
        (["nr", "-o", "x", "--mcs", 28], "--mcs: expected a whole number from 0 to 27"),
        (["nr", "-o", "x", "--ssb-period", 7], "ssb_period_ms: expected one of (5, 10, 20, 40,"),
        (["nr", "-o", "x", "--center-freq", 3.5e9], "the nearest is 3500.01e6, got 3500e6"),
        (["gsm", "-o", "x"], "invalid choice: 'gsm'"),
    ],
)
def test_wrong_usage_is_one_line(capfd, monkeypatch, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    level = gr.logging().default_level()
    try:
        status = transmit_cli.main([str(argument) for argument in arguments])
    except SystemExit as left:
        status = left.code
    gr.logging().set_default_level(level)
    output, errors = capfd.readouterr()
    assert status == 2
    assert output == ""
    assert errors.count("\n") == 1
    assert errors.startswith(APP)
    assert said in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(prefix, tmp_path, number):
    (tmp_path / "old.cf32").write_bytes(b"kept")
    command = [prefix / "bin" / APP, "single-carrier", "--duration", "100", "-o", "old.cf32"]
    with subprocess.Popen(command, env={}, cwd=tmp_path, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            begun = [path for path in tmp_path.iterdir() if path.name != "old.cf32"]
            if begun and begun[0].stat().st_size:
                break
        running.send_signal(number)
        try:
            _, errors = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130, errors
    assert [path.name for path in tmp_path.iterdir()] == ["old.cf32"]
    assert (tmp_path / "old.cf32").read_bytes() == b"kept"


def test_a_full_disk_is_told(prefix):
    command = [prefix / "bin" / APP, *map(str, SHORT), "-o", "-"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, env={}, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_reader_that_goes_away_ends_it_quietly(prefix):
    command = f"{prefix / 'bin' / APP} single-carrier --duration 60 -o - | head -c 100 | wc -c"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "100"
    assert done.stderr == ""


def test_a_recording_appears_when_it_is_whole(tmp_path):
    target = Target.of(str(tmp_path / "x"), "ci8")
    with RecordingFile(target, 10) as recording:
        recording.file.write(b"\0" * 20)
        assert not target.data.exists()
        recording.keep({})
    assert target.data.stat().st_size == 20
    with pytest.raises(RuntimeError), RecordingFile(target, 10) as recording:
        raise RuntimeError
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.sigmf-data", "x.sigmf-meta"]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_formats_decode_what_they_encode(name, rng):
    form = FORMATS[name]
    values = (rng.uniform(-0.99, 0.99, (100, 2)).astype(np.float32)).view(np.complex64)[:, 0]
    data, clipped = form.encode(values)
    assert clipped == 0
    again, _ = form.encode(form.decode(data))
    assert again == data
    beyond, clipped = form.encode(np.array([2.0 - 2.0j], np.complex64))
    if form.component.kind != "f":
        assert clipped == 2
        assert np.abs(form.decode(beyond).view(np.float32)).max() <= 1.0
