# SPDX-License-Identifier: GPL-3.0-or-later
"""Experts that go on with other views than they were trained with."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import torch
import toy_links
from lwmspectro_train import cli
from lwmspectro_train.lwm.config import Model, Source, shares_encoder
from lwmspectro_train.lwm.expert import random
from lwmspectro_train.stages import config
from lwmspectro_train.stages.checkpoint import load_expert

GRID = Source("grid", "cp_15khz", patch=(32, 32))
OTHER_GRID = replace(GRID, planes=("power_db", "cos_2dphi", "cos_4dphi"))
SMALL = {"dim": 16, "layers": 1, "heads": 2, "ffn": 16}


def test_weights_go_by_view_not_by_place() -> None:
    before = Model(
        sources=(Source("spectrogram"), Source("fluctuation"), Source("similarity")), **SMALL
    )
    after = Model(sources=(Source("drift"), Source("spectrogram"), Source("similarity")), **SMALL)
    assert shares_encoder(before, after)
    old, fresh, new = random(before, 1), random(after, 2), random(after, 2)
    new.take_over(old)
    theirs, untouched, mine = old.state_dict(), fresh.state_dict(), new.state_dict()
    for name in ("patches.similarity.weight", "patches.spectrogram.position", "mask_embedding"):
        assert torch.equal(mine[name], theirs[name])
    assert torch.equal(mine["patches.drift.weight"], untouched["patches.drift.weight"])
    assert torch.equal(mine["decoder.position"], untouched["decoder.position"])
    for place, other in ((1, 0), (2, 2)):  # predictors of the spectrogram and the similarity
        name = "decoder.predict.{}.weight"
        assert torch.equal(mine[name.format(place)], theirs[name.format(other)])
    assert torch.equal(mine["decoder.predict.0.weight"], untouched["decoder.predict.0.weight"])


def test_a_view_of_the_same_name_may_be_another() -> None:
    before = Model(sources=(Source("spectrogram"), GRID), **SMALL)
    after = Model(sources=(Source("spectrogram"), OTHER_GRID), **SMALL)
    old, fresh, new = random(before, 1), random(after, 2), random(after, 2)
    new.take_over(old)
    name = "patches.grid_cp_15khz.position"  # of the same shape
    assert torch.equal(new.state_dict()[name], fresh.state_dict()[name])
    assert not shares_encoder(
        Model(sources=(GRID,), **SMALL), Model(sources=(OTHER_GRID,), **SMALL)
    )
    assert not shares_encoder(before, replace(before, dim=32))


def test_fine_tuning_may_add_a_view(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It begins with the weights of all views that stay, and fits the new one's scale."""
    toy_links.write(tmp_path / "train", (32, 24))
    text = (config.SHIPPED / "smoke.toml").read_text()
    other = tmp_path / "other.toml"
    other.write_text(text.replace('kind = "drift"', 'kind = "similarity"'))
    how = ["--protocol", "lte", "--accelerator", "cpu", "--data", str(tmp_path / "train")]
    how += ["--threads", "1", "--epochs", "1"]
    assert cli.main(["pretrain", "smoke", *how, "--out", str(tmp_path / "a")]) == 0
    goes_on = [*how, "--out", str(tmp_path / "b"), "--weights", str(tmp_path / "a/lte/pretrain")]
    assert cli.main(["finetune", str(other), *goes_on, "--learning-rate", "1e-7"]) == 0
    before, _ = load_expert(tmp_path / "a" / "lte" / "pretrain")
    after, record = load_expert(tmp_path / "b" / "lte" / "finetune")
    assert [source.kind for source in after.model.sources][2] == "similarity"
    assert [source["kind"] for source in record["from"]["model"]["sources"]][2] == "drift"
    old, new = before.state_dict(), after.state_dict()
    kept = [name for name in old if name in new and name.startswith(("patches", "encoder"))]
    assert len(kept) > 10
    for name in kept:
        torch.testing.assert_close(new[name], old[name], atol=1e-5, rtol=0.0)
    assert new["views.similarity.std"] != 1.0
    other.write_text(text.replace("dim = 128", "dim = 64"))
    assert cli.main(["finetune", str(other), *goes_on]) == 2
    assert "expected an expert of the size configured" in capsys.readouterr().err
