# SPDX-License-Identifier: GPL-3.0-or-later
"""MobileNetV3-Small (Howard et al. 2019, table 2)."""

from __future__ import annotations

from torch import Tensor, nn

# kernel, expanded width, width, squeeze and excitation, hard swish, stride
_ROWS = (
    (3, 16, 16, True, False, 2),
    (3, 72, 24, False, False, 2),
    (3, 88, 24, False, False, 1),
    (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1),
    (5, 240, 40, True, True, 1),
    (5, 120, 48, True, True, 1),
    (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2),
    (5, 576, 96, True, True, 1),
    (5, 576, 96, True, True, 1),
)
_LAST, _HIDDEN = 576, 1024


def _conv(
    n_in: int, n_out: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(n_out, eps=1e-3),
    )


def _divisible(width: float) -> int:
    """Nearest multiple of 8, not more than a tenth below (section 5.1 of MobileNetV2's code)."""
    near = max(8, int(width + 4) // 8 * 8)
    return near + 8 if near < 0.9 * width else near


class _Squeeze(nn.Module):
    """Squeeze and excitation, to a quarter of the expanded width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = _divisible(width / 4)
        self.layers = nn.Sequential(
            nn.Conv2d(width, inner, 1), nn.ReLU(), nn.Conv2d(inner, width, 1), nn.Hardsigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        scaled: Tensor = x * self.layers(x.mean(dim=(2, 3), keepdim=True))
        return scaled


class _Block(nn.Module):
    def __init__(
        self,
        n_in: int,
        kernel: int,
        expanded: int,
        n_out: int,
        squeeze: bool,
        hs: bool,
        stride: int,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        if expanded != n_in:
            self.layers.append(_conv(n_in, expanded))
            self.layers.append(nn.Hardswish() if hs else nn.ReLU())
        self.layers.append(_conv(expanded, expanded, kernel, stride, groups=expanded))
        self.layers.append(nn.Hardswish() if hs else nn.ReLU())
        if squeeze:
            self.layers.append(_Squeeze(expanded))
        self.layers.append(_conv(expanded, n_out))
        self.residual = stride == 1 and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return x + out if self.residual else out


class MobileNetV3(nn.Module):
    """Images (b, planes, rows, columns) to logits."""

    def __init__(self, planes: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(_conv(planes, 16, 3, 2), nn.Hardswish())
        width = 16
        for kernel, expanded, n_out, squeeze, hs, stride in _ROWS:
            self.features.append(_Block(width, kernel, expanded, n_out, squeeze, hs, stride))
            width = n_out
        self.features.append(_conv(width, _LAST))
        self.features.append(nn.Hardswish())
        self.classifier = nn.Sequential(
            nn.Linear(_LAST, _HIDDEN), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(_HIDDEN, classes)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images to logits."""
        logits: Tensor = self.classifier(self.features(images).mean(dim=(2, 3)))
        return logits
