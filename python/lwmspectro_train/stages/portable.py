# SPDX-License-Identifier: GPL-3.0-or-later
"""Experts as ONNX models that read whole vectors of tokens, checked against the weights."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from gnuradio.lwmspectro.spec import Spec
from torch import Tensor, nn

from .. import columns
from ..lwm.answers import MOBILITY, MODULATION, SNR
from ..lwm.config import Model, planes_read
from ..lwm.expert import Expert

OUTPUTS = (MODULATION, SNR, MOBILITY, "embedding")
"""Of an expert in a bundle: logits (b, 5), dB (b, 1), logits (b, 3), and (b, d)."""

PARITY = 1e-3
"""Largest difference between torch and onnxruntime, against the largest value of an output."""

_OPSET = 17


def grids_needed(models: Mapping[str, Model]) -> tuple[str, ...]:
    """Numerologies whose grids the tokenizer must make for these experts, in the kernels' order."""
    from gnuradio.lwmspectro import kernels

    wanted = {
        source.numerology
        for model in models.values()
        for source in model.sources
        if source.numerology
    }
    return tuple(name for name in kernels.symbol_grids if name in wanted)


class OfTokens(nn.Module):
    """An expert on vectors of tokens (b, vlen): takes the views that it reads out of them."""

    def __init__(self, expert: Expert, spec: Spec) -> None:
        super().__init__()
        self.expert = expert
        read = set(expert.model.columns)
        self.parts = [v for v in columns.views(spec.kernel_spec()) if v.name in read]
        if missing := sorted(read - {part.name for part in self.parts}):
            raise ValueError(f"spec: expected grids for {missing}, got {list(spec.grids)}")
        self.planes = planes_read(expert.model)

    def views(self, tokens: Tensor) -> dict[str, Tensor]:
        """Raw views by column."""
        found = {}
        for part in self.parts:
            view = tokens[:, part.start : part.start + part.size].unflatten(1, part.shape)
            planes = self.planes.get(part.name)
            if planes is not None and len(planes) != part.shape[0]:
                view = torch.stack([view[:, k] for k in planes], dim=1)
            found[part.name] = view
        return found

    def forward(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """``OUTPUTS``, in their order."""
        encoded = self.expert.encode(self.expert.cut(self.views(tokens)))
        heads = self.expert.heads
        return (
            heads[MODULATION](encoded) + self.expert.modulation_bias,
            self.expert.snr_db(heads[SNR](encoded)),
            heads[MOBILITY](encoded),
            encoded.mean(dim=1),
        )


def to_onnx(expert: Expert, spec: Spec) -> bytes:
    """The expert as an ONNX model: tokens float32 (batch, vlen) to ``OUTPUTS``."""
    names = ("tokens", *OUTPUTS)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "expert.onnx")
        torch.onnx.export(
            OfTokens(expert, spec).eval(),
            (torch.zeros(2, spec.vlen),),
            file,
            input_names=["tokens"],
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "batch"} for name in names},
            opset_version=_OPSET,
            dynamo=False,
        )
        return file.read_bytes()


def check_parity(
    expert: Expert, spec: Spec, model: bytes, tokens: npt.NDArray[np.float32]
) -> float:
    """Largest difference over tokens (n, vlen), against the largest value of that output.

    Raises:
        ValueError: it exceeds ``PARITY``, or the model cannot take another batch size.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    reference = OfTokens(expert, spec).eval()
    worst = 0.0
    for batch in (tokens[:1], tokens):
        got = session.run(list(OUTPUTS), {"tokens": batch})
        with torch.no_grad():
            expected = reference(torch.from_numpy(batch))
        for name, mine, truth in zip(OUTPUTS, got, expected, strict=True):
            if mine.shape != tuple(truth.shape):
                raise ValueError(f"{name}: expected shape {tuple(truth.shape)}, got {mine.shape}")
            scale = max(1.0, float(truth.abs().max()))
            worst = max(worst, float(np.abs(mine - truth.numpy()).max()) / scale)
    if not worst <= PARITY:
        raise ValueError(f"parity: expected at most {PARITY:g}, got {worst:g}")
    return worst
