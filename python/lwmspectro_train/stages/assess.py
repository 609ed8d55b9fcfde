# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the fine-tuned experts of a configuration, each on the windows of its protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gnuradio.lwmspectro.thresholds import ExpertThresholds

from ..dataset import read_manifest
from ..join import shared_seeds
from ..lwm.expert import Expert
from . import limits
from .checkpoint import WEIGHTS, load_expert, refuse_test_sites, stages_behind
from .config import PROTOCOLS, Experts
from .experts import FINETUNE
from .fading import ACTIVITY, RICIAN_K, by_band, rician_k_db
from .figures import answered, figures
from .predict import Predictions, predict


@dataclass(frozen=True)
class Assessed:
    """An expert and how good it is.

    Attributes:
        expert: fine-tuned.
        record: how it came about.
        validation: what it says of the validation windows, to set limits by.
        limits: of its answers.
        metrics: on the test windows, see figures.py; empty without a test set.
    """

    expert: Expert
    record: dict[str, Any]
    validation: Predictions
    limits: ExpertThresholds
    metrics: dict[str, Any]


def trained(config: Experts) -> list[str]:
    """Protocols that have a fine-tuned expert.

    Raises:
        FileNotFoundError: there is none.
    """
    found = [p for p in PROTOCOLS if (config.folder(p, FINETUNE) / WEIGHTS).is_file()]
    if not found:
        raise FileNotFoundError(
            f"{config.folder('PROTOCOL', FINETUNE) / WEIGHTS}: expected a fine-tuned expert of "
            f"{', '.join(PROTOCOLS)}, found none"
        )
    return found


def assess(config: Experts, protocol: str, limit: int | None = None) -> Assessed:
    """Runs an expert over its validation windows and, where there is one, the test set.

    Args:
        config: of all stages.
        protocol: whose expert.
        limit: windows of each at most.

    Raises:
        FileNotFoundError: weights or data are missing.
        ValueError: test and training windows come from one seed, there are none, or the weights
            have seen the test sites.
    """
    torch.set_num_threads(config.threads)
    folder_of_weights = config.folder(protocol, FINETUNE)
    expert, record = load_expert(folder_of_weights)
    refuse_test_sites(folder_of_weights, record)
    data = config.data
    folder = Path(data.validation or data.train)
    span = (0.0, 1.0) if data.validation else (1.0 - data.held_out, 1.0)
    validation = predict(expert, folder, data, protocol, span=span, limit=limit)
    limit_of = limits.of_expert(validation)
    if not data.test:
        return Assessed(expert, record, validation, limit_of, {})
    manifests = [read_manifest(Path(name)) for name in (data.train, data.test)]
    behind = [data for stage in stages_behind(record) for data in stage.get("data", {}).values()]
    for seen in (manifests[0], *behind):
        if shared := shared_seeds(seen, manifests[1]):
            raise ValueError(f"{data.test}: expected a test set of another seed than {min(shared)}")
    unseen = predict(expert, Path(data.test), data, protocol, limit=limit)
    unseen = limits.corrected(unseen, limit_of)
    metrics = figures(unseen)
    metrics["answered"] = answered(unseen, limit_of)
    if split := manifests[1]["config"].get("split"):
        k_db = rician_k_db(unseen.table, split)
        metrics["mobility_by_rician_k"] = by_band(unseen, k_db, RICIAN_K)
    if "active" in unseen.table:
        metrics["mobility_by_activity"] = by_band(unseen, unseen.table["active"], ACTIVITY)
    return Assessed(expert, record, validation, limit_of, metrics)
