# SPDX-License-Identifier: GPL-3.0-or-later
"""What a monitor has seen so far, in constant memory."""

import math
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import keys
from ..worker import Counts

LOWEST_S = 1e-6
STEP = 1.01
N_STEPS = 2400
"""1 us to about 6 hours in steps of 1 %."""


class LatencyHistogram:
    """Percentiles of durations, to 1 %, however many there are."""

    def __init__(self) -> None:
        self._counts = np.zeros(N_STEPS, np.int64)

    def add(self, seconds: float) -> None:
        """Counts one duration."""
        step = math.log(max(seconds, LOWEST_S) / LOWEST_S) / math.log(STEP)
        self._counts[min(round(step), N_STEPS - 1)] += 1

    def percentile(self, percent: float) -> float:
        """Seconds that ``percent`` of the durations do not exceed; NaN where there are none."""
        total = int(self._counts.sum())
        if total == 0:
            return math.nan
        rank = max(1, math.ceil(total * percent / 100.0))
        return float(LOWEST_S * STEP ** int(np.searchsorted(np.cumsum(self._counts), rank)))


class Tally:
    """Answers by status and protocol, and their latency. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: Counter[str] = Counter()
        self._latency = LatencyHistogram()

    def add(self, message: Mapping[str, Any]) -> None:
        """Counts one message."""
        with self._lock:
            self._said[message.get(keys.PROTOCOL) or message[keys.STATUS]] += 1
            self._latency.add(message[keys.LATENCY_S])

    def said(self) -> str:
        """How often which protocol, or which status where none was named."""
        with self._lock:
            counts = self._said.most_common()
        return ", ".join(f"{name} {count}" for name, count in counts) or "-"

    def latency(self) -> str:
        """Percentiles of the latency, in milliseconds."""
        with self._lock:
            values = [(p, self._latency.percentile(p) * 1e3) for p in (50, 95, 99)]
        if math.isnan(values[0][1]):
            return "-"
        return ", ".join(f"p{percent} {value:.1f} ms" for percent, value in values)

    def summary(self, counts: Counts, elapsed_s: float) -> str:
        """All of it, in one line."""
        failed = f", {counts.failed} failed" if counts.failed else ""
        return (
            f"{counts.submitted} windows in {elapsed_s:.1f} s, {counts.done} answered, "
            f"{counts.dropped} dropped{failed}; {self.said()}; latency {self.latency()}"
        )
