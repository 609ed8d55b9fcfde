# SPDX-License-Identifier: GPL-3.0-or-later
import dataclasses

import pytest
from gnuradio.lwmspectro import BundleError, Spec, kernels
from gnuradio.lwmspectro import spec as spec_module

JSON = {
    "features": kernels.features_version,
    "n_frames": 128,
    "frame_us": 200,
    "n_bins": 128,
    "hop_frames": 128,
    "samp_rate_min": 1.92e6,
    "samp_rate_max": 61.44e6,
    "correlogram_rows": list(kernels.correlogram_rows),
}


def test_from_json_and_back():
    spec = Spec.from_json(JSON)
    assert spec.to_json() == JSON
    assert spec.vlen == 128 * 128 + 9 * 128
    assert spec.window_s == pytest.approx(25.6e-3)


def test_grids_may_be_left_out_and_come_last():
    assert Spec.from_json(JSON).grids == ()
    plain, names = Spec.from_json(JSON), ["cp_30khz", "wifi_long_gi"]
    spec = Spec.from_json({**JSON, "grids": names})
    assert spec.to_json() == {**JSON, "grids": names}
    assert spec.grid_shape == (5, 128, 128)
    assert spec.router_vlen == plain.vlen == plain.router_vlen
    assert spec.vlen == spec.kernel_spec().vlen == plain.vlen + 2 * 5 * 128 * 128
    assert spec.kernel_spec().grids == tuple(names)


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        (["lte"], "spec: grid: expected one of cp_15khz, .*, got lte"),
        (["cp_15khz"] * 2, "spec: grids: expected different names, got cp_15khz twice"),
    ],
)
def test_grids_that_the_kernel_refuses(grids, message):
    with pytest.raises(BundleError, match=message):
        Spec.from_json({**JSON, "grids": grids}).kernel_spec()


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Spec.from_json(JSON).n_frames = 1


def test_kernel_spec_is_the_same():
    kernel = Spec.from_json({**JSON, "hop_frames": 64}).kernel_spec()
    got = (kernel.n_frames, kernel.frame_us, kernel.n_bins, kernel.hop_frames, kernel.vlen)
    assert got == (128, 200, 128, 64, kernels.window_spec().vlen)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_frames": 0}, "n_frames: expected 1 to 1000000, got 0"),
        ({"n_frames": 2**31}, "n_frames: expected 1 to 1000000, got 2147483648"),
        ({"frame_us": -(10**400)}, "frame_us: expected 1 to 1000000, got -1000"),
        ({"features": 0}, "features: expected 1 to 1000000, got 0"),
        ({"hop_frames": 129}, "hop_frames: expected 1 to 128, got 129"),
        ({"samp_rate_min": 7e7}, "samp_rate_min: expected more than 0"),
        ({"n_bins": "128"}, "spec.n_bins: expected a whole number, got '128' (string)"),
        ({"window": 1}, "got unknown ['window']"),
        ({"grids": "cp_15khz"}, "spec.grids: expected an array, got 'cp_15khz' (string)"),
    ],
)
def test_what_is_wrong_says_expected_and_got(change, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is checked below
        Spec.from_json({**JSON, **change})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "rows",
    [["one"], JSON["correlogram_rows"][::-1], [*JSON["correlogram_rows"][:-1], "renamed"]],
)
def test_other_rows_are_refused(rows):
    spec = Spec.from_json({**JSON, "correlogram_rows": rows})
    with pytest.raises(BundleError, match=r"correlogram_rows: expected \('cp_15khz', .* got \('"):
        spec.kernel_spec()


def test_tokens_of_another_edition_are_refused():
    other = kernels.features_version + 1
    spec = Spec.from_json({**JSON, "features": other})
    with pytest.raises(BundleError, match=rf"features: expected {other - 1}, .* got {other}"):
        spec.kernel_spec()


def test_numbers_that_the_kernel_cannot_hold_are_refused(monkeypatch):
    """Whatever the binding raises, should the limits of a spec ever be wider than its own."""
    monkeypatch.setattr(spec_module, "LARGEST", 2**80)
    for value in (2**31, 2**70):
        spec = Spec.from_json({**JSON, "n_frames": value})
        with pytest.raises(BundleError) as caught:
            spec.kernel_spec()
        assert "\n" not in str(caught.value)


def test_a_spec_that_the_kernel_refuses():
    with pytest.raises(ValueError, match="n_bins: expected 64 or 128, got 100"):
        Spec.from_json({**JSON, "n_bins": 100}).kernel_spec()
