# SPDX-License-Identifier: GPL-3.0-or-later
"""Spectrogram CNN: the small network for modulation after Wu et al. (the paper's reference 15).

The paper re-implements it and gives no sizes. This one has three convolutions with large kernels
and strides, as is usual for STFT images of modulated signals, and two linear layers.
"""

from __future__ import annotations

from torch import Tensor, nn


class SpectrogramCnn(nn.Module):
    """Images (b, planes, 128, 128) to logits."""

    def __init__(self, planes: int, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(planes, 32, 7, stride=2, padding=3),  # 64 x 64
            nn.ReLU(),
            nn.MaxPool2d(2),  # 32 x 32
            nn.Conv2d(32, 64, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),  # 16 x 16
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(8),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(64 * 64, 128),
            nn.ReLU(),
            nn.Linear(128, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images to logits."""
        logits: Tensor = self.layers(images)
        return logits
