# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate 1/2, constraint length 7 convolutional code and its punctured rates.

Generators 133 and 171 octal (IEEE Std 802.11-2020 17.3.5.6), puncturing of figure 17-9 and, for
rate 5/6, of 19.3.11.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]

MEMORY = 6
GENERATORS = (0o133, 0o171)  # of outputs A and B, the newest bit is the most significant

# (bits in, bits out) of one puncturing period: which A and which B are sent
PUNCTURING: dict[tuple[int, int], tuple[str, str]] = {
    (1, 2): ("1", "1"),
    (2, 3): ("11", "10"),
    (3, 4): ("110", "101"),
    (5, 6): ("11010", "10101"),
}


def parity(history: Bits, generators: Sequence[int] = GENERATORS) -> list[Bits]:
    """Outputs of an encoder, time along the first axis.

    Args:
        history: bits, shape (6 + n, ...): the encoder's six last bits, then n new ones.
        generators: one an output; all have the newest bit.

    Returns:
        Of each generator, shape (n, ...).
    """
    n = history.shape[0] - MEMORY
    outputs = []
    for generator in generators:
        delays = [d for d in range(MEMORY + 1) if generator >> (MEMORY - d) & 1]
        out = history[MEMORY : MEMORY + n].copy()
        for delay in delays[1:]:
            out ^= history[MEMORY - delay : MEMORY - delay + n]
        outputs.append(out)
    return outputs


@lru_cache(maxsize=64)
def sent_positions(n: int, rate: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Which coded bits are sent, in order, shape (n * rate[1] / rate[0],).

    Position t is A of input bit t, position n + t is B of it.

    Raises:
        ValueError: the rate is unknown, or n is not a whole number of puncturing periods.
    """
    if rate not in PUNCTURING:
        raise ValueError(f"code rate: expected one of {sorted(PUNCTURING)}, got {rate}")
    if n % rate[0]:
        raise ValueError(f"bits at rate {rate[0]}/{rate[1]}: expected n * {rate[0]}, got {n}")
    pattern = np.array([[c == "1" for c in row] for row in PUNCTURING[rate]]).T  # (period, 2)
    kept = np.tile(pattern, (n // pattern.shape[0], 1))
    position = np.stack([np.arange(n), n + np.arange(n)], axis=1)[kept]
    position.flags.writeable = False
    return position


def encode(bits: Bits, rate: tuple[int, int] = (1, 2)) -> Bits:
    """Encode from the zero state, time along the last axis.

    Args:
        bits: shape (..., n); the caller appends the six tail bits.
        rate: (1, 2), (2, 3), (3, 4) or (5, 6).

    Returns:
        coded bits, shape (..., n * rate[1] / rate[0]).

    Raises:
        ValueError: as ``sent_positions``.
    """
    position = sent_positions(bits.shape[-1], rate)
    padded = np.zeros((*bits.shape[:-1], bits.shape[-1] + MEMORY), np.uint8)
    padded[..., MEMORY:] = bits
    a, b = parity(np.moveaxis(padded, -1, 0))
    return np.moveaxis(np.concatenate([a, b])[position], 0, -1)
