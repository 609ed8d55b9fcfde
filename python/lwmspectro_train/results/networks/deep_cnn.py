# SPDX-License-Identifier: GPL-3.0-or-later
"""Deep CNN: the plain stack of convolutions that the paper compares with (its reference 10).

That reference classifies SNR and Doppler shift jointly from images of spectrograms. The paper does
not give its sizes, so this is the plain network of its kind: five stages of 3x3 convolution, batch
norm, ReLU and 2x2 maximum, twice as wide each, then dropout and two linear layers.
"""

from __future__ import annotations

import itertools

from torch import Tensor, nn

WIDTHS = (16, 32, 64, 128, 256)
_HIDDEN = 128


class DeepCnn(nn.Module):
    """Images (b, planes, 128, 128) to logits."""

    def __init__(self, planes: int, classes: int, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.stages = nn.Sequential()
        for n_in, n_out in itertools.pairwise((planes, *widths)):
            self.stages.append(nn.Conv2d(n_in, n_out, 3, padding=1, bias=False))
            self.stages.append(nn.BatchNorm2d(n_out))
            self.stages.append(nn.ReLU())
            self.stages.append(nn.MaxPool2d(2))
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * widths[-1], _HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(_HIDDEN, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images to logits."""
        logits: Tensor = self.classifier(self.pool(self.stages(images)))
        return logits
