# SPDX-License-Identifier: GPL-3.0-or-later
"""bundle.json of bundles with experts, and of the format before there were any."""

import json

import pytest
from gnuradio.lwmspectro import Bundle, BundleError, kernels
from gnuradio.lwmspectro.manifest import FORMAT
from tiny_models import MOBILITIES, MODULATIONS

GRIDS = ("cp_15khz", "wifi_long_gi")
ROUTER_VLEN = kernels.window_spec().vlen
VLEN = kernels.window_spec(grids=GRIDS).vlen


@pytest.fixture
def folder(make_bundle):
    return make_bundle(experts=("wifi", "nr"), spec={"grids": list(GRIDS)})


def edit(folder, *path, value=None):
    """Sets bundle.json[path...], or removes it where no value is given."""
    manifest = json.loads((folder / "bundle.json").read_text())
    place = manifest
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    (folder / "bundle.json").write_text(json.dumps(manifest))


def test_a_bundle_with_experts(folder):
    bundle = Bundle.load(folder)
    assert bundle.manifest.format == FORMAT
    assert bundle.experts == ("wifi", "nr")
    assert bundle.protocols == ("wifi", "lte", "nr", "none")
    assert bundle.modulations == MODULATIONS
    assert bundle.mobilities == MOBILITIES
    assert bundle.spec.vlen == VLEN
    assert bundle.thresholds.experts["nr"].modulation.least_p == 0.0
    model = bundle.manifest.models["expert_wifi"]
    assert model.input.shape == ("batch", VLEN)
    assert {tensor.name: tensor.shape[1] for tensor in model.outputs} == {
        "modulation": 5,
        "snr_db": 1,
        "mobility": 3,
        "embedding": 128,
    }


def test_a_bundle_of_a_router_alone(make_bundle):
    bundle = Bundle.load(make_bundle())
    assert bundle.experts == bundle.modulations == bundle.mobilities == ()


def test_a_bundle_of_format_1_is_read(make_bundle):
    folder = make_bundle()
    expected = Bundle.load(folder).manifest
    outputs = json.loads((folder / "bundle.json").read_text())["models"]["router"]["outputs"]
    edit(folder, "format", value=1)
    edit(folder, "models", "router", "output", value=outputs[0])
    edit(folder, "models", "router", "outputs")
    edit(folder, "thresholds", "experts")
    assert Bundle.load(folder).manifest == expected


@pytest.mark.parametrize("models", [1, {"router": 1}, {"router": {"output": 1}}])
def test_nonsense_of_format_1_is_one_kind_of_error(make_bundle, models):
    folder = make_bundle()
    edit(folder, "format", value=1)
    edit(folder, "models", value=models)
    with pytest.raises(BundleError, match=r"bundle.json.models"):
        Bundle.load(folder)


NR = ("models", "expert_nr")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((*NR, "input", "shape"), ["batch", ROUTER_VLEN], f"tokens: expected {VLEN} values, got"),
        ((*NR, "input", "dtype"), "float16", "expert_nr: tokens: expected float32, got float16"),
        ((*NR, "outputs"), [], "expected outputs ['modulation', 'snr_db', 'mobility', "),
        ((*NR, "outputs", 0, "shape"), ["batch", 4], "modulation: expected 5 values, got 4"),
        ((*NR, "outputs", 1, "shape"), ["batch", 2], "snr_db: expected 1 values, got 2"),
        ((*NR, "outputs", 1, "shape"), ["batch"], 'snr_db: expected shape ["batch", 1], got'),
        ((*NR, "outputs", 2, "name"), "speed", "got ['modulation', 'snr_db', 'speed', "),
        ((*NR, "outputs", 3, "shape"), ["batch", 64], "embedding: expected 128 values, got 64"),
        ((*NR, "output"), {}, "got unknown ['output']"),
        ((*NR, "file"), "gone.onnx", "expected an entry for 'gone.onnx'"),
        (NR, None, "thresholds.experts: expected those of ['wifi'], got ['nr', 'wifi']"),
        (("models", "expert_dab"), {}, "bundle.json.models.expert_dab: expected keys"),
        (("thresholds", "experts", "nr"), None, "expected those of ['nr', 'wifi'], got ['wifi']"),
        (("thresholds", "experts", "nr", "mobility"), None, "got none of ['mobility']"),
        (("thresholds", "experts", "nr", "mobility", "least_p"), 2, "least_p: expected 0 to 1"),
        (("thresholds", "experts", "nr", "mobility", "temperature"), 0, "expected 0.001 to 1000"),
        (("labels", "mobility"), None, "labels.mobility: expected different names, got []"),
        (("labels", "mobility"), ["a", "a", "b"], "labels.mobility: expected different names"),
        (("labels", "modulation"), ["QPSK", "a\tb"], "expected plain words, got 'a\\tb'"),
        (("labels", "speed"), ["low"], "labels: expected some of ['protocol', 'modulation', "),
    ],
)
def test_what_is_wrong_says_expected_and_got(folder, path, value, message):
    edit(folder, *path, value=value)
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_expert_of_no_protocol_is_refused(folder):
    manifest = json.loads((folder / "bundle.json").read_text())
    edit(folder, "models", "expert_dab", value=manifest["models"]["expert_nr"])
    with pytest.raises(BundleError, match=r"models: expected some of .*, got \['expert_dab'\]"):
        Bundle.load(folder)
