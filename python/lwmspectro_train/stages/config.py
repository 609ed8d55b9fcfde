# SPDX-License-Identifier: GPL-3.0-or-later
"""What is trained and how: a documented TOML file, read into one frozen object."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from gnuradio.lwmspectro import strict_json

from .. import toml_file
from ..lwm.answers import SMOOTH_L1, SNR_LOSSES
from ..lwm.config import Model, Size, Source
from ..lwm.objective import Weights

SHIPPED = Path(__file__).parents[1] / "configs" / "experts"
PROTOCOLS = ("wifi", "lte", "nr")
MIXED = "mixed"
"""In place of a protocol: one expert for all of them, in batches with as many of each."""

PRECISIONS = ("32-true", "bf16-mixed")


def _check_one_of(name: str, value: str, names: tuple[str, ...]) -> None:
    if value not in names:
        raise ValueError(f"{name}: expected one of {', '.join(names)}, got {value!r}")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name}: expected {low:g} to {high:g}, got {value:g}")


@dataclass(frozen=True)
class Data:
    """Where the windows come from.

    Attributes:
        train: folder of the data set.
        validation: of another one to validate on; empty: the last windows of ``train``.
        test: of the data set to measure on.
        held_out: share of ``train`` for validation, from scenes that training never sees.
        snr: column of the SNR that is learned.
        snr_most_db: labels above count as this: nothing tells 40 dB from 60.
        modulation, mobility: columns of these.
        least_data_share: windows with less ``data_share`` count as without modulation.
        least_fraction: windows of which less was received are left out.
        memory: share of the free memory that windows may take; where they need more they are
            read from the disk, a few files at a time.
        prepared: views are computed once and kept in place of what they come from, which is many
            times faster where they are statistics; of augmentation, what needs the columns
            themselves cannot be had then.
    """

    train: str
    validation: str = ""
    test: str = ""
    held_out: float = 0.1
    snr: str = "snr_db"
    snr_most_db: float = 1e9
    modulation: str = "modulation"
    mobility: str = "mobility"
    least_data_share: float = 0.0
    least_fraction: float = 0.0
    memory: float = 0.6
    prepared: bool = False

    def __post_init__(self) -> None:
        _check_range("held_out", self.held_out, 0.0, 0.9)
        _check_range("least_fraction", self.least_fraction, 0.0, 1.0)
        _check_range("least_data_share", self.least_data_share, 0.0, 1.0)
        _check_range("memory", self.memory, 0.0, 0.95)


@dataclass(frozen=True)
class Augmentation:
    """Shares of the windows that are changed while training; see augmentation.py.

    Attributes:
        roll_time: turns C0 along time by any number of frames.
        roll_columns: turns the columns of grids by at most ``columns``.
        mirror: mirrors the spectrum.
        drop_columns: leaves out the weakest columns of grids, at most half of them.
        mute_idle: idle noise between bursts to zeros.
        columns: see ``roll_columns``.
    """

    roll_time: float = 0.0
    roll_columns: float = 0.0
    mirror: float = 0.0
    drop_columns: float = 0.0
    mute_idle: float = 0.0
    columns: int = 16

    def __post_init__(self) -> None:
        for name in ("roll_time", "roll_columns", "mirror", "drop_columns", "mute_idle"):
            _check_range(name, getattr(self, name), 0.0, 1.0)
        _check_range("columns", self.columns, 0, 64)


@dataclass(frozen=True)
class Training:
    """How a stage trains.

    Attributes:
        epochs: at most.
        patience: epochs without a lower validation loss after which it stops.
        batch: windows a step, of all processes together.
        learning_rate: at the end of the warm-up.
        final_rate: at the end of the cosine.
        warmup_epochs: in which it rises.
        weight_decay: of matrices, not of norms, biases and positions.
        betas: of AdamW.
        clip: largest norm of the gradient.
        precision: "32-true" anywhere, "bf16-mixed" where the machine has it.
        checkpoint_s: at least so often, in seconds, all is saved from which a run goes on.
        augmentation: while training.
    """

    epochs: int = 100
    patience: int = 10
    batch: int = 128
    learning_rate: float = 5e-4
    final_rate: float = 1e-8
    warmup_epochs: float = 5.0
    weight_decay: float = 0.05
    betas: tuple[float, ...] = (0.9, 0.95)
    clip: float = 1.0
    precision: str = "32-true"
    checkpoint_s: float = 120.0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch"):
            _check_range(name, getattr(self, name), 1, 10**9)
        for name in ("learning_rate", "clip"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name}: expected more than 0, got {getattr(self, name):g}")
        _check_range("final_rate", self.final_rate, 0.0, self.learning_rate)
        for name in ("warmup_epochs", "weight_decay", "checkpoint_s"):
            _check_range(name, getattr(self, name), 0.0, 1e9)
        if len(self.betas) != 2 or not all(0.0 <= beta < 1.0 for beta in self.betas):
            raise ValueError(f"betas: expected two numbers below 1, got {list(self.betas)}")
        _check_one_of("precision", self.precision, PRECISIONS)


@dataclass(frozen=True)
class FineTuning:
    """How fine-tuning differs from pretraining.

    Attributes:
        training: as for pretraining.
        weights: of the terms of the loss (eq. 22, and the answers').
        frozen: the encoder keeps its weights, and the answers' heads alone are trained.
        encoder_rate: the encoder's learning rate as a share of the heads'.
        contrastive_labels: windows with the same of all of these are alike: "modulation",
            "snr_bins", "mobility".
        snr_loss: "smooth_l1" or "gaussian", which learns a variance too.
        label_smoothing: of the classes.
        indecision: weight of the modulation's loss, against an even split, of windows without one.
        drop_tokens: share of each view's tokens that are left out of a step, drawn afresh, so that
            no answer comes to rest on few of them; answers of a frozen encoder are from all.
    """

    training: Training = field(default_factory=Training)
    weights: Weights = field(default_factory=Weights)
    frozen: bool = False
    encoder_rate: float = 1.0
    contrastive_labels: tuple[str, ...] = ("modulation", "snr_bins", "mobility")
    snr_loss: str = SMOOTH_L1
    label_smoothing: float = 0.0
    indecision: float = 0.0
    drop_tokens: float = 0.0

    def __post_init__(self) -> None:
        _check_range("encoder_rate", self.encoder_rate, 0.0, 1.0)
        _check_range("label_smoothing", self.label_smoothing, 0.0, 0.5)
        _check_range("indecision", self.indecision, 0.0, 1e3)
        _check_range("drop_tokens", self.drop_tokens, 0.0, 0.9)
        _check_one_of("snr_loss", self.snr_loss, SNR_LOSSES)
        for name in self.contrastive_labels:
            _check_one_of("contrastive_labels", name, ("modulation", "snr_bins", "mobility"))
        if not self.contrastive_labels:
            raise ValueError("contrastive_labels: expected at least one, got none")


@dataclass(frozen=True)
class RouterTraining:
    """How the router is trained; see train_router.TrainConfig.

    Attributes:
        train, test: its data sets; those of the experts where empty.
        epochs: at most.
    """

    train: str = ""
    test: str = ""
    epochs: int = 12

    def __post_init__(self) -> None:
        _check_range("epochs", self.epochs, 1, 10**9)


@dataclass(frozen=True)
class Experts:
    """All of it.

    Attributes:
        data: windows.
        sources: views that every expert looks at.
        protocols: for each protocol the views that its expert looks at besides; those of "mixed"
            are for one expert of all.
        model: size of every expert.
        pretrain, finetune, router: the stages.
        out: folder of weights and curves, against the current one; ``data/models/`` and the file's
            name where empty.
        bundle: folder of the model bundle; ``out``/bundle where empty.
        seed: of weights, order, masks and augmentation.
        threads: of torch, on a CPU.
    """

    data: Data
    sources: tuple[Source, ...] = ()
    protocols: dict[str, tuple[Source, ...]] = field(default_factory=dict)
    model: Size = field(default_factory=Size)
    pretrain: Training = field(default_factory=Training)
    finetune: FineTuning = field(default_factory=FineTuning)
    router: RouterTraining = field(default_factory=RouterTraining)
    out: str = ""
    bundle: str = ""
    seed: int = 1
    threads: int = 2

    def __post_init__(self) -> None:
        for name in self.protocols:
            _check_one_of("protocols", name, (*PROTOCOLS, MIXED))
        _check_range("seed", self.seed, 0, 2**31)
        _check_range("threads", self.threads, 1, 4096)
        if self.data.prepared:
            for how in (self.pretrain.augmentation, self.finetune.training.augmentation):
                if how.mute_idle or how.drop_columns:
                    raise ValueError(
                        "augmentation: expected no mute_idle and no drop_columns of prepared "
                        f"views, got {how.mute_idle:g} and {how.drop_columns:g}"
                    )
        for name in self.protocols or PROTOCOLS:
            self.expert(name)  # refuses what makes no model

    def expert(self, protocol: str) -> Model:
        """A protocol's expert.

        Raises:
            ValueError: there is no such protocol, or its sources make no model.
        """
        _check_one_of("protocol", protocol, (*PROTOCOLS, MIXED))
        size = {part.name: getattr(self.model, part.name) for part in fields(Size)}
        return Model(**size, sources=self.sources + self.protocols.get(protocol, ()))

    def folder(self, protocol: str, stage: str) -> Path:
        """Of the weights of a stage."""
        return Path(self.out, protocol, stage)


def to_json(value: Any) -> Any:
    """A dataclass as JSON with every default spelled out."""
    return json.loads(json.dumps(asdict(value)))


def shipped() -> list[str]:
    """Names of the configurations that come with the package."""
    return toml_file.names(SHIPPED)


def load(name: str | Path, **overrides: Any) -> Experts:
    """Reads a configuration: a TOML file, or by its name one that comes with the package.

    Args:
        name: path, or a name of :func:`shipped`.
        overrides: ``out``, ``seed``, ``threads``, and ``train`` and ``test`` of the data; None
            leaves what the file says.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not as documented.
    """
    path = toml_file.locate(name, SHIPPED)
    content = toml_file.read(path, name, SHIPPED)
    given = {key: value for key, value in overrides.items() if value is not None}
    for key in ("train", "validation", "test"):
        if key in given and isinstance(content.setdefault("data", {}), dict):
            content["data"][key] = str(given.pop(key))
            if isinstance(content.get("router"), dict):  # its own gives way as well
                content["router"].pop(key, None)
    content.update(given)
    content["out"] = str(content.get("out") or f"data/models/{path.stem}")
    content["bundle"] = str(content.get("bundle") or f"{content['out']}/bundle")
    try:
        return strict_json.build(Experts, content, path.name)
    except strict_json.SchemaError:
        raise
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
