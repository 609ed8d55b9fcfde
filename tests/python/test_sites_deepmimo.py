# SPDX-License-Identifier: GPL-3.0-or-later
"""DeepMIMO scenario folders, in the layout of DeepMIMO 4."""

import json

import numpy as np
import pytest
import scipy.io
from gnuradio.lwmspectro.sites import SiteSet

NAN = np.nan
# Three users: in sight; behind a corner, weakest path first; nowhere to be reached.
ARRAYS = {
    "delay": [[1e-7, 1.4e-7, NAN], [3e-7, 2e-7, 9e-7], [NAN, NAN, NAN]],
    "power": [[-80.0, -90.0, NAN], [-120.0, -100.0, -111.0], [NAN, NAN, NAN]],
    "phase": [[0.0, 90.0, NAN], [10.0, 20.0, 30.0], [NAN, NAN, NAN]],
    "aod_az": [[10.0, 20.0, NAN], [30.0, 40.0, 50.0], [NAN, NAN, NAN]],
    "aod_el": [[91.0, 92.0, NAN], [93.0, 94.0, 95.0], [NAN, NAN, NAN]],
    "aoa_az": [[-170.0, -160.0, NAN], [-150.0, -140.0, -130.0], [NAN, NAN, NAN]],
    "aoa_el": [[89.0, 88.0, NAN], [87.0, 86.0, 85.0], [NAN, NAN, NAN]],
    "inter": [[0.0, 11.0, NAN], [2.0, 121.0, 4.0], [NAN, NAN, NAN]],
    "rx_pos": [[30.0, 0.0, 1.5], [0.0, 60.0, 1.5], [9.0, 9.0, 1.5]],
    "tx_pos": [[0.0, 0.0, 10.0]],
}


def txrx_set(number, n_points, **roles):
    roles = {"is_tx": False, "is_rx": False, **roles}
    return {"id": number, "name": f"set {number}", "num_points": n_points, "num_ant": 1, **roles}


def params(**changes):
    sets = {"txrx_set_0": txrx_set(0, 2, is_tx=True), "txrx_set_1": txrx_set(1, 3, is_rx=True)}
    usual = {
        "version": "4.0.5",
        "rt_params": {"frequency": 3500000000, "raytracer_name": "Sionna Ray Tracing"},
        "scene": {"num_scenes": 1},
        "materials": {},
        "txrx_sets": sets,
    }
    return {**usual, **changes}


@pytest.fixture(params=["npz", "mat"])
def scenario(request, tmp_path):
    """A scenario of two transmitters; the second reaches nobody."""
    folder = tmp_path / "deepmimo_scenarios" / "small_city"
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(params()))
    for tx in (0, 1):
        for name, values in ARRAYS.items():
            array = np.array(values, np.float32)
            if tx == 1 and name not in ("rx_pos", "tx_pos"):
                array[:] = NAN
            path = folder / f"{name}_t000_tx{tx:03}_r001.{request.param}"
            if request.param == "npz":
                np.savez_compressed(path, **{name: array})
            else:
                scipy.io.savemat(path, {name: array})
    return folder


def test_a_scenario(scenario):
    sites = SiteSet.from_deepmimo(scenario)
    assert sites.split is None
    assert [site.name for site in sites] == ["small_city-t000_tx000_r001"]
    site = sites.sites[0]
    assert (site.city, site.kind, site.center_freq_hz) == ("small_city", "deepmimo", 3.5e9)
    assert site.position_m == (0, 0, 10)
    assert len(site) == 2
    np.testing.assert_allclose(site.distance_m, [np.hypot(30, 8.5), np.hypot(60, 8.5)])
    assert site.is_los.tolist() == [True, False]
    wanted_db = -10 * np.log10([1e-8 + 1e-9, 1e-12 + 1e-10 + 10**-11.1])
    np.testing.assert_allclose(site.path_loss_db, wanted_db, atol=1e-5)


