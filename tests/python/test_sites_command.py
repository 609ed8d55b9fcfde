# SPDX-License-Identifier: GPL-3.0-or-later
"""lwmspectro-train sites, where it needs no ray tracer."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from gnuradio.lwmspectro.sites.site_set import DATA
from lwmspectro_train import cli
from lwmspectro_train.sites import pictures
from lwmspectro_train.sites.plan import CITIES, TraceConfig, planned_sites
from lwmspectro_train.sites.table import site_table
from matplotlib.image import imread


def run(capsys, *arguments):
    status = cli.main(["sites", *map(str, arguments)])
    return status, capsys.readouterr().err


def test_the_plan():
    plans = planned_sites()
    assert len(plans) >= 20
    assert len({plan.name for plan in plans}) == len(plans)
    assert {plan.city for plan in plans} == set(CITIES)
    assert all(2.4e9 <= plan.center_freq_hz <= 3.7e9 for plan in plans)
    for city in CITIES:
        kinds = {plan.kind for plan in plans if plan.city == city}
        freqs = {plan.center_freq_hz for plan in plans if plan.city == city}
        assert kinds == {"rooftop", "street"}
        assert min(freqs) < 2.5e9 < 3.4e9 < max(freqs)
    assert TraceConfig().max_paths <= 25


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--users", "0"], "users: expected 1 to 100000, got 0"),
        (["--seed", "-1"], "seed: expected 0 or more, got -1"),
    ],
)
def test_values_out_of_range(tmp_path, capsys, arguments, text):
    status, err = run(capsys, "--out", tmp_path, *arguments)
    assert (status, err.count("\n")) == (2, 1)
    assert text in err
    assert not list(tmp_path.iterdir())


def test_options_that_are_none(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["sites", "--city", "atlantis"])
    assert stopped.value.code == 2
    assert "atlantis" in capsys.readouterr().err


def test_not_among_the_sources(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, err = run(capsys)
    assert (status, err.count("\n")) == (2, 1)
    assert "expected the folder python/lwmspectro/sites here, or --out" in err


def test_without_a_ray_tracer(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    status, err = run(capsys, "--out", tmp_path / "out", "--work", tmp_path / "work")
    assert (status, err.count("\n")) == (2, 1)
    assert "expected sionna-rt and libllvm19 for ray tracing: make sites-deps" in err


def test_redraw_of_nothing(tmp_path, capsys):
    status, err = run(capsys, "--out", tmp_path, "--redraw")
    assert (status, err.count("\n")) == (2, 1)
    assert "manifest.json" in err


def test_maps_are_drawn_again(tmp_path, capsys):
    data, images = tmp_path / "data", tmp_path / "images"
    shutil.copytree(DATA, data)
    status, err = run(capsys, "--out", data, "--images", images, "--redraw")
    assert (status, err) == (0, "")
    assert sorted(path.name for path in images.iterdir()) == sorted(f"{c}.png" for c in CITIES)
    for path in images.iterdir():
        assert path.stat().st_size < 400_000
        pixels = imread(path)
        assert pixels.shape[0] > 400
        assert len(np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0)) > 100


def test_the_maps_and_the_table_of_the_documentation(repository):
    folder = repository / "docs" / "images" / "sites"
    text = (repository / "docs" / "sites.md").read_text()
    assert site_table(DATA) in text
    for city in CITIES:
        assert (folder / f"{city}.png").stat().st_size < 400_000
        assert f"images/sites/{city}.png" in text


def test_a_map_needs_no_more_than_numbers(monkeypatch):
    # Pictures come from the data alone: whoever has no ray tracer can look at them too.
    code = (
        "import sys; sys.modules['sionna'] = sys.modules['mitsuba'] = None\n"
        f"import {pictures.__name__}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_help(run_app):
    done = run_app("lwmspectro-train", "sites", "--help")
    assert done.returncode == 0
    assert "--redraw" in done.stdout
