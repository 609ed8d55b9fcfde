# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of sites: what is loaded for which split, and what is refused."""

import dataclasses
import json

import numpy as np
import pytest
from gnuradio.lwmspectro.sites import SitePaths, SiteSet, split_of
from gnuradio.lwmspectro.sites.city_file import write_city
from gnuradio.lwmspectro.sites.footprint import Footprint
from gnuradio.lwmspectro.sites.manifest import Manifest, sha256_of

# Two users: 300 m away and in sight, with an echo 0.5 us later of equal power; one around a corner.
PATHS = SitePaths(
    positions_m=np.array([[300.0, 0.0, 1.5], [0.0, 50.0, 1.5]]),
    n_paths=np.array([2, 1]),
    n_traced=np.array([40, 1]),
    total_gain_db=np.array([-87.0, -120.0]),
    delays_s=np.array([1.0e-6, 1.5e-6, 0.4e-6]),
    gains_db=np.array([-90.0, -90.0, -120.0]),
    departure_azimuth_deg=np.array([0.0, 10.0, 90.0]),
    departure_zenith_deg=np.array([95.0, 95.0, 100.0]),
    arrival_azimuth_deg=np.array([180.0, 170.0, -90.0]),
    arrival_zenith_deg=np.array([85.0, 85.0, 80.0]),
    n_reflections=np.array([0, 1, 0]),
    n_diffractions=np.array([0, 0, 1]),
)
NAMES = ("munich-1", "munich-5", "san_francisco-1")


def record(name):
    return {
        "name": name,
        "city": name.rpartition("-")[0],
        "kind": "street",
        "center_freq_hz": 3.5e9,
        "position_m": [0.0, 0.0, 8.0],
        "height_m": 8.0,
        "radius_m": 200.0,
        "seed": 7,
        "n_users": 2,
        "n_los": 1,
        "n_nlos": 1,
        "n_drawn": 2,
    }


@pytest.fixture
def folder(tmp_path):
    """Three sites in two cities."""
    cities = {}
    for city in ("munich", "san_francisco"):
        path = tmp_path / f"{city}.npz"
        names = [name for name in NAMES if name.startswith(city)]
        write_city(path, Footprint(0, 0, 2, np.zeros((4, 4), bool)), dict.fromkeys(names, PATHS))
        size = path.stat().st_size
        cities[city] = {"file": path.name, "sha256": sha256_of(path), "n_bytes": size}
    manifest = {
        "format": 1,
        "seed": 1,
        "versions": {},
        "trace": {},
        "cities": cities,
        "sites": [record(name) for name in NAMES],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def change(folder, edit):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("split", "names"),
    [("train", ["munich-1"]), ("validation", ["munich-5"]), ("test", ["san_francisco-1"])],
)
def test_a_split(folder, split, names):
    sites = SiteSet.load(split, folder)
    assert sites.split == split
    assert [site.name for site in sites] == names
    assert set(sites.footprints) == {site.city for site in sites}
    assert (len(sites), sites.n_users) == (1, 2)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_the_unseen_city_is_not_even_opened(folder, split):
    (folder / "san_francisco.npz").unlink()
    assert SiteSet.load(split, folder).n_users == 2
    with pytest.raises(FileNotFoundError):
        SiteSet.load("test", folder)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_the_unseen_city_cannot_be_put_among_others(folder, split):
    unseen = SiteSet.load("test", folder).sites
    seen = SiteSet.load(split, folder).sites
    with pytest.raises(ValueError, match=f"expected a site of {split}, got one of test"):
        SiteSet(seen + unseen, split)
    renamed = dataclasses.replace(unseen[0], name="munich-1")
    with pytest.raises(ValueError, match="got one of test"):
        SiteSet((renamed,), split)
    with pytest.raises(ValueError, match=f"expected a site of test, got one of {split}"):
        SiteSet(seen, "test")


def test_every_site_has_one_split():
    assert split_of("san_francisco", "munich-1") == "test"
    assert split_of("munich", "munich-1") == "train"
    assert split_of("munich", "munich-5") == "validation"


