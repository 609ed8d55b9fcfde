#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a model that is far too slow hold up the radio, lose count or eat memory?

Two runs, each of the blocks that a live flowgraph has, with a stand-in for the model:

- live: a 2.4 MS/s throttled source, 39 windows/s, behind a model that takes 1 s a window.
  Back-pressure would show as samples that come late.
- long: 10,000 windows as fast as the tokenizer makes them, some 20 times faster than a
  radio would, with the model's time scaled down alike, so that as many are dropped.
  A leak would show as memory that grows with the windows.

Prints what it saw; exits with 1 when a criterion fails.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gnuradio import blocks, gr
from gnuradio.lwmspectro import kernels, moe_classifier, tokenizer
from gnuradio.lwmspectro.bundle_writer import write_bundle
from gnuradio.lwmspectro.worker import DROP
from numpy.typing import NDArray

LIVE_RATE = 2.4e6
LONG_RATE = 1.92e6
WINDOW_S = 25.6e-3
MAX_LAG_S = 0.5  # of the source behind the clock: a busy machine; back-pressure makes it seconds
MAX_GROWTH_MIB = 8.0
WARM_UP = 0.4  # part of the long run after which memory must be flat
POLL_S = 0.02


class SlowModel:
    """Logits that take their time; ``hurry`` ends all waiting."""

    def __init__(self, seconds_a_window: float) -> None:
        self._seconds = seconds_a_window
        self.hurry = threading.Event()

    def __call__(self, tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        """Zeros, float32 (batch, 4), after as long as the batch takes."""
        self.hurry.wait(self._seconds * len(tokens))
        return np.zeros((len(tokens), 4), np.float32)


@dataclass
class Outcome:
    """What a run showed, and what of it is not as it must be."""

    name: str
    seconds: float
    windows: int
    classified: int
    dropped: int
    messages: int
    max_lag_s: float | None = None  # of the source behind the clock; not of all runs
    growth_mib: float | None = None  # of memory once warm; not of all runs

    def failures(self) -> list[str]:
        """Criteria that do not hold, as sentences."""
        found = []
        if self.windows != self.classified + self.dropped:
            found.append(f"{self.windows} windows, but {self.classified} + {self.dropped} counted")
        if self.messages != self.classified:
            found.append(f"{self.classified} windows classified, but {self.messages} messages")
        if self.dropped == 0:
            found.append("nothing was dropped: the model was not slow")
        if (self.max_lag_s or 0) > MAX_LAG_S:
            found.append(f"the source was {self.max_lag_s:.2f} s late: expected {MAX_LAG_S} s")
        if (self.growth_mib or 0) > MAX_GROWTH_MIB:
            found.append(f"memory grew by {self.growth_mib:.1f} MiB: expected {MAX_GROWTH_MIB}")
        return found

    def report(self) -> str:
        """A few lines for people."""
        rate = f"{self.windows} windows in {self.seconds:.1f} s"
        fate = f"{self.classified} classified, {self.dropped} dropped, {self.messages} messages"
        lines = [f"{self.name}: {rate}, {fate}"]
        if self.max_lag_s is not None:
            lines.append(f"  the source was late by {1e3 * self.max_lag_s:.0f} ms at most")
        if self.growth_mib is not None:
            lines.append(
                f"  memory: {rss_mib():.0f} MiB, {self.growth_mib:.1f} more than when warm"
            )
        return "\n".join(lines + [f"  FAILED: {failure}" for failure in self.failures()])


def rss_mib() -> float:
    """Memory of this process that is resident, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def bare_bundle(folder: Path) -> Path:
    """A bundle for the blocks to read; its model is never run."""
    vlen = kernels.window_spec().vlen
    write_bundle(
        folder,
        {
            "name": "soak",
            "version": "0",
            "spec": {
                "features": kernels.features_version,
                "n_frames": 128,
                "frame_us": 200,
                "n_bins": 128,
                "hop_frames": 128,
                "samp_rate_min": 1.92e6,
                "samp_rate_max": 61.44e6,
                "correlogram_rows": list(kernels.correlogram_rows),
            },
            "labels": {"protocol": ["wifi", "lte", "nr", "none"]},
            "thresholds": {
                "protocol_p": 0.7,
                "partial_p": 0.9,
                "energy_db": 6.0,
                "evidence_db": -200.0,
                "temperature": 1.0,
            },
            "models": {
                "router": {
                    "file": "router.onnx",
                    "input": {"name": "tokens", "shape": ["batch", vlen], "dtype": "float32"},
                    "outputs": [{"name": "logits", "shape": ["batch", 4], "dtype": "float32"}],
                }
            },
            "provenance": {},
            "metrics": {},
        },
        {"router.onnx": b"never run"},
        "# soak\n",
    )
    return folder


def noise(n: int) -> NDArray[np.complex64]:
    """White noise, complex64 (n,)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=2 * n).astype(np.float32).view(np.complex64)


