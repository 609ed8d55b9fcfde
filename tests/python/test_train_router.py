# SPDX-License-Identifier: GPL-3.0-or-later
"""The training package on a tiny data set: generate, train, calibrate, export, classify."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import torch
from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.bundle import Bundle
from gnuradio.lwmspectro.inference import Router as LiveRouter
from lwmspectro_train import (
    augment,
    between,
    calibrate,
    cli,
    dataset,
    dataset_config,
    evaluate,
    export,
    generate,
)
from lwmspectro_train.router import Router, RouterConfig
from lwmspectro_train.router_files import restore
from scipy import stats


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    for name, seed in (("train", 1), ("test", 2)):
        config = dataset_config.load("smoke", seed=seed)
        generate.generate(generate.GenerateConfig(folder / name, config, workers=2))
    return folder


def test_empty_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train-router", str(tmp_path), str(tmp_path / "out")]) == 2
    assert "expected manifest.json of a whole data set" in capsys.readouterr().err


def test_muted_idle_is_zeros_between_bursts() -> None:
    spec = kernels.window_spec()
    tokens = torch.full((2, spec.vlen), -40.0)
    c0 = tokens[:, : spec.spectrogram_size].view(2, spec.n_frames, spec.n_bins)
    c0[0, 10:50] = 0.0  # a burst; the second window has none
    muted = augment.mute_idle(tokens, 1.0)
    changed = muted[:, : spec.spectrogram_size].view(2, spec.n_frames, spec.n_bins)
    assert (changed[0, 10:50] == 0.0).all()
    assert (changed[0, :10] == -200.0).all()
    assert (changed[1] == -40.0).all()
    assert torch.equal(augment.mute_idle(tokens, 0.0), tokens)


@pytest.mark.parametrize("inputs", [(True, True), (True, False), (False, True)])
def test_router_is_blind_to_gain(inputs: tuple[bool, bool]) -> None:
    torch.manual_seed(0)
    cfg = RouterConfig(use_spectrogram=inputs[0], use_correlogram=inputs[1])
    router = Router(cfg).eval()
    tokens = torch.randn(3, kernels.window_spec().vlen)
    louder = tokens.clone()
    louder[:, : cfg.n_frames * cfg.n_bins] += 37.0
    with torch.no_grad():
        torch.testing.assert_close(router(tokens), router(louder), atol=2e-4, rtol=0)


def test_temperature_finds_the_scale_of_the_logits() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(size=(20000, 4)) * 2.0
    p = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    label = np.array([rng.choice(4, p=row) for row in p])
    found = calibrate.temperature((3.0 * honest).astype(np.float32), label)
    assert found == pytest.approx(3.0, rel=0.05)
    assert calibrate.calibration_error(p, label) < 0.02


def test_limits_hold_their_promises() -> None:
    rng = np.random.default_rng(1)
    n = 4000
    label = rng.integers(0, 4, n)
    logits = rng.normal(size=(n, 4)).astype(np.float32)
    logits[np.arange(n), label] += 2.5
    partial = rng.random(n) < 0.3
    limits = calibrate.thresholds(logits, label, partial, noise_windows=20)
    p = np.exp(logits / limits.temperature)
    p = (p / p.sum(axis=1, keepdims=True))[:, :3]
    named = p.max(axis=1) >= limits.protocol_p
    assert 0.01 < named[~partial & (label == 3)].mean() <= 0.035
    sure = partial & (p.max(axis=1) >= limits.partial_p)
    assert (p.argmax(axis=1) != label)[sure].mean() <= 0.02
    assert limits.partial_p >= limits.protocol_p


def test_the_promise_holds_for_windows_that_were_not_seen() -> None:
    """In 90 % of draws of the validation windows, as the bound says; for few and for many."""
    rng = np.random.default_rng(5)
    for n in (150, 1000):
        kept = [
            (1.0 - calibrate.least_p(rng.random(n), 0.02)) <= 0.02  # of uniform p
            for _ in range(400)
        ]
        assert 0.87 < np.mean(kept) <= 1.0
    assert calibrate.least_p(rng.random(20), 0.02) == 1.0  # too few to promise anything
    assert calibrate.least_p(np.zeros(0), 0.02) == 1.0


def test_share_bound_against_the_binomial_distribution() -> None:
    bound = calibrate.share_bound([0, 3, 20], [50, 50, 1000])
    assert stats.binom.cdf([0, 3, 20], [50, 50, 1000], bound) == pytest.approx(0.1, abs=1e-6)


def test_from_data_to_bundle(tiny: Path, tmp_path: Path) -> None:
    data, test, weights = str(tiny / "train"), str(tiny / "test"), str(tmp_path / "weights")
    assert cli.main(["train-router", data, weights, "--epochs", "2"]) == 0
    assert (tmp_path / "weights/curve.csv").read_text().count("\n") >= 2
    bundle_dir = tmp_path / "bundle"
    assert cli.main(["export-router", weights, data, test, str(bundle_dir)]) == 0

    bundle = Bundle.load(bundle_dir)
    tokens = dataset.load(tiny / "test").tokens.astype(np.float32)
    expected = evaluate.logits_of(restore(tmp_path / "weights"), dataset.load(tiny / "test"))
    np.testing.assert_allclose(LiveRouter(bundle)(tokens), expected, atol=export.PARITY)
    assert "lwmspectro-train generate live" in (bundle_dir / "MODEL_CARD.md").read_text()
    assert bundle.manifest.provenance["data"]["test"]["seed"] == 2


def test_the_best_lies_between() -> None:
    """Weights on a line whose loss is least half-way."""
    before, after = torch.nn.Linear(1, 2, bias=False), torch.nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        before.weight.copy_(torch.tensor([[-1.0], [1.0]]))
        after.weight.copy_(torch.tensor([[3.0], [-3.0]]))
    inputs = torch.tensor([[1.0]] * 88 + [[-1.0]] * 12)  # log odds of 2: a weight of 1
    share = between.best_between(before, after, inputs, torch.zeros(100, dtype=torch.long))
    assert share == 0.5
    torch.testing.assert_close(after.weight.detach(), torch.tensor([[1.0], [-1.0]]))


def test_export_refuses_a_model_that_differs() -> None:
    vlen = kernels.window_spec().vlen
    torch.manual_seed(0)
    model = export.to_onnx(Router(RouterConfig()), vlen)
    other = Router(RouterConfig()).eval()
    with pytest.raises(ValueError, match="parity: expected at most"):
        export.check_parity(other, model, np.zeros((2, vlen), np.float32))


def test_same_seed_for_training_and_test_is_refused(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tiny / "train")
    assert cli.main(["evaluate-router", str(tmp_path), data, data]) == 2
    assert "expected another seed" in capsys.readouterr().err
