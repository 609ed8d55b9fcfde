# SPDX-License-Identifier: GPL-3.0-or-later
"""Linear single-carrier modulation: PSK and QAM, DSSS, O-QPSK, cellular before LTE."""

from __future__ import annotations

import numpy as np

from .common import (
    Complex64,
    Float32,
    complex_noise,
    db_to_amplitude,
    draw_symbols,
    fft_module,
    qam_points,
    smooth_length,
)
from .negative_keyed import smooth
from .resample import place, place_many, samples_needed

BARKER = np.array([1, -1, 1, 1, -1, 1, 1, 1, -1, -1, -1], np.float32)  # 15.4.6.4
# IEEE 802.15.4-2020 table 12-1, chips of symbol 0, first chip first
_ZIGBEE = np.array([int(c) for c in "11011001110000110101001000101110"], np.float32) * 2 - 1


def _nice_rate(samp_rate: float, wanted: float) -> float:
    """A rate near the wanted one whose ratio to samp_rate is a short fraction."""
    return samp_rate * max(round(wanted / samp_rate * 360.0), 1) / 360.0


def _root_raised_cosine(n: int, alpha: float) -> Float32:
    """RRC response at two samples a symbol, n bins in FFT order, shape (n,)."""
    f = np.abs(np.fft.fftfreq(n)).astype(np.float32) * 2.0  # cycles per symbol
    x = np.clip((f - 0.5 * (1.0 - alpha)) / np.float32(max(alpha, 1e-3)), 0.0, 1.0)
    return np.cos(0.5 * np.float32(np.pi) * x).astype(np.float32)


def shaped(symbols: Complex64, alpha: float, stagger: bool = False) -> Complex64:
    """Symbols at two samples each through a root raised cosine filter, shape (2 n,)."""
    spectrum = np.tile(fft_module.fft(symbols), 2)
    response = _root_raised_cosine(spectrum.size, alpha)
    out = np.asarray(fft_module.ifft(spectrum * response), np.complex64)
    if stagger:
        out = out.real + 1j * np.roll(out.imag, 1)
    return out.astype(np.complex64)


