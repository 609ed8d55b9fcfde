# SPDX-License-Identifier: GPL-3.0-or-later
"""The sites that come with the module, against geometry and physics."""

import hashlib

import numpy as np
import pytest
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.sites import SPLITS, SiteSet, split_of
from gnuradio.lwmspectro.sites.manifest import Manifest
from gnuradio.lwmspectro.sites.site_set import DATA

SPEED_OF_LIGHT = 299792458.0


@pytest.fixture(scope="module")
def manifest():
    return Manifest.load(DATA)


@pytest.fixture(scope="module")
def sets():
    return {split: SiteSet.load(split) for split in SPLITS}


@pytest.fixture(scope="module")
def sites(sets):
    return [site for each in sets.values() for site in each]


def test_how_many(manifest, sites):
    assert len(sites) == len(manifest.sites) >= 20
    assert {len(site) for site in sites} == {1000}
    assert {record.city for record in manifest.sites} == set(manifest.cities)
    assert all(2.4e9 <= site.center_freq_hz <= 3.7e9 for site in sites)


def test_san_francisco_is_unseen(sets):
    for split in ("train", "validation"):
        assert {site.city for site in sets[split]} == {"munich", "etoile", "florence"}
        assert "san_francisco" not in sets[split].footprints
    assert {site.city for site in sets["test"]} == {"san_francisco"}
    names = [site.name for each in sets.values() for site in each]
    assert len(names) == len(set(names))


def test_size_and_hashes(manifest):
    files = list(DATA.iterdir())
    assert sum(path.stat().st_size for path in files) <= 15_000_000
    assert {path.name for path in files} == {
        "manifest.json",
        *(city.file for city in manifest.cities.values()),
    }
    for city in manifest.cities.values():
        content = (DATA / city.file).read_bytes()
        assert len(content) == city.n_bytes
        assert hashlib.sha256(content).hexdigest() == city.sha256


def test_the_installed_ones_are_those_of_the_sources(repository):
    sources = repository / "python" / "lwmspectro" / "sites" / "data"
    for path in DATA.iterdir():
        assert path.read_bytes() == (sources / path.name).read_bytes()


def test_counts_of_the_manifest(manifest, sets):
    for record in manifest.sites:
        site = sets[split_of(record.city, record.name)].site(record.name)
        assert (record.n_users, record.n_los) == (len(site), int(site.is_los.sum()))
        assert record.n_nlos == record.n_users - record.n_los
        assert record.n_drawn >= record.n_users
        assert min(record.n_los, record.n_nlos) >= 50, record.name  # both kinds at each site


def test_numbers_are_finite_and_in_range(sites):
    for site in sites:
        paths = site.paths
        assert paths.n_paths.max() <= 25
        assert np.all(paths.n_traced >= paths.n_paths)
        assert np.all((paths.delays_s > 0) & (paths.delays_s < 20e-6))
        assert np.all((paths.gains_db > -300) & (paths.gains_db < -40))
        assert np.all(site.path_loss_db <= 160.005)
        for name in ("departure", "arrival"):
            assert np.abs(getattr(paths, f"{name}_azimuth_deg")).max() <= 180
            zenith = getattr(paths, f"{name}_zenith_deg")
            assert 0 <= zenith.min() <= zenith.max() <= 180


def test_the_strongest_comes_first_and_sums_fit(sites):
    for site in sites:
        owner = np.repeat(np.arange(len(site)), site.paths.n_paths)
        same = owner[1:] == owner[:-1]
        assert np.all(np.diff(site.paths.gains_db)[same] <= 0)
        power = np.add.reduceat(10 ** (site.paths.gains_db / 10), site.paths.starts[:-1])
        share = power / 10 ** (-site.path_loss_db / 10)
        assert share.max() < 1.005
        assert np.quantile(share, 0.01) > 0.85, site.name  # what the file leaves out is weak


def test_nothing_is_faster_than_light(sites):
    for site in sites:
        least_s = np.repeat(site.distance_m / SPEED_OF_LIGHT, site.paths.n_paths)
        assert np.all(site.paths.delays_s > least_s - 0.2e-9)


