# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the router with Lightning: AdamW, warm-up and cosine decay, early stopping."""

from __future__ import annotations

import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import lightning
import torch
from gnuradio.lwmspectro import strict_json
from lightning.pytorch.callbacks import Callback, EarlyStopping
from lightning.pytorch.loggers import CSVLogger
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchmetrics.classification import MulticlassAccuracy

from .augment import mute_idle
from .between import best_between
from .chunks import sha256
from .dataset import ROUTER_VIEWS, TokenSet, load, read_manifest, split
from .files import write_json
from .join import PARTS
from .router import Router, RouterConfig
from .stages.checkpoint import digest

WEIGHTS = "router.safetensors"
CONFIG = "router.json"
TRAINING = "training.json"


@dataclass(frozen=True)
class TrainConfig:
    """How the router is trained.

    Attributes:
        data: folder of the data set.
        out: folder of the weights and the learning curve.
        seed: of weights, order and dropout.
        epochs: at most.
        patience: epochs without a better validation loss.
        batch: windows a step.
        learning_rate, weight_decay: of AdamW (paper, table of settings).
        warmup_epochs: linear, then a cosine to 1e-8.
        label_smoothing: of the cross entropy; keeps the probabilities modest.
        muted: share of the training windows whose idle noise is turned to zeros.
        held_out: share of the windows for validation, from scenes that training never sees.
        threads: of torch.
        precision: of Lightning: "32-true" anywhere, "bf16-mixed" where the CPU has it.
        weights: folder of a trained router to begin with; random weights where None. What comes
            out is between these and the best epoch, see ``between``.
    """

    data: Path
    out: Path
    seed: int = 1
    epochs: int = 12
    patience: int = 5
    batch: int = 64
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    warmup_epochs: float = 1.0
    label_smoothing: float = 0.02
    muted: float = 0.25
    held_out: float = 0.1
    threads: int = 2
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    weights: Path | None = None


class _Windows(Dataset[tuple[Tensor, Tensor]]):
    """Batches of windows: indexing with a list of numbers gives a batch."""

    def __init__(self, data: TokenSet) -> None:
        self.tokens = torch.from_numpy(data.tokens)
        self.label = torch.from_numpy(data.label)

    def __len__(self) -> int:
        return len(self.label)

    def __getitems__(self, index: list[int]) -> tuple[Tensor, Tensor]:
        return self.tokens[index], self.label[index]  # half the bytes on their way to a GPU


def _as_is(batch: Any) -> Any:
    return batch


class RouterTask(lightning.LightningModule):
    """Cross entropy over the protocols."""

    def __init__(self, router: Router, config: TrainConfig, steps_per_epoch: int) -> None:
        super().__init__()
        self.router = router
        self.config = config
        self.steps_per_epoch = steps_per_epoch
        self.accuracy = MulticlassAccuracy(router.cfg.classes, average="micro")

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Loss of a batch."""
        tokens, label = batch
        loss = functional.cross_entropy(
            self.router(mute_idle(tokens.float(), self.config.muted)),
            label,
            label_smoothing=self.config.label_smoothing,
        )
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Logs loss and accuracy of a batch."""
        tokens, label = batch
        logits = self.router(tokens.float())
        self.accuracy(logits, label)
        self.log("val_loss", functional.cross_entropy(logits, label), prog_bar=True)
        self.log("val_accuracy", self.accuracy, prog_bar=True)

    def configure_optimizers(self) -> dict[str, object]:  # type: ignore[override]
        """AdamW; linear warm-up, then a cosine to 1e-8."""
        config = self.config
        optimiser = torch.optim.AdamW(
            self.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        warmup = config.warmup_epochs * self.steps_per_epoch
        total = config.epochs * self.steps_per_epoch
        least = 1e-8 / config.learning_rate

        def schedule(step: int) -> float:
            if step < warmup:
                return (step + 1) / warmup
            share = min(1.0, (step - warmup) / max(1.0, total - warmup))
            return least + (1.0 - least) * 0.5 * (1.0 + math.cos(math.pi * share))

        scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, schedule)
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }


class KeepBest(Callback):
    """Writes the weights as safetensors whenever the validation loss is the lowest so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.best = math.inf

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        """Saves if this epoch is the best."""
        loss = float(trainer.callback_metrics["val_loss"])
        if trainer.sanity_checking or loss >= self.best:
            return
        self.best = loss
        assert isinstance(module, RouterTask)
        save(module.router, self.folder)


def save(router: Router, folder: Path) -> None:
    """Writes size and weights of a router, each by a rename."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (WEIGHTS + ".part")
    save_file(router.state_dict(), partial)
    os.replace(partial, folder / WEIGHTS)
    write_json(folder / CONFIG, asdict(router.cfg))


