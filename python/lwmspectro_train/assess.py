# SPDX-License-Identifier: GPL-3.0-or-later
"""Calibrates a trained router on its validation windows and measures it on a test set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnuradio.lwmspectro.thresholds import Thresholds

from . import calibrate, evaluate
from .dataset import ROUTER_VIEWS, TokenSet, load, read_manifest, split
from .join import seeds, shared_seeds
from .router import Router
from .router_files import restore
from .stages.checkpoint import stages_behind
from .train_router import record


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


def assess(weights: Path, data: Path, test: Path) -> Assessment:
    """Calibrates on the validation part of ``data`` and measures on ``test``.

    Raises:
        FileNotFoundError: weights or chunks are missing.
        ValueError: both data sets come from the same seed, or the router, or one that it was
            trained on from, saw the seed of ``test``; or a file is not what it should be.
    """
    manifests = {"training": read_manifest(data), "test": read_manifest(test)}
    if shared := shared_seeds(manifests["training"], manifests["test"]):
        raise ValueError(f"test set: expected another seed than {min(shared)}")
    training = record(weights)
    for stage in stages_behind(training):
        if shared := shared_seeds(stage.get("data", {"seed": None}), manifests["test"]):
            raise ValueError(
                f"{weights}: expected a router that never saw seed {min(shared)}, of the test set"
            )
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