def test_its_users(scenario):
    site = SiteSet.from_deepmimo(scenario).sites[0]
    near, far = site.user(0), site.user(1)
    np.testing.assert_allclose(near.delays_s, [1e-7, 1.4e-7])
    np.testing.assert_allclose(far.gains_db, [-100, -111, -120])  # strongest first
    np.testing.assert_allclose(far.delays_s, [2e-7, 9e-7, 3e-7])
    np.testing.assert_allclose(far.arrival_azimuth_deg, [-140, -130, -150])
    np.testing.assert_allclose(far.departure_zenith_deg, [94, 95, 93])
    assert near.n_reflections.tolist() == [0, 2]
    assert far.n_reflections.tolist() == [2, 1, 0]  # a wall passed through is no line of sight
    assert far.n_diffractions.tolist() == [1, 0, 1]
    tdl = near.profile(100.0, heading_deg=-170.0).tdl
    np.testing.assert_allclose(tdl.delays_s, [0, 4e-8], atol=1e-13)
    assert tdl.los_doppler_ratios[0] == pytest.approx(np.sin(np.radians(89)))


def test_as_deepmimo_reads_it(scenario, monkeypatch):
    deepmimo = pytest.importorskip("deepmimo", reason="deepmimo is not installed")
    monkeypatch.chdir(scenario.parents[1])
    data = deepmimo.load("small_city", tx_sets={0: [0]})
    site = SiteSet.from_deepmimo(scenario).sites[0]
    assert site.center_freq_hz == data.rt_params["frequency"]
    np.testing.assert_allclose(site.position_m, data.tx_pos.ravel())
    np.testing.assert_allclose(site.paths.positions_m, data.rx_pos[:2])
    assert site.is_los.tolist() == (data.los[:2] == 1).tolist()
    strongest = np.nanargmax(data.power[:2], axis=1)
    for i, path in enumerate(strongest):
        user = site.user(i)
        assert user.gains_db[0] == data.power[i, path]
        assert user.delays_s[0] == data.delay[i, path]
        assert user.arrival_azimuth_deg[0] == data.aoa_az[i, path]
        assert user.departure_zenith_deg[0] == data.aod_el[i, path]
        assert len(user.gains_db) == data.num_paths[i]


def breakage(scenario, name, array):
    for path in scenario.glob(f"{name}_t000_tx000_*"):
        if path.suffix == ".npz":
            np.savez(path, **{name: array})
        else:
            scipy.io.savemat(path, {name: array})


def test_arrays_that_do_not_fit(scenario):
    breakage(scenario, "delay", np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"expected delay of shape \(3, 3\), got \(3, 2\)"):
        SiteSet.from_deepmimo(scenario)


def test_positions_that_do_not_fit(scenario):
    breakage(scenario, "rx_pos", np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"expected rx_pos of shape \(3, 3\)"):
        SiteSet.from_deepmimo(scenario)


def test_nobody_is_reached(scenario):
    breakage(scenario, "power", np.full((3, 3), NAN))
    with pytest.raises(ValueError, match="expected receivers with a path, got none"):
        SiteSet.from_deepmimo(scenario)


def test_an_array_is_missing(scenario):
    next(scenario.glob("power_t000_tx000_*")).unlink()
    with pytest.raises(ValueError, match=r"expected power_t000_tx000_r001\.npz or .*got neither"):
        SiteSet.from_deepmimo(scenario)


def test_an_array_of_another_name(scenario):
    for path in scenario.glob("power_t000_tx000_*"):
        path.unlink()
    np.savez(scenario / "power_t000_tx000_r001.npz", other=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="expected an array power in power_t000_tx000_r001"):
        SiteSet.from_deepmimo(scenario)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "params.json: not JSON"),
        ("{}", "params.json: expected rt_params.frequency and txrx_sets"),
        ("[]", "params.json: expected rt_params.frequency and txrx_sets"),
        (json.dumps(params(scene={"num_scenes": 3})), "expected a static scenario, got one of 3"),
        (json.dumps(params(txrx_sets={})), "expected receivers with a path, got none"),
    ],
)
def test_parameters_that_are_none(tmp_path, text, message):
    (tmp_path / "params.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        SiteSet.from_deepmimo(tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        SiteSet.from_deepmimo(tmp_path / "nowhere")


def test_a_mat_file_that_is_none(tmp_path):
    (tmp_path / "params.json").write_text(json.dumps(params()))
    (tmp_path / "delay_t000_tx000_r001.mat").write_bytes(b"nothing at all" * 20)
    with pytest.raises(ValueError, match="expected a MATLAB 5 file"):
        SiteSet.from_deepmimo(tmp_path)
