# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop of all training, with a learner of one weight: when it ends, what it keeps."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")

import torch
from lightning.fabric import Fabric
from lwmspectro_train.stages import checkpoint, curve, loop
from lwmspectro_train.stages.config import Training
from lwmspectro_train.stages.loop import Learner, Plan
from lwmspectro_train.stages.world import Alone
from safetensors import safe_open
from safetensors.torch import save_file

CONFIG = Training(
    epochs=5, patience=2, batch=2, learning_rate=0.1, warmup_epochs=0.0, checkpoint_s=0.0
)


class Constant(Learner):
    """Learns the mean of 0, 1, 2, 3; validation losses are as told, epoch by epoch."""

    steps_per_epoch = 2

    def __init__(self, losses: list[float]) -> None:
        self.module = torch.nn.Linear(1, 1)
        with torch.no_grad():
            for parameter in self.module.parameters():
                parameter.zero_()
        self.adam = torch.optim.AdamW([{"params": list(self.module.parameters()), "share": 1.0}])
        self.losses, self.kept, self.seen = losses, [], []

    def epoch(self, number):
        return np.random.default_rng(number).permutation(4).reshape(2, 2)

    def loss(self, module, rows, step):
        self.seen.append((step, rows.tolist()))
        wanted = torch.tensor(rows, dtype=torch.float32)[:, None]
        loss = (module(torch.ones(2, 1)) - wanted).square().mean()
        return loss, {"square": loss}

    def validate(self):
        return {"loss": self.losses.pop(0)}

    def save_best(self, row):
        self.kept.append(int(row["epoch"]))


def plan(folder: Path, **changes: object) -> Plan:
    return dataclasses.replace(Plan(CONFIG, 1, folder, "identity"), **changes)  # type: ignore[arg-type]


def fit(settings: Plan, learner: Constant) -> checkpoint.Progress:
    fabric = Fabric(accelerator="cpu", devices=1)
    return loop.fit(settings, learner, fabric, Alone())


def test_it_ends_when_nothing_has_got_better_for_long_enough(tmp_path: Path) -> None:
    learner = Constant([3.0, 2.0, 2.5, 2.0, 1.0])  # as good as before is not better
    done = fit(plan(tmp_path), learner)
    assert learner.kept == [1, 2]
    assert (len(done.curve), done.best, done.worse, done.finished) == (4, 2.0, 2, True)
    assert fit(plan(tmp_path), Constant([])).step == done.step  # nothing is left to do
    rows = list(csv.DictReader((tmp_path / curve.NAME).open()))
    assert [float(row["val_loss"]) for row in rows] == [3.0, 2.0, 2.5, 2.0]
    assert [float(row["step"]) for row in rows] == [2.0, 4.0, 6.0, 8.0]
    assert float(rows[-1]["train_square"]) < float(rows[0]["train_square"])


def test_it_ends_with_the_last_epoch(tmp_path: Path) -> None:
    said = []
    learner = Constant([5.0, 4.0, 3.0, 2.0, 1.0])
    done = fit(plan(tmp_path, on_step=lambda *args: said.append(args)), learner)
    assert learner.kept == [1, 2, 3, 4, 5]
    assert done.finished
    assert [args[:3] for args in said] == [(k + 1, 10, 2) for k in range(10)]
    assert said[0][3].keys() == {"square"}


@pytest.mark.parametrize("stop_after", [1, 2, 3, 9])
def test_stopped_it_goes_on_with_the_next_step(tmp_path: Path, stop_after: int) -> None:
    losses = [5.0, 4.0, 3.0, 2.0, 1.0]
    whole = Constant(losses[:])
    wanted = fit(plan(tmp_path / "whole"), whole)
    first, second = Constant(losses), Constant(losses)  # one list of both
    cut = fit(plan(tmp_path / "parts", stop_after=stop_after), first)
    done = fit(plan(tmp_path / "parts"), second)
    # the end of an epoch is saved with its validation: a stop just before repeats its last step
    repeated = 1 if stop_after % 2 == 0 else 0
    assert first.seen + second.seen[repeated:] == whole.seen
    assert done.curve == wanted.curve
    assert 0.0 < cut.seconds < done.seconds
    for name, value in whole.module.state_dict().items():
        assert torch.equal(value, second.module.state_dict()[name])


def test_checkpoints_from_before_the_clock_are_read(tmp_path: Path) -> None:
    cut = fit(plan(tmp_path, stop_after=3), Constant([1.0] * 5))
    path = tmp_path / checkpoint.CHECKPOINT
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["about"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del about["progress"]["seconds"]
    save_file(tensors, path, {"about": json.dumps(about)})
    assert fit(plan(tmp_path), Constant([1.0] * 5)).step > cut.step


def test_another_run_stays_as_it_is(tmp_path: Path) -> None:
    fit(plan(tmp_path, stop_after=3), Constant([1.0] * 5))
    before = (tmp_path / checkpoint.CHECKPOINT).read_bytes()
    with pytest.raises(ValueError, match="expected a checkpoint of this configuration and data"):
        fit(plan(tmp_path, identity="other"), Constant([1.0] * 5))
    assert (tmp_path / checkpoint.CHECKPOINT).read_bytes() == before
    again = fit(plan(tmp_path, identity="other", restart=True), Constant([1.0] * 5))
    assert again.finished
