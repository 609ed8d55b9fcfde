# SPDX-License-Identifier: GPL-3.0-or-later
"""Residual 1-D CNN, global average pool, linear (eq. 20)."""

from __future__ import annotations

import math

from torch import Tensor, nn

from . import config
from .config import Head


class ResidualBlock(nn.Module):
    """Two convolutions and a short cut, (b, channels, length) to the same.

    Norms are over groups of channels of one window, so that batches of any size and any number of
    processes give the same.
    """

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        groups = math.gcd(channels, 8)
        self.layers = nn.Sequential(
            nn.GroupNorm(groups, channels),
            nn.GELU(),
            nn.Conv1d(channels, channels, kernel, padding=kernel // 2),
            nn.GroupNorm(groups, channels),
            nn.GELU(),
            nn.Conv1d(channels, channels, kernel, padding=kernel // 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Adds what the layers say."""
        out: Tensor = x + self.layers(x)
        return out


class ConvolutionalHead(nn.Module):
    """Encoded tokens (b, n, d) to logits (b, classes)."""

    def __init__(self, size: Head, dim: int, classes: int) -> None:
        super().__init__()
        self.over = size.over
        self.blocks = nn.Sequential()
        width = dim
        if size.blocks:
            n_in = 1 if size.over == config.EMBEDDING else dim
            width = size.channels
            self.blocks.append(nn.Conv1d(n_in, width, size.kernel, padding=size.kernel // 2))
            for _ in range(size.blocks):
                self.blocks.append(ResidualBlock(width, size.kernel))
            self.blocks.append(nn.GELU())
        self.dropout = nn.Dropout(size.dropout)
        self.linear = nn.Linear(width, classes)

    def forward(self, encoded: Tensor) -> Tensor:
        """Tokens to logits."""
        if not len(self.blocks):
            pooled = encoded.mean(dim=1)  # (b, d)
        else:
            if self.over == config.EMBEDDING:
                sequence = encoded.mean(dim=1)[:, None]  # (b, 1, d): mean over tokens
            else:
                sequence = encoded.transpose(1, 2)  # (b, d, n)
            pooled = self.blocks(sequence).mean(dim=2)  # GAP, (b, channels)
        logits: Tensor = self.linear(self.dropout(pooled))  # (20)
        return logits
