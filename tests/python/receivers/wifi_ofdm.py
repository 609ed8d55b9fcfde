# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and steps of 802.11 OFDM reception at 20 MHz, written down apart from the transmitter."""

import functools

import numpy as np

PILOTS = (-21, -7, 7, 21)
DATA_48 = [k for k in range(-26, 27) if k not in (0, *PILOTS)]
DATA_52 = [k for k in range(-28, 29) if k not in (0, *PILOTS)]
# (17-8), subcarriers -26 to 26, and its HT extension (19-23)
_BELOW = [1, 1, -1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, -1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1]
_ABOVE = [1, -1, -1, 1, 1, -1, 1, -1, 1, -1, -1, -1, -1, -1, 1, 1, -1, -1, 1, -1, 1, -1, 1, 1, 1, 1]
L_LTF = np.array([*_BELOW, 0, *_ABOVE])
HT_LTF = np.concatenate([[1, 1], L_LTF, [-1, -1]])
# 17.3.5.10, the first sixteen are enough for every header
POLARITY_HEAD = (1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, -1, 1, 1, -1, 1)
BACK = 4  # samples by which a transform starts inside the guard interval

RATES = {  # R1..R4: Mb/s, bits per subcarrier, what is sent of A0 B0 A1 B1 ...
    (1, 1, 0, 1): (6, 1, "AB"),
    (1, 1, 1, 1): (9, 1, "ABAxxB"),
    (0, 1, 0, 1): (12, 2, "AB"),
    (0, 1, 1, 1): (18, 2, "ABAxxB"),
    (1, 0, 0, 1): (24, 4, "AB"),
    (1, 0, 1, 1): (36, 4, "ABAxxB"),
    (0, 0, 0, 1): (48, 6, "ABAx"),
    (0, 0, 1, 1): (54, 6, "ABAxxB"),
}
MCS = {
    0: (1, "AB"),
    1: (2, "AB"),
    2: (2, "ABAxxB"),
    3: (4, "AB"),
    4: (4, "ABAxxB"),
    5: (6, "ABAx"),
    6: (6, "ABAxxB"),
    7: (6, "ABAxxBAxxB"),
    8: (8, "ABAxxB"),
}
_GRAY_4 = "0000 0001 0011 0010 0110 0111 0101 0100 1100 1101 1111 1110 1010 1011 1001 1000"
# levels of one axis by the bits b0 b1 ... in the order of the tables of 17.3.5.8 and 21.3.10.9
AXES = {
    1: {"0": -1, "1": 1},
    2: {"00": -3, "01": -1, "11": 1, "10": 3},
    3: {"000": -7, "001": -5, "011": -3, "010": -1, "110": 1, "111": 3, "101": 5, "100": 7},
    4: dict(zip(_GRAY_4.split(), range(-15, 16, 2), strict=True)),
}


def scrambling(first: list[int], n: int) -> np.ndarray:
    """Continue a scrambler whose first seven outputs are known: s[n] = s[n-7] + s[n-4]."""
    out = list(first)
    while len(out) < 127:
        out.append(out[-7] ^ out[-4])
    return np.resize(np.array(out, np.uint8), n)


@functools.cache
def polarity() -> np.ndarray:
    """Pilot polarity, one period of 127."""
    known = [int(p < 0) for p in POLARITY_HEAD[:7]]
    return 1 - 2 * scrambling(known, 127).astype(int)


@functools.cache
def deinterleaver(cells: int, n_bpsc: int, stream: int, n_streams: int) -> np.ndarray:
    """Index of the bit before interleaving for each received bit, one loop over the formulas."""
    n, s = cells * n_bpsc, max(n_bpsc // 2, 1)
    columns = 16 if cells == 48 else 13
    out = []
    for r in range(n):
        j = r
        if n_streams > 1:
            j = (r + ((stream * 2) % 3 + 3 * (stream // 3)) * 11 * n_bpsc) % n
        i = s * (j // s) + (j + columns * j // n) % s
        out.append(columns * i - (n - 1) * (columns * i // n))
    return np.array(out)


def soft_bits(points: np.ndarray, n_bpsc: int, weight: np.ndarray) -> np.ndarray:
    """Max-log values of unit-power points, shape (..., n_bpsc), positive where a bit is rather 0.

    weight: reliability of each point.
    """
    half = max(n_bpsc // 2, 1)
    axes = [points.real] if n_bpsc == 1 else [points.real, points.imag]
    power = np.mean([level**2 for level in AXES[half].values()]) * len(axes)
    out = []
    for axis in axes:
        levels = np.array(list(AXES[half].values())) / np.sqrt(power)
        distance = (axis[..., None] - levels) ** 2 * weight[..., None]
        for bit in range(half):
            one = np.array([label[bit] == "1" for label in AXES[half]])
            out.append(distance[..., one].min(-1) - distance[..., ~one].min(-1))
    return np.stack(out, -1)


def correct(iq: np.ndarray, cycles: float, start: int = 0) -> np.ndarray:
    """Turn back a carrier offset, cycles per sample, from sample start."""
    return iq * np.exp(-2j * np.pi * cycles * (start + np.arange(iq.shape[-1])))


def bins(iq: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Transforms that begin BACK before each start, shape (n_rx, starts, 64) in FFT order."""
    index = np.asarray(starts)[:, None] - BACK + np.arange(64)
    turn = np.exp(2j * np.pi * np.fft.fftfreq(64) * BACK)
    return np.fft.fft(iq[:, index]) * turn


def evm_db(points: np.ndarray, n_bpsc: int) -> float:
    """Error vector magnitude against the nearest points."""
    half = max(n_bpsc // 2, 1)
    levels = np.array(list(AXES[half].values()), float)
    scale = np.sqrt(np.mean(levels**2) * (1 if n_bpsc == 1 else 2))
    error = np.abs(points.real[..., None] * scale - levels).min(-1) ** 2
    imag = points.imag * scale
    if n_bpsc == 1:
        error = error + imag**2
    else:
        error = error + np.abs(imag[..., None] - levels).min(-1) ** 2
    return float(10 * np.log10(np.mean(error) / scale**2 + 1e-12))
