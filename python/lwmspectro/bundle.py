# SPDX-License-Identifier: GPL-3.0-or-later
"""A model bundle: a folder with bundle.json, the ONNX models it names, and a model card.

bundle.json holds the spec of the tokenizer, the labels, the thresholds, where the model
came from, how good it is, and the SHA-256 of every other file. Nothing of a bundle is used
before all of it has been checked. Files that bundle.json does not list are never read.
"""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import strict_json
from .errors import BundleError
from .spec import Spec

FORMAT = 1
"""Version of the layout of bundle.json."""

DEFAULT_NAME = "lwmspectro-live"
"""Name of the bundle that is installed with the module."""

MANIFEST = "bundle.json"
CARD = "MODEL_CARD.md"
ROUTER = "router"
PROTOCOL = "protocol"
NONE = "none"
"""Label of windows that hold none of the protocols."""

TEMPERATURES = (1e-3, 1e3)
"""Lowest and highest temperature: finite logits stay finite."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]*")


@dataclass(frozen=True)
class Thresholds:
    """Calibrated limits of the decision; see decision.py."""

    protocol_p: float
    """Least probability at which a protocol is named."""
    partial_p: float
    """The same for a window of which samples are missing."""
    energy_db: float
    """Excess over the noise, in dB, from which there is a signal."""
    evidence_db: float
    """Below that a protocol is named only where a row of C3 is so far over what noise gives, dB."""
    temperature: float
    """Divides the logits before the softmax."""

    def __post_init__(self) -> None:
        for name in ("protocol_p", "partial_p"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name}: expected 0 to 1, got {getattr(self, name):g}")
        low, high = TEMPERATURES
        if not low <= self.temperature <= high:
            got = self.temperature
            raise ValueError(f"temperature: expected {low:g} to {high:g}, got {got:g}")


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
    output: Tensor


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
            raise ValueError(f"format: expected {FORMAT}, got {self.format}")
        labels = self.labels.get(PROTOCOL, ())
        for text in (self.name, self.version, *labels):
            if not _LABEL.fullmatch(text):
                raise ValueError(f"names, version and labels: expected plain words, got {text!r}")
        if len(set(labels)) != len(labels) or len(set(labels) - {NONE}) < 1:
            raise ValueError(f"labels.{PROTOCOL}: expected different names, got {list(labels)}")
        if ROUTER not in self.models:
            raise ValueError(f"models: expected {ROUTER!r}, got {sorted(self.models)}")
        _check_tensors(self.models[ROUTER], self.spec.router_vlen, len(labels))
        for name in [*self.files, CARD, *(model.file for model in self.models.values())]:
            check_file_name(name)
            if name not in self.files:
                raise ValueError(f"files: expected an entry for {name!r}, got none")


@dataclass(frozen=True)
class Bundle:
    """A checked model bundle. Made by :meth:`load`."""

    folder: Path
    manifest: Manifest

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "Bundle":
        """Reads and checks a bundle: schema, names, sizes and SHA-256 of all its files.

        Raises:
            BundleError: something is missing or is not what bundle.json says.
        """
        path = Path(folder)
        text = _read(path / MANIFEST, None)
        try:
            manifest = strict_json.build(Manifest, strict_json.parse(text), MANIFEST)
        except ValueError as error:
            raise BundleError(f"{path}: {error}") from None
        bundle = cls(path, manifest)
        for name in manifest.files:
            bundle.read(name)
        return bundle

    @property
    def id(self) -> str:
        """Name and version, as they stand in messages."""
        return f"{self.manifest.name}-{self.manifest.version}"

    @property
    def spec(self) -> Spec:
        """What the tokenizer must do for this model."""
        return self.manifest.spec

    @property
    def thresholds(self) -> Thresholds:
        """Limits of the decision."""
        return self.manifest.thresholds

    @property
    def protocols(self) -> tuple[str, ...]:
        """Labels of the router's outputs, in their order."""
        return self.manifest.labels[PROTOCOL]

    def read(self, name: str) -> bytes:
        """The bytes of one file, checked against bundle.json.

        Raises:
            BundleError: the file is missing, outside the folder, or has been changed.
        """
        entry = self.manifest.files[name]
        path = self.folder / name
        content = _read(path, entry.bytes)
        digest = hashlib.sha256(content).hexdigest()
        if digest != entry.sha256:
            raise BundleError(f"{path}: expected SHA-256 {entry.sha256}, got {digest}")
        return content


def check_file_name(name: str) -> None:
    """Refuses names that could lead out of the folder of the bundle.

    Raises:
        ValueError: the name is not a plain file name.
    """
    if not _FILE_NAME.fullmatch(name):
        raise ValueError(f"files: expected plain file names, got {name!r}")


def default_folder() -> Path:
    """The bundle used when none is named: $LWMSPECTRO_MODEL, else the installed one."""
    named = os.environ.get("LWMSPECTRO_MODEL")
    if named:
        return Path(named)
    from ._paths import SHARE_DIR  # written by the installation

    return SHARE_DIR / "models" / DEFAULT_NAME


def open_bundle(model: "Bundle | str | os.PathLike[str]" = "") -> Bundle:
    """A bundle from what users give: a bundle, its folder, or nothing for the default.

    Raises:
        BundleError: see :meth:`Bundle.load`.
    """
    if isinstance(model, Bundle):
        return model
    return Bundle.load(model or default_folder())


def _check_tensors(model: Model, vlen: int, n_labels: int) -> None:
    for tensor, size in ((model.input, vlen), (model.output, n_labels)):
        if len(tensor.shape) != 2 or not isinstance(tensor.shape[0], str):
            raise ValueError(
                f'models.{ROUTER}: {tensor.name}: expected shape ["batch", {size}], '
                f"got {list(tensor.shape)}"
            )
        if tensor.shape[1] != size:
            raise ValueError(
                f"models.{ROUTER}: {tensor.name}: expected {size} values, got {tensor.shape[1]}"
            )
        if tensor.dtype != "float32":
            raise ValueError(
                f"models.{ROUTER}: {tensor.name}: expected float32, got {tensor.dtype}"
            )


def _read(path: Path, size: int | None) -> bytes:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(f"{path}: expected a plain file, got a link or a special file")
        if size is not None and status.st_size != size:
            raise BundleError(f"{path}: expected {size} bytes, got {status.st_size}")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None
