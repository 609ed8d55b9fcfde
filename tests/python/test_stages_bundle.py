# SPDX-License-Identifier: GPL-3.0-or-later
"""From a data set to a bundle: the commands, the ONNX experts, and the mixture."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import onnxruntime
import torch
import toy_links
from gnuradio.lwmspectro.bundle import Bundle
from gnuradio.lwmspectro.manifest import EXPERT
from lwmspectro_train import calibrate, cli, export
from lwmspectro_train.lwm.mixture import Mixture
from lwmspectro_train.stages import card, checkpoint, config, portable, quantise
from lwmspectro_train.stages.checkpoint import load_expert
from lwmspectro_train.stages.experts import FINETUNE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    toy_links.write(folder / "train", (32, 24))
    toy_links.write(folder / "test", (24,), seed=2)
    return folder


def arguments(folder: Path, out: Path) -> list[str]:
    data = ["--data", str(folder / "train"), "--test", str(folder / "test")]
    return ["smoke", *data, "--out", str(out), "--threads", "1"]


@pytest.fixture(scope="module")
def made(folder: Path) -> Path:
    """A folder in which train-all has run; few windows of noise calibrate the energy test."""
    out = folder / "out"
    render = calibrate.noise_excess_db
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibrate, "noise_excess_db", lambda _, seed: render(8, seed))
        assert cli.main(["train-all", *arguments(folder, out), "--accelerator", "cpu"]) == 0
    return out


def test_train_all_makes_a_bundle(made: Path, folder: Path) -> None:
    bundle = Bundle.load(made / "bundle")
    manifest = bundle.manifest
    assert manifest.experts == ("wifi", "lte", "nr")
    assert bundle.spec.grids == toy_links.GRIDS
    assert set(manifest.metrics["experts"]) == {"wifi", "lte", "nr"}
    assert "| lte |" in bundle.read("MODEL_CARD.md").decode()
    tokens = np.random.default_rng(1).normal(size=(3, bundle.spec.vlen)).astype(np.float32)
    for protocol in manifest.experts:
        model = manifest.models[EXPERT + protocol]
        session = onnxruntime.InferenceSession(bundle.read(model.file))
        for batch in (1, 3):
            outputs = session.run(None, {"tokens": tokens[:batch]})
            assert [o.shape for o in outputs] == [(batch, 5), (batch, 1), (batch, 3), (batch, 128)]
        modulation = outputs[0]
        assert (modulation.argmax(axis=1) != 4).all()  # 256QAM is not in the data
        assert (modulation[:, 4] < modulation[:, :4].max(axis=1) - 20.0).all()


def test_train_all_goes_on_where_it_was(
    made: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All is done: nothing is trained again, and the bundle comes out the same."""
    render = calibrate.noise_excess_db
    monkeypatch.setattr(calibrate, "noise_excess_db", lambda _, seed: render(8, seed))
    before = Bundle.load(made / "bundle").id
    weights = {path: path.stat().st_mtime_ns for path in made.rglob("*.safetensors")}
    assert len(weights) == 3 * 2 * 2 + 3  # the router has its best epoch and a checkpoint
    assert cli.main(["train-all", *arguments(folder, made), "--accelerator", "cpu"]) == 0
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*.safetensors")} == weights
    assert before in capsys.readouterr().out.replace(" ", "-")


