# SPDX-License-Identifier: GPL-3.0-or-later
"""From trained weights to a model bundle, checked against the weights it came from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.bundle import Bundle
from gnuradio.lwmspectro.bundle_writer import write_bundle
from gnuradio.lwmspectro.spec import Spec
from gnuradio.lwmspectro.thresholds import Thresholds

from .dataset import TokenSet
from .router import Router
from .scene_plan import LABELS

PARITY = 1e-4  # largest difference of a logit between torch and onnxruntime
_OPSET = 17


def to_onnx(router: Router, vlen: int) -> bytes:
    """The router as an ONNX model: tokens float32 (batch, vlen) to logits (batch, classes)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "router.onnx")
        torch.onnx.export(
            router.eval(),
            (torch.zeros(2, vlen),),
            file,
            input_names=["tokens"],
            output_names=["logits"],
            dynamic_axes={"tokens": {0: "batch"}, "logits": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
        return file.read_bytes()


def check_parity(router: Router, model: bytes, tokens: np.ndarray) -> float:
    """Largest difference of a logit over tokens (n, vlen).

    Raises:
        ValueError: it exceeds ``PARITY``, or the model cannot take another batch size.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch in (tokens[:1], tokens):
        got = session.run(["logits"], {"tokens": batch})[0]
        with torch.no_grad():
            expected = router(torch.from_numpy(batch)).numpy()
        worst = max(worst, float(np.abs(got - expected).max()))
    if not worst <= PARITY:
        raise ValueError(f"parity: expected at most {PARITY:g}, got {worst:g}")
    return worst


def spec() -> Spec:
    """The spec of the tokenizer as built."""
    shape = kernels.window_spec()
    return Spec(
        n_frames=shape.n_frames,
        frame_us=shape.frame_us,
        n_bins=shape.n_bins,
        hop_frames=shape.hop_frames,
        samp_rate_min=kernels.min_samp_rate,
        samp_rate_max=kernels.max_samp_rate,
        correlogram_rows=tuple(kernels.correlogram_rows),
        features=kernels.features_version,
    )


def export(
    router: Router,
    folder: Path,
    limits: Thresholds,
    metrics: dict[str, Any],
    provenance: dict[str, Any],
    sample: TokenSet,
    card: str,
) -> Bundle:
    """Writes the bundle.

    Args:
        router: trained.
        folder: of the bundle; its last part becomes the bundle's name.
        limits: of the decision.
        metrics: of the test windows, for bundle.json.
        provenance: how it was made.
        sample: windows over which onnxruntime is compared with torch.
        card: text of MODEL_CARD.md.

    Raises:
        ValueError: the exported model does not compute what the router does.
    """
    model = to_onnx(router, spec().vlen)
    parity = check_parity(router, model, sample.tokens.astype(np.float32))
    versions = {name: importlib.metadata.version(name) for name in ("torch", "onnxruntime")}
    fields = {
        "name": folder.name,
        "version": f"1-{hashlib.sha256(model).hexdigest()[:8]}",
        "spec": spec(),
        "labels": {"protocol": LABELS},
        "thresholds": limits,
        "models": {
            "router": {
                "file": "router.onnx",
                "input": {"name": "tokens", "shape": ["batch", spec().vlen], "dtype": "float32"},
                "outputs": [
                    {"name": "logits", "shape": ["batch", len(LABELS)], "dtype": "float32"}
                ],
            }
        },
        "provenance": {**provenance, "versions": versions, "parity": parity},
        "metrics": metrics,
    }
    return write_bundle(folder, fields, {"router.onnx": model}, card)
