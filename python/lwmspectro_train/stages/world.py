# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that share a batch: this one alone, or several by torchrun."""

from __future__ import annotations

import os
from typing import Any

import torch
from lightning.fabric import Fabric
from lightning.fabric.plugins.precision import MixedPrecision, Precision
from torch import Tensor


class Alone:
    """One process has the whole batch."""

    rank, size = 0, 1

    def gather(self, x: Tensor) -> Tensor:
        """Rows of all processes, with their gradients."""
        return x

    def total(self, x: Tensor) -> Tensor:
        """Sum over the processes."""
        return x


class Together(Alone):
    """Each process has a part of the batch.

    Gradients are averaged over the processes. So a mean over windows is their local sum, times the
    number of processes, over the global count; and a loss of the whole batch, computed everywhere
    from gathered rows whose gradients are added up on the way back, comes out right as it is.
    """

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self.rank, self.size = fabric.global_rank, fabric.world_size

    def gather(self, x: Tensor) -> Tensor:
        """Rows of all processes, with their gradients."""
        gathered = self._fabric.all_gather(x, sync_grads=x.requires_grad)
        assert isinstance(gathered, Tensor)
        return gathered.flatten(0, 1)

    def total(self, x: Tensor) -> Tensor:
        """Sum over the processes."""
        reduced = self._fabric.all_reduce(x, reduce_op="sum")
        assert isinstance(reduced, Tensor)
        return reduced


class _InputsAsTheyAre(MixedPrecision):
    """Leaves a module's inputs in float32: of 60 dB, bfloat16 keeps steps of a quarter."""

    def convert_input(self, data: Any) -> Any:
        return data


def fastest() -> str:
    """Accelerator of one process, as Fabric names it: a GPU of CUDA where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def precision_plugin(precision: str, accelerator: str) -> Precision:
    """Of Fabric, for one of ``config.PRECISIONS``."""
    if precision != "bf16-mixed":
        return Precision()
    on_gpu = accelerator != "cpu" and torch.cuda.is_available()
    return _InputsAsTheyAre("bf16-mixed", "cuda" if on_gpu else "cpu")


def launch(precision: str, accelerator: str) -> tuple[Fabric, Alone]:
    """Starts what computes: as many processes as torchrun has started, else this one.

    Raises:
        ValueError: there is no such accelerator here.
    """
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // local
    many = local * nodes > 1
    try:
        fabric = Fabric(
            accelerator=accelerator,
            strategy="ddp" if many else "auto",
            devices=local,
            num_nodes=nodes,
            plugins=[precision_plugin(precision, accelerator)],
        )
    except Exception as error:  # Lightning's own kind
        raise ValueError(f"accelerator: {str(error).splitlines()[0]}") from None
    fabric.launch()
    return fabric, Together(fabric) if many else Alone()


def mean_over(local_sum: Tensor, count: Tensor, world: Alone) -> Tensor:
    """Mean over the windows of all processes; 0 where none counts."""
    everywhere = world.total(count.detach().clone().float())
    return local_sum * (world.size / torch.clamp(everywhere, min=1.0))
