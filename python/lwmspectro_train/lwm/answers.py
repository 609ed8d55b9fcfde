# SPDX-License-Identifier: GPL-3.0-or-later
"""What an expert answers, and the loss of each answer where its label is known."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .config import JOINT_MOBILITIES, MOBILITIES, MODULATIONS, SNR_BINS_DB
from .contrastive import NO_LABEL

MODULATION, SNR, SNR_BINS, MOBILITY, JOINT = ANSWERS = (
    "modulation",
    "snr_db",
    "snr_bins",
    "mobility",
    "joint",
)
CLASSES = {
    MODULATION: len(MODULATIONS),
    SNR_BINS: len(SNR_BINS_DB),
    MOBILITY: len(MOBILITIES),
    JOINT: len(SNR_BINS_DB) * len(JOINT_MOBILITIES),
}
"""Of the answers that are a class; the SNR itself is a number."""

SMOOTH_L1, GAUSSIAN = SNR_LOSSES = ("smooth_l1", "gaussian")


def cross_entropy_sum(
    logits: Tensor, label: Tensor, smoothing: float, seen: Tensor | None = None
) -> Tensor:
    """Cross entropy, added up over windows with a label.

    Args:
        logits: (b, classes).
        label: (b,), ``NO_LABEL`` where it is null.
        smoothing: share of a label that is spread evenly over the classes.
        seen: classes that it is spread over, bool, (classes,); all where None.

    Returns:
        a scalar; zero, with a gradient, where no window has a label.
    """
    if seen is None or bool(seen.all()):
        return functional.cross_entropy(
            logits.float(), label, ignore_index=NO_LABEL, label_smoothing=smoothing, reduction="sum"
        )
    log_p = functional.log_softmax(logits.float(), dim=1)
    own = functional.nll_loss(log_p, label, ignore_index=NO_LABEL, reduction="sum")
    even = -(log_p * (seen / seen.sum())).sum(dim=1)
    return (1.0 - smoothing) * own + smoothing * torch.where(label != NO_LABEL, even, 0.0).sum()


def indecision_sum(logits: Tensor, label: Tensor, seen: Tensor) -> Tensor:
    """Cross entropy against an even split, added up over windows without a label.

    What cannot be read (an idle cell, a sum of two layers) is to be answered with no certainty.

    Args:
        logits: (b, classes).
        label: (b,), ``NO_LABEL`` where it is null.
        seen: which classes training shows, bool, (classes,).
    """
    even = seen / seen.sum().clamp(min=1)
    each = -(functional.log_softmax(logits.float(), dim=1) * even).sum(dim=1)
    return torch.where(label == NO_LABEL, each, 0.0).sum()


def snr_loss_sum(guess: Tensor, snr: Tensor, kind: str) -> Tensor:
    """Loss of the SNR, added up over windows that have one.

    Args:
        guess: standardised mean and log variance, (b, 2); "smooth_l1" looks at the mean alone.
        snr: standardised, (b,); NaN where nothing was sent.
        kind: of ``SNR_LOSSES``.
    """
    known = ~snr.isnan()
    truth = torch.where(known, snr, 0.0).float()
    mean, log_variance = guess.float().unbind(1)
    if kind == GAUSSIAN:
        bounded = log_variance.clamp(-6.0, 6.0)
        each = 0.5 * ((truth - mean).square() * torch.exp(-bounded) + bounded)
    else:
        each = functional.smooth_l1_loss(mean, truth, reduction="none", beta=0.1)
    return torch.where(known, each, 0.0).sum()
