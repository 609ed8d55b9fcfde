# SPDX-License-Identifier: GPL-3.0-or-later
"""From data sets and weights to tables: what is measured, what is gone on with, what is refused."""

import dataclasses

import pytest

pytest.importorskip("lightning", reason="training is not installed")

import tiny_experts
import toy_city
from lwmspectro_train.results import cells
from lwmspectro_train.results.fit import Settings
from lwmspectro_train.results.preset import Embedding, Links, Preset, Study
from lwmspectro_train.results.reproduce import reproduce
from lwmspectro_train.results.splits import Sizes

METHODS = ("lwm_ft", "lwm", "random", "raw_logistic", "deep_cnn")
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
    (tmp_path / "table2.csv").write_text("\n".join(lines[:6]) + "\n")
    kept = cells.read(tmp_path / "table2.csv")
    make(small, tmp_path, [], minutes=0.0)
    assert cells.read(tmp_path / "table2.csv") == kept
    assert "not measured yet: 5 cells" in document.read_text()
    make(small, tmp_path, [])
    again = {cell.key: cell for cell in cells.read(tmp_path / "table2.csv")}
    assert all(again[cell.key] == cell for cell in kept)
    same = {cell.key: cell.f1 for cell in rows}
    assert {key: cell.f1 for key, cell in again.items()} == pytest.approx(same)
