# SPDX-License-Identifier: GPL-3.0-or-later
"""The block that people drag: I/Q samples in, classification messages out."""

import os
from collections.abc import Callable, Mapping

from gnuradio import gr

from . import keys
from .bundle import Bundle, open_bundle
from .inference import DEFAULT_PROVIDER, DEFAULT_THREADS
from .lwmspectro_python import tokenizer
from .message import Message
from .mixture import Expert, Router
from .moe_classifier import DEFAULT_BATCH, DEFAULT_QUEUE_DEPTH, moe_classifier
from .window_info import WindowInfo
from .worker import DROP, Counts


class classifier(gr.hier_block2):  # noqa: N801 - GNU Radio's naming of blocks
    """A ``tokenizer`` and a ``moe_classifier``, both set up from one model bundle.

    Input: complex baseband at ``samp_rate``; the tags ``rx_rate``, ``rx_freq``, ``rx_time``
    and ``flush`` are heeded, see the tokenizer. Message port ``classification``, out: one
    PMT dict a window; message port ``embedding``, out, only with ``embeddings``: PDUs. See the
    moe_classifier.
    """

    def __init__(
        self,
        samp_rate: float,
        center_freq: float = 0.0,
        model: Bundle | str | os.PathLike[str] = "",
        policy: str = DROP,
        provider: str = DEFAULT_PROVIDER,
        threads: int = DEFAULT_THREADS,
        queue_depth: int = DEFAULT_QUEUE_DEPTH,
        batch: int = DEFAULT_BATCH,
        embeddings: bool = False,
        router: Router | None = None,
        experts: Mapping[str, Expert] | None = None,
    ) -> None:
        """Checks the bundle and opens its models.

        Args:
            samp_rate: Hz, in the range of the bundle's spec; an rx_rate tag overrides it.
                Windows at a rate out of that range fail: they get no message.
            center_freq: Hz; an rx_freq tag overrides it.
            model: a bundle or its folder; nothing for the default one.
            policy: ``drop`` (radios) or ``block`` (files).
            provider: ``cpu``, ``openvino``, ``cuda``, or a provider's name in onnxruntime.
            threads: threads of one inference.
            queue_depth: most windows that wait for the model.
            batch: most windows handed to the model at once.
            embeddings: send the embeddings of windows on a port of their own.
            router: what to run in place of the bundle's router.
            experts: what to run in place of all of its experts, by protocol.

        Raises:
            BundleError: the bundle or a model of it is wrong, or it has no experts where
                embeddings are asked for.
            InputError: the sample rate is out of the bundle's range.
            ProviderError: the provider is not available.
            ValueError: another argument is out of range.
        """
        gr.hier_block2.__init__(
            self,
            "classifier",
            gr.io_signature(1, 1, gr.sizeof_gr_complex),
            gr.io_signature(0, 0, 0),
        )
        bundle = open_bundle(model)
        bundle.spec.check_samp_rate(samp_rate)
        self._tokenizer = tokenizer(samp_rate, bundle.spec.kernel_spec(), center_freq)
        self._tokenizer.set_min_output_buffer(2 * batch)  # where a batch can gather
        self._model = moe_classifier(
            bundle, policy, queue_depth, batch, threads, provider, embeddings, router, experts
        )
        self.connect(self, self._tokenizer, self._model)
        for port in (keys.CLASSIFICATION, *([keys.EMBEDDING] if embeddings else [])):
            self.message_port_register_hier_out(port)
            self.msg_connect((self._model, port), (self, port))

    @property
    def bundle(self) -> Bundle:
        """The bundle in use."""
        return self._model.bundle

    @property
    def counts(self) -> Counts:
        """Windows submitted, done, failed and dropped so far."""
        return self._model.counts

    @property
    def error(self) -> BaseException | None:
        """The first failure, of stream, model or listener; None while all is well."""
        return self._model.error

    def set_samp_rate(self, samp_rate: float) -> None:
        """Says that the samples come at another rate, Hz: closes the open window.

        Raises:
            InputError: the sample rate is out of the bundle's range.
        """
        self.bundle.spec.check_samp_rate(samp_rate)
        self._tokenizer.set_samp_rate(samp_rate)

    def set_center_freq(self, center_freq: float) -> None:
        """Says that the radio was retuned, Hz: closes the open window."""
        self._tokenizer.set_center_freq(center_freq)

    def add_listener(self, listener: Callable[[Message], None]) -> None:
        """Calls ``listener`` with each message as a Python dict; see moe_classifier."""
        self._model.add_listener(listener)

    def add_arrival_listener(self, listener: Callable[[WindowInfo], None]) -> None:
        """Calls ``listener`` with each window that comes in; see moe_classifier."""
        self._model.add_arrival_listener(listener)

    def cancel(self) -> None:
        """Drops what is queued and what comes, so that stopping the flowgraph is quick."""
        self._model.cancel()
