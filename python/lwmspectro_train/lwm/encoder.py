# SPDX-License-Identifier: GPL-3.0-or-later
"""The Transformer encoder (eq. 13 and 14): pre-norm, GELU."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

_SHORT = 512  # tokens: longer sequences would fill the memory with scores


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d_k)) V (eq. 13), all (b, h, n, d / h).

    Written out where the fused kernel is slow: its gradient in bfloat16 on a CPU.
    """
    fused_is_slow = q.dtype == torch.bfloat16 and q.device.type == "cpu" and q.requires_grad
    if not fused_is_slow or q.shape[2] > _SHORT:
        return scaled_dot_product_attention(q, k, v)
    score = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)  # (b, h, n, n)
    return score.softmax(dim=3) @ v


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)  # W_Q, W_K, W_V of all heads
        self.out = nn.Linear(dim, dim)  # W_O

    def forward(self, x: Tensor) -> Tensor:
        """(b, n, d) to (b, n, d)."""
        heads = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k, v = heads.unbind(0)  # each (b, h, n, d / h)
        mixed = attend(q, k, v)  # (13)
        joined: Tensor = self.out(mixed.transpose(1, 2).flatten(2))  # heads side by side
        return joined


class Block(nn.Module):
    """One layer (eq. 14)."""

    def __init__(self, dim: int, heads: int, ffn: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.norm_2 = nn.LayerNorm(dim)
        self.ffn = nn.Sequential(nn.Linear(dim, ffn), nn.GELU(), nn.Linear(ffn, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(b, n, d) to (b, n, d)."""
        x = x + self.dropout(self.attention(self.norm_1(x)))  # (14), first line
        return x + self.dropout(self.ffn(self.norm_2(x)))  # (14), second line


class Encoder(nn.Module):
    """L layers and a last norm."""

    def __init__(self, dim: int, layers: int, heads: int, ffn: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(dim, heads, ffn, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        """(b, n, d) to (b, n, d)."""
        for block in self.blocks:
            x = block(x)
        normed: Tensor = self.norm(x)
        return normed


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
