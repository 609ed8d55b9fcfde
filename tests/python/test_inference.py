# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from gnuradio.lwmspectro import Bundle, BundleError, ProviderError, kernels
from gnuradio.lwmspectro.inference import Router, open_experts
from tiny_models import PARTS, SNR_LEVELS, tiny_expert, tiny_router

VLEN = kernels.window_spec().vlen


def replace_model(folder, content, name="router.onnx"):
    """Another file of that name, with its true hash in bundle.json."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "bundle.json").read_text())
    digest = hashlib.sha256(content).hexdigest()
    manifest["files"][name] = {"sha256": digest, "bytes": len(content)}
    (folder / "bundle.json").write_text(json.dumps(manifest))
    return Bundle.load(folder)


def model(n_in=VLEN, n_out=4, *, names=("tokens", "logits"), dtype="FLOAT", batch="batch", op=None):
    """An ONNX model that gives its first values back."""
    import onnx

    helper, kind = onnx.helper, getattr(onnx.TensorProto, dtype)
    limits = [("starts", [0]), ("ends", [n_out]), ("axes", [1])]
    graph = helper.make_graph(
        [helper.make_node(op or "Slice", [names[0], *(name for name, _ in limits)], [names[1]])],
        "other",
        [helper.make_tensor_value_info(names[0], kind, [batch, n_in])],
        [helper.make_tensor_value_info(names[1], kind, [batch, n_out])],
        [onnx.numpy_helper.from_array(np.array(value), name) for name, value in limits],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return made.SerializeToString()


def test_runs_batches(make_bundle, rng):
    router = Router(Bundle.load(make_bundle(gain=2.0, bias=(0, 1, 0, 0))))
    assert router.provider == "CPUExecutionProvider"
    for batch in (1, 3, 8):
        tokens = rng.normal(size=(batch, VLEN)).astype(np.float32)
        expected = 2 * tokens[:, :4] + np.float32([0, 1, 0, 0])
        np.testing.assert_allclose(router(tokens), expected, rtol=1e-6)


def test_values_that_are_not_finite_pass_through(make_bundle):
    tokens = np.full((1, VLEN), np.nan, np.float32)
    assert np.isnan(Router(Bundle.load(make_bundle()))(tokens)).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be opened"),
        (b"not a model", "cannot be opened"),
        (model(n_in=VLEN - 1), f"expected input ('tokens', ['batch', {VLEN}], 'float32'), got"),
        (model(n_out=5), "expected output ('logits', ['batch', 4], 'float32'), got"),
        (model(names=("x", "logits")), f"expected input ('tokens', ['batch', {VLEN}], 'float32')"),
        (model(names=("tokens", "y")), "expected output ('logits', ['batch', 4], 'float32')"),
        (model(dtype="DOUBLE"), "'float64')"),
        (model(batch=1), f"[1, {VLEN}]"),
        (model(op="NoSuchOperator"), "cannot be opened"),
    ],
)
def test_a_wrong_model_says_expected_and_got(make_bundle, content, message):
    bundle = replace_model(make_bundle(), content)
    with pytest.raises(BundleError) as caught:
        Router(bundle)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("provider", ["cuda", "NoSuchProvider", ""])
def test_a_missing_provider_names_those_that_are_there(lte_bundle, provider):
    with pytest.raises(ProviderError) as caught:
        Router(Bundle.load(lte_bundle), provider)
    assert "CPUExecutionProvider" in str(caught.value)
    assert repr(provider) in str(caught.value)


@pytest.mark.parametrize("provider", ["cpu", "CPU", "CPUExecutionProvider"])
def test_names_of_a_provider(lte_bundle, provider):
    assert Router(Bundle.load(lte_bundle), provider).provider == "CPUExecutionProvider"


@pytest.mark.parametrize("provider", ["cpu", "openvino"])
def test_an_onnxruntime_without_plugins(lte_bundle, provider, monkeypatch):
    """Before there were any, it lacked the functions that plugins need."""
    import onnxruntime

    for name in ("get_ep_devices", "register_execution_provider_library"):
        monkeypatch.delattr(onnxruntime, name, raising=False)
    if provider == "cpu":
        assert Router(Bundle.load(lte_bundle), provider).provider == "CPUExecutionProvider"
    else:
        with pytest.raises(ProviderError, match="expected one of"):
            Router(Bundle.load(lte_bundle), provider)


def test_plugins_are_not_looked_for_where_none_is_asked_for(lte_bundle, monkeypatch):
    import onnxruntime

    def fail():
        raise AssertionError

    monkeypatch.setattr(onnxruntime, "get_ep_devices", fail, raising=False)
    Router(Bundle.load(lte_bundle), "cpu")


def test_openvino_where_it_is_installed(lte_bundle):
    pytest.importorskip("onnxruntime_ep_openvino", reason="no OpenVINO provider is installed")
    router = Router(Bundle.load(lte_bundle), "openvino")
    assert router.provider == "OpenVINOExecutionProvider"
    logits = router(np.zeros((2, VLEN), np.float32))
    np.testing.assert_allclose(logits, [[0, 2.485, 0, 0]] * 2, atol=0.02)


def test_experts_run_batches(make_bundle, rng):
    experts = open_experts(Bundle.load(make_bundle(experts=("nr", "wifi"))))
    assert set(experts) == {"wifi", "nr"}
    tokens = rng.normal(size=(3, VLEN)).astype(np.float32)
    outputs = experts["nr"](tokens)
    assert set(outputs) == set(PARTS)
    for name, part in PARTS.items():
        level = np.float32(SNR_LEVELS["nr"] if name == "snr_db" else 0.0)
        np.testing.assert_array_equal(outputs[name], tokens[:, part] + level)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a model", "expert_lte.onnx: cannot be opened"),
        (tiny_router(VLEN), "expert_lte.onnx: expected output ('embedding', ['batch', 128], "),
        (tiny_expert(VLEN - 1, "lte"), f"expected input ('tokens', ['batch', {VLEN}], 'float32')"),
    ],
)
def test_a_wrong_expert_says_expected_and_got(make_bundle, content, message):
    bundle = replace_model(make_bundle(experts=("lte",)), content, "expert_lte.onnx")
    with pytest.raises(BundleError) as caught:
        open_experts(bundle)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_threads_out_of_range(lte_bundle):
    with pytest.raises(ValueError, match="threads: expected 1 or more, got 0"):
        Router(Bundle.load(lte_bundle), threads=0)


def test_importing_the_module_imports_no_model_runtime():
    code = (
        "import sys; from gnuradio import lwmspectro; "
        "sys.exit(bool({'onnxruntime', 'torch', 'zmq', 'rich'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