def test_training_on_is_told_in_the_card(
    made: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Experts that are fine-tuned a second time keep what they were made from."""
    render = calibrate.noise_excess_db
    monkeypatch.setattr(calibrate, "noise_excess_db", lambda _, seed: render(8, seed))
    arguments_ = arguments(folder, tmp_path)
    for protocol in ("wifi", "lte", "nr"):
        goes_on = ["--protocol", protocol, "--weights", str(made / protocol / "finetune")]
        how = ["--epochs", "1", "--learning-rate", "1e-4", "--accelerator", "cpu"]
        assert cli.main(["finetune", *arguments_, *goes_on, *how]) == 0
    weights = ["--weights", str(made / "router"), "--epochs", "1"]
    data, router = str(folder / "train"), str(tmp_path / "router")
    assert cli.main(["train-router", data, router, *weights, "--threads", "1"]) == 0
    assert cli.main(["export", *arguments_]) == 0
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text()
    assert re.search(r"epochs of fine-tuning \(\d+, seed 1\), then 1 epochs of fine-tuning", card)
    assert re.search(r"1 CPU thread; then 1 epochs of 56 windows \(seed 1\)", card)
    assert "the same, by the share of the window in which the link sends" in card


def test_the_card_tells_data_sets_apart() -> None:
    alone = {"windows": 200, "seed": 5, "counts": {"none": 20, "nr": 180}}
    assert card._data_set(alone) == "200 of nr alone, seed 5"
    parts = [{"seed": 1}, {"seed": 3}, {"seed": 4}]
    every = {"windows": 1300, "seed": 1, "counts": {"lte": 600, "nr": 700}, "parts": parts}
    assert card._data_set(every) == "1,300, seeds 1, 3 and 4"


def test_weights_that_saw_the_test_sites_are_refused(made: Path) -> None:
    where = made / "wifi" / "finetune"
    _, record = checkpoint.load_expert(where)
    checkpoint.refuse_test_sites(where, record)
    seen = {"data": {"train": {"config": {"split": "test"}}}}
    with pytest.raises(ValueError, match="expected weights that never saw the test split"):
        checkpoint.refuse_test_sites(where, record | {"from": seen})


def test_evaluate_prints_figures(
    made: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", *arguments(folder, made), "--protocol", "lte"]) == 0
    found = json.loads(capsys.readouterr().out)["lte"]
    assert found == Bundle.load(made / "bundle").manifest.metrics["experts"]["lte"]
    by_snr = found["mobility"]["by_snr_db"].values()
    right = sum(row["windows"] * row["accuracy"] for row in by_snr)
    assert sum(row["windows"] for row in by_snr) == found["mobility"]["windows"]
    assert right / found["mobility"]["windows"] == pytest.approx(
        found["mobility"]["accuracy"], abs=1e-3
    )
    assert 0.0 < found["snr_db"]["median_error"] < 40.0


def test_int8_answers_as_float32_does(
    made: Path,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    command = ["quantise", str(made / "bundle"), str(tmp_path / "int8")]
    test = ["--test", str(folder / "test")]
    assert cli.main([*command, *test]) == 0
    assert "pre-processing" not in caplog.text
    said = capsys.readouterr().out
    compared = json.loads(said[: said.rindex("}") + 1])
    before, after = Bundle.load(made / "bundle"), Bundle.load(tmp_path / "int8")
    assert after.experts == before.experts
    for protocol in after.experts:
        name = f"{EXPERT}{protocol}.onnx"
        assert len(after.read(name)) < len(before.read(name))
        whole = before.manifest.metrics["experts"][protocol]
        mine = compared[protocol]["float32"]
        assert mine["mobility"] == pytest.approx(whole["mobility"]["accuracy"], abs=1e-3)
        assert mine["snr_db"] == pytest.approx(whole["snr_db"]["median_error"], abs=0.01)
    assert before.read("router.onnx") == after.read("router.onnx")
    # of int8 there is no other int8
    assert cli.main(["quantise", str(tmp_path / "int8"), str(tmp_path / "twice"), *test]) == 2
    assert "expected an encoder in float32, found none" in capsys.readouterr().err
    assert not (tmp_path / "twice").exists()


def test_a_test_set_that_is_none_is_the_first_thing_said(
    made: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantise, "int8", lambda _: pytest.fail("quantised already"))
    command = ["quantise", str(made / "bundle"), str(tmp_path / "int8")]
    assert cli.main([*command, "--test", str(tmp_path)]) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "expected manifest.json of a whole data set" in said


def test_int8_that_costs_too_much_is_refused(
    made: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantise, "MORE_DB", -100.0)
    with pytest.raises(ValueError, match="expected a median error of the SNR of at most"):
        quantise.quantise(Bundle.load(made / "bundle"), folder / "test", tmp_path / "int8")
    assert not (tmp_path / "int8").exists()


def test_a_model_that_differs_is_refused(made: Path) -> None:
    spec = Bundle.load(made / "bundle").spec
    loaded = config.load("smoke", train="unused", out=str(made))
    experts = [load_expert(loaded.folder(p, FINETUNE))[0] for p in ("wifi", "nr")]
    model = portable.to_onnx(experts[0], spec)
    tokens = np.random.default_rng(2).normal(size=(2, spec.vlen)).astype(np.float32)
    assert portable.check_parity(experts[0], spec, model, tokens) < portable.PARITY
    with pytest.raises(ValueError, match="parity: expected at most"):
        portable.check_parity(experts[1], spec, model, tokens)
    with pytest.raises(ValueError, match="spec: expected grids for"):
        portable.OfTokens(experts[0], export.spec())


def test_errors_are_one_line(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    nothing = arguments(folder, tmp_path)
    for command, said in (
        (["finetune", *nothing, "--protocol", "lte"], "expected weights, found none"),
        (
            ["finetune", *nothing, "--protocol", "lte", "--learning-rate", "0"],
            "learning_rate: expected more than 0",
        ),
        (["export", *nothing], "expected a fine-tuned expert of wifi, lte, nr, found none"),
        (["evaluate", *nothing], "expected a fine-tuned expert"),
        (["evaluate", "paper"], "data.test: expected a data set to measure on"),
        (["pretrain", "smoke", "--protocol", "lte"], "expected manifest.json of a whole data set"),
        (
            ["pretrain", *nothing, "--protocol", "lte", "--tensorboard"],
            "expected the Python package tensorboard, found none",
        ),
        (["train-all", "paper"], "data.test: expected a data set to measure on (--test)"),
    ):
        assert cli.main(command) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


class Fixed(torch.nn.Module):
    """An expert that says one thing, and counts the windows it is asked about."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = torch.nn.Parameter(torch.tensor(value))
        self.asked = 0

    def forward(self, tokens: torch.Tensor) -> dict[str, torch.Tensor]:
        self.asked += len(tokens)
        return {"embedding": self.value * tokens[:, :2], "snr_db": self.value * tokens[:, :1]}


def test_mixture_weighs_experts_and_top_1_takes_one() -> None:
    """Section IV-B: sum of g_k E_k(x) for training and analysis, the greatest g_k for inference."""
    experts = [Fixed(1.0), Fixed(10.0), Fixed(100.0)]
    mixture = Mixture(torch.nn.Identity(), experts)  # router tokens are the logits themselves
    logits = torch.tensor([[0.0, 2.0, 1.0, 9.0], [3.0, 0.0, 1.0, 0.0]])  # the last: none
    tokens = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    gate = logits[:, :3].softmax(dim=1)
    mixed = mixture(tokens, logits)
    torch.testing.assert_close(mixed["gate"], gate)
    level = gate @ torch.tensor([1.0, 10.0, 100.0])
    torch.testing.assert_close(mixed["embedding"], level[:, None] * tokens)
    for expert in experts:
        expert.asked = 0
    best = mixture.top_1(tokens, logits)
    torch.testing.assert_close(best["embedding"], torch.tensor([[10.0, 20.0], [3.0, 4.0]]))
    torch.testing.assert_close(best["snr_db"], torch.tensor([[10.0], [3.0]]))
    assert [expert.asked for expert in experts] == [1, 1, 0]
    mixture.freeze_experts()
    assert not any(p.requires_grad for p in mixture.experts.parameters())