@pytest.mark.parametrize("split", ["all", "", "Train"])
def test_no_such_split(folder, split):
    with pytest.raises(ValueError, match=f"expected one of train, validation, test, got {split}"):
        SiteSet.load(split, folder)


def test_a_user(folder):
    site = SiteSet.load("train", folder).site("munich-1")
    user = site.user(0)
    assert (user.site, user.city, user.index) == ("munich-1", "munich", 0)
    assert user.center_freq_hz == 3.5e9
    np.testing.assert_allclose(user.position_m, (300, 0, 1.5))
    assert user.distance_m == pytest.approx(np.hypot(300, 6.5))
    assert user.is_los
    assert user.path_loss_db == pytest.approx(87)
    assert user.delay_spread_s == pytest.approx(0.25e-6)
    assert not site.user(1).is_los
    assert site.user(1).delay_spread_s == 0
    assert site.user(1).profile().tdl.k_factors_db == []


def test_a_site_and_its_users_agree(folder):
    site = SiteSet.load("train", folder).sites[0]
    users = [site.user(i) for i in range(len(site))]
    assert site.is_los.tolist() == [user.is_los for user in users]
    np.testing.assert_allclose(site.path_loss_db, [user.path_loss_db for user in users])
    np.testing.assert_allclose(site.distance_m, [user.distance_m for user in users])
    np.testing.assert_allclose(site.delay_spread_s, [user.delay_spread_s for user in users])


@pytest.mark.parametrize(
    ("heading_deg", "cosine"), [(180.0, 1.0), (0.0, -1.0), (90.0, 0.0), (-120.0, 0.5)]
)
def test_doppler_of_a_user_that_walks(folder, heading_deg, cosine):
    user = SiteSet.load("train", folder).sites[0].user(0)
    tdl = user.profile(50.0, heading_deg=heading_deg).tdl
    wanted = cosine * np.sin(np.radians(85))
    assert tdl.los_doppler_ratios[0] == pytest.approx(wanted, abs=1e-9)
    with pytest.raises(ValueError, match="heading_deg: expected an angle"):
        user.profile(heading_deg=float("nan"))


def test_draws(folder, rng):
    sites = SiteSet.load("train", folder)
    drawn = [sites.draw(rng).index for _ in range(50)]
    assert set(drawn) == {0, 1}
    again = np.random.default_rng(20240229)
    assert [sites.draw(again).index for _ in range(50)] == drawn


def test_what_is_not_there(folder):
    sites = SiteSet.load("train", folder)
    with pytest.raises(KeyError, match="expected one of munich-1, got munich-9"):
        sites.site("munich-9")
    for index in (-1, 2):
        with pytest.raises(IndexError, match=f"expected a user of 0 to 1, got {index}"):
            sites.sites[0].user(index)
    with pytest.raises(ValueError, match="expected at least one site"):
        SiteSet((), "train")


def test_a_file_that_was_touched(folder):
    path = folder / "munich.npz"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ValueError, match=r"munich\.npz: expected SHA-256 "):
        SiteSet.load("train", folder)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda m: m.update(format=2), "expected format 1, got 2"),
        (lambda m: m.update(other=1), r"got unknown \['other'\]"),
        (
            lambda m: m["sites"][0].update(position_m=[1.0]),
            "expected three coordinates of munich-1",
        ),
        (lambda m: m["cities"].pop("munich"), "expected a file of munich in the manifest"),
        (lambda m: m["sites"].pop(0), "expected sites of train, got none"),
        (lambda m: m["sites"][0].update(name="munich-2"), "expected the site munich-2, got none"),
    ],
)
def test_a_manifest_that_does_not_fit(folder, edit, text):
    change(folder, edit)
    with pytest.raises(ValueError, match=text):
        SiteSet.load("train", folder)


def test_no_manifest(tmp_path):
    with pytest.raises(FileNotFoundError):
        Manifest.load(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ValueError, match=r"manifest\.json: not JSON"):
        Manifest.load(tmp_path)
