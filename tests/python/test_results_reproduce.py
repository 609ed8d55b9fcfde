# SPDX-License-Identifier: GPL-3.0-or-later
"""From data sets and weights to tables: what is measured, what is gone on with, what is refused."""

import dataclasses

import pytest

pytest.importorskip("lightning", reason="training is not installed")

import tiny_experts
import toy_city
from lwmspectro_train import cli
from lwmspectro_train.results import cells
from lwmspectro_train.results.fit import Settings
from lwmspectro_train.results.preset import Embedding, Links, Preset, Study
from lwmspectro_train.results.reproduce import reproduce
from lwmspectro_train.results.splits import Sizes

METHODS = ("lwm_ft", "lwm", "deep_cnn")
QUICK = Settings(epochs=1, least_steps=2, batch=8)
SIZES = Sizes(0.3, 0.2, 2, 2)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Preset:
    folder = tmp_path_factory.mktemp("results")
    data = toy_city.write(folder / "lte", 210)
    experts = tiny_experts.write(folder / "experts")
    links = Links("lte", str(data), ("lte",), "joint", str(experts), "lte")
    study = Study((links,), METHODS, (2,))
    return Preset(
        table2=study,
        table3=study,
        fig3=Embedding((links,), windows=40),
        fig5=study,
        ablation=study,
        seeds=(1, 2),
        training=QUICK,
        split=SIZES,
        image=32,
        threads=1,
    )


def make(small, out, seen, minutes=None, what="table2"):
    there = dataclasses.replace(small, out=str(out))
    return reproduce(what, there, "the command", minutes, lambda *args: seen.append(args))


def test_table_2_is_made_and_gone_on_with(small, tmp_path):
    seen = []
    document = make(small, tmp_path, seen)
    assert document == tmp_path / "table2.md"
    assert len(seen) == 2 * len(METHODS)
    rows = cells.read(tmp_path / "table2.csv")
    assert {cell.key.method for cell in rows} == set(METHODS)
    assert all(cell.train == 28 and 0.0 <= cell.f1 <= 1.0 for cell in rows)
    text = document.read_text()
    assert "the command" in text
    assert (tmp_path / "table2.svg").stat().st_size > 1000
    # half of the cells go; only these are measured again
    lines = (tmp_path / "table2.csv").read_text().splitlines()
    (tmp_path / "table2.csv").write_text("\n".join(lines[:4]) + "\n")
    kept = cells.read(tmp_path / "table2.csv")
    make(small, tmp_path, [], minutes=0.0)
    assert cells.read(tmp_path / "table2.csv") == kept
    assert "not measured yet: 3 cells" in document.read_text()
    make(small, tmp_path, [])
    again = {cell.key: cell for cell in cells.read(tmp_path / "table2.csv")}
    assert all(again[cell.key] == cell for cell in kept)
    same = {cell.key: cell.f1 for cell in rows}
    assert {key: cell.f1 for key, cell in again.items()} == pytest.approx(same)


def test_other_data_or_settings_are_measured_anew(small, tmp_path):
    few = dataclasses.replace(small.table2, methods=("deep_cnn",))
    one = dataclasses.replace(small, table2=few, seeds=(1,))
    seen = []
    make(one, tmp_path, seen)
    before = cells.read(tmp_path / "table2.csv")
    make(dataclasses.replace(one, image=64), tmp_path, seen)
    after = cells.read(tmp_path / "table2.csv")
    assert len(before) == len(after) == 1
    assert before[0].identity != after[0].identity


def test_steps_decide_where_there_are_few_windows_alone(small, tmp_path):
    """28 windows in batches of 8 are four steps: a least number below that changes nothing."""
    study = dataclasses.replace(small.table2, methods=("spectrogram_cnn", "raw_logistic"))
    identities = []
    for least_steps in (1, 4, 5):
        training = dataclasses.replace(small.training, batch=8, least_steps=least_steps)
        made = dataclasses.replace(small, table2=study, seeds=(1,), training=training)
        make(made, tmp_path, [])
        found = {c.key.method: c.identity for c in cells.read(tmp_path / "table2.csv")}
        identities.append(found)
    assert identities[0] == identities[1]
    assert identities[1]["spectrogram_cnn"] != identities[2]["spectrogram_cnn"]
    assert identities[1]["raw_logistic"] == identities[2]["raw_logistic"]
    own = dataclasses.replace(study, training=dataclasses.replace(QUICK, least_steps=4))
    make(dataclasses.replace(made, table2=own), tmp_path, [])
    found = {c.key.method: c.identity for c in cells.read(tmp_path / "table2.csv")}
    assert found == identities[0]


def test_the_ablation_and_table_3_name_what_is_missing(small, tmp_path):
    links = dataclasses.replace(small.ablation.links[0], name="elsewhere", experts="nowhere")
    study = dataclasses.replace(
        small.ablation, links=(*small.ablation.links, links), methods=("lwm", "spectrogram_cnn")
    )
    both = dataclasses.replace(small, ablation=study, seeds=(1,))
    text = make(both, tmp_path, [], what="ablation").read_text()
    assert "## lte" in text
    assert "left out: LWM, frozen on elsewhere: expected weights nowhere/lte/finetune" in text
    one = dataclasses.replace(small, table3=dataclasses.replace(small.table3, methods=("lwm",)))
    text = make(one, tmp_path, [], what="table3").read_text()
    assert text.count("| LWM, frozen |") == 3  # F1, accuracy, duration


def test_figure_5_stands_beside_the_physical_limit(small, tmp_path, monkeypatch):
    monkeypatch.setattr("lwmspectro_train.results.figure_5._TRIALS", 2)
    links = dataclasses.replace(small.fig5.links[0], task="modulation", symbols=50)
    study = Study((links,), ("spectrogram_cnn", "lwm"), (2, cells.ALL))
    text = make(dataclasses.replace(small, fig5=study), tmp_path, [], what="fig5").read_text()
    assert "| windows per class | 2 | all |" in text
    assert "### By SNR, with all windows per class" in text
    assert "Physical limits over 50 symbols" in text
    assert "| limit, Rayleigh |" in text
    assert {p.name for p in tmp_path.glob("*.svg")} == {"fig5-1-count.svg", "fig5-1-snr.svg"}


def test_figure_3_has_a_number_beside_each_picture(small, tmp_path):
    text = make(small, tmp_path, [], what="fig3").read_text()
    for features in ("raw spectrogram", "random weights, frozen", "LWM, frozen"):
        assert f"| lte | {features} | 40 |" in text
    assert (tmp_path / "fig3.csv").read_text().count("\n") == 5
    assert (tmp_path / "fig3.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["table2", "--preset", "huge"], "huge: expected a TOML file or one of"),
        (["table2", "--minutes", "-1"], "--minutes: expected 0 or more, got -1"),
        (["table2", "--preset", "smoke", "--threads", "0"], "threads: expected at least 1, got 0"),
        (["table2", "--preset", "smoke"], "data/paper_lte_sf: expected manifest.json"),
    ],
)
def test_the_command_refuses_in_one_line(arguments, what, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["reproduce", *arguments]) == 2
    said = capsys.readouterr().err
    assert what in said
    assert said.count("\n") == 1
