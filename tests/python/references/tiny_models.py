# SPDX-License-Identifier: GPL-3.0-or-later
"""ONNX models that hand on a few of their tokens, for bundles of tests."""

from typing import Any

import numpy as np
import onnx

MODULATIONS = ("BPSK", "QPSK", "16QAM", "64QAM", "256QAM")
MOBILITIES = ("static", "pedestrian", "vehicular")
SNR_LEVELS = {"wifi": 100.0, "lte": 200.0, "nr": 300.0}
"""What each expert adds to its SNR: shows which one has run."""

LOGITS = slice(0, 4)  # of the router
PARTS = {
    "modulation": slice(4, 9),
    "snr_db": slice(9, 10),
    "mobility": slice(10, 13),
    "embedding": slice(20, 148),
}
"""Where the outputs of an expert stand among its tokens."""


def tiny_router(vlen: int, gain: float = 1.0, bias: tuple[float, ...] = (0, 0, 0, 0)) -> bytes:
    """Tokens (batch, vlen) to logits = tokens[:, LOGITS] * gain + bias."""
    return _model(vlen, {"logits": (LOGITS, gain, bias)})


def tiny_expert(vlen: int, protocol: str, gain: float = 1.0) -> bytes:
    """Tokens (batch, vlen) to PARTS; logits times ``gain``, SNR plus SNR_LEVELS[protocol]."""
    outputs = {}
    for name, part in PARTS.items():
        factor = gain if name in ("modulation", "mobility") else 1.0
        outputs[name] = (part, factor, SNR_LEVELS[protocol] if name == "snr_db" else 0.0)
    return _model(vlen, outputs)


def tensor(name: str, size: int) -> dict[str, Any]:
    """A tensor as bundle.json describes it."""
    return {"name": name, "shape": ["batch", size], "dtype": "float32"}


def describe_router(vlen: int) -> dict[str, Any]:
    """The router as bundle.json describes it."""
    return {
        "file": "router.onnx",
        "input": tensor("tokens", vlen),
        "outputs": [tensor("logits", 4)],
    }


def describe_expert(vlen: int, protocol: str) -> dict[str, Any]:
    """An expert as bundle.json describes it."""
    return {
        "file": f"expert_{protocol}.onnx",
        "input": tensor("tokens", vlen),
        "outputs": [tensor(name, part.stop - part.start) for name, part in PARTS.items()],
    }


def expert_fields(
    vlen: int, protocols: tuple[str, ...], least_p: float = 0.0, temperature: float = 1.0
) -> dict[str, Any]:
    """Models, labels and thresholds of experts, for bundle.json."""
    limit = {"temperature": temperature, "least_p": least_p}
    return {
        "models": {f"expert_{name}": describe_expert(vlen, name) for name in protocols},
        "labels": {"modulation": MODULATIONS, "mobility": MOBILITIES},
        "thresholds": {name: {"modulation": limit, "mobility": limit} for name in protocols},
    }


def _model(vlen: int, outputs: dict[str, tuple[slice, float, Any]]) -> bytes:
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes, constants, results = [], [("axes", np.array([1]))], []
    for name, (part, gain, bias) in outputs.items():
        constants += [
            (f"{name}_starts", np.array([part.start])),
            (f"{name}_ends", np.array([part.stop])),
            (f"{name}_gain", np.float32(gain)),
            (f"{name}_bias", np.float32(bias)),
        ]
        limits = [f"{name}_starts", f"{name}_ends", "axes"]
        nodes += [
            helper.make_node("Slice", ["tokens", *limits], [f"{name}_part"]),
            helper.make_node("Mul", [f"{name}_part", f"{name}_gain"], [f"{name}_scaled"]),
            helper.make_node("Add", [f"{name}_scaled", f"{name}_bias"], [name]),
        ]
        size = part.stop - part.start
        results.append(helper.make_tensor_value_info(name, kind, ["batch", size]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("tokens", kind, ["batch", vlen])],
        results,
        [onnx.numpy_helper.from_array(value, name) for name, value in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content: bytes = model.SerializeToString()
    return content
