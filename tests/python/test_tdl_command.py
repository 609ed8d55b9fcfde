# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to the TDL channel: what they change, and what they may not."""

import itertools
import threading
import time

import numpy as np
import pmt
import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import kernels, keys, tdl_channel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RATE = 2e6
TIMEOUT = 30.0
PORT = pmt.intern(keys.COMMAND)
MARKS = itertools.count(1)


def build(between):
    """A channel that stands still, in a flowgraph behind a block that limits its samples."""
    block = tdl_channel(RATE, kernels.tdl_profile([0.0], [0.0]), 1)
    graph = gr.top_block()
    source, sink = blocks.null_source(gr.sizeof_gr_complex), blocks.null_sink(gr.sizeof_gr_complex)
    graph.connect(source, between, block, sink)
    return graph, block


@pytest.fixture(scope="module")
def channel():
    """A channel in a flowgraph that runs as long as the tests do."""
    graph, block = build(blocks.throttle(gr.sizeof_gr_complex, 1e5))
    graph.start()
    yield block
    graph.stop()
    graph.wait()


def message(**values):
    """A PMT dict; strings become symbols and lists vectors of numbers."""
    made = pmt.make_dict()
    for key, value in values.items():
        if isinstance(value, str):
            value = pmt.intern(value)
        elif isinstance(value, list):
            value = pmt.init_f64vector(len(value), value)
        elif isinstance(value, float):
            value = pmt.from_double(value)
        made = pmt.dict_add(made, pmt.intern(key), value)
    return made


def send(block, *messages):
    """Posts messages, and waits until a last one, a Doppler shift, has taken effect."""
    mark = next(MARKS) * 1e-3
    for each in (*messages, message(doppler_hz=mark)):
        block.to_basic_block()._post(PORT, each)
    wait_for(block, mark)
    return block.profile()


def wait_for(block, doppler_hz):
    deadline, wait = time.monotonic() + TIMEOUT, threading.Event()
    while block.profile().doppler_hz != pytest.approx(doppler_hz, rel=1e-9):
        assert time.monotonic() < deadline
        wait.wait(0.001)


def test_a_speed_without_a_carrier(capfd):
    graph, block = build(blocks.head(gr.sizeof_gr_complex, 1000))
    block.to_basic_block()._post(PORT, message(speed_kmh=3.0))
    graph.run()
    assert "expected center_freq (Hz) with speed_kmh" in "".join(capfd.readouterr())
    assert block.profile().doppler_hz == 0.0


def test_paths(channel):
    got = send(channel, message(delays_s=[0.0, 1e-6], powers_db=[0.0, -3.0]))
    assert (got.delays_s, got.powers_db, got.k_factors_db) == ([0.0, 1e-6], [0.0, -3.0], [])
    got = send(channel, message(k_factors_db=[3.0, -np.inf], los_doppler_ratios=[0.5, 0.0]))
    assert (got.k_factors_db, got.los_doppler_ratios) == ([3.0, -np.inf], [0.5, 0.0])
    got = send(channel, message(delays_s=[2e-6], powers_db=[0.0]))
    assert (got.delays_s, got.k_factors_db, got.los_doppler_ratios) == ([2e-6], [], [])


@pytest.mark.parametrize(
    "vector",
    [
        pmt.init_f32vector(2, [0.0, 0.5e-6]),
        pmt.make_tuple(pmt.from_long(0), pmt.from_double(0.5e-6)),
        pmt.to_pmt([0, 0.5e-6]),
    ],
)
def test_vectors_of_every_kind(channel, vector):
    got = send(channel, message(delays_s=vector, powers_db=[0.0, 0.0]))
    assert got.delays_s == pytest.approx([0.0, 0.5e-6])


def test_a_model(channel):
    got = send(channel, message(model="TDL-D", delay_spread_s=100e-9))
    assert got.delays_s == kernels.tdl_model("TDL-D", 100e-9).delays_s
    assert got.k_factors_db[0] == pytest.approx(13.3)


def test_speed():
    graph, block = build(blocks.head(gr.sizeof_gr_complex, 1000))
    block.to_basic_block()._post(PORT, message(speed_kmh=30.0, center_freq=3.5e9))
    graph.run()
    assert block.profile().doppler_hz == pytest.approx(97.29, abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (pmt.intern("faster"), "message: expected a dict, got faster"),
        (message(doppler_hz="fast"), "doppler_hz: expected a number, got fast"),
        (message(doppler_hz=float("nan")), "doppler_hz: expected a number, got nan"),
        (message(doppler_hz=-1.0), "expected a Doppler shift of 0 to 1e4 Hz, got -1"),
        (message(speed=3.0), "unknown key speed"),
        (message(model="TDL-A"), "expected model (a symbol) and delay_spread_s together"),
        (message(delay_spread_s=1e-7), "expected model (a symbol) and delay_spread_s together"),
        (message(model="EPA", delay_spread_s=1e-7), "expected TDL-A to TDL-E, got EPA"),
        (message(delays_s=[0.0, 1e-6, 2e-6]), "as many powers as delays, got"),
        (message(delays_s=1e-6), "delays_s: expected a vector of numbers, got"),
        (message(delays_s=[1.0], powers_db=[0.0]), "expected delays of 0 to 21e-6 s, got 1"),
        (message(center_freq=0.0), "center_freq: expected a frequency above 0 Hz, got 0"),
    ],
)
def test_what_is_wrong_is_logged_and_changes_nothing(channel, capfd, wrong, complaint):
    paths = message(delays_s=[1e-6], powers_db=[0.0], k_factors_db=[3.0], los_doppler_ratios=[0.1])
    before = send(channel, message(center_freq=1e9), paths)
    after = send(channel, wrong)
    for field in ("delays_s", "powers_db", "k_factors_db", "los_doppler_ratios"):
        assert getattr(after, field) == getattr(before, field)
    assert complaint in "".join(capfd.readouterr())


def test_a_carrier_that_is_wrong_is_not_remembered(channel):
    for wrong in (-5.0, float("inf"), float("nan"), 0.0):
        send(channel, message(center_freq=1e9), message(center_freq=wrong))
        channel.to_basic_block()._post(PORT, message(speed_kmh=36.0))
        wait_for(channel, 10 * 1e9 / 299792458)


def test_speed_and_shift_contradict_each_other(channel, capfd):
    send(channel, message(center_freq=1e9), message(speed_kmh=36.0, doppler_hz=5.0))
    assert "expected doppler_hz or speed_kmh, got both" in "".join(capfd.readouterr())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(
        st.sampled_from(["doppler_hz", "delays_s", "powers_db", "model", "speed_kmh", "x"]),
        st.one_of(
            st.floats(),
            st.text(st.characters(codec="ascii"), max_size=5),
            st.lists(st.floats(), max_size=4),
            st.booleans(),
            st.none(),
            st.integers(-(2**31), 2**31 - 1),
        ),
    )
)
def test_nothing_that_comes_can_stop_it(channel, values):
    made = pmt.make_dict()
    for key, value in values.items():
        made = pmt.dict_add(made, pmt.intern(key), pmt.to_pmt(value))
    got = send(channel, made)
    assert len(got.delays_s) == len(got.powers_db) > 0
