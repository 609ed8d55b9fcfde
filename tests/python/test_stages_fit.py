# SPDX-License-Identifier: GPL-3.0-or-later
"""Experts in training: a stopped run goes on exactly, and processes share a batch."""

import csv
import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import torch
import toy_links
from lwmspectro_train.stages import checkpoint, config, curve, experts, world
from lwmspectro_train.stages.experts import Options

CPU = Options(accelerator="cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_links.write(
        tmp_path_factory.mktemp("toy") / "data", (50, 50, 40), grids=("cp_15khz",)
    )


def tiny(data: Path, out: Path, **training: Any) -> config.Experts:
    made = config.load("smoke", train=str(data), out=str(out), threads=1)
    stage = dataclasses.replace(made.pretrain, batch=8, **training)
    tuned = dataclasses.replace(made.finetune, training=stage)
    size = dataclasses.replace(made.model, dim=16, dropout=0.1)
    return dataclasses.replace(made, pretrain=stage, finetune=tuned, model=size)


def weights(folder: Path, name: str = checkpoint.CHECKPOINT) -> dict[str, torch.Tensor]:
    return checkpoint._read(folder / name)[0]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(value, b[name]) for name, value in a.items())


@pytest.mark.parametrize("stop_after", [2, 5])
def test_a_stopped_run_goes_on_bit_for_bit(data: Path, tmp_path: Path, stop_after: int) -> None:
    """Stopped in the midst of an epoch, with dropout, augmentation and masks: nothing differs."""
    whole = tiny(data, tmp_path / "whole", checkpoint_s=0.0)
    experts.pretrain(whole, "lte", CPU)
    experts.finetune(whole, "lte", CPU, None)
    parts = tiny(data, tmp_path / "parts", checkpoint_s=0.0)
    stopping = dataclasses.replace(CPU, stop_after=stop_after)
    assert not experts.pretrain(parts, "lte", stopping).finished
    torch.manual_seed(12345)  # what happens in between does not matter
    assert experts.pretrain(parts, "lte", CPU).finished
    experts.finetune(parts, "lte", stopping, None)
    experts.finetune(parts, "lte", CPU, None)
    for stage in experts.STAGES:
        a, b = whole.folder("lte", stage), parts.folder("lte", stage)
        assert same(weights(a), weights(b))
        assert same(weights(a, checkpoint.WEIGHTS), weights(b, checkpoint.WEIGHTS))
        assert (a / curve.NAME).read_text() == (b / curve.NAME).read_text()
    rows = (whole.folder("lte", "pretrain") / curve.NAME).read_text().splitlines()
    assert len(rows) == 1 + whole.pretrain.epochs


LONG = {"checkpoint_s": 0.0, "epochs": 6, "patience": 100}
"""Of a run that takes long enough to be killed within."""


def in_another_process(folder: Path, data: Path, out: Path, body: str) -> list[str]:
    """A command that runs ``body``, in which ``t`` is this module and ``data``, ``out`` paths."""
    here = Path(__file__).parent
    script = folder / "train.py"
    script.write_text(
        f"import sys\nsys.path[:0] = [{str(here)!r}, {str(here / 'references')!r}]\n"
        "import dataclasses\nfrom pathlib import Path\nimport test_stages_fit as t\n"
        f"data, out = Path({str(data)!r}), Path({str(out)!r})\n{body}\n"
    )
    return [str(script)]


def test_a_killed_process_goes_on_bit_for_bit(data: Path, tmp_path: Path) -> None:
    """SIGKILL at any moment, writing included; the steps since the last checkpoint are repeated."""
    wanted = tiny(data, tmp_path / "whole", **LONG)
    experts.pretrain(wanted, "lte", CPU)
    killed = tiny(data, tmp_path / "killed", **LONG)
    path = killed.folder("lte", "pretrain") / checkpoint.CHECKPOINT
    body = "t.experts.pretrain(t.tiny(data, out, **t.LONG), 'lte', t.CPU)"
    command = in_another_process(tmp_path, data, tmp_path / "killed", body)
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300.0
    while not path.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert path.exists()
    experts.pretrain(killed, "lte", CPU)
    assert same(weights(path.parent), weights(wanted.folder("lte", "pretrain")))


