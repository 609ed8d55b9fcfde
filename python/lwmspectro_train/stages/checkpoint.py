# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights and all that a run needs to go on, as safetensors: there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from gnuradio.lwmspectro import strict_json
from gnuradio.lwmspectro.sites.split import TEST
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..lwm.config import Model
from ..lwm.expert import Expert
from .config import to_json

CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "model.safetensors"
_WEIGHT, _MOMENT = "weight.", "optimiser."


@dataclass
class Progress:
    """How far a run has come. Random numbers depend on seed and step alone, see order.py.

    Attributes:
        step: optimiser steps taken.
        sums: of each term of the loss over the steps of this epoch, and ``steps`` of these.
        curve: a row for each finished epoch.
        best: lowest validation loss.
        worse: epochs since then.
        seconds: spent on steps and validation, however often it was stopped.
        finished: nothing is left to do.
    """

    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    curve: list[dict[str, float]] = field(default_factory=list)
    best: float = float("inf")
    worse: int = 0
    seconds: float = 0.0
    finished: bool = False


def digest(content: Any) -> str:
    """SHA-256 of something as JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _write(path: Path, tensors: dict[str, Tensor], about: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file(tensors, partial, {"about": json.dumps(about)})
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected weights, found none")
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: expected weights of this program, got {error}") from None


def save(
    path: Path,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: Progress,
    identity: str,
) -> None:
    """Writes all that a run needs to go on.

    Args:
        path: of the file.
        module: whose weights and buffers.
        optimiser: whose moments.
        progress: of the run.
        identity: digest of what decides its results.
    """
    tensors = {_WEIGHT + name: value.detach() for name, value in module.state_dict().items()}
    for k, moments in optimiser.state_dict()["state"].items():
        for name, value in moments.items():
            tensors[f"{_MOMENT}{k}.{name}"] = value
    state = vars(progress) | {"best": None if progress.best == float("inf") else progress.best}
    _write(path, _unshared(tensors), {"progress": state, "identity": identity})


def refuse_another(path: Path, identity: str) -> None:
    """Makes sure that a checkpoint, if there is one, is of the run of this identity.

    Raises:
        ValueError: it is one of another configuration or other data, or no checkpoint.
    """
    if path.is_file():
        _check_identity(path, _read(path)[1], identity)


def _check_identity(path: Path, about: Mapping[str, Any], identity: str) -> None:
    if about.get("identity") != identity:
        raise ValueError(
            f"{path}: expected a checkpoint of this configuration and data (in memory as then, or "
            "from the disk as then), got one of others; --restart begins anew"
        )


def restore(
    path: Path, module: nn.Module, optimiser: torch.optim.Optimizer, identity: str
) -> Progress:
    """Puts weights and moments back, and says how far the run had come.

    Raises:
        FileNotFoundError: there is no file.
        ValueError: it is not a checkpoint, or one of another configuration or other data.
    """
    tensors, about = _read(path)
    _check_identity(path, about, identity)
    weights, moments = {}, dict[int, dict[str, Tensor]]()
    for name, value in tensors.items():
        if name.startswith(_WEIGHT):
            weights[name.removeprefix(_WEIGHT)] = value
        else:
            number, _, key = name.removeprefix(_MOMENT).partition(".")
            moments.setdefault(int(number), {})[key] = value
    module.load_state_dict(weights)
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    state = about["progress"]
    return Progress(**state | {"best": float("inf") if state["best"] is None else state["best"]})


def _unshared(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}


def save_expert(folder: Path, expert: Expert, record: Mapping[str, Any]) -> None:
    """Writes an expert's size and weights, and ``record`` of how they came about."""
    about = {"model": to_json(expert.model), "record": dict(record)}
    _write(folder / WEIGHTS, _unshared(expert.state_dict()), about)


def refuse_test_sites(folder: Path, record: Mapping[str, Any]) -> None:
    """Makes sure that no stage behind these weights saw the city that is kept for tests.

    Raises:
        ValueError: one was trained or validated on the test split.
    """
    for stage in stages_behind(record):
        for name, data in stage.get("data", {}).items():
            if data.get("config", {}).get("split") == TEST:
                raise ValueError(
                    f"{folder}: expected weights that never saw the {TEST} split, got some with "
                    f"{name} data of it"
                )


def stages_behind(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Records of all stages that weights went through, the last one first."""
    stage: Any = record
    while isinstance(stage, Mapping) and stage:
        yield stage
        stage = stage.get("from")


def load_expert(folder: Path) -> tuple[Expert, dict[str, Any]]:
    """The expert that :func:`save_expert` wrote, and its record.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is not what it should be.
    """
    path = folder / WEIGHTS
    tensors, about = _read(path)
    try:
        model = strict_json.build(Model, about["model"], "model")
        expert = Expert(model)
        expert.load_state_dict(tensors)
    except (KeyError, ValueError, RuntimeError) as error:
        first, *rest = str(error).splitlines()  # torch heads what does not fit by a line of its own
        got = rest[0].strip() if rest else first
        raise ValueError(f"{path}: expected an expert of this version, got {got}") from None
    return expert.eval(), dict(about["record"])
