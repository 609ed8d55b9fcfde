# SPDX-License-Identifier: GPL-3.0-or-later
"""The model's encoders: one expert, or three behind a router; trained, or with random weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric.utilities import move_data_to_device
from torch import Tensor, nn

from ..lwm import config
from ..lwm.expert import Expert, random
from ..lwm.head import ConvolutionalHead
from ..stages.checkpoint import load_expert, refuse_test_sites
from ..stages.source import Index, WindowSource
from ..stages.world import fastest

Read = Callable[[Index], Any]
"""Rows to an encoder's input."""


def read_images(source: WindowSource, rows: Index) -> dict[str, Tensor]:
    """Images of an expert's views, float32, not standardised yet."""
    return {name: torch.from_numpy(part).float() for name, part in source.read(rows).items()}


class Encoder(nn.Module):
    """An expert's encoder: images of views to encoded tokens (b, n, d), or their mean (b, 1, d)."""

    def __init__(self, expert: Expert) -> None:
        super().__init__()
        self.expert = expert
        self.dim = expert.model.dim
        self.head = expert.model.head
        self.pooled = not (self.head.blocks and self.head.over == config.TOKENS)

    def forward(self, images: dict[str, Tensor]) -> Tensor:
        """What the expert's kind of head looks at."""
        encoded = self.expert.encode(self.expert.cut_images(images))
        return encoded.mean(dim=1, keepdim=True) if self.pooled else encoded

    def tuned(self) -> list[nn.Parameter]:
        """Parameters that what it gives depends on."""
        parts = [p for part in self.expert.pretrained() for p in part.parameters()]
        return parts if self.expert.cls is None else [*parts, self.expert.cls]

    def like(self, seed: int) -> Encoder:
        """Another of the same size and statistics of views, with random weights."""
        fresh = random(self.expert.model, seed)
        fresh.views.load_state_dict(self.expert.views.state_dict())
        return Encoder(fresh.eval())


class RoutedEncoder(nn.Module):
    """Three experts of which a router has chosen one for each window: the mean token, (b, 1, d).

    Experts look at different views and have different numbers of tokens, so that heads see their
    mean, as the paper has it before eq. 20.
    """

    def __init__(self, experts: list[Expert]) -> None:
        super().__init__()
        dims = sorted({expert.model.dim for expert in experts})
        if len(dims) != 1:
            raise ValueError(f"experts: expected embeddings of one width, got {dims}")
        self.experts = nn.ModuleList(Encoder(expert) for expert in experts)
        self.dim = dims[0]
        # one token of d channels: pooled along the d values, a CNN would lose which is which
        self.head = dataclasses.replace(experts[0].model.head, over=config.TOKENS)

    def forward(self, parts: list[tuple[int, Tensor, dict[str, Tensor]]]) -> Tensor:
        """For each expert its windows' places in the batch and the images of their views."""
        n = sum(len(places) for _, places, _ in parts)
        means = [self.experts[k](images).mean(dim=1) for k, _, images in parts]
        order = torch.cat([places for _, places, _ in parts])
        back = torch.empty_like(order).scatter_(0, order, torch.arange(n, device=order.device))
        return torch.cat(means)[back][:, None]

    def tuned(self) -> list[nn.Parameter]:
        """Of all experts."""
        return [p for expert in self._encoders() for p in expert.tuned()]

    def _encoders(self) -> list[Encoder]:
        return [expert for expert in self.experts if isinstance(expert, Encoder)]

    def like(self, seed: int) -> RoutedEncoder:
        """Another with random weights."""
        each = [expert.like(seed + k).expert for k, expert in enumerate(self._encoders())]
        return RoutedEncoder(each)


AnyEncoder = Encoder | RoutedEncoder


class RoutedReader:
    """Reads for each expert the windows that the router gives it.

    Args:
        route: expert of each window of the data set, shape (n,).
        sources: of the images that each expert reads, holding its own windows.
    """

    def __init__(self, route: Index, sources: list[WindowSource]) -> None:
        self.route = route
        self.sources = sources

    def __call__(self, rows: Index) -> list[tuple[int, Tensor, dict[str, Tensor]]]:
        """For each expert its windows' places among ``rows``, and the images of their views."""
        parts = []
        for k, source in enumerate(self.sources):
            places = np.flatnonzero(self.route[rows] == k)
            if len(places):
                parts.append((k, torch.from_numpy(places), read_images(source, rows[places])))
        return parts


def pretrained(folder: Path) -> Expert:
    """The expert that a stage wrote.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is not what it should be, or the weights have seen the test city.
    """
    expert, record = load_expert(folder)
    refuse_test_sites(folder, record)
    return expert


@torch.no_grad()
def embed(encoder: AnyEncoder, read: Read, rows: Index, batch: int) -> Tensor:
    """What a head sees of windows, float16, (n, tokens or 1, d)."""
    encoder.eval().to(fastest())
    parts = []
    for first in range(0, len(rows), batch):
        inputs = move_data_to_device(read(rows[first : first + batch]), torch.device(fastest()))
        parts.append(encoder(inputs).half().cpu())
    return torch.cat(parts)


def new_head(encoder: AnyEncoder, classes: int, seed: int) -> ConvolutionalHead:
    """A head (eq. 20) of the encoder's kind with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ConvolutionalHead(encoder.head, encoder.dim, classes)


class Standardised(nn.Module):
    """A head on standardised embeddings (b, n, d): by statistics of the training windows."""

    mean: Tensor
    std: Tensor

    def __init__(self, head: nn.Module, embedded: Tensor) -> None:
        super().__init__()
        self.head = head
        wide = embedded.float().flatten(0, 1)
        self.register_buffer("mean", wide.mean(dim=0))
        self.register_buffer("std", wide.std(dim=0).clamp(min=1e-3))

    def forward(self, encoded: Tensor) -> Tensor:
        """Logits (b, classes)."""
        logits: Tensor = self.head((encoded.float() - self.mean) / self.std)
        return logits


class Classifier(nn.Module):
    """An encoder and a head, trained together: an encoder's input to logits (b, classes)."""

    def __init__(self, encoder: AnyEncoder, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, inputs: Any) -> Tensor:
        """Inputs to logits."""
        logits: Tensor = self.head(self.encoder(inputs))
        return logits
