# SPDX-License-Identifier: GPL-3.0-or-later
"""A faster variant of a bundle: the encoders of its experts in int8, measured beside the original.

Weights become int8 and activations uint8, by the range that each has at run time (ONNX Runtime's
dynamic quantisation); weights use 7 of the bits, since processors without VNNI add pairs of
products in 16 bits, which 8 would overflow. Views, patch embeddings and heads stay as they are:
what they compute is little, and decibels and log ratios do not fit 8 bits.
"""

from __future__ import annotations

import dataclasses
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from gnuradio.lwmspectro.bundle import Bundle
from gnuradio.lwmspectro.bundle_writer import write_bundle
from gnuradio.lwmspectro.manifest import EXPERT
from onnxruntime.quantization import QuantType, quantize_dynamic

from ..dataset import Windows, column
from ..lwm.answers import MOBILITY, MODULATION, SNR
from . import labels
from .bundle import version_of, whole_tokens
from .config import PROTOCOLS, Data
from .figures import answered, figures
from .limits import corrected
from .portable import OUTPUTS
from .predict import Predictions

POINTS = 1.0
"""What a share of right answers may fall by, in percent."""
MORE_DB = 0.1
"""What the median error of the SNR may rise by."""
_ENCODER = "/encoder/"
_BATCH = 64
_SHARES = (MODULATION, MOBILITY, "pedestrian_vehicular")


def int8(model: bytes) -> bytes:
    """An expert whose encoder multiplies int8 matrices.

    Raises:
        ValueError: it has no matrices of an encoder.
    """
    graph = onnx.load_from_string(model).graph
    weights = {tensor.name for tensor in graph.initializer}
    nodes = [
        node.name
        for node in graph.node
        if node.op_type == "MatMul" and _ENCODER in node.name and weights & set(node.input)
    ]
    if not nodes:
        raise ValueError("expert: expected an encoder in float32, found none")
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before.onnx"), Path(folder, "after.onnx")
        before.write_bytes(model)
        with _without_hints():
            quantize_dynamic(
                before,
                after,
                weight_type=QuantType.QInt8,
                nodes_to_quantize=nodes,
                per_channel=True,
                reduce_range=True,
            )
        return after.read_bytes()


@contextmanager
def _without_hints() -> Iterator[None]:
    """Keeps quiet that models may be pre-processed, which ONNX Runtime logs as a root warning."""
    root = logging.getLogger()

    def keep(record: logging.LogRecord) -> bool:
        return "pre-processing before quantization" not in record.getMessage()

    root.addFilter(keep)
    try:
        yield
    finally:
        root.removeFilter(keep)


def predictions(bundle: Bundle, protocol: str, model: bytes, windows: Windows) -> Predictions:
    """What an ONNX expert says of a test set's windows of its protocol."""
    rows = np.flatnonzero(labels.protocol_numbers(windows.table) == PROTOCOLS.index(protocol))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    parts: dict[str, list[Any]] = {name: [] for name in OUTPUTS}
    for first in range(0, len(rows), _BATCH):
        tokens = windows.tokens(rows[first : first + _BATCH]).astype(np.float32)
        for name, part in zip(OUTPUTS, session.run(list(OUTPUTS), {"tokens": tokens}), strict=True):
            parts[name].append(part)
    record = bundle.manifest.provenance["experts"][protocol]
    data = Data(**record["columns"] | {"train": str(windows.folder)})
    known = labels.of_table(windows.table, data)
    return Predictions(
        answers={name: np.concatenate(part) for name, part in parts.items()},
        labels={name: values[rows] for name, values in known.items()},
        rows=rows,
        table={name: column(windows.table, name)[rows] for name in windows.table.column_names},
    )


def quantise(bundle: Bundle, test: Path, target: Path) -> tuple[Bundle, dict[str, Any]]:
    """Writes a bundle of int8 experts, if they are nearly as good on a test set.

    Args:
        bundle: with experts in float32.
        test: data set that no training saw.
        target: folder of the new bundle, replaced if there.

    Returns:
        The bundle; and by protocol for "float32" and "int8": shares of right answers, and the
        median error of the SNR, dB.

    Raises:
        FileNotFoundError: the data set is not complete.
        ValueError: the bundle has no such experts, or int8 costs more than ``POINTS`` or
            ``MORE_DB``.
    """
    if not bundle.experts:
        raise ValueError(f"{bundle.folder}: expected a bundle with experts, got a router alone")
    windows = whole_tokens(test, bundle.spec)
    manifest = bundle.manifest
    contents = {model.file: bundle.read(model.file) for model in manifest.models.values()}
    metrics: dict[str, Any] = {}
    compared: dict[str, Any] = {}
    for protocol in bundle.experts:
        file = manifest.models[EXPERT + protocol].file
        before, contents[file] = contents[file], int8(contents[file])
        limit_of = bundle.thresholds.experts[protocol]
        both = {
            kind: corrected(predictions(bundle, protocol, model, windows), limit_of)
            for kind, model in (("float32", before), ("int8", contents[file]))
        }
        measured = {kind: figures(found) for kind, found in both.items()}
        metrics[protocol] = measured["int8"]
        metrics[protocol]["answered"] = answered(both["int8"], limit_of)
        compared[protocol] = {kind: _brief(found) for kind, found in measured.items()}
        _check(protocol, compared[protocol])
    fields = {
        field.name: getattr(manifest, field.name)
        for field in dataclasses.fields(manifest)
        if field.name not in ("format", "files")
    } | {
        "name": target.name,
        "version": version_of(contents),
        "provenance": manifest.provenance | {"quantised": {"of": bundle.id, "compared": compared}},
        "metrics": manifest.metrics | {"experts": metrics},
    }
    return write_bundle(target, fields, contents, _card(bundle, target.name, compared)), compared


def _brief(found: dict[str, Any]) -> dict[str, float]:
    shares = {name: found[name]["accuracy"] for name in _SHARES if name in found}
    return shares | ({SNR: found[SNR]["median_error"]} if SNR in found else {})


def _check(protocol: str, compared: dict[str, dict[str, float]]) -> None:
    for name, before in compared["float32"].items():
        after = compared["int8"][name]
        if name == SNR and after > before + MORE_DB:
            raise ValueError(
                f"{protocol}: expected a median error of the SNR of at most {before + MORE_DB:.2f} "
                f"dB, got {after:.2f} dB"
            )
        if name != SNR and 100.0 * after < 100.0 * before - POINTS:
            raise ValueError(
                f"{protocol}: expected {100.0 * before - POINTS:.1f} % of {name} right in int8, "
                f"got {100.0 * after:.1f} %"
            )


def _card(bundle: Bundle, name: str, compared: dict[str, Any]) -> str:
    about = (
        f"`{bundle.id}` with the encoders of its experts in int8: `lwmspectro-train quantise`. "
        "Router, limits and all else are the same; its card says how it was made and measured."
    )
    title = "Right answers on the test set in percent, float32 and int8; median SNR error in dB."
    head = f"| expert | {' | '.join((*_SHARES, SNR))} |"
    rule = f"| --- |{' ---: |' * (len(_SHARES) + 1)}"
    lines = [f"# {name}", "", about, "", title, "", head, rule]
    for protocol, both in compared.items():
        cells = []
        for figure in (*_SHARES, SNR):
            pair = [both[kind].get(figure) for kind in ("float32", "int8")]
            scale = 1.0 if figure == SNR else 100.0
            digits = 2 if figure == SNR else 1
            said = [f"{scale * v:.{digits}f}" for v in pair if v is not None]
            cells.append(", ".join(said) or "-")
        lines.append(f"| {protocol} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
