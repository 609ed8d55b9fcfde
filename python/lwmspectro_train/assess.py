# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrates a trained router on its validation windows and measures it on a test set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnuradio.lwmspectro import strict_json
from gnuradio.lwmspectro.thresholds import Thresholds

from . import calibrate, evaluate
from .dataset import ROUTER_VIEWS, TokenSet, load, read_manifest, split
from .join import seeds, shared_seeds
from .router import Router
from .train_router import TRAINING, restore


@dataclass(frozen=True)
class Assessment:
    """A calibrated router and how good it is.

    Attributes:
        router: best weights.
        limits: thresholds of the decision.
        metrics: on the test set, see ``evaluate.metrics``.
        provenance: data sets and settings it came from.
        test: the first windows of the test set.
    """

    router: Router
    limits: Thresholds
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    test: TokenSet


def _training(path: Path) -> dict[str, Any]:
    try:
        record = strict_json.parse(path.read_bytes())
    except strict_json.SchemaError as error:
        raise ValueError(f"{path}: {error}") from None
    if not isinstance(record, dict) or not isinstance(record.get("held_out"), float):
        raise ValueError(f"{path}: expected the record of a training with held_out, got none")
    return record


def assess(weights: Path, data: Path, test: Path) -> Assessment:
    """Calibrates on the validation part of ``data`` and measures on ``test``.

    Raises:
        FileNotFoundError: weights or chunks are missing.
        ValueError: both data sets come from the same seed, or a file is not what it should be.
    """
    manifests = {"training": read_manifest(data), "test": read_manifest(test)}
    if shared := shared_seeds(manifests["training"], manifests["test"]):
        raise ValueError(f"test set: expected another seed than {min(shared)}")
    training = _training(weights / TRAINING)
    router = restore(weights)
    _, validation = split(load(data, ROUTER_VIEWS), training["held_out"])
    limits = calibrate.thresholds(
        evaluate.logits_of(router, validation), validation.label, validation.fraction < 1.0
    )
    unseen = load(test, ROUTER_VIEWS)
    return Assessment(
        router=router,
        limits=limits,
        metrics=evaluate.metrics(evaluate.logits_of(router, unseen), unseen, limits),
        provenance={
            "data": {
                name: {
                    "seed": manifest["seed"],
                    "seeds": seeds(manifest),
                    "counts": manifest["counts"],
                }
                for name, manifest in manifests.items()
            },
            "training": training,
        },
        test=unseen.take(slice(64)),
    )
