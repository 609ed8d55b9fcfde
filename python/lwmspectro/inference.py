# SPDX-License-Identifier: GPL-3.0-or-later
"""The router of a bundle as a function of tokens, run by onnxruntime."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .bundle import ROUTER, Bundle, Tensor
from .errors import BundleError, ProviderError
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


class Router:
    """Tokens in, logits out.

    Threads of onnxruntime are explicit and never spin: a pool that spins starves the
    flowgraph that feeds it.
    """

    def __init__(
        self, bundle: Bundle, provider: str = DEFAULT_PROVIDER, threads: int = DEFAULT_THREADS
    ) -> None:
        """Opens the model and runs it once.

        Args:
            bundle: the model's bundle.
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
        model = bundle.manifest.models[ROUTER]
        self._where = str(bundle.folder / model.file)
        self._input, self._output = model.input, model.output
        self._session = _open(bundle.read(model.file), provider, threads, self._where)
        self._check("input", self._session.get_inputs(), model.input)
        self._check("output", self._session.get_outputs(), model.output)
        try:
            self(np.zeros((1, bundle.spec.router_vlen), np.float32))
        except Exception as error:
            raise BundleError(f"{self._where}: does not run: {_first_line(error)}") from None

    @property
    def provider(self) -> str:
        """Name of the provider that runs the model."""
        return str(self._session.get_providers()[0])

    def __call__(self, tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of a batch.

        Args:
            tokens: float32, shape (batch, router_vlen): C0 and C3.

        Returns:
            float32, shape (batch, labels).

        Raises:
            ValueError: the model gave another shape.
        """
        feed = {self._input.name: np.ascontiguousarray(tokens, np.float32)}
        logits: NDArray[np.float32] = self._session.run([self._output.name], feed)[0]
        expected = (tokens.shape[0], self._output.shape[1])
        if logits.shape != expected:
            raise ValueError(f"{self._where}: expected logits {expected}, got {logits.shape}")
        return logits

    def _check(self, kind: str, tensors: list[Any], expected: Tensor) -> None:
        got = [(t.name, list(t.shape), _DTYPES.get(t.type, t.type)) for t in tensors]
        wanted = (expected.name, list(expected.shape), expected.dtype)
        if len(got) == 1 and got[0][0] == wanted[0] and got[0][2] == wanted[2]:
            free = got[0][1][:1]
            if got[0][1][1:] == wanted[1][1:] and free and not isinstance(free[0], int):
                return
        raise BundleError(f"{self._where}: expected {kind} {wanted}, got {got}")


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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
