# SPDX-License-Identifier: GPL-3.0-or-later
"""The models of a bundle as functions of tokens, run by onnxruntime."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .bundle import Bundle
from .errors import BundleError, ProviderError
from .manifest import EXPERT, ROUTER, Tensor
from .packages import import_onnxruntime

if TYPE_CHECKING:
    import onnxruntime as ort

DEFAULT_PROVIDER = "cpu"
DEFAULT_THREADS = 1

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cuda": "CUDAExecutionProvider",
}
"""Short names of execution providers; any name of onnxruntime's is taken as well."""

_PLUGINS = {"OpenVINOExecutionProvider": "onnxruntime_ep_openvino"}
"""Providers that come as a package of their own and must be registered."""

_DTYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16"}
_LOG_FATAL = 4


class OnnxModel:
    """One model of a bundle: tokens in, tensors out by their names.

    Threads of onnxruntime are explicit and never spin: a pool that spins starves the
    flowgraph that feeds it.
    """

    def __init__(self, bundle: Bundle, name: str, provider: str, threads: int) -> None:
        """Opens the model and runs it once.

        Args:
            bundle: the model's bundle.
            name: of the model in bundle.json.
            provider: ``cpu``, ``openvino``, ``cuda``, or a provider's name in onnxruntime.
            threads: threads of one inference, 1 or more.

        Raises:
            BundleError: the file is not an ONNX model, or its tensors are not those that
                the bundle describes.
            ProviderError: the provider, or onnxruntime, is not available.
            ValueError: ``threads`` is less than 1.
        """
        if threads < 1:
            raise ValueError(f"threads: expected 1 or more, got {threads}")
        model = bundle.manifest.models[name]
        self._where = str(bundle.folder / model.file)
        self._input, self._outputs = model.input, model.outputs
        self._session = _open(bundle.read(model.file), provider, threads, self._where)
        self._check("input", self._session.get_inputs(), (model.input,))
        self._check("output", self._session.get_outputs(), model.outputs)
        try:
            self(np.zeros((1, int(model.input.shape[1])), np.float32))
        except Exception as error:
            raise BundleError(f"{self._where}: does not run: {_first_line(error)}") from None

    @property
    def provider(self) -> str:
        """Name of the provider that runs the model."""
        return str(self._session.get_providers()[0])

    def __call__(self, tokens: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Outputs of a batch, by name.

        Args:
            tokens: float32, shape (batch, values of the input).

        Returns:
            float32, each of shape (batch, values of that output).

        Raises:
            ValueError: the model gave another shape.
        """
        feed = {self._input.name: np.ascontiguousarray(tokens, np.float32)}
        names = [tensor.name for tensor in self._outputs]
        results = dict(zip(names, self._session.run(names, feed), strict=True))
        for tensor in self._outputs:
            expected, got = (tokens.shape[0], tensor.shape[1]), results[tensor.name].shape
            if got != expected:
                raise ValueError(f"{self._where}: expected {tensor.name} {expected}, got {got}")
        return results

    def _check(self, kind: str, tensors: list[Any], expected: tuple[Tensor, ...]) -> None:
        got = [(t.name, list(t.shape), _DTYPES.get(t.type, t.type)) for t in tensors]
        wanted = [(t.name, list(t.shape), t.dtype) for t in expected]
        for described in (got, wanted):
            described.sort(key=lambda tensor: tensor[0])
        if len(got) == len(wanted) and all(map(_fits, got, wanted)):
            return
        raise BundleError(
            f"{self._where}: expected {kind} {', '.join(map(str, wanted))}, got {got}"
        )


class Router:
    """The router: tokens in, logits out."""

    def __init__(
        self, bundle: Bundle, provider: str = DEFAULT_PROVIDER, threads: int = DEFAULT_THREADS
    ) -> None:
        """Opens the model and runs it once; see :class:`OnnxModel` for what it may raise."""
        self._model = OnnxModel(bundle, ROUTER, provider, threads)
        self._output = bundle.manifest.models[ROUTER].outputs[0].name

    @property
    def provider(self) -> str:
        """Name of the provider that runs the model."""
        return self._model.provider

    def __call__(self, tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of a batch.

        Args:
            tokens: float32, shape (batch, router_vlen): C0 and C3.

        Returns:
            float32, shape (batch, labels).

        Raises:
            ValueError: the model gave another shape.
        """
        return self._model(tokens)[self._output]


def open_experts(
    bundle: Bundle, provider: str = DEFAULT_PROVIDER, threads: int = DEFAULT_THREADS
) -> dict[str, OnnxModel]:
    """The experts of a bundle by their protocols; none where it holds a router alone.

    Each takes float32 (batch, vlen), the whole vector of tokens, and gives ``modulation`` and
    ``mobility`` (logits), ``snr_db`` (batch, 1) and ``embedding`` (batch, 128). See
    :class:`OnnxModel` for what opening them may raise.
    """
    return {
        protocol: OnnxModel(bundle, EXPERT + protocol, provider, threads)
        for protocol in bundle.experts
    }


def _open(content: bytes, provider: str, threads: int, where: str) -> ort.InferenceSession:
    ort = import_onnxruntime()
    name = PROVIDERS.get(provider.lower(), provider)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = _LOG_FATAL
    plugin = _register_plugin(ort, name)
    available = ort.get_available_providers()
    if name not in available:
        raise ProviderError(f"provider: expected one of {available}, got {provider!r}")
    try:
        if plugin:
            devices = [device for device in ort.get_ep_devices() if device.ep_name == name]
            options.add_provider_for_devices(devices[:1], {})
            session = ort.InferenceSession(content, options)
        else:
            session = ort.InferenceSession(content, options, providers=[name])
    except Exception as error:
        raise BundleError(f"{where}: cannot be opened: {_first_line(error)}") from None
    if session.get_providers()[0] != name:
        raise ProviderError(
            f"provider: expected {name}, got {session.get_providers()}: it cannot start here"
        )
    return session


def _register_plugin(ort: Any, name: str) -> bool:
    """True when a provider comes from a package of its own, which is registered then."""
    if name not in _PLUGINS or not hasattr(ort, "get_ep_devices"):  # an older one
        return False
    if name not in ort.get_available_providers():
        try:
            plugin = importlib.import_module(_PLUGINS[name])
        except ImportError:
            return False
        ort.register_execution_provider_library(name, plugin.get_library_path())
    return any(device.ep_name == name for device in ort.get_ep_devices())


def _fits(got: tuple[str, list[Any], str], wanted: tuple[str, list[Any], str]) -> bool:
    """Whether a tensor is as described; its batch must be free."""
    (name, shape, dtype), (_, wanted_shape, _) = got, wanted
    same = (name, dtype, shape[1:]) == (wanted[0], wanted[2], wanted_shape[1:])
    return same and len(shape) > 0 and not isinstance(shape[0], int)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
