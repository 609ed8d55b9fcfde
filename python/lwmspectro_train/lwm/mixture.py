# SPDX-License-Identifier: GPL-3.0-or-later
"""The mixture of experts (section IV): weighted for training and analysis, top-1 for inference."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..router import Router


class Mixture(nn.Module):
    """Tokens (b, vlen) to the mixed output of experts.

    Args:
        router: tokens (b, router_vlen), which come first, to logits (b, labels).
        experts: modules from tokens (b, vlen) to outputs by name, of the same names and shapes; the
            k-th belongs to the k-th label of the router. Labels beyond have no expert.
    """

    def __init__(self, router: Router | nn.Module, experts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.router = router
        self.experts = nn.ModuleList(experts)

    def freeze_experts(self) -> None:
        """Leaves the router alone to be trained (section IV-C, stage 2)."""
        self.experts.requires_grad_(False)
        self.experts.eval()

    def gate(self, router_tokens: Tensor) -> Tensor:
        """Weights g of the experts, (b, experts): softmax over those labels that have one."""
        logits: Tensor = self.router(router_tokens)
        return logits[:, : len(self.experts)].softmax(dim=1)

    def forward(self, tokens: Tensor, router_tokens: Tensor) -> dict[str, Tensor]:
        """Sum over experts of g_k E_k(x), and ``gate``; every expert runs."""
        gate = self.gate(router_tokens)  # (b, k)
        each = [expert(tokens) for expert in self.experts]
        mixed = {
            name: torch.stack([out[name] for out in each], dim=1)  # (b, k, ...)
            .mul(gate[:, :, None])
            .sum(dim=1)
            for name in each[0]
        }
        return mixed | {"gate": gate}

    @torch.no_grad()
    def top_1(self, tokens: Tensor, router_tokens: Tensor) -> dict[str, Tensor]:
        """E_k(x) of the expert with the greatest weight alone, and ``gate``; one a window runs."""
        gate = self.gate(router_tokens)
        chosen = gate.argmax(dim=1)
        outputs: dict[str, Tensor] = {}
        for k in chosen.unique().tolist():
            rows = (chosen == k).nonzero()[:, 0]
            for name, value in self.experts[k](tokens[rows]).items():
                if name not in outputs:
                    outputs[name] = value.new_zeros(len(tokens), *value.shape[1:])
                outputs[name][rows] = value
        return outputs | {"gate": gate}
