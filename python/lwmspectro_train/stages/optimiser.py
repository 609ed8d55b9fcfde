# SPDX-License-Identifier: GPL-3.0-or-later
"""AdamW, and its learning rate: linear warm-up, then a cosine (paper, table of settings)."""

from __future__ import annotations

import math

import torch
from torch import nn

from .config import Training
from .tasks import Task


def build(task: Task, config: Training) -> torch.optim.AdamW:
    """AdamW over what the task trains; norms, biases and positions do not decay.

    Each group has ``share``: its learning rate as a share of the schedule's.
    """
    expert = task.expert
    inside = {id(p) for part in expert.pretrained() for p in part.parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in task.named_parameters():
        if parameter.requires_grad:
            decay = 0.0 if _plain(name, parameter) else config.weight_decay
            share = task.encoder_rate() if id(parameter) in inside else 1.0
            groups.setdefault((decay, share), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "weight_decay": decay, "share": share}
            for (decay, share), parameters in groups.items()
        ],
        lr=config.learning_rate,
        betas=(config.betas[0], config.betas[1]),
    )


def _plain(name: str, parameter: nn.Parameter) -> bool:
    last = name.rpartition(".")[2]
    return parameter.dim() < 2 or last in ("position", "cls", "mask_embedding")


def rate(config: Training, step: int, steps_per_epoch: int) -> float:
    """Learning rate of a step.

    Args:
        config: rates and lengths.
        step: from 0.
        steps_per_epoch: of the run.
    """
    warmup = config.warmup_epochs * steps_per_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / math.ceil(warmup)
    length = max(1.0, config.epochs * steps_per_epoch - warmup)
    share = min(1.0, (step - warmup) / length)
    span = config.learning_rate - config.final_rate
    return config.final_rate + span * 0.5 * (1.0 + math.cos(math.pi * share))


def set_rate(optimiser: torch.optim.Optimizer, value: float) -> None:
    """Gives every group its share of a learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = value * group["share"]


def move_moments(optimiser: torch.optim.Optimizer) -> None:
    """To where Fabric has put the weights: those of a checkpoint were read before."""
    for parameter, moments in optimiser.state.items():
        for name, value in moments.items():
            if name != "step":  # stays where AdamW keeps it
                moments[name] = value.to(parameter.device)
