# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracing, where Sionna RT is installed: physics, seeds, going on after a stop."""

import json

import numpy as np
import pytest

pytest.importorskip("sionna.rt", reason="sionna-rt is not installed: make sites-deps")

from gnuradio.lwmspectro.sites import SiteSet, split_of
from gnuradio.lwmspectro.sites.manifest import Manifest
from gnuradio.lwmspectro.sites.site_set import DATA
from lwmspectro_train import cli
from lwmspectro_train.sites import build as build_sites
from lwmspectro_train.sites.build import BuildConfig, build
from lwmspectro_train.sites.placement import place_sites
from lwmspectro_train.sites.plan import PlannedSite, TraceConfig, planned_sites
from lwmspectro_train.sites.scene import CityScene
from lwmspectro_train.sites.surface import survey

SPEED_OF_LIGHT = 299792458.0
QUICK = TraceConfig(max_depth=2, samples_per_site=20_000)
PLANS = (
    PlannedSite("etoile-1", "etoile", "street", 2.437e9, 150.0),
    PlannedSite("etoile-2", "etoile", "rooftop", 3.6e9, 150.0),
)


@pytest.fixture(scope="module")
def etoile():
    return CityScene("etoile")


def test_a_point_in_the_open(etoile):
    """East of the Arc de Triomphe: free space, and the ground's echo where geometry has it."""
    site, user = np.array([-60.0, 60.0, 20.0]), np.array([[-20.0, 90.0, 1.5]])
    paths, linked = etoile.trace(site, user, 3.5e9, QUICK, seed=1)
    assert linked.tolist() == [0]
    direct = (paths.n_reflections == 0) & (paths.n_diffractions == 0)
    assert direct.tolist()[0]
    assert direct.sum() == 1
    distance = np.linalg.norm(user[0] - site)
    assert paths.delays_s[0] == pytest.approx(distance / SPEED_OF_LIGHT, rel=1e-5)
    loss_db = 20 * np.log10(4 * np.pi * distance * 3.5e9 / SPEED_OF_LIGHT)
    assert -paths.gains_db[0] == pytest.approx(loss_db, abs=0.01)
    to_user = np.degrees(np.arctan2(30, 40))
    assert paths.departure_azimuth_deg[0] == pytest.approx(to_user, abs=0.01)
    assert paths.arrival_azimuth_deg[0] == pytest.approx(to_user - 180, abs=0.01)
    zenith = np.degrees(np.arccos(18.5 / distance))
    assert paths.arrival_zenith_deg[0] == pytest.approx(zenith, abs=0.01)
    image_s = np.hypot(50.0, 21.5) / SPEED_OF_LIGHT  # of the site below the ground
    once = (paths.n_reflections == 1) & (paths.n_diffractions == 0)
    assert np.abs(paths.delays_s[once] - image_s).min() < 1e-11


def test_what_is_seen(etoile):
    site = np.array([-60.0, 60.0, 20.0])
    heights, on_ground = etoile.look_down(np.array([[-60.0, 60.0], [-2000.0, 0.0]]))
    assert heights[0] == pytest.approx(0, abs=1e-3)
    assert np.isnan(heights[1])
    assert on_ground.tolist() == [True, False]
    points = np.array([[-20.0, 90.0, 1.5], [-60.0, 60.0, -5.0]])
    assert etoile.visible(site, points).tolist() == [True, False]


def test_places_are_those_of_the_seed(etoile):
    surface = survey(etoile)
    first, second, other = (place_sites(etoile, surface, PLANS, QUICK, seed) for seed in (3, 3, 4))
    assert first == second
    assert first != other
    assert place_sites(etoile, surface, PLANS[:1], QUICK, 3) == first[:1]
    street, rooftop = first
    assert 6 <= street.height_m <= 10
    assert 17 <= rooftop.height_m <= 50
    assert np.linalg.norm(np.subtract(street.position_m, rooftop.position_m)) >= 80


@pytest.fixture
def config(tmp_path):
    return BuildConfig(tmp_path / "out", tmp_path / "work", PLANS, 5, 20, QUICK)


def test_goes_on_where_it_was_stopped(config, monkeypatch):
    def stop(name, n_users):
        if name == "etoile-2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(config, stop)
    assert [path.name for path in config.parts.iterdir()] == ["etoile-1.npz"]
    assert not list(config.folder.iterdir())

    traced = []
    monkeypatch.setattr(
        build_sites,
        "_trace_users",
        lambda *a, original=build_sites._trace_users: (traced.append(a[2].plan.name), original(*a))[
            1
        ],
    )
    told = []
    manifest = build(config, lambda name, n: told.append((name, n)))
    assert traced == ["etoile-2"]
    assert sum(n for _, n in told) == 40
    assert [(r.n_users, r.n_los + r.n_nlos) for r in manifest.sites] == [(20, 20)] * 2

    # and what one run makes is the same
    whole = BuildConfig(config.folder / "whole", config.folder / "work", PLANS, 5, 20, QUICK)
    assert build(whole, lambda *_: None) == manifest
    assert (whole.folder / "etoile.npz").read_bytes() == (config.folder / "etoile.npz").read_bytes()
    # another seed does not take what lies there
    traced.clear()
    build(BuildConfig(config.folder, config.parts, PLANS[:1], 6, 20, QUICK), lambda *_: None)
    assert traced == ["etoile-1"]


def test_the_command(tmp_path, capsys):
    arguments = ["--out", tmp_path, "--work", tmp_path / "work", "--city", "etoile", "--users", 2]
    assert cli.main(["sites", *map(str, arguments)]) == 0
    assert "users" in capsys.readouterr().err
    assert (tmp_path / "etoile.png").stat().st_size > 10_000
    assert json.loads((tmp_path / "manifest.json").read_text())["versions"]["sionna-rt"]
    n_train = sum(
        split_of(p.city, p.name) == "train" for p in planned_sites() if p.city == "etoile"
    )
    assert SiteSet.load("train", tmp_path).n_users == 2 * n_train


@pytest.mark.parametrize("city", ["munich", "florence", "san_francisco"])
def test_the_sites_of_the_repository_are_traced_again(city):
    manifest = Manifest.load(DATA)
    record = next(record for record in manifest.sites if record.city == city)
    stored = SiteSet.load(split_of(city, record.name)).site(record.name).paths.first(4)
    trace = TraceConfig(**manifest.trace)
    again, linked = CityScene(city).trace(
        np.array(record.position_m), stored.positions_m, record.center_freq_hz, trace, record.seed
    )
    assert len(linked) == 4
    np.testing.assert_allclose(again.total_gain_db, stored.total_gain_db, atol=0.02)
    for i in range(4):
        new, old = (slice(p.starts[i], p.starts[i] + 3) for p in (again, stored))
        np.testing.assert_allclose(again.gains_db[new], stored.gains_db[old], atol=0.02)
        np.testing.assert_allclose(again.delays_s[new], stored.delays_s[old], atol=0.2e-9)
        np.testing.assert_array_equal(again.n_reflections[new], stored.n_reflections[old])
