# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of experts: the shipped ones, and what is refused."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

from lwmspectro_train import cli
from lwmspectro_train.lwm.config import Model, Source
from lwmspectro_train.lwm.expert import Expert
from lwmspectro_train.stages import config

MINIMAL = """
[data]
train = "somewhere"
[[sources]]
kind = "spectrogram"
"""


def test_paper_is_the_papers() -> None:
    """Table of settings: 1024 tokens, 12 layers, d = 128, 8 heads, FFN 512, 2.5 M parameters."""
    made = config.load("paper")
    model = made.expert("lte")
    assert (model.tokens, model.layers, model.dim, model.heads, model.ffn) == (
        1024,
        12,
        128,
        8,
        512,
    )
    assert [source.image[0] for source in model.sources] == [1]  # C = 1
    expert = Expert(model)
    parts = [*expert.patches.parameters(), *expert.encoder.parameters()]
    assert sum(p.numel() for p in parts) == pytest.approx(2.5e6, rel=0.02)
    assert (model.mask_ratio, model.temperature) == (0.7, 0.2)
    training, weights = made.pretrain, made.finetune.weights
    assert (training.learning_rate, training.final_rate, training.warmup_epochs) == (5e-4, 1e-8, 5)
    assert (training.weight_decay, training.epochs) == (0.05, 100)
    assert (weights.reconstruction, weights.contrastive) == (1.0, 0.3)


@pytest.mark.parametrize("name", config.shipped())
def test_shipped_configurations_make_experts(name: str) -> None:
    made = config.load(name)
    for protocol in config.PROTOCOLS:
        assert made.expert(protocol).dim == 128  # of the embedding in a bundle
    assert made.out == f"data/models/{name}"
    text = (config.SHIPPED / f"{name}.toml").read_text()
    assert f"lwmspectro-train pretrain {name}" in text or f"train-all {name}" in text


def test_live_reads_the_protocols_grids() -> None:
    made = config.load("live")
    grids = {
        protocol: [s.numerology for s in made.expert(protocol).sources if s.kind == "constellation"]
        for protocol in config.PROTOCOLS
    }
    assert grids == {
        "wifi": ["wifi_long_gi", "wifi_short_gi"],
        "lte": ["cp_15khz"],
        "nr": ["cp_15khz", "cp_30khz"],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1", "expected keys .* got unknown"),
        ("[data]", "data: expected keys .* got none of"),
        (MINIMAL + "patch = [5, 16]", "patch, bands: expected divisors of 128, got 5"),
        (MINIMAL + 'numerology = "cp_15khz"', "numerology: expected none for a spectrogram"),
        (MINIMAL + 'arrange = "mean"', "arrange: expected a lift"),
        (MINIMAL + "[model]\nheads = 7", "dim: expected a multiple of heads = 7, got 128"),
        (MINIMAL + "[model]\nmask_ratio = 1.0", "mask_ratio: expected 0 or more and less than 1"),
        (MINIMAL + "[model]\nlayers = 2.5", "layers: expected a whole number, got 2.5"),
        (MINIMAL + "[pretrain]\nbatch = 0", "batch: expected 1 to .* got 0"),
        (MINIMAL + '[pretrain]\nprecision = "int4"', "precision: expected one of 32-true"),
        (MINIMAL + "[protocols]\nlora = []", "protocols: expected one of wifi, lte, nr, mixed"),
        (MINIMAL + "[[sources]]\nkind = 'spectrogram'", "expected at least one and none twice"),
        (MINIMAL + "[[sources]]\nkind = 'grid'", "numerology: expected one of cp_15khz"),
        ("[data", "not TOML"),
    ],
)
def test_what_is_wrong_is_said(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        config.load(path)
    assert cli.main(["pretrain", str(path), "--protocol", "lte"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_unknown_configuration_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["finetune", "nonsense", "--protocol", "lte"]) == 2
    said = capsys.readouterr().err
    assert "expected a TOML file or one of c0, live, paper, paper_short, smoke, found none" in said


def test_data_of_the_command_line_are_the_routers_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = (config.SHIPPED / "live.toml").read_text()
    path.write_text(text.replace("[router]", '[router]\ntrain = "other"'))
    assert config.load(path).router.train == "other"
    assert config.load(path, train="mine").router.train == ""


def test_overrides_replace_what_the_file_says() -> None:
    made = config.load("smoke", train="a", test="b", out="c", seed=7, threads=None)
    assert (made.data.train, made.data.test, made.out, made.seed) == ("a", "b", "c", 7)
    assert made.bundle == "c/bundle"


def test_planes_of_a_grid_begin_with_the_power() -> None:
    with pytest.raises(ValueError, match="planes: expected power_db first"):
        Source("grid", "cp_15khz", planes=("cos_2dphi",))
    with pytest.raises(ValueError, match="sources: expected at least one"):
        Model(sources=())
