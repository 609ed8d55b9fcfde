# SPDX-License-Identifier: GPL-3.0-or-later
"""bundle.json as typed objects, checked: spec, labels, thresholds, models and files.

Format 2 lists beside the router up to one expert for each protocol, and of each model all outputs.
A bundle of format 1 holds a router alone, with one ``output``; it is read as what it is in
format 2.
"""

import re
from dataclasses import dataclass
from typing import Any

from . import strict_json
from .spec import Spec
from .thresholds import Thresholds

FORMAT = 2
"""Version of the layout of bundle.json that is written."""
ROUTER_FORMAT = 1
"""The version before, of bundles with a router alone, which is read as well."""

MANIFEST = "bundle.json"
CARD = "MODEL_CARD.md"

ROUTER = "router"
EXPERT = "expert_"
"""Begins the name of an expert; its protocol follows."""

PROTOCOL, MODULATION, MOBILITY = "protocol", "modulation", "mobility"
"""Labels of a bundle; an expert's outputs of logits have the last two names."""
NONE = "none"
"""Label of windows that hold none of the protocols."""

SNR_DB, EMBEDDING = "snr_db", "embedding"
"""The other outputs of an expert."""
EMBEDDING_SIZE = 128

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]*")


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model. Dimensions that may vary have a name for a size."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str


@dataclass(frozen=True)
class Model:
    """One ONNX file and the tensors it takes and gives."""

    file: str
    input: Tensor
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True)
class FileEntry:
    """What a file of the bundle must be."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """bundle.json."""

    format: int
    name: str
    version: str
    spec: Spec
    labels: dict[str, tuple[str, ...]]
    thresholds: Thresholds
    models: dict[str, Model]
    files: dict[str, FileEntry]
    provenance: dict[str, Any]
    metrics: dict[str, Any]

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"format: expected {ROUTER_FORMAT} or {FORMAT}, got {self.format}")
        self._check_names()
        self._check_models()
        for name in [*self.files, CARD, *(model.file for model in self.models.values())]:
            check_file_name(name)
            if name not in self.files:
                raise ValueError(f"files: expected an entry for {name!r}, got none")

    @property
    def protocols(self) -> tuple[str, ...]:
        """Labels of the router's outputs that are protocols."""
        return tuple(label for label in self.labels[PROTOCOL] if label != NONE)

    @property
    def experts(self) -> tuple[str, ...]:
        """Protocols that have an expert."""
        return tuple(name for name in self.protocols if EXPERT + name in self.models)

    def _check_names(self) -> None:
        labels = [label for kind in self.labels.values() for label in kind]
        for text in (self.name, self.version, *labels):
            if not _LABEL.fullmatch(text):
                raise ValueError(f"names, version and labels: expected plain words, got {text!r}")
        known = (PROTOCOL, MODULATION, MOBILITY)
        if surplus := sorted(set(self.labels) - set(known)):
            raise ValueError(f"labels: expected some of {list(known)}, got {surplus}")
        self._check_labels(PROTOCOL, {NONE})

    def _check_labels(self, kind: str, apart: set[str]) -> None:
        labels = self.labels.get(kind, ())
        if len(set(labels)) != len(labels) or len(set(labels) - apart) < 1:
            raise ValueError(f"labels.{kind}: expected different names, got {list(labels)}")

    def _check_models(self) -> None:
        if ROUTER not in self.models:
            raise ValueError(f"models: expected {ROUTER!r}, got {sorted(self.models)}")
        known = [ROUTER, *(EXPERT + name for name in self.protocols)]
        if surplus := sorted(set(self.models) - set(known)):
            raise ValueError(f"models: expected some of {known}, got {surplus}")
        limited = sorted(self.thresholds.experts)
        if limited != sorted(self.experts):
            expected = sorted(self.experts)
            raise ValueError(f"thresholds.experts: expected those of {expected}, got {limited}")
        _check_router(self.models[ROUTER], self.spec.router_vlen, len(self.labels[PROTOCOL]))
        for protocol in self.experts:
            for kind in (MODULATION, MOBILITY):
                self._check_labels(kind, set())
            sizes = {
                MODULATION: len(self.labels[MODULATION]),
                SNR_DB: 1,
                MOBILITY: len(self.labels[MOBILITY]),
                EMBEDDING: EMBEDDING_SIZE,
            }
            _check_expert(EXPERT + protocol, self.models[EXPERT + protocol], self.spec.vlen, sizes)


def parse_manifest(text: bytes) -> Manifest:
    """bundle.json from its text.

    Raises:
        ValueError: it is not JSON, or does not follow the schema.
    """
    return strict_json.build(Manifest, _as_newest(strict_json.parse(text)), MANIFEST)


def check_file_name(name: str) -> None:
    """Refuses names that could lead out of the folder of the bundle.

    Raises:
        ValueError: the name is not a plain file name.
    """
    if not _FILE_NAME.fullmatch(name):
        raise ValueError(f"files: expected plain file names, got {name!r}")


def _as_newest(data: Any) -> Any:
    """Parsed JSON of format 1 as it stands in format 2; all other as it is."""
    if not isinstance(data, dict) or data.get("format") != ROUTER_FORMAT:
        return data
    models = data.get("models")
    if not isinstance(models, dict):
        return data
    newest = {
        name: {("outputs" if key == "output" else key): value for key, value in model.items()}
        if isinstance(model, dict)
        else model
        for name, model in models.items()
    }
    for model in newest.values():
        if isinstance(model, dict) and "outputs" in model:
            model["outputs"] = [model["outputs"]]
    return {**data, "format": FORMAT, "models": newest}


def _check_router(model: Model, vlen: int, n_labels: int) -> None:
    _check_tensor(ROUTER, model.input, vlen)
    if len(model.outputs) != 1:
        names = [tensor.name for tensor in model.outputs]
        raise ValueError(f"models.{ROUTER}: expected one output, got {names}")
    _check_tensor(ROUTER, model.outputs[0], n_labels)


def _check_expert(name: str, model: Model, vlen: int, sizes: dict[str, int]) -> None:
    _check_tensor(name, model.input, vlen)
    got = [tensor.name for tensor in model.outputs]
    if sorted(got) != sorted(sizes):
        raise ValueError(f"models.{name}: expected outputs {list(sizes)}, got {got}")
    for tensor in model.outputs:
        _check_tensor(name, tensor, sizes[tensor.name])


def _check_tensor(model: str, tensor: Tensor, size: int) -> None:
    where = f"models.{model}: {tensor.name}"
    if len(tensor.shape) != 2 or not isinstance(tensor.shape[0], str):
        raise ValueError(f'{where}: expected shape ["batch", {size}], got {list(tensor.shape)}')
    if tensor.shape[1] != size:
        raise ValueError(f"{where}: expected {size} values, got {tensor.shape[1]}")
    if tensor.dtype != "float32":
        raise ValueError(f"{where}: expected float32, got {tensor.dtype}")
