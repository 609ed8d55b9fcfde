# SPDX-License-Identifier: GPL-3.0-or-later
"""The block that runs the model: vectors of tokens in, classification messages out."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from . import keys, message
from .bundle import Bundle, open_bundle
from .errors import BundleError, InputError
from .inference import DEFAULT_PROVIDER, DEFAULT_THREADS, Router, open_experts
from .message import Message
from .mixture import Description, Expert, Mixture
from .mixture import Router as RouterModel
from .window_info import WindowInfo
from .window_message import embedding_pdu, window_message
from .worker import BLOCK, DROP, Counts, RateLimit, Worker

DEFAULT_QUEUE_DEPTH = 8
DEFAULT_BATCH = 8
WARN_PERIOD_S = 5.0
LOOK_S = 0.02  # between two looks at whether the model has done its work
STOP_GRACE_S = 0.25


@dataclass(frozen=True)
class _Window:
    tokens: NDArray[np.float32]
    info: WindowInfo


class moe_classifier(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """Says of each window of tokens what it holds, or why that is not said.

    The router of the bundle reads every window; where it names a protocol, the expert of that
    protocol, and no other, reads it as well.

    Input: vectors of float, as the ``tokenizer`` makes them, each with a ``window`` tag.
    Message port ``classification``, out: one PMT dict a window, with the keys of keys.py:
    ``status`` (symbol: ok, no_signal, unknown, partial), ``protocol`` (symbol; where the
    status is ok), ``protocol_p`` (double), ``sample_start``, ``sample_count`` (uint64),
    ``rx_time`` (tuple of uint64 seconds and double fraction), ``sample_rate``,
    ``center_freq`` (double, Hz), ``latency_s`` (double, since the last sample of the
    window came), ``dropped_windows`` (uint64, so far) and ``model`` (symbol); and where the
    status is ok and the bundle has an expert for the protocol, ``modulation``, ``mobility``
    (symbol; absent where less probable than the bundle asks), ``modulation_p``,
    ``mobility_p`` (double) and ``snr_db`` (double, dB).

    Message port ``embedding``, out, only with ``embeddings``: for each window that an expert
    has read, a PDU (dict . f32vector) of 128 values, the dict with ``protocol``,
    ``sample_start``, ``sample_count``, ``rx_time``, ``sample_rate``, ``center_freq`` and
    ``model`` of the window's message, which comes first.

    The models run in a thread of its own behind a bounded queue, in batches when it is
    behind. Policy ``drop`` is for radios: the stream is never held up, the oldest window
    goes first, drops are counted and logged now and then. Policy ``block`` is for files:
    every window is answered, and the flowgraph waits.

    A window fails, and gets no message, when a model that it is given raises an error or gives
    numbers that are not finite, and when its sample rate, which an rx_rate tag may have changed,
    is out of the range of the bundle.
    """

    def __init__(
        self,
        model: Bundle | str | os.PathLike[str] = "",
        policy: str = DROP,
        queue_depth: int = DEFAULT_QUEUE_DEPTH,
        batch: int = DEFAULT_BATCH,
        threads: int = DEFAULT_THREADS,
        provider: str = DEFAULT_PROVIDER,
        embeddings: bool = False,
        router: RouterModel | None = None,
        experts: Mapping[str, Expert] | None = None,
    ) -> None:
        """Checks the bundle and opens its models.

        Args:
            model: a bundle or its folder; nothing for the default one.
            policy: ``drop`` or ``block``.
            queue_depth: most windows that wait for the model.
            batch: most windows handed to the model at once.
            threads: threads of one inference.
            provider: ``cpu``, ``openvino``, ``cuda``, or a provider's name in onnxruntime.
            embeddings: send the embeddings of windows on a port of their own.
            router: what to run in place of the bundle's router; ``threads`` and
                ``provider`` are not used for it then.
            experts: likewise, by protocol, in place of all of the bundle's experts.

        Raises:
            BundleError: the bundle or a model of it is wrong, or the bundle is for tokens that
                the tokenizer of this installation does not make, or it has no experts where
                embeddings are asked for.
            ProviderError: the provider is not available.
            ValueError: an argument is out of range.
        """
        self._bundle = open_bundle(model)
        self._spec = self._bundle.spec
        self._spec.kernel_spec()
        gr.sync_block.__init__(
            self, name="moe_classifier", in_sig=[(np.float32, self._spec.vlen)], out_sig=None
        )
        if embeddings and not self._bundle.experts:
            raise BundleError(
                f"embeddings: expected a bundle with experts, got {self._bundle.id}: a router alone"
            )
        self._mixture = Mixture(
            self._bundle,
            Router(self._bundle, provider, threads) if router is None else router,
            open_experts(self._bundle, provider, threads) if experts is None else experts,
        )
        self._embeddings = embeddings
        self._policy = policy
        self._depth = queue_depth
        self._worker: Worker[_Window] = Worker(
            self._classify, policy, queue_depth, batch, STOP_GRACE_S, self._log_failure
        )
        self._listeners: list[Callable[[Message], None]] = []
        self._arrival_listeners: list[Callable[[WindowInfo], None]] = []
        self._handed = 0  # windows that are with the worker, and still in the input
        self._stream_error: Exception | None = None
        self._listener_error: BaseException | None = None
        self._warn_of_drops = RateLimit(WARN_PERIOD_S)
        self._drops_logged = 0
        self._port = pmt.intern(keys.CLASSIFICATION)
        self._window_key = pmt.intern(keys.WINDOW)
        self._embedding_port = pmt.intern(keys.EMBEDDING)
        self.message_port_register_out(self._port)
        if embeddings:
            self.message_port_register_out(self._embedding_port)

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
        self._handed = 0  # GNU Radio empties the input when a flowgraph is started or changed
        self._worker.start()
        return True

    def stop(self) -> bool:
        """Called by the scheduler: ``block`` answers what is queued, ``drop`` the little it can."""
        self._worker.stop()
        self._log_drops()
        return True

    def forecast(self, noutput_items: int, ninputs: int) -> list[int]:
        """Called by the scheduler before each work(): waits here for the model, if at all.

        In work() it would hold up the tokenizer: whatever consumes without producing waits until
        none of its readers is in work() (gr::block_executor, custom_lock). Under ``drop`` it waits
        a moment, in which few windows come, and looks again.
        """
        if self._handed:
            self._worker.wait_idle(None if self._policy == BLOCK else LOOK_S)
        return [noutput_items] * ninputs

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler; windows are consumed when they are answered.

        For as long as there is input, the scheduler does not end this block: messages posted after
        that would not reach their readers. Under ``drop`` the last window alone is kept for that.
        """
        handed = min(self._handed, len(input_items[0]))
        idle = self._worker.wait_idle(None if self._policy == BLOCK else 0.0)
        limit = self._depth if self._policy == BLOCK else None  # submit() would wait beyond
        tokens = input_items[0][handed:][:limit]
        first = self.nitems_read(0) + handed
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
        if self.dropped() > self._drops_logged and self._warn_of_drops.due():
            self._log_drops()
        kept = len(tokens) if self._policy == BLOCK else 1
        if not len(tokens):
            kept = 0 if idle else handed
        self._handed += kept - handed
        return handed + len(tokens) - kept

    def _classify(self, windows: list[_Window]) -> list[BaseException]:
        """Answers windows; returns an error for each one that failed."""
        failures: list[BaseException] = []
        known: list[_Window] = []
        for window in windows:
            try:
                self._spec.check_samp_rate(window.info.sample_rate)
                known.append(window)
            except InputError as error:
                failures.append(error)
        if not known:
            return failures
        results = self._mixture(
            [window.tokens for window in known], [window.info.valid_fraction for window in known]
        )
        for window, result in zip(known, results, strict=True):
            if isinstance(result, Exception):
                failures.append(result)
            else:
                self._send(window.info, result)
        return failures

    def _send(self, info: WindowInfo, description: Description) -> None:
        answer = window_message(description, info, self.dropped(), self._bundle.id)
        self.message_port_pub(self._port, message.to_pmt(answer))
        if self._embeddings and description.answer is not None:
            pdu = embedding_pdu(answer, description.answer.embedding)
            self.message_port_pub(self._embedding_port, pdu)
        for listener in self._listeners:
            self._tell(listener, answer)

    def _tell(self, listener: Callable[[Any], None], what: Any) -> None:
        try:
            listener(what)
        except BaseException as error:  # not the model's fault, nor the stream's
            if self._listener_error is None:
                self.logger.error(f"a listener failed: {error!r}")
                self._listener_error = error

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
