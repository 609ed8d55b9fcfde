# SPDX-License-Identifier: GPL-3.0-or-later
"""Every method trains and answers on a few windows; networks are those of their papers."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not installed")
pytest.importorskip("lightning", reason="training is not installed")

import tiny_experts
import torch
import toy_city
from lwmspectro_train.lwm.contrastive import NO_LABEL
from lwmspectro_train.results import bench, encoders, fit
from lwmspectro_train.results.fit import Settings
from lwmspectro_train.results.images import Images
from lwmspectro_train.results.methods import METHODS
from lwmspectro_train.results.networks.deep_cnn import DeepCnn
from lwmspectro_train.results.networks.mobilenet import MobileNetV3
from lwmspectro_train.results.networks.resnet import ResNet18
from lwmspectro_train.results.networks.spectrogram_cnn import SpectrogramCnn
from lwmspectro_train.results.preset import Embedding, Links, Preset, Study
from lwmspectro_train.results.splits import Sizes, Split

QUICK = Settings(epochs=1, least_steps=1, batch=8)


def ground(folder, links):
    study = Study((links,), ("lwm",), (1,))
    preset = Preset(
        study,
        study,
        Embedding((links,)),
        study,
        study,
        seeds=(1,),
        training=QUICK,
        split=Sizes(0.3, 0.2, 1, 1),
        image=32,
        threads=1,
    )
    return bench.open_ground(links, (1,), preset, tuple(METHODS))


@pytest.fixture(scope="module")
def wifi(tmp_path_factory):
    """Modulation over WiFi, with one symbol grid; 5 windows to train on."""
    folder = tmp_path_factory.mktemp("wifi")
    data = toy_city.write(folder / "data", 60, ("wifi",), ("wifi_long_gi",))
    experts = tiny_experts.write(folder / "experts", ("wifi",), over="embedding")
    grids = ("wifi_long_gi",)
    return ground(
        folder, Links("WiFi", str(data), ("wifi",), "modulation", str(experts), "wifi", "", grids)
    )


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers(wifi, name):
    method = METHODS[name]
    if method.missing():
        assert wifi.lacking(name) == f"expected Python package {method.missing()[0]}, found none"
        pytest.skip("its packages are not installed")
    assert wifi.lacking(name) == ""
    split = wifi.splits[1, 1]
    fitted = method.run(wifi.bench, split, 1)
    assert fitted.predicted.shape == split.test.shape
    assert fitted.predicted.dtype == np.int64
    assert set(fitted.predicted) <= set(range(5))


def test_fine_tuning_leaves_the_shared_encoder_alone(wifi):
    encoder = wifi.bench.encoders["finetune"]
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    METHODS["lwm_ft"].run(wifi.bench, wifi.splits[1, 1], 1)
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())


def test_images_are_standardised_by_the_training_windows(wifi):
    split = wifi.splits[1, 1]
    images = Images(wifi.bench.images, wifi.links.grids, split.train)
    read = images.read(split.train)
    assert read.shape == (5, images.planes, 128, 128)
    assert images.planes == 1 + 6
    assert float(read[:, 0].mean()) == pytest.approx(0.0, abs=1e-3)
    assert float(read[:, 0].std()) == pytest.approx(1.0, abs=1e-2)


def test_smaller_images_pool_power_and_not_decibels(wifi):
    rows = wifi.splits[1, 1].train
    small = Images(wifi.bench.images, wifi.links.grids, rows, 64)
    assert small.read(rows).shape == (5, 7, 64, 64)
    whole = 10 ** (torch.from_numpy(wifi.bench.images.read(rows)["spectrogram"]).float() / 10)
    mean = whole.unflatten(1, (64, 2)).unflatten(3, (64, 2)).mean(dim=(2, 4))
    torch.testing.assert_close(
        small._raw(rows)["spectrogram"], 10 * torch.log10(mean), rtol=1e-4, atol=1e-3
    )


def test_random_weights_keep_size_and_statistics_of_views(wifi):
    encoder = wifi.bench.encoders["finetune"]
    one, same, other = (encoder.like(seed) for seed in (1, 1, 2))
    assert torch.equal(
        one.expert.encoder.blocks[0].ffn[0].weight, same.expert.encoder.blocks[0].ffn[0].weight
    )
    assert not torch.equal(
        one.expert.patches["spectrogram"].weight, other.expert.patches["spectrogram"].weight
    )
    assert torch.equal(
        one.expert.views["spectrogram"].mean, encoder.expert.views["spectrogram"].mean
    )


def test_weights_that_are_not_there_are_said(wifi):
    links = dataclasses.replace(wifi.links, experts="nowhere")
    lacking = dataclasses.replace(wifi, links=links)
    assert lacking.lacking("lwm") == (
        "expected weights nowhere/wifi/finetune/model.safetensors, found none"
    )
    assert lacking.lacking("deep_cnn") == ""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Three protocols behind a router."""
    folder = tmp_path_factory.mktemp("mixed")
    grids = ("cp_15khz", "wifi_long_gi")
    data = toy_city.write(folder / "data", 60, ("wifi", "lte", "nr"), grids)
    experts = tiny_experts.write(folder / "experts", ("wifi", "lte", "nr"))
    router = tiny_experts.write_router(folder / "router")
    protocols = ("wifi", "lte", "nr")
    return ground(
        folder,
        Links("mixed", str(data), protocols, "modulation", str(experts), "routed", str(router)),
    )


