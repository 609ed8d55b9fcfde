# SPDX-License-Identifier: GPL-3.0-or-later
"""The router: which protocol a window of tokens holds (LWM-Spectro, section III, MoE).

A Transformer of two layers over patches of the spectrogram C0 and rows of the numerology
correlogram C3, pooled by a class token, then linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from gnuradio.lwmspectro import kernels
from torch import Tensor, nn

from .lwm.views import centred_db


@dataclass(frozen=True)
class RouterConfig:
    """Size of the router.

    Attributes:
        n_frames, n_bins: of C0.
        n_rows, n_cols: of C3.
        patch_frames, patch_bins: of one token of C0.
        range_db: cells further below the strongest one count as that far below it.
        dim: width of the Transformer.
        layers, heads: of the Transformer.
        dropout: while training.
        use_spectrogram, use_correlogram: which inputs are looked at (for ablations).
        classes: number of labels.
    """

    n_frames: int = 128
    n_bins: int = 128
    n_rows: int = len(kernels.correlogram_rows)
    n_cols: int = 128
    patch_frames: int = 16
    patch_bins: int = 16
    range_db: float = 50.0
    dim: int = 96
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    use_spectrogram: bool = True
    use_correlogram: bool = True
    classes: int = 4


class SpectrogramTokens(nn.Module):
    """C0 to tokens: level removed, standardised, cut in patches, projected."""

    mean: Tensor
    std: Tensor

    def __init__(self, cfg: RouterConfig) -> None:
        super().__init__()
        self.cfg = cfg
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("std", torch.ones(()))
        self.project = nn.Linear(cfg.patch_frames * cfg.patch_bins, cfg.dim)
        self.spectrum = nn.Linear(cfg.n_bins, cfg.dim)
        self.envelope = nn.Linear(cfg.n_frames, cfg.dim)
        patches = (cfg.n_frames // cfg.patch_frames) * (cfg.n_bins // cfg.patch_bins)
        # N(0, 0.02): unit variance would drown the tokens
        self.position = nn.Parameter(0.02 * torch.randn(patches + 2, cfg.dim))

    def centred(self, c0: Tensor) -> Tensor:
        """dB over the window's mean, (b, n_frames, n_bins): blind to the receiver's gain."""
        return centred_db(c0, self.cfg.range_db)

    def forward(self, c0: Tensor) -> Tensor:
        """C0 (b, n_frames, n_bins) to tokens (b, patches + 2, dim)."""
        x = (self.centred(c0) - self.mean) / self.std
        cells = x.unflatten(2, (-1, self.cfg.patch_bins)).unflatten(1, (-1, self.cfg.patch_frames))
        patches = cells.transpose(2, 3).flatten(3).flatten(1, 2)  # (b, t f, pt pf)
        spectrum = self.spectrum(x.mean(dim=1))[:, None]
        envelope = self.envelope(x.mean(dim=2))[:, None]
        return torch.cat([self.project(patches), spectrum, envelope], dim=1) + self.position


class CorrelogramTokens(nn.Module):
    """C3 to tokens, one a row: as it is, sorted, and the magnitudes of its Fourier series.

    The timing of a signal against the window is arbitrary: sorting and the Fourier magnitudes
    do not depend on it.
    """

    mean: Tensor
    std: Tensor
    cosine: Tensor
    sine: Tensor

    def __init__(self, cfg: RouterConfig) -> None:
        super().__init__()
        self.cfg = cfg
        self.register_buffer("mean", torch.zeros(cfg.n_rows, 1))
        self.register_buffer("std", torch.ones(cfg.n_rows, 1))
        phase = torch.arange(cfg.n_cols, dtype=torch.float64)[:, None] * torch.arange(
            1, cfg.n_cols // 2, dtype=torch.float64
        )
        angle = 2.0 * torch.pi * phase / cfg.n_cols
        self.register_buffer("cosine", torch.cos(angle).float(), persistent=False)
        self.register_buffer("sine", torch.sin(angle).float(), persistent=False)
        features = 2 * cfg.n_cols + cfg.n_cols // 2 - 1
        # every row is a quantity of its own: a projection for each
        self.weight = nn.Parameter(torch.empty(cfg.n_rows, features, cfg.dim))
        self.bias = nn.Parameter(0.02 * torch.randn(cfg.n_rows, cfg.dim))
        nn.init.normal_(self.weight, std=features**-0.5)

    def forward(self, c3: Tensor) -> Tensor:
        """C3 (b, n_rows, n_cols) to tokens (b, n_rows, dim)."""
        x = (c3.clamp(-10.0, 50.0) - self.mean) / self.std
        ordered = torch.topk(x, self.cfg.n_cols, dim=-1).values
        power = (x @ self.cosine).square() + (x @ self.sine).square()
        series = torch.log(power + 1.0) - 4.0
        features = torch.cat([x, ordered, 0.5 * series], dim=-1)
        return torch.einsum("brf,rfd->brd", features, self.weight) + self.bias


class Router(nn.Module):
    """Tokens (b, vlen) in dB to logits (b, classes)."""

    def __init__(self, cfg: RouterConfig) -> None:
        super().__init__()
        self.cfg = cfg
        self.spectrogram = SpectrogramTokens(cfg)
        self.correlogram = CorrelogramTokens(cfg)
        self.cls = nn.Parameter(0.02 * torch.randn(1, 1, cfg.dim))
        layer = nn.TransformerEncoderLayer(
            cfg.dim,
            cfg.heads,
            4 * cfg.dim,
            cfg.dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, cfg.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(cfg.dim)
        self.head = nn.Linear(cfg.dim, cfg.classes)

    def split(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """C0 (b, n_frames, n_bins) and C3 (b, n_rows, n_cols) of tokens (b, vlen)."""
        cfg = self.cfg
        size = cfg.n_frames * cfg.n_bins
        c0 = tokens[:, :size].unflatten(1, (cfg.n_frames, cfg.n_bins))
        return c0, tokens[:, size:].unflatten(1, (cfg.n_rows, cfg.n_cols))

    @torch.no_grad()
    def fit_normalisation(self, tokens: Tensor) -> None:
        """Sets the statistics of the training corpus, from tokens (n, vlen) of it."""
        c0, c3 = self.split(tokens)
        centred = self.spectrogram.centred(c0)
        self.spectrogram.mean.copy_(centred.mean())
        self.spectrogram.std.copy_(centred.std())
        clamped = c3.clamp(-10.0, 50.0)
        self.correlogram.mean.copy_(clamped.mean(dim=(0, 2))[:, None])
        self.correlogram.std.copy_(clamped.std(dim=(0, 2)).clamp(min=1.0)[:, None])

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (b, vlen), dB, to logits (b, classes)."""
        c0, c3 = self.split(tokens)
        parts = [self.cls.expand(tokens.shape[0], -1, -1)]
        if self.cfg.use_spectrogram:
            parts.append(self.spectrogram(c0))
        if self.cfg.use_correlogram:
            parts.append(self.correlogram(c3))
        encoded: Tensor = self.encoder(torch.cat(parts, dim=1))
        logits: Tensor = self.head(self.norm(encoded[:, 0]))
        return logits
