# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets: those that come along fit each other and the data sets; others are refused plainly."""

import dataclasses

import pytest

pytest.importorskip("lightning", reason="training is not installed")

from lwmspectro_train import dataset_config
from lwmspectro_train.results import preset
from lwmspectro_train.results.bench import ROUTED
from lwmspectro_train.results.methods import METHODS
from lwmspectro_train.results.preset import Links, Study
from lwmspectro_train.stages import config as experts

LINKS = Links("a", "data/a", ("lte",), "joint", "data/models/live", "lte")


def all_links(found):
    studies = (found.table2, found.table3, found.fig3, found.fig5, found.ablation)
    return [links for study in studies for links in study.links]


@pytest.mark.parametrize("name", preset.shipped())
def test_shipped_presets_read_data_that_a_configuration_makes(name):
    found = preset.load(name)
    assert all(links.data.endswith("_sf") for links in all_links(found))
    for links in all_links(found):
        made = dataset_config.load(links.data.removeprefix("data/").removesuffix("_sf"))
        assert set(links.protocols) <= set(made.protocols)
        assert set(made.channels.weights) == {"site"}
        assert set(links.grids) <= set(made.tokens.grids)
        trained = experts.load(links.experts.removeprefix("data/models/"))
        names = ("wifi", "lte", "nr") if links.expert == ROUTED else (links.expert,)
        columns = {c for expert in names for c in trained.expert(expert).columns}
        read = {c.removeprefix("grid_") for c in columns if c.startswith("grid_")}
        assert read <= set(made.tokens.grids)
        assert bool(links.router) == (links.expert == ROUTED)


def test_small_and_paper_have_enough_seeds_and_every_method():
    for name in ("small", "paper"):
        found = preset.load(name)
        assert len(found.seeds) >= 3
        assert set(found.table2.methods) >= set(METHODS) - {"masked", "masked_ft"}
    assert preset.load("paper").table3.counts[-1] == 3200
    assert preset.load("paper").fig5.counts == (2, 4, 8, 16, 32, 64, 128, 256, 0)


def test_costly_methods_may_end_earlier():
    study = Study((LINKS,), ("lwm", "resnet18"), (5, 400, 0), {"resnet18": 50})
    wanted = [(m, c) for c in study.counts for m in study.methods if study.wants(m, c)]
    assert wanted == [("lwm", 5), ("resnet18", 5), ("lwm", 400), ("lwm", 0)]


def test_a_study_says_what_differs_alone(tmp_path):
    path = tmp_path / "own.toml"
    text = (preset.SHIPPED / "smoke.toml").read_text()
    path.write_text(text.replace("[table3]", "[table3.training]\nepochs = 9\n[table3]", 1))
    found = preset.load(path)
    assert found.table3.training == dataclasses.replace(found.training, epochs=9)
    assert found.table2.training is None


def test_overrides_stand_in_for_the_file():
    found = preset.load("smoke", seeds=(4, 5), out="elsewhere", threads=None)
    assert (found.seeds, found.out, found.threads) == ((4, 5), "elsewhere", 1)


@pytest.mark.parametrize(
    ("good", "bad", "what"),
    [
        ('"lwm", "deep_cnn", "raw_logistic"', '"magic"', r"methods: expected .*, got \['magic'\]"),
        ("epochs = 1", "epochs = 0", "epochs: expected at least 1, got 0"),
        ("[table3]", "[table3.training]\nepocs = 2\n[table3]", r"table3.training.* \['epocs'\]"),
        ("[table3]", "[table3.training]\nbatch = 0.5\n[table3]", "batch: expected a whole number"),
        ('task = "joint"', 'task = "speed"', "task: expected one of joint, modulation"),
        ("seeds = [1, 2]", "seeds = [1, 1]", "seeds: expected different ones"),
        ("threads = 1", "threads = 1\nimage = 100", "image: expected 32, 64 or 128, got 100"),
        ("threads = 1", "threads = 1\nsize = 3", "size"),
        ("threads = 1", "threads =", "not TOML"),
    ],
)
def test_wrong_presets_are_refused(tmp_path, good, bad, what):
    path = tmp_path / "wrong.toml"
    text = (preset.SHIPPED / "smoke.toml").read_text()
    assert good in text
    path.write_text(text.replace(good, bad, 1))
    with pytest.raises(ValueError, match=what):
        preset.load(path)


def test_a_preset_that_is_not_there():
    with pytest.raises(FileNotFoundError, match=r"expected a TOML file or one of .*small.*none"):
        preset.load("large")