def test_two_processes_do_what_one_does(data: Path, tmp_path: Path) -> None:
    """The same global batch, by torchrun over gloo: reconstruction, contrast over all, heads."""

    def run(out: Path) -> config.Experts:
        made = tiny(data, out, epochs=1)
        return dataclasses.replace(made, model=dataclasses.replace(made.model, dropout=0.0))

    alone = run(tmp_path / "1")
    experts.pretrain(alone, "mixed", CPU)
    experts.finetune(alone, "mixed", CPU, None)
    body = (
        "c = t.tiny(data, out, epochs=1)\n"
        "c = dataclasses.replace(c, model=dataclasses.replace(c.model, dropout=0.0))\n"
        "t.experts.pretrain(c, 'mixed', t.CPU)\n"
        "t.experts.finetune(c, 'mixed', t.CPU, None)"
    )
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, *launcher, *in_another_process(tmp_path, data, tmp_path / "2", body)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    together = run(tmp_path / "2")
    for stage in experts.STAGES:
        one, two = (run.folder("mixed", stage) for run in (alone, together))
        curves = [list(csv.DictReader((folder / curve.NAME).open())) for folder in (one, two)]
        for name, value in curves[0][0].items():
            # the terms of all steps, each on the same global batch; and the loss that chooses
            if name.startswith("train_") or name == "val_loss":
                assert float(curves[1][0][name]) == pytest.approx(float(value), rel=1e-4), name
        experts_of = [checkpoint.load_expert(folder)[0] for folder in (one, two)]
        pairs = zip(*(e.parameters() for e in experts_of), strict=True)
        gaps = torch.cat([(a - b).detach().abs().flatten() for a, b in pairs])
        # where the gradient is zero but for rounding (the bias of keys, say), Adam steps at random
        assert (gaps > 2e-5).float().mean() < 0.02
    torch.manual_seed(0)
    shapes = {"spectrogram": (128, 128), "correlogram": (9, 128)}
    views = {name: 5.0 * torch.randn(4, *shape) for name, shape in shapes.items()}
    with torch.no_grad():
        answers = [expert(views) for expert in experts_of]
    for name, answer in answers[0].items():
        torch.testing.assert_close(answer, answers[1][name], atol=2e-3, rtol=1e-3)


def test_checkpoint_of_another_configuration_is_refused(data: Path, tmp_path: Path) -> None:
    made = tiny(data, tmp_path, epochs=1)
    experts.pretrain(made, "lte", CPU)
    other = dataclasses.replace(made, seed=2)
    with pytest.raises(ValueError, match="expected a checkpoint of this configuration"):
        experts.pretrain(other, "lte", CPU)
    assert experts.pretrain(other, "lte", dataclasses.replace(CPU, restart=True)).finished


def test_mixed_precision_leaves_inputs_as_they_are() -> None:
    """Products are of bfloat16, the decibels that go in are not."""

    class Layer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(4, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen, self.made = x, x @ self.weight
            return self.made

    fabric, _ = world.launch("bf16-mixed", "cpu")
    layer, x = Layer(), torch.tensor([[-63.1, -62.9, -63.0, 0.1]])
    fabric.setup_module(layer)(x)
    assert torch.equal(layer.seen, x)
    assert layer.made.dtype == torch.bfloat16


def test_early_stopping_keeps_the_best(data: Path, tmp_path: Path) -> None:
    """A rate so high that nothing is learned: it ends after ``patience`` epochs."""
    made = tiny(data, tmp_path, epochs=30, patience=2, learning_rate=3.0, warmup_epochs=0.0)
    progress = experts.pretrain(made, "lte", CPU)
    losses = [row["val_loss"] for row in progress.curve]
    assert len(losses) < 30
    assert progress.best == min(losses) == losses[-3]
    _, record = checkpoint.load_expert(made.folder("lte", "pretrain"))
    assert record["validation"]["val_loss"] == progress.best