def linear(
    n: int, samp_rate: float, bandwidth_hz: float, centre_hz: float, rng: np.random.Generator
) -> Complex64:
    """PSK or QAM with root raised cosine pulses; may be wider than the receiver's band."""
    alpha = float(rng.uniform(0.05, 0.5))
    native = _nice_rate(samp_rate, 2.0 * bandwidth_hz / (1.0 + alpha))
    count = smooth_length(samples_needed(n, native, samp_rate) // 2 + 2)
    kind = str(rng.choice(["qam", "8psk", "pi4", "offset"], p=[0.6, 0.15, 0.1, 0.15]))
    if kind == "qam":
        symbols = draw_symbols(qam_points(int(rng.choice([2, 4, 16, 64, 256]))), (count,), rng)
    elif kind == "8psk":
        symbols = np.exp(0.25j * np.pi * rng.integers(0, 8, count)).astype(np.complex64)
    else:
        symbols = draw_symbols(qam_points(4), (count,), rng)
        if kind == "pi4":
            symbols[1::2] *= np.complex64(np.exp(0.25j * np.pi))
    iq = shaped(symbols, alpha, stagger=kind == "offset")
    return place(iq, native, samp_rate, centre_hz, n, rng)


def dsss(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """802.11b: Barker-spread DBPSK/DQPSK or CCK-like QPSK chips at 11 Mchip/s (clauses 15, 16)."""
    native = 22e6
    count = smooth_length(samples_needed(n, native, samp_rate) // 2 + 22)
    if rng.random() < 0.6:
        bits = -(-count // 11)
        order = int(rng.choice([2, 4]))
        turns = np.exp(2j * np.pi * rng.integers(0, order, bits).cumsum() / order)
        chips = (turns[:, None] * BARKER).astype(np.complex64).ravel()[:count]
    else:
        chips = draw_symbols(qam_points(4), (count,), rng)
    iq = shaped(chips, float(rng.uniform(0.3, 0.9)))
    return place(iq, native, samp_rate, centre_hz, n, rng)


def zigbee(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """IEEE 802.15.4 O-QPSK at 2 Mchip/s, half-sine pulses (clause 12)."""
    native, over = 8e6, 4  # samples of a chip
    count = -(-(samples_needed(n, native, samp_rate) + 16) // (32 * over))
    conjugate = np.where(np.arange(32) % 2, -1.0, 1.0)
    rows = [np.roll(_ZIGBEE, 4 * i) for i in range(8)]
    table = np.stack(rows + [row * conjugate for row in rows]).astype(np.float32)
    chips = table[rng.integers(0, 16, count)].reshape(-1)
    pulse = np.sin(np.pi * (np.arange(2 * over) + 0.5) / (2 * over)).astype(np.float32)
    real = (chips[0::2, None] * pulse).ravel()
    imag = np.roll((chips[1::2, None] * pulse).ravel(), over)
    iq = (real + 1j * imag).astype(np.complex64)
    return place(iq, native, samp_rate, centre_hz, n, rng)


def wcdma(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """UMTS downlink outline: 3.84 Mchip/s, RRC 0.22 (TS 25.104 6.8.1), pilot, SCH, users.

    The first 256 chips of each slot of 2560 carry the synchronisation code (TS 25.211 5.3.3.5).
    """
    native, chip_rate = 7.68e6, 3.84e6
    count = smooth_length(samples_needed(n, native, samp_rate) // 2 + 2)
    scrambling = draw_symbols(qam_points(4), (38400,), rng)  # one frame of 10 ms
    first = int(rng.integers(0, scrambling.size))
    at = (np.arange(count) + first) % scrambling.size
    users = complex_noise(count, rng) * np.float32(rng.uniform(0.2, 3.0))
    chips = scrambling[at] * np.float32(rng.uniform(0.3, 1.0)) + users
    code = draw_symbols(qam_points(2), (256,), rng) * np.complex64((1 + 1j) / np.sqrt(2))
    within = at % 2560
    sync = within < 256
    chips[sync] += code[within[sync]] * np.float32(rng.uniform(0.2, 0.8))
    if rng.random() < 0.3:  # neighbours 5 MHz away
        iq = shaped(chips.astype(np.complex64), 0.22)
        other = shaped(complex_noise(count, rng), 0.22)
        other *= np.float32(db_to_amplitude(float(rng.uniform(-20.0, 3.0))))
        side = float(rng.choice([-5e6, 5e6]))
        carriers = [(iq, centre_hz), (other, centre_hz + side)]
        return place_many(carriers, native, samp_rate, n, rng)
    iq = shaped(chips.astype(np.complex64), 0.22)
    return place(iq, 2.0 * chip_rate, samp_rate, centre_hz, n, rng)


def gsm(n: int, samp_rate: float, centre_hz: float, rng: np.random.Generator) -> Complex64:
    """GSM carriers 200 kHz apart: GMSK at 270.833 kbit/s, slots of 577 us, tones of the FCCH."""
    symbol_rate, over = 13e6 / 48.0, 4
    native = symbol_rate * over
    count = samples_needed(n, native, samp_rate) + 2
    slots = int(count / native / 577e-6) + 3
    symbols = int(156.25 * slots) + 2
    at = np.arange(symbols)
    first = float(rng.uniform(0.0, 156.25))
    slot = ((at + first) / 156.25).astype(np.int64)
    carriers = []
    span = max(int(0.45 * samp_rate / 200e3), 0)
    amount = int(rng.integers(1, min(2 * span, 12) + 2))
    channels = rng.choice(np.arange(-span, span + 1), min(amount, 2 * span + 1), replace=False)
    for i, channel in enumerate(channels.tolist()):
        bits = rng.integers(0, 2, symbols) * np.float32(2.0) - np.float32(1.0)
        broadcast = i == 0 or rng.random() < 0.3
        if broadcast:  # a slot of zeros in each tenth frame is a tone 67.7 kHz up
            bits[(slot + int(rng.integers(0, 80))) % 80 == 0] = 1.0
        on = np.ones(slots + 2, np.float32)
        if not broadcast:
            on = (rng.random(8) < rng.uniform(0.1, 1.0)).astype(np.float32)
            on = np.tile(on, -(-(slots + 2) // 8))
        guard = np.remainder(at + first, 156.25) < 148.0
        envelope = np.repeat(on[slot] * (guard | broadcast), over)[:count]
        course = smooth(np.repeat(bits, over)[:count], over, passes=2)
        phase = 0.5 * np.pi / over * np.cumsum(course, dtype=np.float64)
        iq = np.exp(1j * phase) * smooth(envelope.astype(np.float32), 2 * over, passes=1)
        level = db_to_amplitude(0.0 if i == 0 else float(rng.uniform(-30.0, 0.0)))
        offset = centre_hz if i == 0 else channel * 200e3
        carriers.append(((iq * level).astype(np.complex64), offset))
    return place_many(carriers, native, samp_rate, n, rng)
