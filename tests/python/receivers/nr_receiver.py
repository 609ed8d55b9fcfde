# SPDX-License-Identifier: GPL-3.0-or-later
"""Cell search and broadcast channel of NR, written from TS 38.211, 38.212 and 38.213 for tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from nr_receiver_polar import decode

SSB_SUBCARRIERS = 240
G = (
    *(16, 23, 18, 17, 8, 30, 10, 6, 24, 7, 0, 5, 3, 2, 1, 4),
    *(9, 11, 12, 13, 14, 15, 19, 20, 21, 22, 25, 26, 27, 28, 29, 31),
)  # 38.212 table 7.1.1-1


@cache
def sequence(c_init: int, length: int) -> np.ndarray:
    """c(n) of 38.211 5.2.1 from two shift registers held in integers."""
    x1, x2, out = 1, c_init % 2**31, []
    for _ in range(1600 + length):
        out.append((x1 ^ x2) & 1)
        x1 = x1 >> 1 | ((x1 >> 3 ^ x1) & 1) << 30
        x2 = x2 >> 1 | ((x2 >> 3 ^ x2 >> 2 ^ x2 >> 1 ^ x2) & 1) << 30
    return np.array(out[1600:], np.uint8)


def qpsk(bits: np.ndarray) -> np.ndarray:
    """38.211 5.1.3."""
    return ((1 - 2.0 * bits[0::2]) + 1j * (1 - 2.0 * bits[1::2])) / np.sqrt(2)


def _lfsr(tap: int, state: str) -> np.ndarray:
    x = [int(c) for c in state]
    while len(x) < 127:
        x.append(x[-7 + tap] ^ x[-7])
    return np.array(x)


def pss(nid2: int) -> np.ndarray:
    """38.211 7.4.2.2."""
    return 1 - 2 * np.roll(_lfsr(4, "0110111"), -43 * nid2)


def sss(nid1: int, nid2: int) -> np.ndarray:
    """38.211 7.4.2.3."""
    first = np.roll(_lfsr(4, "1000000"), -(15 * (nid1 // 112) + 5 * nid2))
    second = np.roll(_lfsr(1, "1000000"), -(nid1 % 112))
    return (1 - 2 * first) * (1 - 2 * second)


@dataclass(frozen=True)
class Mib:
    """What the broadcast channel says, 38.331 6.2.2 and 38.212 7.1.1."""

    sfn: int
    half: int
    k_ssb: int
    scs_hz: int
    dmrs_position: int
    coreset_zero: int
    search_space_zero: int
    barred: bool


@dataclass(frozen=True)
class Block:
    """A synchronisation block that was found.

    Attributes:
        start: sample at which the useful part of its first symbol begins.
        cfo_hz: frequency error.
        pci: physical cell identity.
        index: i_SSB that the DM-RS shows, 0..7.
        quality: normalised correlation of the SSS and of the DM-RS, 0..1 each.
        mib: decoded, None where the check failed.
    """

    start: int
    cfo_hz: float
    pci: int
    index: int
    quality: tuple[float, float]
    mib: Mib | None


def _spectrum(values: np.ndarray, size: int, first: int) -> np.ndarray:
    bins = np.zeros(size, complex)
    bins[np.arange(first, first + values.size) % size] = values
    return bins


def find_pss(
    iq: np.ndarray, samp_rate: float, scs: float, first: int, cfos: np.ndarray
) -> list[tuple[float, int, int, float]]:
    """Peaks of the normalised PSS correlation, strongest first.

    Args:
        iq: samples.
        samp_rate: in Hz.
        scs: spacing of the block.
        first: its lowest subcarrier relative to 0 Hz.
        cfos: frequency errors to try, Hz.

    Returns:
        (correlation 0..1, start of the useful part, N_ID^(2), frequency error) of each peak.
    """
    size = round(samp_rate / scs)
    time = np.arange(size) / samp_rate
    total = np.concatenate(([0.0], np.cumsum(np.abs(iq) ** 2)))
    energy = total[size:] - total[:-size]
    length = 1 << (iq.size + size).bit_length()
    spectrum = np.fft.fft(iq, length)
    best = np.zeros(iq.size - size + 1)
    label = np.zeros((best.size, 2))
    for nid2 in range(3):
        replica = np.fft.ifft(_spectrum(pss(nid2), size, first + 56))
        for cfo in cfos:
            shifted = replica * np.exp(2j * np.pi * cfo * time)
            shifted /= np.linalg.norm(shifted)
            found = np.fft.ifft(spectrum * np.conj(np.fft.fft(shifted, length)))[: best.size]
            value = np.abs(found) ** 2 / np.maximum(energy, energy.max() * 1e-3)
            better = value > best
            best = np.where(better, value, best)
            label[better] = nid2, cfo
    peaks = []
    work = best.copy()
    for _ in range(64):
        at = int(work.argmax())
        if work[at] < 0.04:
            break
        peaks.append((float(np.sqrt(best[at])), at, int(label[at, 0]), float(label[at, 1])))
        work[max(0, at - 2 * size) : at + 2 * size] = 0
    return peaks


def demodulate(
    iq: np.ndarray, samp_rate: float, scs: float, first: int, start: int, cfo: float
) -> np.ndarray:
    """Resource elements of the block whose first useful part starts at a sample, (4, 240)."""
    size = round(samp_rate / scs)
    step = size + round(size * 144 / 2048)
    rows = []
    for symbol in range(4):
        begin = start + symbol * step
        n = np.arange(begin, begin + size)
        bins = np.fft.fft(iq[begin : begin + size] * np.exp(-2j * np.pi * cfo * n / samp_rate))
        rows.append(bins[np.arange(first, first + SSB_SUBCARRIERS) % size])
    return np.array(rows)


def _likeness(got: np.ndarray, want: np.ndarray, span: int = 16) -> float:
    """Correlation that only needs the channel to be flat over ``span`` elements."""
    product = got * np.conj(want)
    parts = [abs(product[i : i + span].sum()) for i in range(0, product.size, span)]
    return float(sum(parts) / (np.abs(got) * np.abs(want)).sum())


def _dmrs_places(pci: int) -> list[tuple[int, int]]:
    outer = [k for k in range(240) if k < 48 or k >= 192]
    places = [(1, k) for k in range(240)] + [(2, k) for k in outer] + [(3, k) for k in range(240)]
    return [(row, k) for row, k in places if k % 4 == pci % 4]


def dmrs(pci: int, index: int) -> np.ndarray:
    """38.211 7.4.1.4.1."""
    c_init = 2**11 * (index + 1) * (pci // 4 + 1) + 2**6 * (index + 1) + pci % 4
    return qpsk(sequence(c_init, 288))


def unpack(bits: np.ndarray, pci: int) -> Mib:
    """Undo 38.212 7.1.2 and 7.1.1."""
    plain = {G[7], G[8], G[10]}
    version = 2 * int(bits[G[7]]) + int(bits[G[8]])
    code = iter(sequence(pci, 29 * (version + 1))[29 * version :])
    a = [int(bit) if i in plain else int(bit) ^ int(next(code)) for i, bit in enumerate(bits)]

    def number(places: range) -> int:
        return int("".join(str(a[G[j]]) for j in places), 2)

    other = [a[G[j]] for j in range(14, 32)]  # the choice, then the MIB after its SFN
    assert other[0] == 0, "not a MIB"
    return Mib(
        sfn=number(range(10)),
        half=a[G[10]],
        k_ssb=16 * a[G[11]] + int("".join(map(str, other[2:6])), 2),
        scs_hz=30000 if other[1] else 15000,
        dmrs_position=2 + other[6],
        coreset_zero=int("".join(map(str, other[7:11])), 2),
        search_space_zero=int("".join(map(str, other[11:15])), 2),
        barred=not other[15],
    )


def decode_pbch(grid: np.ndarray, pci: int, index: int, l_max: int) -> Mib | None:
    """Equalise with the DM-RS and the SSS and decode the broadcast channel."""
    places = _dmrs_places(pci)
    rough = np.array([grid[p] for p in places]) / dmrs(pci, index)
    rows, columns = np.array(places).T
    channel = np.zeros((4, 240), complex)
    reference = {r: (columns[rows == r], rough[rows == r]) for r in (1, 2, 3)}
    k2 = np.concatenate((reference[2][0], np.arange(56, 183)))
    h2 = np.concatenate((reference[2][1], grid[2, 56:183] / sss(pci // 3, pci % 3)))
    order = np.argsort(k2)
    reference[2] = (k2[order], h2[order])
    for row, (k, h) in reference.items():
        width = 5 if row != 2 else 9
        smooth = np.convolve(np.pad(h, width // 2, "edge"), np.ones(width) / width, "valid")
        everywhere = np.arange(240)
        channel[row] = np.interp(everywhere, k, smooth.real) + 1j * np.interp(
            everywhere, k, smooth.imag
        )
    taken = set(places)
    data = [(1, k) for k in range(240)]
    data += [(2, k) for k in range(240) if k < 48 or k >= 192]
    data += [(3, k) for k in range(240)]
    cells = [p for p in data if p not in taken]
    symbols = np.array([grid[p] * np.conj(channel[p]) for p in cells])
    noise = max(np.var(rough - np.convolve(rough, np.ones(3) / 3, "same")), 1e-9)
    llr = np.empty(864)
    llr[0::2], llr[1::2] = symbols.real, symbols.imag
    llr *= 2 * np.sqrt(2) / noise
    llr = np.clip(llr, -30, 30)
    version = index % l_max
    llr *= 1 - 2.0 * sequence(pci, 864 * (version + 1))[864 * version :]
    bits = decode(llr, 56)
    return None if bits is None else unpack(bits, pci)


def search(
    iq: np.ndarray,
    samp_rate: float,
    scs: float,
    first: int,
    l_max: int = 8,
    cfos: np.ndarray | None = None,
    threshold: float = 0.3,
) -> list[Block]:
    """Find synchronisation blocks and decode their broadcast channel, in order of time.

    Args:
        iq: samples.
        samp_rate: in Hz, a multiple of ``scs``.
        scs: spacing of the blocks.
        first: their lowest subcarrier relative to 0 Hz.
        l_max: candidates in a half frame, 4 or 8.
        cfos: frequency errors to try, Hz; from -scs / 2 to scs / 2 when None.
        threshold: least correlation of the PSS.
    """
    size = round(samp_rate / scs)
    step = size + round(size * 144 / 2048)
    if cfos is None:
        cfos = np.linspace(-0.5, 0.5, 5) * scs
    blocks = []
    for value, start, nid2, cfo in find_pss(iq, samp_rate, scs, first, cfos):
        if value < threshold or start + 3 * step + size > iq.size:
            continue
        # the two halves of the PSS refine the frequency
        n = np.arange(start, start + size)
        part = iq[n] * np.exp(-2j * np.pi * cfo * n / samp_rate)
        replica = np.fft.ifft(_spectrum(pss(nid2), size, first + 56))
        halves = (part * np.conj(replica)).reshape(2, -1).sum(axis=1)
        cfo += np.angle(halves[1] * np.conj(halves[0])) * samp_rate / (np.pi * size)
        grid = demodulate(iq, samp_rate, scs, first, start, cfo)
        scores = [_likeness(grid[2, 56:183], sss(nid1, nid2)) for nid1 in range(336)]
        nid1 = int(np.argmax(scores))
        pci = 3 * nid1 + nid2
        places = tuple(np.array(_dmrs_places(pci)).T)
        matches = [_likeness(grid[places], dmrs(pci, i), 12) for i in range(8)]
        index = int(np.argmax(matches))
        mib = decode_pbch(grid, pci, index, l_max)
        blocks.append(Block(start, cfo, pci, index, (scores[nid1], matches[index]), mib))
    return sorted(blocks, key=lambda block: block.start)
