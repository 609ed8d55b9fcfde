# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
from gnuradio.lwmspectro.signal_meter import KEPT, SignalMeter
from hypothesis import given
from hypothesis import strategies as st

CHUNK = 8


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=30),
    st.integers(0, 60),
    st.integers(1, 200),
)
def test_power_over_any_run_of_chunks(levels, start, count):
    """Constant within each chunk, so that parts of chunks are exact."""
    meter = SignalMeter(CHUNK)
    samples = np.repeat(np.float64(levels), CHUNK)
    for position in range(0, samples.size, 4):  # in two pieces each
        meter.add(position, samples[position : position + 4].sum(), 4)
    run = samples[start : start + count]
    expected = run.mean() if run.size else 0.0
    assert meter.power(start, count) == pytest.approx(expected)


def test_pauses_do_not_count():
    meter = SignalMeter(CHUNK)
    meter.add(0, 12.0, 4)
    meter.add(CHUNK, 0.0, 0)
    assert meter.power(0, 2 * CHUNK) == 3.0
    assert meter.power(CHUNK, CHUNK) == 0.0


def test_memory_is_bounded_and_the_newest_is_kept():
    meter = SignalMeter(1)
    for position in range(KEPT + 3):
        meter.add(position, float(position), 1)
    assert meter.power(KEPT + 2, 1) == KEPT + 2
    assert meter.power(KEPT, 3) == KEPT + 1
