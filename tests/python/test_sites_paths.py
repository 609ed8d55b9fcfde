# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths of a site: integers of a file and back."""

import dataclasses
import zipfile

import numpy as np
import pytest
from gnuradio.lwmspectro.sites import SitePaths
from gnuradio.lwmspectro.sites.city_file import read_arrays, read_city, write_arrays, write_city
from gnuradio.lwmspectro.sites.footprint import Footprint
from hypothesis import given
from hypothesis import strategies as st

HALF_STEPS = {
    "positions_m": 0.005,
    "total_gain_db": 0.005,
    "delays_s": 0.1e-9 + 0.5e-12,
    "gains_db": 0.005,
    "departure_azimuth_deg": 0.005,
    "departure_zenith_deg": 0.005,
    "arrival_azimuth_deg": 0.005,
    "arrival_zenith_deg": 0.005,
}


def random_paths(seed, n_users=7):
    rng = np.random.default_rng(seed)
    n_paths = rng.integers(1, 21, n_users)
    m = int(n_paths.sum())
    first_s = np.repeat(rng.uniform(0, 5e-6, n_users), n_paths)
    return SitePaths(
        positions_m=rng.uniform(-800, 800, (n_users, 3)),
        n_paths=n_paths,
        n_traced=n_paths + rng.integers(0, 300, n_users),
        total_gain_db=rng.uniform(-160, -50, n_users),
        delays_s=first_s + rng.uniform(0, 10e-6, m),
        gains_db=rng.uniform(-250, -50, m),
        departure_azimuth_deg=rng.uniform(-180, 180, m),
        departure_zenith_deg=rng.uniform(0, 180, m),
        arrival_azimuth_deg=rng.uniform(-180, 180, m),
        arrival_zenith_deg=rng.uniform(0, 180, m),
        n_reflections=rng.integers(0, 6, m),
        n_diffractions=rng.integers(0, 2, m),
    )


@given(st.integers(0, 2**32 - 1))
def test_within_half_a_step(seed):
    paths = random_paths(seed)
    back = SitePaths.from_columns(paths.to_columns())
    for field in dataclasses.fields(paths):
        error = np.abs(getattr(back, field.name) - getattr(paths, field.name)).max()
        assert error <= HALF_STEPS.get(field.name, 0) * (1 + 1e-6), field.name


@given(st.integers(0, 2**32 - 1))
def test_what_was_quantised_stays_as_it_is(seed):
    columns = random_paths(seed).to_columns()
    again = SitePaths.from_columns(columns).to_columns()
    for name, column in columns.items():
        np.testing.assert_array_equal(again[name], column, err_msg=name)
        assert again[name].dtype == column.dtype


def test_pieces():
    paths = random_paths(1)
    joined = SitePaths.concatenate([paths.first(3), paths])
    assert len(joined.n_paths) == 10
    np.testing.assert_array_equal(joined.first(3).delays_s, paths.first(3).delays_s)
    np.testing.assert_array_equal(joined.los[3:], paths.los)


def test_line_of_sight():
    paths = random_paths(2)
    for i, (start, end) in enumerate(zip(paths.starts[:-1], paths.starts[1:], strict=True)):
        own = slice(start, end)
        wanted = np.any((paths.n_reflections[own] == 0) & (paths.n_diffractions[own] == 0))
        assert paths.los[i] == wanted


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("gains_db", -400.0, r"gain: expected -327.68 to 327.67, got -400"),
        ("gains_db", np.nan, r"gain: expected .*, got nan"),
        ("delays_s", 20e-6, r"excess_delay: expected 0 to 1.3107e-05, got"),
        ("arrival_zenith_deg", np.inf, r"arrival_zenith: expected .*, got inf"),
    ],
)
def test_beyond_the_integers(field, value, text):
    paths = random_paths(3)
    values = getattr(paths, field).copy()
    values[-1] = value
    with pytest.raises(ValueError, match=text):
        dataclasses.replace(paths, **{field: values}).to_columns()


def test_shapes_that_do_not_fit():
    paths = random_paths(4)
    with pytest.raises(ValueError, match=r"gains_db: expected shape \(\d+,\), got \(1,\)"):
        dataclasses.replace(paths, gains_db=np.zeros(1))
    with pytest.raises(ValueError, match="at least one path each"):
        dataclasses.replace(
            paths.first(1),
            n_paths=np.array([0]),
            **{
                field.name: np.zeros(0)
                for field in dataclasses.fields(paths)
                if field.name not in ("positions_m", "n_paths", "n_traced", "total_gain_db")
            },
        )


def test_columns_that_do_not_fit():
    columns = random_paths(5).to_columns()
    with pytest.raises(ValueError, match=r"got none of \['gain'\]"):
        SitePaths.from_columns({k: v for k, v in columns.items() if k != "gain"})
    with pytest.raises(ValueError, match="excess_delay: expected"):
        SitePaths.from_columns({**columns, "excess_delay": columns["excess_delay"][1:]})
    with pytest.raises(ValueError, match="first_delay: expected"):
        SitePaths.from_columns({**columns, "first_delay": columns["first_delay"][1:]})


def test_a_city_in_a_file(tmp_path, rng):
    footprint = Footprint(-12.34, 5.0, 2.0, rng.random((13, 7)) < 0.5)
    path = tmp_path / "city.npz"
    write_city(path, footprint, {"a-1": random_paths(6), "a-2": random_paths(7)})
    read, sites = read_city(path)
    assert (read.corner_x_m, read.corner_y_m, read.cell_m) == (-12.34, 5.0, 2.0)
    np.testing.assert_array_equal(read.buildings, footprint.buildings)
    assert set(sites) == {"a-1", "a-2"}
    np.testing.assert_allclose(sites["a-2"].gains_db, random_paths(7).gains_db, atol=0.006)
    first = path.read_bytes()
    write_city(path, footprint, {"a-1": random_paths(6), "a-2": random_paths(7)})
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == ["city.npz"]


def test_footprint_points():
    buildings = np.zeros((3, 4), bool)
    buildings[2, 1] = True  # y of 4 to 6, x of 12 to 14
    footprint = Footprint(10.0, 0.0, 2.0, buildings)
    points = np.array([[13.0, 5.0], [11.0, 5.0], [13.0, 3.0], [-50.0, 5.0], [13.0, 99.0]])
    assert footprint.at(points).tolist() == [True, False, False, False, False]
    assert footprint.extent_m == (10.0, 18.0, 0.0, 6.0)


def test_files_that_are_none(tmp_path):
    path = tmp_path / "city.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"city\.npz: expected an npz file"):
        read_arrays(path)
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"city\.npz: expected an npz file of plain arrays"):
        read_arrays(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", b"short")
    with pytest.raises(ValueError, match=r"city\.npz: expected an npz file"):
        read_arrays(path)
    write_arrays(path, {"a": np.zeros(3)})
    with pytest.raises(ValueError, match=r"city\.npz: expected an array 'footprint/grid'"):
        read_city(path)
    with pytest.raises(FileNotFoundError):
        read_city(tmp_path / "missing.npz")