def restore(folder: Path) -> Router:
    """The router that :func:`save` wrote.

    Raises:
        FileNotFoundError: there is none.
        ValueError: a file is not what it should be.
    """
    path = folder / CONFIG
    try:
        size = strict_json.build(RouterConfig, strict_json.parse(path.read_bytes()), "size")
    except strict_json.SchemaError as error:
        raise ValueError(f"{path}: {error}") from None
    router = Router(size)
    try:
        router.load_state_dict(load_file(folder / WEIGHTS))
    except (SafetensorError, RuntimeError) as error:
        message = " ".join(str(error).split())
        raise ValueError(
            f"{folder / WEIGHTS}: expected the weights of a router, got {message}"
        ) from None
    return router.eval()


def _loader(
    data: TokenSet, config: TrainConfig, shuffle: bool
) -> DataLoader[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(config.seed)
    return DataLoader(
        _Windows(data), config.batch, shuffle=shuffle, collate_fn=_as_is, generator=generator
    )


def train(config: TrainConfig, size: RouterConfig) -> Router:
    """Trains a router and returns its best state.

    The learning curve is ``metrics.csv`` in the folder ``config.out``.

    Raises:
        FileNotFoundError: the data set is not complete, or there are no weights to begin with.
        ValueError: these are of a router of another size.
    """
    started = time.monotonic()
    torch.set_num_threads(config.threads)
    lightning.seed_everything(config.seed, verbose=False)
    if config.weights is not None and config.weights.resolve() == config.out.resolve():
        raise ValueError(f"{config.out}: expected another folder than that of --weights")
    before = None if config.weights is None else restore(config.weights)
    if before is not None and before.cfg != size:
        raise ValueError(f"{config.weights}: expected a router of {size}, got {before.cfg}")
    training, validation = split(load(config.data, ROUTER_VIEWS), config.held_out)
    router = (before or Router(size)).train()
    if before is None:
        sample = torch.from_numpy(training.tokens[:: max(1, len(training) // 2000)])
        router.fit_normalisation(sample.float())
    loader = _loader(training, config, shuffle=True)
    task = RouterTask(router, config, len(loader))
    trainer = lightning.Trainer(
        max_epochs=config.epochs,
        accelerator="auto",
        devices=1,
        precision=config.precision,
        logger=CSVLogger(config.out, name=None, version="curve"),
        callbacks=[EarlyStopping("val_loss", patience=config.patience), KeepBest(config.out)],
        enable_checkpointing=False,
        enable_model_summary=False,
        gradient_clip_val=1.0,
        num_sanity_val_steps=0,
    )
    trainer.fit(task, loader, _loader(validation, config, shuffle=False))
    seconds = round(time.monotonic() - started)
    manifest = read_manifest(config.data)
    outcome: dict[str, Any] = {
        "data": {key: manifest[key] for key in ("seed", "windows", PARTS) if key in manifest},
        "threads": config.threads,
        "epochs_run": trainer.current_epoch,
        "seconds": seconds,
    }
    if config.weights is not None:
        outcome["share_of_the_way"] = _go_back(config, validation)
    write_json(config.out / TRAINING, identity(config) | outcome)
    return restore(config.out)


def _go_back(config: TrainConfig, validation: TokenSet) -> float:
    """Replaces weights that were trained on by the best between these and the first ones."""
    assert config.weights is not None
    router = restore(config.out)
    windows = _Windows(validation)
    share = best_between(restore(config.weights), router, windows.tokens, windows.label)
    save(router, config.out)
    return share


def identity(config: TrainConfig) -> dict[str, Any]:
    """What decides the weights, as it stands beside them: settings, and the data set's own.

    Raises:
        FileNotFoundError: the data set is not complete.
    """
    manifest = read_manifest(config.data)
    own = [manifest[key] for key in ("seed", "windows", "config", PARTS) if key in manifest]
    settings = asdict(config)
    for name in ("data", "out", "threads", "weights"):
        del settings[name]
    if config.weights is not None:
        settings["from_sha256"] = sha256(config.weights / WEIGHTS)
    return settings | {"data_sha256": digest(own)}


def is_trained(config: TrainConfig) -> bool:
    """Whether ``config.out`` holds a router that was trained just so, to the end."""
    try:
        found = strict_json.parse((config.out / TRAINING).read_bytes())
    except (FileNotFoundError, strict_json.SchemaError):
        return False
    return isinstance(found, dict) and identity(config).items() <= found.items()
