# SPDX-License-Identifier: GPL-3.0-or-later
"""Gray-mapped constellations (IEEE Std 802.11-2020 17.3.5.8 and 21.3.10.9)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..common import Complex64


def _axis(bits: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Odd levels of the bits of one axis, b0 first along the last axis (tables 17-12 to 17-15)."""
    binary = np.bitwise_xor.accumulate(bits, axis=-1)  # Gray to binary
    weights = 1 << np.arange(bits.shape[-1])[::-1]
    level = 2.0 * (binary @ weights) - ((1 << bits.shape[-1]) - 1)
    return np.asarray(level, np.float64)


@lru_cache(maxsize=8)
def points(n_bpsc: int) -> Complex64:
    """Unit-power points, shape (2**n_bpsc,); bit i of the index is b_i.

    Raises:
        ValueError: for another number of bits than 1, 2, 4, 6 or 8.
    """
    if n_bpsc not in (1, 2, 4, 6, 8):
        raise ValueError(f"bits per subcarrier: expected 1, 2, 4, 6 or 8, got {n_bpsc}")
    bits = np.arange(1 << n_bpsc)[:, None] >> np.arange(n_bpsc) & 1
    half = max(n_bpsc // 2, 1)
    out = _axis(bits[:, :half]) + 0j
    if n_bpsc > 1:
        out = out + 1j * _axis(bits[:, half:])
    out = (out / np.sqrt(np.mean(np.abs(out) ** 2))).astype(np.complex64)
    out.flags.writeable = False
    return out
