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
"""Tokens, float32 (batch, router_vlen), to logits, float32 (batch, labels)."""

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
    window came), ``dropped_windows`` (uint64, so far) and ``model`` (symbol).

    The model runs in a thread of its own behind a bounded queue, in batches when it is
    behind. Policy ``drop`` is for radios: the stream is never held up, the oldest window
    goes first, drops are counted and logged now and then. Policy ``block`` is for files:
    every window is answered, and the flowgraph waits.

    A window fails, and gets no message, when the model raises an error or gives logits that
    are not finite, and when its sample rate, which an rx_rate tag may have changed, is out of
    the range of the bundle.
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
            BundleError: the bundle or its model is wrong, or the bundle is for tokens that
                the tokenizer of this installation does not make.
            ProviderError: the provider is not available.
            ValueError: an argument is out of range.
        """
        self._bundle = open_bundle(model)
        self._spec = self._bundle.spec
        self._spec.kernel_spec()
        gr.sync_block.__init__(
            self, name="moe_classifier", in_sig=[(np.float32, self._spec.vlen)], out_sig=None
        )
        self._router = router if router is not None else Router(self._bundle, provider, threads)
        self._policy = policy
        self._worker: Worker[_Window] = Worker(
            self._classify, policy, queue_depth, batch, STOP_GRACE_S, self._log_failure
        )
        self._listeners: list[Callable[[Message], None]] = []
        self._arrival_listeners: list[Callable[[WindowInfo], None]] = []
        self._stream_error: Exception | None = None
        self._listener_error: BaseException | None = None
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
    def error(self) -> BaseException | None:
        """The first failure, of stream, model or listener; None while all is well."""
        return self._stream_error or self._worker.error or self._listener_error

    def windows_in(self) -> int:
        """Windows received so far: classified + failed + dropped + still on their way."""
        return self.counts.submitted

    def classified(self) -> int:
        """Windows answered so far."""
        return self.counts.done

    def failed(self) -> int:
        """Windows that failed so far."""
        return self.counts.failed

    def dropped(self) -> int:
        """Windows dropped so far."""
        return self.counts.dropped

    def add_listener(self, listener: Callable[[Message], None]) -> None:
        """Calls ``listener`` with each message as a Python dict, in the thread of the model.

        When the flowgraph has stopped by itself and ``wait()`` has returned, listeners have
        been given every message. What a listener raises is logged and kept in
        :attr:`error`; the window counts as answered.
        """
        self._listeners.append(listener)

    def add_arrival_listener(self, listener: Callable[[WindowInfo], None]) -> None:
        """Calls ``listener`` with each window that comes in, before it waits for the model.

        In the thread of the scheduler, in order; for those that are dropped later, too.
        """
        self._arrival_listeners.append(listener)

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
            for listener in self._arrival_listeners:
                self._tell(listener, infos[index])
            self._worker.submit(_Window(vector.copy(), infos[index]))
        if self._policy == BLOCK:
            # messages posted after this block has ended would not reach their readers
            self._worker.wait_idle()
        elif self.dropped() > self._drops_logged and self._warn_of_drops.due():
            self._log_drops()
        return len(tokens)

    def _classify(self, windows: list[_Window]) -> list[BaseException]:
        """Answers windows; returns an error for each one that failed."""
        failures: list[BaseException] = []
        first = slice(self._spec.router_vlen)  # symbol grids, which follow, are for experts
        logits = self._router(np.stack([window.tokens[first] for window in windows]))
        if len(logits) != len(windows):
            raise ValueError(f"model: expected {len(windows)} rows of logits, got {len(logits)}")
        for row, window in zip(logits, windows, strict=True):
            try:
                answer = self._describe(row, window)
            except ValueError as error:
                failures.append(error)
                continue
            self.message_port_pub(self._port, message.to_pmt(answer))
            for listener in self._listeners:
                self._tell(listener, answer)
        return failures

    def _tell(self, listener: Callable[[Any], None], what: Any) -> None:
        try:
            listener(what)
        except BaseException as error:  # not the model's fault, nor the stream's
            if self._listener_error is None:
                self.logger.error(f"a listener failed: {error!r}")
                self._listener_error = error

    def _describe(self, logits: NDArray[np.float32], window: _Window) -> Message:
        spec, info = self._spec, window.info
        spec.check_samp_rate(info.sample_rate)
        c0, c3, _ = np.split(window.tokens, [spec.spectrogram_size, spec.router_vlen])
        c0 = c0.reshape(spec.n_frames, spec.n_bins)
        frames = max(1, int(info.valid_fraction * spec.n_frames))  # the rest is padding
        verdict = decide(
            logits,
            c0[:frames],
            c3.reshape(len(spec.correlogram_rows), -1),
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

    def _log_failure(self, error: BaseException) -> None:
        self.logger.error(f"the model failed: {error}")
