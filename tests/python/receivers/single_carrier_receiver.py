# SPDX-License-Identifier: GPL-3.0-or-later
"""A single-carrier receiver that shares nothing with the transmitter.

Its matched filter is the square root of the raised cosine spectrum, its timing comes from the
cyclostationary envelope and from the preamble, and GNU Radio's gr-fec decodes.
"""

import numpy as np
from gnuradio import blocks, fec, gr

GRID = {"BPSK": 2, "QPSK": 4, "16QAM": 16, "64QAM": 64, "256QAM": 256}


def raised_cosine(f, alpha):
    """Spectrum at f cycles a symbol, 1 in the middle."""
    x = np.clip((np.abs(f) - (1 - alpha) / 2) / alpha, 0.0, 1.0)
    return 0.5 * (1.0 + np.cos(np.pi * x))


def matched(iq, sps, alpha):
    """Circular matched filter of gain 1 at the symbols' instants."""
    f = np.fft.fftfreq(iq.size) * sps
    return np.fft.ifft(np.fft.fft(iq) * np.sqrt(raised_cosine(f, alpha)))


def timing(filtered, sps):
    """First symbol instant in samples: the phase of the envelope's line at the symbol rate."""
    half = filtered.size // 2
    wide = np.zeros(2 * filtered.size, complex)  # at twice the rate the envelope does not fold
    spectrum = np.fft.fft(filtered)
    wide[:half], wide[-half:] = spectrum[:half], spectrum[-half:]
    n = np.arange(wide.size) / 2
    line = np.sum(np.abs(np.fft.ifft(wide)) ** 2 * np.exp(-2j * np.pi * n / sps))
    return (-np.angle(line) / (2 * np.pi) * sps) % sps


def sample(filtered, instants):
    """Values between the samples, by the Fourier interpolation of a circular block."""
    at = np.floor(instants).astype(int)
    out = np.empty(instants.size, complex)
    f = np.fft.fftfreq(filtered.size)
    spectrum = np.fft.fft(filtered)
    for fraction in np.unique(np.round(instants - at, 9)):
        here = np.isclose(instants - at, fraction, atol=1e-8)
        out[here] = np.fft.ifft(spectrum * np.exp(2j * np.pi * f * fraction))[at[here]]
    return out


def slice_bits(symbols, modulation):
    """Hard bits of a reflected Gray code on each axis, I before Q."""
    order = GRID[modulation]
    if modulation == "BPSK":
        return (symbols.real > 0).astype(np.uint8)
    side = int(np.sqrt(order))
    scale = np.sqrt(2 * (order - 1) / 3)
    columns = []
    for axis in (symbols.real, symbols.imag):
        level = np.clip(np.round((axis * scale + side - 1) / 2), 0, side - 1).astype(int)
        gray = level ^ (level >> 1)
        width = int(np.log2(side))
        columns += [(gray >> shift) & 1 for shift in range(width - 1, -1, -1)]
    return np.stack(columns, axis=1).reshape(-1).astype(np.uint8)


def viterbi(coded, info_bits):
    """Hard bits of the K = 7 code 133, 171 with a zero tail to information bits, by gr-fec."""
    soft = 128 + 48 * (2 * coded.astype(int) - 1)  # the scale of cc_decoder's unsigned bytes
    decoder = fec.cc_decoder.make(info_bits, 7, 2, [109, 79], 0, 0, fec.CC_TERMINATED)
    source = blocks.vector_source_b(soft.tolist(), False)
    sink = blocks.vector_sink_b()
    graph = gr.top_block()
    graph.connect(source, fec.decoder(decoder, gr.sizeof_char, gr.sizeof_char), sink)
    graph.run()
    return np.array(sink.data(), np.uint8)


def deinterleave(bits, rows):
    """Undo writing by rows and reading by columns, one bit after the other."""
    n = len(bits)
    columns = -(-n // rows)
    out, given = np.zeros(n, np.uint8), iter(bits)
    for column in range(columns):
        for row in range(rows):
            if row * columns + column < n:
                out[row * columns + column] = next(given)
    return out
