# SPDX-License-Identifier: GPL-3.0-or-later
"""ResNet-18 (He et al. 2016, table 1), the projection shortcuts of option B."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu

_WIDTHS = (64, 128, 256, 512)


def _conv(n_in: int, n_out: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(n_out),
    )


class _Block(nn.Module):
    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = _conv(n_in, n_out, 3, stride)
        self.second = _conv(n_out, n_out, 3, 1)
        same = stride == 1 and n_in == n_out
        self.shortcut = nn.Identity() if same else _conv(n_in, n_out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.shortcut(x) + self.second(relu(self.first(x))))


class ResNet18(nn.Module):
    """Images (b, planes, rows, columns) to logits."""

    def __init__(self, planes: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(planes, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.stages = nn.Sequential()
        width = 64
        for k, n_out in enumerate(_WIDTHS):
            self.stages.append(_Block(width, n_out, 1 if k == 0 else 2))
            self.stages.append(_Block(n_out, n_out, 1))
            width = n_out
        self.classifier = nn.Linear(width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Images to logits."""
        features = self.stages(self.stem(images)).mean(dim=(2, 3))  # (b, 512)
        logits: Tensor = self.classifier(features)
        return logits
