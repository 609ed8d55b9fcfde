# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to a window's views that physics allows: the labels stay true.

- Time: when a window begins against a transmitter is arbitrary; a turned C0 has one seam.
- Columns: which subcarriers are in view, and where, is the receiver's choice.
- Mirror: a conjugate signal has the same modulation, SNR and Doppler spread. Its C0 and the columns
  of its grids are reversed; the planes stay as they are, and C3 is left as it is.
- Fewer columns: a narrower carrier, or one that lies at the edge of the band.
- Idle noise: see ``augment.mute``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..augment import mute
from ..columns import GRID
from ..lwm.config import CORRELOGRAM, SPECTROGRAM
from .config import Augmentation

DRAWS = 9
"""Random numbers that a window takes."""

_ABSENT_DB = -200.0
_MOST_DROPPED = 0.5  # of the columns
_SIDE_BY_SIDE = 2  # symbols of WiFi in a row of its grid


def augment(views: dict[str, Tensor], uniform: Tensor, shares: Augmentation) -> dict[str, Tensor]:
    """Some of the windows changed.

    Args:
        views: raw, by column, each (b, ...); not changed.
        uniform: numbers from 0 to 1, (b, DRAWS).
        shares: of the windows that each change befalls.

    Returns:
        views of the same shapes.
    """
    out = dict(views)
    u = uniform.unbind(1)
    if SPECTROGRAM in out and shares.mute_idle:
        c0, c3 = out[SPECTROGRAM].clone(), out.get(CORRELOGRAM)
        out[SPECTROGRAM], c3 = c0, None if c3 is None else c3.clone()
        mute(c0, c3, u[0] < shares.mute_idle)
        if c3 is not None:
            out[CORRELOGRAM] = c3
    if SPECTROGRAM in out and shares.roll_time:
        frames = out[SPECTROGRAM].shape[1]
        shift = torch.where(u[1] < shares.roll_time, u[2] * frames, 0.0).long()
        out[SPECTROGRAM] = roll(out[SPECTROGRAM], shift, 1)
    mirrored = u[3] < shares.mirror
    if SPECTROGRAM in out and shares.mirror:
        out[SPECTROGRAM] = _where(mirrored, out[SPECTROGRAM].flip(2), out[SPECTROGRAM])
    most = 2 * shares.columns + 1
    shift = torch.where(u[4] < shares.roll_columns, u[5] * most - shares.columns, 0.0).floor()
    dropped = torch.where(u[6] < shares.drop_columns, u[7] * _MOST_DROPPED, 0.0)
    for name in [name for name in out if name.startswith(GRID)]:
        grid = _symbols_apart(name, out[name])  # (b, planes, rows, symbols, columns)
        if shares.mirror:
            grid = _where(mirrored, grid.flip(4), grid)
        if shares.roll_columns and shares.columns:
            grid = roll(grid, shift.long(), 4)
        if shares.drop_columns:
            grid = drop_columns(grid, dropped)
        out[name] = grid.flatten(3)
    return out


def roll(x: Tensor, shift: Tensor, dim: int) -> Tensor:
    """``torch.roll`` along ``dim`` by another number, (b,), in each window."""
    size = x.shape[dim]
    index = (torch.arange(size, device=x.device) - shift[:, None]) % size  # (b, size)
    shape = [len(x)] + [1] * (x.dim() - 1)
    shape[dim] = size
    return x.gather(dim, index.reshape(shape).expand_as(x))


def drop_columns(grid: Tensor, share: Tensor) -> Tensor:
    """The weakest columns absent.

    Args:
        grid: (b, planes, rows, symbols, columns).
        share: of the columns, (b,).
    """
    power = grid[:, 0].mean(dim=(1, 2))  # (b, columns), dB
    rank = power.argsort(dim=1).argsort(dim=1)
    gone = rank < (share * power.shape[1])[:, None]  # (b, columns)
    nothing = grid.new_zeros(grid.shape[1])
    nothing[0] = _ABSENT_DB
    return torch.where(gone[:, None, None, None], nothing[:, None, None, None], grid)


def symbols_side_by_side(column: str) -> int:
    """Symbols in a row of a grid's column."""
    return _SIDE_BY_SIDE if column.startswith(f"{GRID}wifi") else 1


def _symbols_apart(name: str, grid: Tensor) -> Tensor:
    return grid.unflatten(3, (symbols_side_by_side(name), -1))


def _where(chosen: Tensor, changed: Tensor, kept: Tensor) -> Tensor:
    return torch.where(chosen.reshape(-1, *[1] * (kept.dim() - 1)), changed, kept)
