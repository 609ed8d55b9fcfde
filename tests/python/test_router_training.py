# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers in training: stopped and gone on with, begun anew, trained on from another."""

import dataclasses
import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import torch
import toy_links
from lwmspectro_train import cli
from lwmspectro_train.assess import assess
from lwmspectro_train.card import router_stages
from lwmspectro_train.router import RouterConfig
from lwmspectro_train.router_files import CONFIG, WEIGHTS, restore
from lwmspectro_train.stages.checkpoint import CHECKPOINT
from lwmspectro_train.train_router import (
    TRAINING,
    Running,
    TrainConfig,
    identity,
    is_trained,
    record,
    refuse_another,
    train,
)

SIZE = RouterConfig(dim=8, layers=1, heads=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    for seed in (1, 2, 3):
        toy_links.write(folder / str(seed), (24, 16), seed=seed)
    return folder


def config(data: Path, out: Path, seed: int = 1, **settings: object) -> TrainConfig:
    return TrainConfig(data / str(seed), out, epochs=2, batch=8, threads=1, **settings)  # type: ignore[arg-type]


def test_a_run_that_was_stopped_goes_on_bit_for_bit(data: Path, tmp_path: Path) -> None:
    whole, halves = (config(data, tmp_path / name) for name in ("whole", "halves"))
    done = train(whole, SIZE)
    steps = int(done.curve[0]["step"])
    assert done.finished
    for stop_after in (2, steps - 1, steps + 1):  # within an epoch, before its end, after it
        cut = train(halves, SIZE, Running(checkpoint_s=0.0, stop_after=stop_after))
        assert cut.step == stop_after
        assert not (halves.out / WEIGHTS).exists()
        assert not is_trained(halves, SIZE)
    again = train(halves, SIZE)
    assert (halves.out / WEIGHTS).read_bytes() == (whole.out / WEIGHTS).read_bytes()
    assert done.curve == again.curve
    (halves.out / WEIGHTS).unlink()  # killed when all epochs were done, before the end
    assert train(halves, SIZE).step == again.step
    assert (halves.out / WEIGHTS).read_bytes() == (whole.out / WEIGHTS).read_bytes()


def test_training_stops_when_nothing_gets_better(data: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(config(data, tmp_path), epochs=9, learning_rate=1e-7, patience=1)
    lost = dataclasses.replace(settings, learning_rate=30.0, warmup_epochs=0.0)
    assert len(train(lost, SIZE).curve) < 9
    assert record(tmp_path)["epochs_run"] < 9


def test_a_router_of_another_run_stays(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train-router", str(data / "1"), str(tmp_path), "--threads", "1", "--epochs"]
    assert cli.main([*arguments, "1"]) == 0
    before = (tmp_path / WEIGHTS).read_bytes()
    assert "1 epochs, least validation loss" in capsys.readouterr().out
    assert cli.main([*arguments, "1"]) == 0
    assert "trained already" in capsys.readouterr().out
    assert cli.main([*arguments, "2"]) == 2
    assert "expected a checkpoint of this configuration and data" in capsys.readouterr().err
    other = TrainConfig(data / "1", tmp_path, epochs=2)
    with pytest.raises(ValueError, match="got one of others"):
        refuse_another(other, RouterConfig())
    refuse_another(dataclasses.replace(other, out=tmp_path / "nowhere"), RouterConfig())
    assert (tmp_path / WEIGHTS).read_bytes() == before
    assert cli.main([*arguments, "2", "--restart"]) == 0
    assert record(tmp_path)["epochs_run"] == 2


def test_what_was_there_is_not_taken_for_a_run_that_begins_anew(data: Path, tmp_path: Path) -> None:
    settings = config(data, tmp_path)
    done = train(settings, SIZE)
    cut = train(settings, SIZE, Running(restart=True, stop_after=1))
    assert cut.step == 1
    assert not is_trained(settings, SIZE)
    assert not (tmp_path / CHECKPOINT).exists()
    assert train(settings, SIZE).step == done.step
    assert is_trained(settings, SIZE)


def test_what_decides_the_weights_is_compared(data: Path, tmp_path: Path) -> None:
    same = config(data, tmp_path)
    train(same, SIZE)
    assert is_trained(same, SIZE)
    assert is_trained(dataclasses.replace(same, threads=2), SIZE)
    assert not is_trained(dataclasses.replace(same, epochs=99), SIZE)
    assert not is_trained(dataclasses.replace(same, data=data / "2"), SIZE)
    assert not is_trained(dataclasses.replace(same, out=tmp_path / "nowhere"), SIZE)
    assert not is_trained(same, dataclasses.replace(SIZE, dim=16))


def test_training_on_keeps_what_was_before(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = config(data, tmp_path / "first"), config(data, tmp_path / "second", 3)
    train(first, SIZE)
    second = dataclasses.replace(second, weights=first.out, learning_rate=1e-7)
    train(second, SIZE, Running(checkpoint_s=0.0, stop_after=3))
    train(second, SIZE)
    before, after = (restore(run.out).state_dict() for run in (first, second))
    assert any(not torch.equal(before[name], after[name]) for name in before)  # it was trained
    for name in before:
        torch.testing.assert_close(before[name], after[name], atol=1e-4, rtol=0.0)
    for name in ("spectrogram.mean", "correlogram.std"):  # of the first data
        assert torch.equal(before[name], after[name])
    assert record(second.out)["from"] == record(first.out)
    assert router_stages(record(second.out)).count("2 epochs of 40 windows (seed") == 2
    assert "(seed 1)" in router_stages(record(second.out)).split("; then ")[0]
    with pytest.raises(ValueError, match="expected a router that never saw seed 1"):
        assess(second.out, data / "2", data / "1")

    arguments = ["train-router", str(data / "2"), str(tmp_path / "third"), "--threads", "1"]
    assert cli.main([*arguments, "--weights", str(first.out)]) == 2  # of another size
    assert "expected a router of" in capsys.readouterr().err
    assert cli.main([*arguments[:2], str(first.out), "--weights", str(first.out)]) == 2
    assert "expected another folder than that of --weights" in capsys.readouterr().err


def test_a_router_whose_past_is_unknown_says_so(data: Path, tmp_path: Path) -> None:
    first = config(data, tmp_path / "first")
    train(first, SIZE)
    old = {k: v for k, v in record(first.out).items() if k != "data"} | {"from_sha256": "5878"}
    assert "a training of which nothing is known here; then 2 epochs, " in router_stages(old)
    (first.out / TRAINING).unlink()
    with pytest.raises(FileNotFoundError, match="expected the record of a trained router"):
        train(config(data, tmp_path / "second", weights=first.out), SIZE)


def test_too_few_windows_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toy_links.write(tmp_path / "few", (3,))
    assert cli.main(["train-router", str(tmp_path / "few"), str(tmp_path / "out")]) == 2
    assert "expected windows to train on and to validate on, got 3 and 0" in capsys.readouterr().err


def test_joined_data_are_others(data: Path, tmp_path: Path) -> None:
    manifest = json.loads((data / "1" / "manifest.json").read_text())
    found = set()
    for parts in ({}, {"parts": [{"seed": 1}, {"seed": 2}]}, {"parts": [{"seed": 1}, {"seed": 3}]}):
        (tmp_path / "manifest.json").write_text(json.dumps(manifest | parts))
        found.add(identity(TrainConfig(tmp_path, tmp_path))["data_sha256"])
    assert len(found) == 3


def test_a_truncated_router_is_one_line(data: Path, tmp_path: Path) -> None:
    train(config(data, tmp_path), SIZE)
    weights = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ValueError, match="expected the weights of a router, got") as error:
        restore(tmp_path)
    assert "\n" not in str(error.value)
    (tmp_path / CONFIG).write_text("{")
    with pytest.raises(ValueError, match=CONFIG):
        restore(tmp_path)
