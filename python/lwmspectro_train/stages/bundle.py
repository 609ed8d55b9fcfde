# SPDX-License-Identifier: GPL-3.0-or-later
"""The last stage: router and experts as one model bundle, each checked against its weights."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gnuradio.lwmspectro.bundle import Bundle
from gnuradio.lwmspectro.bundle_writer import write_bundle
from gnuradio.lwmspectro.manifest import EXPERT
from gnuradio.lwmspectro.spec import Spec

from .. import assess as router_assess
from .. import columns, export
from ..dataset import ROUTER_VIEWS, Windows
from ..lwm.config import MOBILITIES, MODULATIONS
from ..scene_plan import LABELS
from . import portable
from .assess import Assessed, assess, trained
from .card import model_card
from .config import Experts

_PARITY_WINDOWS = 32


def router_folder(config: Experts) -> Path:
    """Where the router's weights are."""
    return Path(config.out, "router")


def router_data(config: Experts) -> tuple[Path, Path]:
    """Data set and test set of the router.

    Raises:
        ValueError: there is no test set.
    """
    test = config.router.test or config.data.test
    if not test:
        raise ValueError("data.test: expected a data set to measure on (--test), got none")
    return Path(config.router.train or config.data.train), Path(test)


def bundle(config: Experts, limit: int | None = None) -> Bundle:
    """Writes the model bundle of all experts that are fine-tuned, and of the router.

    Args:
        config: of all stages.
        limit: windows to calibrate and measure each expert on at most.

    Raises:
        FileNotFoundError: weights or data are missing.
        ValueError: an exported model does not compute what its weights do.
    """
    protocols = trained(config)
    router = router_assess.assess(router_folder(config), *router_data(config))
    experts = {name: assess(config, name, limit) for name in protocols}
    models = {name: found.expert.model for name, found in experts.items()}
    spec = dataclasses.replace(export.spec(), grids=portable.grids_needed(models))
    tokens = _sample(config, spec)
    contents = {"router.onnx": export.to_onnx(router.router, spec.router_vlen)}
    parity = {
        "router": export.check_parity(
            router.router, contents["router.onnx"], tokens[:, : spec.router_vlen]
        )
    }
    for name, found in experts.items():
        file = f"{EXPERT}{name}.onnx"
        contents[file] = portable.to_onnx(found.expert, spec)
        parity[name] = portable.check_parity(found.expert, spec, contents[file], tokens)
    target = Path(config.bundle)
    metrics = router.metrics | {"experts": {name: e.metrics for name, e in experts.items()}}
    fields = {
        "name": target.name,
        "version": version_of(contents),
        "spec": spec,
        "labels": {"protocol": LABELS, "modulation": MODULATIONS, "mobility": MOBILITIES},
        "thresholds": dataclasses.replace(
            router.limits,
            experts={name: e.limits for name, e in experts.items()},
        ),
        "models": _models(spec, experts),
        "provenance": router.provenance
        | {
            "experts": {name: e.record for name, e in experts.items()},
            "versions": {n: importlib.metadata.version(n) for n in ("torch", "onnxruntime")},
            "parity": parity,
        },
        "metrics": metrics,
    }
    return write_bundle(target, fields, contents, model_card(target.name, router, experts))


def version_of(contents: Mapping[str, bytes]) -> str:
    """Of a bundle, from all that its models are."""
    digest = hashlib.sha256(b"".join(contents[name] for name in sorted(contents))).hexdigest()
    return f"2-{digest[:8]}"


def whole_tokens(folder: Path, spec: Spec) -> Windows:
    """A data set's windows as the vectors that a bundle's experts read."""
    return Windows(folder, (*ROUTER_VIEWS, *(columns.GRID + name for name in spec.grids)))


def _sample(config: Experts, spec: Spec) -> npt.NDArray[np.float32]:
    """Whole vectors of tokens of some windows, over which models are compared."""
    windows = whole_tokens(Path(config.data.train), spec)
    return windows.tokens(np.arange(min(_PARITY_WINDOWS, len(windows)))).astype(np.float32)


def _models(spec: Spec, experts: dict[str, Assessed]) -> dict[str, Any]:
    def model(file: str, vlen: int, outputs: dict[str, int]) -> dict[str, Any]:
        return {
            "file": file,
            "input": _tensor("tokens", vlen),
            "outputs": [_tensor(name, size) for name, size in outputs.items()],
        }

    made = {"router": model("router.onnx", spec.router_vlen, {"logits": len(LABELS)})}
    for name, found in experts.items():
        sizes = (len(MODULATIONS), 1, len(MOBILITIES), found.expert.model.dim)
        outputs = dict(zip(portable.OUTPUTS, sizes, strict=True))
        made[EXPERT + name] = model(f"{EXPERT}{name}.onnx", spec.vlen, outputs)
    return made


def _tensor(name: str, size: int) -> dict[str, Any]:
    return {"name": name, "shape": ["batch", size], "dtype": "float32"}
