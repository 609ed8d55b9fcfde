# SPDX-License-Identifier: GPL-3.0-or-later
"""The block that runs the model: vectors of tokens in, classification messages out."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from . import keys, message
from .bundle import Bundle, open_bundle
from .decision import decide
from .inference import DEFAULT_PROVIDER, DEFAULT_THREADS, Router
from .message import Message
from .window_info import WindowInfo
from .worker import BLOCK, DROP, Counts, RateLimit, Worker

Model = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Tokens, float32 (batch, vlen), to logits, float32 (batch, labels)."""

DEFAULT_QUEUE_DEPTH = 8
DEFAULT_BATCH = 8
WARN_PERIOD_S = 5.0
STOP_GRACE_S = 0.25


@dataclass(frozen=True)
class _Window:
    tokens: NDArray[np.float32]
    info: WindowInfo


class moe_classifier(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """Says of each window of tokens which protocol it holds, or why that is not said.

    Input: vectors of float, as the ``tokenizer`` makes them, each with a ``window`` tag.
    Message port ``classification``, out: one PMT dict a window, with the keys of keys.py:
    ``status`` (symbol: ok, no_signal, unknown, partial), ``protocol`` (symbol; where the
    status is ok), ``protocol_p`` (double), ``sample_start``, ``sample_count`` (uint64),
    ``rx_time`` (tuple of uint64 seconds and double fraction), ``sample_rate``,
    ``center_freq`` (double, Hz), ``latency_s`` (double, since the last sample of the
    window), ``dropped_windows`` (uint64, so far) and ``model`` (symbol).

    The model runs in a thread of its own behind a bounded queue, in batches when it is
    behind. Policy ``drop`` is for radios: the stream is never held up, the oldest window
    goes first, drops are counted and logged now and then. Policy ``block`` is for files:
    every window is answered, and the flowgraph waits.
    """

    def __init__(
        self,
        model: Bundle | str | os.PathLike[str] = "",
        policy: str = DROP,
        queue_depth: int = DEFAULT_QUEUE_DEPTH,
        batch: int = DEFAULT_BATCH,
        threads: int = DEFAULT_THREADS,
        provider: str = DEFAULT_PROVIDER,
        router: Model | None = None,
    ) -> None:
        """Checks the bundle and opens its model.

        Args:
            model: a bundle or its folder; nothing for the default one.
            policy: ``drop`` or ``block``.
            queue_depth: most windows that wait for the model.
            batch: most windows handed to the model at once.
            threads: threads of one inference.
            provider: ``cpu``, ``openvino``, ``cuda``, or a provider's name in onnxruntime.
            router: what to run in place of the bundle's router; ``threads`` and
                ``provider`` are not used then.

        Raises:
            BundleError: the bundle or its model is wrong.
            ProviderError: the provider is not available.
            ValueError: an argument is out of range.
        """
        self._bundle = open_bundle(model)
        self._spec = self._bundle.spec
        gr.sync_block.__init__(
            self, name="moe_classifier", in_sig=[(np.float32, self._spec.vlen)], out_sig=None
        )
        self._router = router if router is not None else Router(self._bundle, provider, threads)
        self._policy = policy
        self._worker: Worker[_Window] = Worker(
            self._classify, policy, queue_depth, batch, STOP_GRACE_S, self._log_failure
        )
        self._listeners: list[Callable[[Message], None]] = []
        self._stream_error: Exception | None = None
        self._warn_of_drops = RateLimit(WARN_PERIOD_S)
        self._drops_logged = 0
        self._port = pmt.intern(keys.CLASSIFICATION)
        self._window_key = pmt.intern(keys.WINDOW)
        self.message_port_register_out(self._port)

    @property
    def bundle(self) -> Bundle:
        """The bundle in use."""
        return self._bundle

    @property
    def counts(self) -> Counts:
        """Windows submitted, done, failed and dropped so far."""
        return self._worker.counts

    @property
    def error(self) -> Exception | None:
        """The first failure, of the stream or of the model; None while all is well."""
        return self._stream_error or self._worker.error

    def windows_in(self) -> int:
        """Windows received so far: classified + failed + dropped + still on their way."""
        return self.counts.submitted

    def classified(self) -> int:
        """Windows answered so far."""
        return self.counts.done

    def failed(self) -> int:
        """Windows on which the model failed so far."""
        return self.counts.failed

    def dropped(self) -> int:
        """Windows dropped so far."""
        return self.counts.dropped

    def add_listener(self, listener: Callable[[Message], None]) -> None:
        """Calls ``listener`` with each message as a Python dict, in the thread of the model.

        When the flowgraph has stopped by itself and ``wait()`` has returned, listeners have
        been given every message.
        """
        self._listeners.append(listener)

    def cancel(self) -> None:
        """Drops what is queued and what comes, so that stopping the flowgraph is quick."""
        self._worker.cancel()

    def start(self) -> bool:
        """Called by the scheduler."""
        self._worker.start()
        return True

    def stop(self) -> bool:
        """Called by the scheduler: ``block`` answers what is queued, ``drop`` the little it can."""
        self._worker.stop()
        self._log_drops()
        return True

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler."""
        tokens = input_items[0]
        first = self.nitems_read(0)
        tags = self.get_tags_in_range(0, first, first + len(tokens), self._window_key)
        try:
            infos = {tag.offset - first: WindowInfo.from_pmt(tag.value) for tag in tags}
            if len(infos) < len(tokens):
                raise ValueError(f"expected a {keys.WINDOW!r} tag on every vector: no tokenizer?")
        except ValueError as error:
            self._stream_error = error
            self.logger.error(str(error))
            return int(gr.WORK_DONE)
        for index, vector in enumerate(tokens):
            self._worker.submit(_Window(vector.copy(), infos[index]))
        if self._policy == BLOCK:
            # messages posted after this block has ended would not reach their readers
            self._worker.wait_idle()
        elif self.dropped() > self._drops_logged and self._warn_of_drops.due():
            self._log_drops()
        return len(tokens)

    def _classify(self, windows: list[_Window]) -> None:
        logits = self._router(np.stack([window.tokens for window in windows]))
        if len(logits) != len(windows):
            raise ValueError(f"model: expected {len(windows)} rows of logits, got {len(logits)}")
        for row, window in zip(logits, windows, strict=True):
            answer = self._describe(row, window)
            self.message_port_pub(self._port, message.to_pmt(answer))
            for listener in self._listeners:
                listener(answer)

    def _describe(self, logits: NDArray[np.float32], window: _Window) -> Message:
        spec, info = self._spec, window.info
        c0 = window.tokens[: spec.spectrogram_size].reshape(spec.n_frames, spec.n_bins)
        frames = max(1, int(info.valid_fraction * spec.n_frames))  # the rest is padding
        verdict = decide(
            logits,
            c0[:frames],
            self._bundle.protocols,
            self._bundle.thresholds,
            info.valid_fraction,
        )
        answer: Message = {keys.STATUS: verdict.status}
        if verdict.protocol is not None:
            answer[keys.PROTOCOL] = verdict.protocol
        return answer | {
            keys.PROTOCOL_P: verdict.protocol_p,
            keys.SAMPLE_START: info.sample_start,
            keys.SAMPLE_COUNT: info.sample_count,
            keys.RX_TIME: info.rx_time,
            keys.SAMPLE_RATE: info.sample_rate,
            keys.CENTER_FREQ: info.center_freq,
            keys.LATENCY_S: max(0.0, time.monotonic() - info.completed_at),
            keys.DROPPED_WINDOWS: self.dropped(),
            keys.MODEL: self._bundle.id,
        }

    def _log_drops(self) -> None:
        counts = self.counts
        if counts.dropped > self._drops_logged:
            self._drops_logged = counts.dropped
            self.logger.warn(
                f"{counts.dropped} of {counts.submitted} windows dropped so far: "
                "the model is slower than the stream"
            )

    def _log_failure(self, error: Exception) -> None:
        self.logger.error(f"the model failed: {error}")
