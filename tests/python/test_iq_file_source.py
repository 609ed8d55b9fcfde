# SPDX-License-Identifier: GPL-3.0-or-later
import json

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import InputError, iq_file_source, open_recording

RATE = 2e6


def play(source):
    """Samples and tags, as (offset, key, value)."""
    sink = blocks.vector_sink_c()
    graph = gr.top_block()
    graph.connect(source, sink)
    graph.run()
    tags = [(tag.offset, str(tag.key), pmt.to_python(tag.value)) for tag in sink.tags()]
    return np.array(sink.data(), np.complex64), sorted(tags, key=lambda tag: tag[:2])


def test_raw_samples_and_the_closing_flush(tmp_path, rng):
    data = rng.integers(-128, 128, 2 * 300_000).astype(np.int8)
    (tmp_path / "raw").write_bytes(data.tobytes())
    source = iq_file_source(open_recording(str(tmp_path / "raw"), RATE, "ci8"), 1e9)
    samples, tags = play(source)
    np.testing.assert_array_equal(samples[:-1], data.astype(np.float32).view(np.complex64) / 128)
    assert samples[-1] == 0
    assert tags == [(0, "rx_freq", 1e9), (0, "rx_rate", RATE), (300_000, "flush", True)]
    assert source.position == 300_000
    assert source.ended
    assert source.error is None


def test_segments_are_tagged(tmp_path):
    captures = [
        {"core:sample_start": 0, "core:datetime": "2026-01-31T12:00:00.5Z"},
        {"core:sample_start": 10, "core:frequency": 2e9},
    ]
    info = {"core:datatype": "ci8", "core:sample_rate": RATE}
    (tmp_path / "a.sigmf-meta").write_text(json.dumps({"global": info, "captures": captures}))
    (tmp_path / "a.sigmf-data").write_bytes(bytes(40))
    _, tags = play(iq_file_source(open_recording(str(tmp_path / "a"))))
    assert tags == [
        (0, "rx_freq", 0.0),
        (0, "rx_rate", RATE),
        (0, "rx_time", (1769860800, 0.5)),
        (10, "flush", True),
        (10, "rx_freq", 2e9),
        (10, "rx_rate", RATE),
        (20, "flush", True),
    ]


def test_recordings_one_after_the_other(tmp_path):
    recordings = []
    for name, rate, n_bytes in (("a", RATE, 20), ("b", 2 * RATE, 10), ("c", RATE, 6)):
        (tmp_path / name).write_bytes(bytes(n_bytes))
        recordings.append(open_recording(str(tmp_path / name), rate, "ci8"))
    source = iq_file_source(recordings, 5.0)
    samples, tags = play(source)
    assert len(samples) == 19
    assert [tag for tag in tags if tag[1] != "rx_freq"] == [
        (0, "rx_rate", RATE),
        (10, "flush", True),
        (10, "rx_rate", 2 * RATE),
        (10, "rx_time", (0, 0.0)),
        (15, "flush", True),
        (15, "rx_rate", RATE),
        (15, "rx_time", (0, 0.0)),
        (18, "flush", True),
    ]
    located = [source.locate(offset) for offset in (0, 9, 10, 14, 15, 17)]
    assert located == [
        (recordings[number], index)
        for number, index in ((0, 0), (0, 9), (1, 0), (1, 4), (2, 0), (2, 2))
    ]


def test_no_recordings():
    with pytest.raises(ValueError, match="expected one or more, got none"):
        iq_file_source([])


def test_what_goes_wrong_while_reading_is_kept(tmp_path):
    (tmp_path / "raw").write_bytes(bytes(100))
    recording = open_recording(str(tmp_path / "raw"), RATE, "ci8")
    (tmp_path / "raw").write_bytes(bytes(50))
    source = iq_file_source(recording)
    samples, _ = play(source)
    assert len(samples) == 0
    assert not source.ended
    assert isinstance(source.error, InputError)
    assert "ended while it was read" in str(source.error)


def test_a_file_that_is_gone(tmp_path):
    (tmp_path / "raw").write_bytes(bytes(100))
    recording = open_recording(str(tmp_path / "raw"), RATE, "ci8")
    (tmp_path / "raw").unlink()
    with pytest.raises(InputError, match="No such file"):
        iq_file_source(recording)


def test_goes_on_after_a_stop(tmp_path, rng):
    data = rng.integers(-128, 128, 2 * 3_000_000).astype(np.int8)
    (tmp_path / "raw").write_bytes(data.tobytes())
    source = iq_file_source(open_recording(str(tmp_path / "raw"), RATE, "ci8"))
    head, sink = blocks.head(gr.sizeof_gr_complex, 1000), blocks.vector_sink_c()
    graph = gr.top_block()
    graph.connect(source, head, sink)
    graph.run()
    assert 1000 <= source.position < 3_000_000
    read = source.position
    rest, _ = play(source)
    assert source.ended
    assert source.error is None
    np.testing.assert_array_equal(
        rest[:-1], data[2 * read :].astype(np.float32).view(np.complex64) / 128
    )
    assert len(play(source)[0]) == 0  # and there is nothing after the end
