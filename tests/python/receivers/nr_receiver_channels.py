# SPDX-License-Identifier: GPL-3.0-or-later
"""Control and shared channel of the NR downlink, written from the standard for tests.

A receiver knows what RRC would tell it; everything else it reads off the air.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import nr_receiver_ldpc
import nr_receiver_polar
import numpy as np
from nr_receiver import qpsk, sequence
from nr_receiver_points import constellation, soft_bits

A1 = 39829  # 38.213 10.1
RATES = {  # 38.214 tables 5.1.3.1-1 and -2: modulation order to R x 1024
    1: {
        2: [120, 157, 193, 251, 308, 379, 449, 526, 602, 679],
        4: [340, 378, 434, 490, 553, 616, 658],
        6: [438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948],
    },
    2: {
        2: [120, 193, 308, 449, 602],
        4: [378, 434, 490, 553, 616, 658],
        6: [466, 517, 567, 616, 666, 719, 772, 822, 873],
        8: [682.5, 711, 754, 797, 841, 885, 916.5, 948],
    },
}


def slot_grid(
    iq: np.ndarray, samp_rate: float, scs: int, n_rb: int, slot: int, early: int = 0
) -> np.ndarray:
    """Resource elements (14, 12 n_rb) of a slot; the first sample starts slot 0 of a frame."""
    size = round(samp_rate / scs)
    rows = []
    for symbol in range(14):
        half, place = divmod(14 * slot + symbol, 7 * scs // 15000)
        useful, prefix = 2048 * 15000 // scs, 144 * 15000 // scs  # 38.211 5.3.1, in 64 Tc
        start = half * 15360 + 16 + prefix + place * (useful + prefix)
        begin = round(start * samp_rate / 30.72e6) - early
        bins = np.fft.fft(iq[begin : begin + size]) / size
        rows.append(np.roll(bins, 6 * n_rb)[: 12 * n_rb])
    return np.array(rows)


@dataclass(frozen=True)
class ControlSet:
    """A control resource set: blocks within the carrier, symbols, mapping and DM-RS origin."""

    first_rb: int
    n_rb: int
    n_symbols: int
    interleaver: tuple[int, int, int] | None
    dmrs_origin: int  # block within the carrier where the DM-RS sequence starts, may be < 0

    def groups(self, cce: int) -> list[tuple[int, int]]:
        """(symbol, block) of the six resource element groups of a control channel element."""
        size, rows, shift = self.interleaver or (6, 1, 0)
        n_reg = self.n_rb * self.n_symbols
        out = []
        for j in range(6 // size):
            x = 6 * cce // size + j
            if self.interleaver is not None:
                columns = n_reg // (size * rows)
                c, r = divmod(x, rows)
                x = (r * columns + c + shift) % (n_reg // size)
            for reg in range(x * size, x * size + size):
                out.append((reg % self.n_symbols, self.first_rb + reg // self.n_symbols))
        return out


def search_control(
    grid: np.ndarray,
    slot_in_frame: int,
    where: ControlSet,
    pci: int,
    rnti: int,
    size: int,
    levels: dict[int, int],
    common: bool = False,
    width: int = 1,
) -> list[tuple[np.ndarray, int, int]]:
    """Blindly decode a search space with ``width`` paths: (payload, element, level) of each hit."""
    n_cce = where.n_rb * where.n_symbols // 6
    y = 0
    if not common:
        y = rnti
        for _ in range(slot_in_frame + 1):
            y = A1 * y % 65537
    found = []
    for level, count in levels.items():
        places = n_cce // level
        if not places:
            continue
        count = min(count, places)
        starts = {level * ((y + m * n_cce // (level * count)) % places) for m in range(count)}
        for start in sorted(starts):
            regs = sorted(r for c in range(start, start + level) for r in where.groups(c))
            llr = _control_llr(grid, slot_in_frame, where, pci, regs)
            if llr is None:
                continue
            llr = llr * (1 - 2.0 * sequence(pci, llr.size))
            bits = nr_receiver_polar.decode(llr, size + 24, rnti, width)
            if bits is not None:
                found.append((bits, start, level))
    return found


def _control_llr(
    grid: np.ndarray, slot: int, where: ControlSet, pci: int, regs: list[tuple[int, int]]
) -> np.ndarray | None:
    values = []
    length = 6 * (grid.shape[1] // 12 + max(0, -where.dmrs_origin) + 1)
    for symbol, rb in regs:
        c_init = (2**17 * (14 * slot + symbol + 1) * (2 * pci + 1) + 2 * pci) % 2**31
        reference = qpsk(sequence(c_init, length))
        part = grid[symbol, 12 * rb : 12 * rb + 12]
        m = 3 * (rb - where.dmrs_origin)
        channel = np.mean(part[1::4] * np.conj(reference[m : m + 3]))
        if abs(channel) < 1e-6:
            return None
        values.append(part[np.arange(12) % 4 != 1] * np.conj(channel) / abs(channel) ** 2)
    symbols = np.concatenate(values)
    llr = np.empty(2 * symbols.size)
    llr[0::2], llr[1::2] = symbols.real, symbols.imag
    return np.clip(8 * llr, -20, 20)


class Reader:
    """Takes fields off a payload."""

    def __init__(self, bits: np.ndarray) -> None:
        self.bits = bits.tolist()

    def take(self, width: int) -> int:
        """The next field."""
        head, self.bits = self.bits[:width], self.bits[width:]
        return int("0" + "".join(map(str, head)), 2)


def contiguous(value: int, size: int) -> tuple[int, int]:
    """First block and number of blocks of a resource indication value, 38.214 5.1.2.2.2."""
    count, first = value // size + 1, value % size
    if count + first > size:
        count, first = size - count + 2, size - 1 - first
    return first, count


def indication_bits(size: int) -> int:
    """Width of a resource indication value."""
    return math.ceil(math.log2(size * (size + 1) / 2))


def scheme(table: int, index: int) -> tuple[int, float]:
    """Modulation order and code rate of an MCS."""
    rows = [(order, rate) for order, rates in RATES[table].items() for rate in rates]
    return rows[index][0], rows[index][1] / 1024


def block_size(elements: int, n_rb: int, rate: float, order: int, layers: int) -> int:
    """Transport block size, 38.214 5.1.3.2."""
    info = min(156, elements) * n_rb * rate * order * layers
    if info <= 3824:
        n = max(3, math.floor(math.log2(info)) - 6)
        info = max(24, 2**n * math.floor(info / 2**n))
        sizes = [*range(24, 193, 8), *range(208, 385, 16), *range(408, 529, 24), 552, 576]
        sizes += [*range(608, 769, 32), *range(808, 929, 40), 984, 1032, 1064]
        sizes += [*range(1128, 1353, 32), *range(1416, 1929, 64), *range(2024, 2281, 64)]
        sizes += [*range(2408, 2857, 64), 2976, 3104, *range(3240, 3753, 128), 3824]
        return min(s for s in sizes if s >= info)
    n = math.floor(math.log2(info - 24)) - 5
    info = max(3840, 2**n * math.floor((info - 24) / 2**n + 0.5))
    c = math.ceil((info + 24) / 3816) if rate <= 0.25 else 1
    if rate > 0.25 and info > 8424:
        c = math.ceil((info + 24) / 8424)
    return 8 * c * math.ceil((info + 24) / (8 * c)) - 24


@dataclass(frozen=True)
class SharedChannel:
    """A scheduled shared channel as its receiver knows it.

    Attributes:
        blocks: allocated blocks within the carrier.
        start, length: symbols.
        dmrs_symbols: symbols with DM-RS.
        dmrs_type, groups: DM-RS type and CDM groups without data.
        dmrs_origin: block within the carrier where the DM-RS sequence starts.
        identity: N_ID of the DM-RS.
        pci, rnti: what scrambles the data.
        table, mcs, version: scheme and redundancy version.
        limit: TBS_LBRM.
    """

    blocks: tuple[int, ...]
    start: int
    length: int
    dmrs_symbols: tuple[int, ...]
    dmrs_type: int
    groups: int
    dmrs_origin: int
    identity: int
    pci: int
    rnti: int
    table: int
    mcs: int
    version: int
    limit: int

    @property
    def size(self) -> int:
        """Bits of the transport block."""
        order, rate = scheme(self.table, self.mcs)
        reference = (6 if self.dmrs_type == 1 else 4) * self.groups * len(self.dmrs_symbols)
        return block_size(12 * self.length - reference, len(self.blocks), rate, order, 1)


def decode_shared(
    grid: np.ndarray, slot_in_frame: int, channel: SharedChannel, reserved: np.ndarray
) -> tuple[np.ndarray | None, float]:
    """Transport block (None where a check fails) and error vector magnitude of the data.

    Args:
        grid: of ``slot_grid``.
        slot_in_frame: slot number in its frame.
        channel: what was scheduled.
        reserved: bool of the shape of ``grid``, elements that the standard takes away.
    """
    order, rate = scheme(channel.table, channel.mcs)
    used = np.zeros(grid.shape, bool)
    gain = np.zeros(grid.shape[1], complex)
    error = []
    per_block = 6 if channel.dmrs_type == 1 else 4
    offsets = np.arange(0, 12, 2) if channel.dmrs_type == 1 else np.array([0, 1, 6, 7])
    k12 = np.arange(12)
    group = k12 % 2 if channel.dmrs_type == 1 else k12 % 6 // 2
    for rb in channel.blocks:
        place = slice(12 * rb, 12 * rb + 12)
        used[channel.start : channel.start + channel.length, place] = True
        seen = []
        for symbol in channel.dmrs_symbols:
            used[symbol, place] = group >= channel.groups
            if reserved[symbol, place].any():
                continue
            n_id = channel.identity
            c_init = (2**17 * (14 * slot_in_frame + symbol + 1) * (2 * n_id + 1) + 2 * n_id) % 2**31
            m = per_block * (rb - channel.dmrs_origin)
            reference = qpsk(sequence(c_init, 2 * (m + per_block)))[m:]
            seen.append(grid[symbol, 12 * rb + offsets] * np.conj(reference))
        gain[place] = np.mean(seen) / np.sqrt(channel.groups)  # 38.214 table 4.1-1
        error.append(np.var(seen) / channel.groups)
    used &= ~reserved
    symbols = grid[used] / np.broadcast_to(gain, grid.shape)[used]
    noise = np.maximum(np.mean(error), 1e-9) / np.abs(np.broadcast_to(gain, grid.shape)[used]) ** 2
    points, _ = constellation(order)
    nearest = np.abs(symbols[:, None] - points).min(axis=1)
    llr = soft_bits(symbols, order, np.maximum(noise, 1e-4))
    llr *= 1 - 2.0 * sequence(channel.rnti * 2**15 + channel.pci, llr.size)
    bits = nr_receiver_ldpc.decode(
        llr, channel.size, rate, order, 1, channel.version, channel.limit
    )
    return bits, float(np.sqrt(np.mean(nearest**2)))


def buffer_limit(n_rb: int, layers: int, order: int) -> int:
    """TBS_LBRM, 38.212 5.4.2.1."""
    blocks = min(n for n in (32, 66, 107, 135, 162, 217, 273) if n >= n_rb)
    return block_size(156, blocks, 948 / 1024, order, layers)


def coreset_zero(scs_khz: int, row: int) -> tuple[int, int, int]:
    """Blocks, symbols and offset of 38.213 tables 13-1 and 13-4."""
    if scs_khz == 15:
        if row < 6:
            return 24, 2 + row // 3, 2 * (row % 3)
        if row < 12:
            return 48, 1 + (row - 6) // 2, 12 + 4 * (row % 2)
        return 96, row - 11, 38
    if row < 10:
        return 24, 2 + row // 5, row % 5
    return 48, 1 + (row - 10) // 3, 12 + 2 * ((row - 10) % 3)