def test_each_window_goes_to_the_expert_that_the_router_chooses(mixed):
    rows = mixed.used
    # an untrained router sends all to one expert
    mixed.route[rows] = np.arange(len(rows)) % 3
    encoder, read = mixed.bench.encoders["finetune"], mixed.bench.readers["finetune"]
    chosen = rows[[4, 0, 5, 3]]
    got = encoder(read(chosen))
    assert got.shape == (4, 1, 16)
    for k, row in enumerate(chosen):
        expert = encoder.experts[int(mixed.route[row])]
        source = read.sources[int(mixed.route[row])]
        images = encoders.read_images(source, np.array([row]))
        torch.testing.assert_close(got[k], expert(images).mean(dim=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["lwm", "lwm_ft", "random_ft"])
def test_the_mixture_trains(mixed, name):
    split = mixed.splits[1, 1]
    fitted = METHODS[name].run(mixed.bench, split, 1)
    assert fitted.predicted.shape == split.test.shape
    assert (mixed.route[mixed.used] != NO_LABEL).all()


def test_networks_have_the_sizes_of_their_papers():
    def parameters(network):
        return sum(p.numel() for p in network.parameters())

    assert parameters(ResNet18(3, 1000)) == 11_689_512
    assert parameters(MobileNetV3(3, 1000)) == 2_542_856
    images = torch.zeros(2, 4, 128, 128)
    for build in (DeepCnn, SpectrogramCnn, ResNet18, MobileNetV3):
        assert build(4, 14).eval()(images).shape == (2, 14)


def points(n=60, seed=1):
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 3
    x = torch.from_numpy(np.eye(3)[label] * 3.0 + rng.normal(size=(n, 3))).float()
    rows = np.arange(n)
    return label, (lambda r: x[torch.from_numpy(r)]), Split(rows[:30], rows[30:40], rows[40:])


def test_training_learns_and_is_the_same_again():
    label, read, split = points()
    settings = Settings(epochs=8, least_steps=30, batch=10, learning_rate=0.05)
    found = []
    for _ in range(2):
        torch.manual_seed(0)
        found.append(fit.fit(torch.nn.Linear(3, 3), read, label, split, 3, 1, settings))
    np.testing.assert_array_equal(found[0].predicted, found[1].predicted)
    assert (found[0].predicted == label[split.test]).mean() > 0.8
    assert 1 <= found[0].epochs <= 8


def test_an_epoch_sees_every_window_and_few_of_them_again():
    settings = Settings(batch=8, least_steps=10)
    rng = np.random.default_rng(1)
    batches = fit._epoch(np.arange(20), settings, rng)
    assert [len(b) for b in batches] == [8] * 10
    counts = np.bincount(np.concatenate(batches), minlength=20)
    assert counts.min() >= 3
    many = fit._epoch(np.arange(100), settings, rng)
    assert len(np.unique(np.concatenate(many))) == 100


def test_a_loss_that_is_not_finite_stops_it():
    label, read, split = points()
    with pytest.raises(RuntimeError, match="expected a finite one, got nan"):
        fit.fit(torch.nn.Linear(3, 3), lambda r: read(r) * float("nan"), label, split, 3, 1, QUICK)
