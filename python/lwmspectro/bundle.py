# SPDX-License-Identifier: GPL-3.0-or-later
"""A model bundle: a folder with bundle.json, the ONNX models it names, and a model card.

bundle.json holds the spec of the tokenizer, the labels, the thresholds, where the model
came from, how good it is, and the SHA-256 of every other file. Nothing of a bundle is used
before all of it has been checked. Files that bundle.json does not list are never read.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from .errors import BundleError
from .manifest import MANIFEST, MOBILITY, MODULATION, PROTOCOL, Manifest, parse_manifest
from .spec import Spec
from .thresholds import Thresholds

DEFAULT_NAME = "lwmspectro-live"
"""Name of the bundle that is installed with the module."""


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
            manifest = parse_manifest(text)
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

    @property
    def modulations(self) -> tuple[str, ...]:
        """Labels of the experts' modulation, in their order; empty without experts."""
        return self.manifest.labels.get(MODULATION, ())

    @property
    def mobilities(self) -> tuple[str, ...]:
        """Labels of the experts' mobility, in their order; empty without experts."""
        return self.manifest.labels.get(MOBILITY, ())

    @property
    def experts(self) -> tuple[str, ...]:
        """Protocols that have an expert; empty where the bundle holds a router alone."""
        return self.manifest.experts

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


def default_folder() -> Path:
    """The bundle used when none is named: $LWMSPECTRO_MODEL, else the installed one."""
    named = os.environ.get("LWMSPECTRO_MODEL")
    return folder_of(named) if named else _installed(DEFAULT_NAME)


def folder_of(model: "str | os.PathLike[str]") -> Path:
    """The folder that users name: one of their own, or by its name one that is installed."""
    folder, text = Path(model), os.fspath(model)
    if os.sep in text:
        return folder
    try:
        installed = _installed(text)
        return installed if not folder.exists() and installed.is_dir() else folder
    except OSError:  # a name that no file can have
        return folder


def _installed(name: str) -> Path:
    from ._paths import SHARE_DIR  # written by the installation

    return SHARE_DIR / "models" / name


def open_bundle(model: "Bundle | str | os.PathLike[str]" = "") -> Bundle:
    """A bundle from what users give: a bundle, its folder or name, or nothing for the default.

    Raises:
        BundleError: see :meth:`Bundle.load`.
    """
    if isinstance(model, Bundle):
        return model
    return Bundle.load(folder_of(model) if model else default_folder())


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
