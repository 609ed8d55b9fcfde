# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits: disjoint, nested, the same for every method, and of the unseen city alone."""

import numpy as np
import pytest

pytest.importorskip("lightning", reason="training is not installed")

import toy_city
from hypothesis import given, settings
from hypothesis import strategies as st
from lwmspectro_train.results import labels
from lwmspectro_train.results.cells import ALL
from lwmspectro_train.results.city import open_city
from lwmspectro_train.results.splits import Sizes, split

SIZES = Sizes(0.3, 0.2, 5, 4)


def drawn(seed=0, n=600, classes=4, places=150):
    rng = np.random.default_rng(seed)
    label = rng.integers(-1, classes, n)
    return label, np.array([f"s/{k}" for k in rng.integers(0, places, n)])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 5, 20, ALL]))
def test_no_place_is_in_two_parts(seed, count):
    label, place = drawn(seed)
    parts = split(label, place, count, seed, SIZES)
    rows = (parts.train, parts.validation, parts.test)
    places = [set(place[r]) for r in rows]
    assert not places[0] & places[1]
    assert not places[0] & places[2]
    assert not places[1] & places[2]
    assert all((label[r] >= 0).all() and len(np.unique(r)) == len(r) for r in rows)
    if count != ALL:
        np.testing.assert_array_equal(np.bincount(label[parts.train]), [count] * 4)
    assert np.bincount(label[parts.test]).max() <= 5
    assert np.bincount(label[parts.validation]).max() <= min(count or 4, 4)


def test_more_windows_contain_fewer_and_are_tested_alike():
    label, place = drawn()
    few, many = (split(label, place, count, 3, SIZES) for count in (5, 20))
    assert set(few.train) < set(many.train)
    np.testing.assert_array_equal(few.test, many.test)
    again = split(label, place, 5, 3, SIZES)
    np.testing.assert_array_equal(again.train, few.train)
    other = split(label, place, 5, 4, SIZES)
    assert set(other.test) != set(few.test)


def test_too_few_windows_are_refused():
    label, place = drawn()
    with pytest.raises(
        ValueError, match=r"expected at least 5000 of class 0 for training, got \d+"
    ):
        split(label, place, 5000, 1, SIZES)


@pytest.mark.parametrize(
    "shares", [{"test_share": 0.0}, {"test_share": 0.6, "validation_share": 0.4}, {"test": 0}]
)
def test_sizes_are_checked(shares):
    with pytest.raises(ValueError, match="expected"):
        Sizes(**shares)


def test_only_the_unseen_city_is_opened(tmp_path):
    good = toy_city.write(tmp_path / "good", 10, grids=())
    city = open_city(good)
    assert len(set(city.place)) == 10
    for name, options, what in (
        ("munich", {"city": "munich"}, r"san_francisco alone, got \['munich'\]"),
        ("trained", {"split": "train"}, "of the test split, got 'train'"),
    ):
        folder = toy_city.write(tmp_path / name, 10, grids=(), **options)
        with pytest.raises(ValueError, match=what):
            open_city(folder)


def test_labels_are_those_of_the_table(tmp_path):
    table = open_city(toy_city.write(tmp_path / "city", 70, grids=())).table
    label, names = labels.of_rows(table, "joint", np.arange(len(table)))
    assert len(names) == 14
    assert names[label[0]] == "-5 dB, pedestrian"
    assert names[label[13]] == "25 dB, vehicular"
    label, names = labels.of_rows(table, "modulation", np.arange(len(table)))
    assert names == ("BPSK", "QPSK", "16QAM", "64QAM", "256QAM")
    np.testing.assert_array_equal(label, np.arange(70) % 5)
    share = np.where(np.arange(70) < 35, 0.01, 0.9).astype(np.float32)
    place = table.column_names.index("data_share")
    thin = table.set_column(place, "data_share", [share])
    np.testing.assert_array_equal(
        labels.of_rows(thin, "modulation", np.arange(len(thin)))[0][:35], -1
    )
    with pytest.raises(ValueError, match="expected one of joint, modulation, got speed"):
        labels.of_rows(table, "speed", np.arange(len(table)))


def test_other_protocols_of_a_data_set_add_no_classes(tmp_path):
    """WiFi has BPSK; asked for LTE beside it, BPSK is no class."""
    table = open_city(toy_city.write(tmp_path / "city", 70, grids=())).table
    rows = np.flatnonzero(np.array(table["modulation"].to_pylist()) != "BPSK")
    label, names = labels.of_rows(table, "modulation", rows)
    assert names == ("QPSK", "16QAM", "64QAM", "256QAM")
    assert set(label[rows]) == {0, 1, 2, 3}
    assert set(np.delete(label, rows)) == {-1}


def test_a_modulation_that_is_nowhere_is_no_class(tmp_path):
    table = open_city(toy_city.write(tmp_path / "city", 70, grids=())).table
    some = table.filter([name != "BPSK" for name in table["modulation"].to_pylist()])
    label, names = labels.of_rows(some, "modulation", np.arange(len(some)))
    assert names == ("QPSK", "16QAM", "64QAM", "256QAM")
    assert set(label) == {0, 1, 2, 3}
