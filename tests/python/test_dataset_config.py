# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of data sets: what is taken, what is refused, and what they draw."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

from fake_sites import fake_site
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms.negatives import KINDS
from lwmspectro_train import dataset_config, scene_plan
from lwmspectro_train.dataset_config import from_json, load

GOOD: dict[str, Any] = {
    "windows": 10,
    "protocols": {"lte": 1.0},
    "samp_rates": [{"msps": [1.92]}],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with one value set; parts of the path between dots are keys."""
    data = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = data
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return data


@pytest.mark.parametrize("name", dataset_config.shipped())
def test_shipped_configurations_say_what_they_are(name: str) -> None:
    text = (dataset_config.SHIPPED / f"{name}.toml").read_text()
    assert f"lwmspectro-train generate {name}" in text
    assert "windows/s" in text  # how long it takes, and where
    assert " MB" in text or " GB" in text
    config = load(name)
    assert config.out == f"data/{name}"
    assert from_json(config.to_json()) == config
    sites = scene_plan.sites_of(config)
    for number in range(5):
        scene_plan.plan(config, number, sites)


def test_overrides_replace_what_the_file_says(tmp_path: Path) -> None:
    assert load("smoke", windows=7, seed=None).windows == 7
    path = tmp_path / "mine.toml"
    path.write_text((dataset_config.SHIPPED / "smoke.toml").read_text())
    assert load(path, seed=9).seed == 9
    assert load(path).out == "data/mine"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({**GOOD, "window": 3}, r"expected keys .*'windows'\], got unknown \['window'\]"),
        ({k: v for k, v in GOOD.items() if k != "windows"}, r"got none of \['windows'\]"),
        (changed("windows", 0), "windows: expected at least 1, got 0"),
        (changed("windows", "many"), "expected a whole number, got 'many'"),
        (changed("split", "tests"), "split: expected one of train, validation, test"),
        (changed("partial", 1.5), "partial: expected 0 to 1, got 1.5"),
        (changed("protocols", {"lora": 1.0}), "protocols: expected one of wifi, lte"),
        (changed("protocols", {"lte": 0.0}), "protocols: expected weights of 0 and more"),
        (changed("samp_rates", [{"msps": [0.5]}]), r"samp_rates.msps: expected 1.92 to 61.44"),
        (changed("samp_rates", [{"msps": [2.4], "protocols": ["nr"]}]), "some for lte, got none"),
        (changed("samp_rates", [{"msps": [2.4], "weights": [1, 2]}]), "expected 1 of them, got 2"),
        (changed("snr.low_db", 30), "snr.low_db: expected at most 25, got 30"),
        (changed("mobility", []), "mobility: expected at least one way to move"),
        (changed("mobility", [{"speed_kmh": [3]}]), r"expected \[low, high\]"),
        (changed("mobility", [{}]), "expected either speed_kmh or doppler_hz"),
        (changed("channels.weights", {"tunnel": 1.0}), "expected one of cable, fading, tdl, site"),
        (changed("channels.tdl_models", ["F"]), "expected one of A, B, C, D, E, got 'F'"),
        (changed("channels.delay_spread_ns", [0, 1]), "delay_spread_ns: expected"),
        (
            changed("channels.delay_spread_ns", [1e9, 1e9]),
            r"channels.delay_spread_ns: expected at most 2174 for TDL-A, got \[1000000000.0",
        ),
        (
            changed("channels.tdl_models", []),
            "channels.tdl_models: expected some of A, .* got none",
        ),
        (
            changed("mobility", [{"speed_kmh": [1e6, 1e6]}]),
            r"mobility.speed_kmh: expected at most 1000, got \[1000000.0",
        ),
        (changed("mobility", [{"doppler_hz": [1, 1e5]}]), "doppler_hz: expected at most 10000"),
        (
            {**changed("carriers.center_freq_ghz", [2, 60]), "mobility": [{"speed_kmh": [3, 500]}]},
            "speed_kmh: expected a Doppler shift of at most 10000 Hz at 60 GHz, got 500 km/h",
        ),
        (changed("carriers.center_freq_ghz", [3, 2]), "center_freq_ghz: expected"),
        (changed("front_ends", {"limesdr": 1.0}), "front_ends: expected one of rtl-sdr"),
        (changed("tokens.grids", ["lora"]), "tokens.grids: expected"),
        (changed("transmitters.lte", [{"n_rb": 6}]), r"got unknown \['n_rb'\]"),
        (changed("transmitters.lte", [{"n_prb": 7}]), r"transmitters.lte\[0\]: expected n_prb"),
        (changed("channels.cities", ["san_francisco"]), "got san_francisco in train"),
        (
            {**changed("channels.cities", ["san_francisco", "munich"]), "split": "test"},
            "san_francisco in the test split, alone and nowhere else, got munich in test",
        ),
    ],
)
def test_what_is_wrong_is_said(data: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text) as error:
        from_json(data)
    assert "\n" not in str(error.value)


def test_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("windows = [")
    with pytest.raises(ValueError, match=r"bad\.toml: not TOML"):
        load(path)
    with pytest.raises(FileNotFoundError, match=r"expected a TOML file or one of .*live"):
        load("no_such")


def test_plan_is_a_function_of_seed_and_number() -> None:
    config, other = load("smoke", seed=3), load("smoke", seed=4)
    assert scene_plan.plan(config, 17) == scene_plan.plan(config, 17)
    assert scene_plan.plan(config, 17) != scene_plan.plan(other, 17)
    assert scene_plan.plan(config, 17) != scene_plan.plan(config, 18)


def test_order_of_a_table_means_nothing() -> None:
    weights = {"wifi": 1.0, "lte": 2.0, "nr": 3.0, "none": 1.0}
    one = from_json(changed("protocols", weights))
    other = from_json(changed("protocols", dict(reversed(weights.items()))))
    for number in range(20):
        assert scene_plan.plan(one, number) == scene_plan.plan(other, number)


def test_live_plan_covers_labels_and_rates() -> None:
    config = load("live")
    sites = scene_plan.sites_of(config)
    planned = [scene_plan.plan(config, number, sites) for number in range(400)]
    scenes = [item.scene for item in planned]
    assert {scene.label for scene in scenes} == set(scene_plan.LABELS)
    assert {1.92e6, 2.4e6, 15.36e6, 20e6} <= {scene.samp_rate for scene in scenes}
    assert all(kernels.min_samp_rate <= s.samp_rate <= kernels.max_samp_rate for s in scenes)
    assert {item.mobility for item in planned} == set(scene_plan.MOBILITY)
    assert 0.02 < np.mean([item.fraction < 1.0 for item in planned]) < 0.12
    assert 0.05 < np.mean([scene.snr_db > 28.0 for scene in scenes]) < 0.2
    assert {"cable", "fading", "tdl-c", "site"} <= {scene.channel.kind for scene in scenes}
    kinds = {scene.transmitter.kind for scene in scenes if scene.label == "none"}
    assert len(kinds) > 15
    assert not kinds & set(config.negatives.without)


def test_unseen_city_has_sites_and_negatives_that_training_never_has() -> None:
    live, test = load("live"), load("san_francisco")
    assert set(live.negatives.without) < set(test.negatives.kinds) == set(KINDS)
    trained, unseen = ({site.city for site in scene_plan.sites_of(c)} for c in (live, test))
    assert unseen == {"san_francisco"}
    assert not unseen & trained


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("negatives.only", ["radar"], "negatives.only: expected one of white"),
        ("negatives.without", list(KINDS), "negatives: expected some kind"),
    ],
)
def test_wrong_negatives_are_one_line(key: str, value: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        from_json(changed(key, value))


def test_paper_plan_draws_the_fourteen_classes() -> None:
    config = load("paper_lte")
    sites = scene_plan.sites_of(config)
    planned = [scene_plan.plan(config, number, sites) for number in range(300)]
    classes = {(item.scene.snr_db, item.mobility) for item in planned}
    grid = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
    assert classes == {(snr, kind) for snr in grid for kind in ("pedestrian", "vehicular")}
    slow = [item for item in planned if item.mobility == "pedestrian"]
    assert {round(item.speed_kmh, 3) for item in slow} == {3.0}
    assert all(item.speed_kmh > 29.9 for item in planned if item not in slow)
    assert {item.scene.layer for item in planned} == {"lte"}


def test_transmitters_replace_drawn_fields() -> None:
    config = from_json(
        changed("transmitters.lte", [{"n_prb": 6, "fft_size": 128, "traffic": {"n_users": 2}}])
    )
    cell = scene_plan.plan(config, 3).scene.transmitter
    assert (cell.n_prb, cell.fft_size, cell.traffic.n_users) == (6, 128, 2)


def test_sites_follow_the_split() -> None:
    config = from_json(changed("channels.weights", {"site": 1.0}))
    sites = [fake_site(), fake_site("florence", "florence-1")]
    assert scene_plan.chosen_sites(config, sites) == sites
    for other in (fake_site("san_francisco", "san_francisco-1"), fake_site("munich", "munich-5")):
        with pytest.raises(ValueError, match=rf"those of train, got \['{other.name}'\]"):
            scene_plan.chosen_sites(config, [*sites, other])
    unseen = from_json({**changed("channels.weights", {"site": 1.0}), "split": "test"})
    with pytest.raises(ValueError, match=r"those of test, got \['munich-3'\]"):
        scene_plan.chosen_sites(unseen, sites[:1])
    alone = [fake_site("san_francisco", "san_francisco-1")]
    assert scene_plan.chosen_sites(unseen, alone) == alone
    named = from_json(changed("channels.cities", ["florence"]))
    assert scene_plan.chosen_sites(named, sites) == sites[1:]
    with pytest.raises(ValueError, match="expected some of"):
        scene_plan.chosen_sites(from_json(changed("channels.cities", ["paris"])), sites)


def test_site_channel_of_a_plan_has_its_labels() -> None:
    config = from_json(
        {**changed("channels.weights", {"site": 1.0}), "mobility": [{"speed_kmh": [30, 30]}]}
    )
    planned = scene_plan.plan(config, 5, [fake_site()])
    truth = planned.scene.channel
    assert (truth.kind, truth.city, truth.site) == ("site", "munich", "munich-3")
    assert truth.user is not None
    assert 0 <= truth.user < 1000
    assert planned.scene.center_freq == 3.5e9
    assert truth.doppler_hz == pytest.approx(97.3, abs=0.1)
    assert planned.mobility == "vehicular"


def test_users_of_a_site_move_to_everywhere() -> None:
    """So the Doppler shift of their line of sight, from the east here, is all of -1 to 1."""
    config = from_json(
        {**changed("channels.weights", {"site": 1.0}), "mobility": [{"speed_kmh": [30, 30]}]}
    )
    headings, ratios = [], []
    for number in range(60):
        channel = scene_plan.plan(config, number, [fake_site()]).scene.fading
        assert channel is not None
        headings.append(channel.truth().heading_deg)
        ratios.append(channel.profile().los_doppler_ratios[0])
    np.testing.assert_allclose(ratios, np.cos(np.deg2rad(headings)), atol=1e-9)
    assert min(headings) < 30.0
    assert max(headings) > 330.0
    assert min(ratios) < -0.9
    assert max(ratios) > 0.9