def test_lines_of_sight_are_free_space(sites):
    for site in sites:
        direct = (site.paths.n_reflections == 0) & (site.paths.n_diffractions == 0)
        owner = np.repeat(np.arange(len(site)), site.paths.n_paths)[direct]
        assert len(owner) == len(set(owner)) == site.is_los.sum()
        distance = site.distance_m[owner]
        delays_s = site.paths.delays_s[direct]
        np.testing.assert_allclose(delays_s, distance / SPEED_OF_LIGHT, atol=0.15e-9)
        loss_db = 20 * np.log10(4 * np.pi * distance * site.center_freq_hz / SPEED_OF_LIGHT)
        np.testing.assert_allclose(-site.paths.gains_db[direct], loss_db, atol=0.05)


def test_angles_of_the_lines_of_sight(sites):
    for site in sites:
        direct = (site.paths.n_reflections == 0) & (site.paths.n_diffractions == 0)
        owner = np.repeat(np.arange(len(site)), site.paths.n_paths)[direct]
        way = site.paths.positions_m[owner] - site.position_m
        azimuth = np.degrees(np.arctan2(way[:, 1], way[:, 0]))
        zenith = np.degrees(np.arccos(way[:, 2] / np.linalg.norm(way, axis=1)))
        turned = site.paths.departure_azimuth_deg[direct] - azimuth
        assert np.abs((turned + 180) % 360 - 180).max() < 0.06
        assert np.abs(site.paths.departure_zenith_deg[direct] - zenith).max() < 0.06
        back = site.paths.arrival_azimuth_deg[direct] - azimuth
        assert np.abs(back % 360 - 180).max() < 0.06


def test_out_of_sight_is_weaker(sites):
    for site in sites:
        loss_db = 20 * np.log10(4 * np.pi * site.distance_m * site.center_freq_hz / SPEED_OF_LIGHT)
        excess_db = site.path_loss_db - loss_db
        assert np.median(excess_db[~site.is_los]) > 10 + np.median(excess_db[site.is_los])
        assert np.all(excess_db[site.is_los] < 0.1)  # echoes add to the line of sight


def test_delay_spreads_are_those_of_cities(sites):
    """TR 38.901 table 7.5-6 has medians of 50 to 400 ns at 3.5 GHz, UMi and UMa."""
    every = np.concatenate([site.delay_spread_s for site in sites])
    assert 20e-9 < np.median(every) < 400e-9
    assert np.quantile(every, 0.99) < 3e-6
    for site in sites:
        assert 3e-9 < np.median(site.delay_spread_s) < 600e-9, site.name


def test_users_are_outdoors_and_near(manifest, sets):
    for record in manifest.sites:
        each = sets[split_of(record.city, record.name)]
        site, footprint = each.site(record.name), each.footprints[record.city]
        xy = site.paths.positions_m[:, :2]
        # Cells are 2 m wide: a user may be in the outdoor half of one, but not amid buildings.
        around = [footprint.at(xy + np.array(step)) for step in ((2, 0), (-2, 0), (0, 2), (0, -2))]
        assert not np.any(footprint.at(xy) & np.all(around, axis=0))
        assert footprint.at(xy).mean() < 0.02
        assert np.linalg.norm(xy - site.position_m[:2], axis=1).max() <= record.radius_m + 0.02
        assert site.distance_m.min() >= 9.99
        standing = footprint.at(np.array([site.position_m[:2]]))[0]
        assert standing == (record.kind == "rooftop")


def test_every_user_makes_a_channel(sites):
    lost, taps = [], []
    for site in sites:
        for index in range(0, len(site), 50):
            user = site.user(index)
            result = user.profile(kernels.doppler_of(30.0, user.center_freq_hz), heading_deg=index)
            kernels.tdl_fading(15.36e6, result.tdl, seed=index)
            lost.append(result.power_lost)
            taps.append(result.n_taps)
            ratio = result.tdl.k_factors_db
            assert (len(ratio) > 0) == user.is_los
            assert not ratio or max(ratio) <= 19
    assert max(taps) <= 12
    assert np.median(taps) > 4
    assert np.quantile(lost, 0.9) < 0.05
