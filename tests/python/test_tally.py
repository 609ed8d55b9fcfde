# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
from gnuradio.lwmspectro.cli.tally import LatencyHistogram, Tally
from gnuradio.lwmspectro.worker import Counts
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.floats(1e-6, 1e4), min_size=1), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_to_one_percent(values, percent):
    histogram = LatencyHistogram()
    for value in values:
        histogram.add(value)
    expected = np.percentile(values, percent, method="inverted_cdf")
    assert histogram.percentile(percent) == pytest.approx(expected, rel=0.011)


@pytest.mark.parametrize("value", [0.0, -1.0, 1e9])
def test_values_out_of_range_are_counted_at_the_ends(value):
    histogram = LatencyHistogram()
    histogram.add(value)
    assert histogram.percentile(50) > 0.0


def test_nothing_seen():
    assert np.isnan(LatencyHistogram().percentile(50))
    summary = Tally().summary(Counts(), 1.0)
    assert summary == "0 windows in 1.0 s, 0 answered, 0 dropped; -; latency -"


def test_summary():
    tally = Tally()
    for protocol in ("lte", "lte", None):
        named = {"protocol": protocol} if protocol else {}
        tally.add({"status": "ok" if protocol else "unknown", "latency_s": 0.01, **named})
    summary = tally.summary(Counts(6, 3, 1, 2), 2.5)
    assert summary.startswith(
        "6 windows in 2.5 s, 3 answered, 2 dropped, 1 failed; lte 2, unknown 1; latency p50 10."
    )
    assert "p95" in summary
    assert "p99" in summary