class Rig:
    """Source, tokenizer and classifier, and a count of its messages."""

    def __init__(
        self, samp_rate: float, n_samples: int, paced: bool, model: SlowModel, policy: str = DROP
    ) -> None:
        self.model = model
        self.messages = 0
        self._n_samples = n_samples
        item = gr.sizeof_gr_complex
        samples = blocks.vector_source_c(noise(1 << 16), True)
        head = blocks.head(item, n_samples)
        pace = blocks.throttle(item, samp_rate) if paced else blocks.copy(item)
        with tempfile.TemporaryDirectory() as folder:
            bundle = bare_bundle(Path(folder, "soak"))
            self.classifier = moe_classifier(bundle, policy, router=model)
        self.classifier.add_listener(self._heard)
        self._tokenizer = tokenizer(samp_rate, self.classifier.bundle.spec.kernel_spec())
        self._graph = gr.top_block()
        self._graph.connect(samples, head, pace, self._tokenizer, self.classifier)
        self._pace = pace

    def _heard(self, _: object) -> None:
        self.messages += 1

    def produced(self) -> int:
        """Samples that the source has put out."""
        return int(self._pace.nitems_written(0))

    def run(self, watch: Callable[[float], None]) -> float:
        """Runs to the end of the stream; calls ``watch`` with the seconds gone now and then."""
        done = threading.Event()

        def wait() -> None:
            self._graph.wait()
            done.set()

        start = time.monotonic()
        self._graph.start()
        threading.Thread(target=wait).start()
        while not done.wait(POLL_S):
            watch(time.monotonic() - start)
            if self.produced() == self._n_samples:
                self.model.hurry.set()  # what is under way need not be waited for
        return time.monotonic() - start

    def outcome(self, name: str, seconds: float) -> Outcome:
        """What the blocks have counted."""
        counts = self.classifier.counts
        return Outcome(
            name,
            seconds,
            windows=self._tokenizer.windows(),
            classified=counts.done,
            dropped=counts.dropped,
            messages=self.messages,
        )


def live(seconds: float, model_s: float = 1.0, policy: str = DROP) -> Outcome:
    """The live run, ``seconds`` long, with a model of ``model_s`` seconds a window."""
    rig = Rig(LIVE_RATE, int(seconds * LIVE_RATE), True, SlowModel(model_s), policy)
    max_lag_s = 0.0

    def watch(elapsed_s: float) -> None:
        nonlocal max_lag_s
        max_lag_s = max(max_lag_s, min(elapsed_s, seconds) - rig.produced() / LIVE_RATE)

    took = rig.run(watch)
    outcome = rig.outcome("live", took)
    outcome.max_lag_s = max_lag_s
    return outcome


def long(windows: int, model_s: float = 0.05) -> Outcome:
    """The long run, of so many windows."""
    per_window = round(WINDOW_S * LONG_RATE)
    rig = Rig(LONG_RATE, windows * per_window, False, SlowModel(model_s))
    before: list[float] = [rss_mib()]
    after: list[float] = []

    def watch(_: float) -> None:
        warm = rig.produced() > WARM_UP * windows * per_window
        (after if warm else before).append(rss_mib())

    took = rig.run(watch)
    outcome = rig.outcome("long", took)
    after.append(rss_mib())
    outcome.growth_mib = max(0.0, max(after) - max(before))
    return outcome


def main() -> int:
    """Runs both; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of the live run (30)")
    parser.add_argument("--windows", type=int, default=10_000, help="of the long run (10000)")
    options = parser.parse_args()
    outcomes = []
    for run in (lambda: live(options.seconds), lambda: long(options.windows)):
        outcomes.append(run())
        print(outcomes[-1].report(), flush=True)
    failed = any(outcome.failures() for outcome in outcomes)
    print("soak: " + ("failed" if failed else "passed"))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
