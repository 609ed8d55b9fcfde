# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to tokens while training that stand for receivers the generator rarely draws."""

from __future__ import annotations

import torch
from gnuradio.lwmspectro import kernels
from torch import Tensor

_SILENCE_DB = -200.0  # what the spectrogram reads for zeros
_ABSENT_DB = -10.0  # what the correlogram reads for zeros
_FRAME_ROWS = ("wifi_long_gi", "wifi_short_gi", "wifi_stf")  # one column a frame
_QUIET_DB = 15.0  # below the strongest frame: no burst
_SPREAD_DB = 3.0  # above the quietest frame: the same idle noise


def mute_idle(tokens: Tensor, share: float) -> Tensor:
    """Turns the idle noise between bursts to zeros, in a random share of the windows.

    Args:
        tokens: dB, shape (b, vlen).
        share: of the windows, 0 to 1; those without quiet frames do not change.

    Returns:
        shape (b, vlen); the input is not changed.
    """
    spec = kernels.window_spec()
    out = tokens.clone()
    c0 = out[:, : spec.spectrogram_size].view(-1, spec.n_frames, spec.n_bins)
    c3 = out[:, spec.spectrogram_size :].view(-1, len(kernels.correlogram_rows), spec.n_frames)
    mute(c0, c3, (torch.rand(len(tokens)) < share).to(tokens.device))
    return out


def mute(c0: Tensor, c3: Tensor | None, chosen: Tensor) -> None:
    """Turns the idle noise between bursts to zeros, in place.

    Strong signals are recorded at a gain at which idle noise stays below one step of the
    converter: the samples between bursts are then all zero.

    Args:
        c0: dB, shape (b, frames, bins).
        c3: dB over noise, shape (b, rows, columns), or None.
        chosen: which windows, bool, shape (b,); those without quiet frames do not change.
    """
    level = 10.0 * torch.log10(torch.pow(10.0, 0.1 * c0).mean(dim=2) + 1e-20)  # (b, frames)
    idle = level < level.amax(dim=1, keepdim=True) - _QUIET_DB
    idle &= level < level.amin(dim=1, keepdim=True) + _SPREAD_DB
    idle &= chosen[:, None]
    c0[idle] = _SILENCE_DB
    if c3 is not None:
        for name in _FRAME_ROWS:
            c3[:, kernels.correlogram_rows.index(name)][idle] = _ABSENT_DB
