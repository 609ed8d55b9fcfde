# SPDX-License-Identifier: GPL-3.0-or-later
"""OFDM with the timing of the standards and nothing else in it, at any sample rate."""

import numpy as np

WINDOW_S = 25.6e-3
UNIT_RATE = 30.72e6  # TS 36.211 4
WIFI_RATE = 40e6
MARGIN_S = 1.6e-3  # made beyond a window, which starts anywhere in it


def qam(order, rng, shape):
    """Random points of unit mean power; BPSK for 2."""
    if order == 2:
        return (1.0 - 2.0 * rng.integers(2, size=shape)).astype(complex)
    side = int(np.sqrt(order))
    parts = 2.0 * rng.integers(side, size=(2, *shape)) - (side - 1)
    return (parts[0] + 1j * parts[1]) / np.sqrt((order - 1) / 1.5)


def symbols(elements, n_fft, prefixes):
    """Samples of elements (symbols, subcarriers), around 0 Hz; one prefix length for each."""
    width = elements.shape[1]
    bins = np.zeros((len(elements), n_fft), complex)
    bins[:, (np.arange(width) - width // 2) % n_fft] = elements
    time = np.fft.ifft(bins) * n_fft / np.sqrt(width)
    return np.concatenate(
        [np.concatenate([t[n_fft - p :], t]) for t, p in zip(time, prefixes, strict=True)]
    )


def cellular(rng, samp_rate, scs, width, order, channel=(1.0,), cfo_hz=0.0):
    """A window of a carrier of so many subcarriers that is always full.

    TS 36.211 6.12 and TS 38.211 5.3.1, normal prefix. ``channel``: gains 1/30.72 us apart.
    """
    n_fft = round(UNIT_RATE / scs)
    per_slot = 7 * 2048 // n_fft
    count = per_slot * round((WINDOW_S + MARGIN_S) / 0.5e-3)
    prefixes = [144 * n_fft // 2048 + (16 if k % per_slot == 0 else 0) for k in range(count)]
    iq = symbols(qam(order, rng, (count, width)), n_fft, prefixes)
    return received(iq, UNIT_RATE, samp_rate, channel, cfo_hz, rng)


def wifi(rng, samp_rate, guard_s, order, channel=(1.0,), cfo_hz=0.0, bursts=10, width=52):
    """A window with bursts of 40 to 250 symbols of 802.11, data alone; gaps are silent."""
    n_fft, prefix = round(WIFI_RATE * 3.2e-6), round(WIFI_RATE * guard_s)
    total = round((WINDOW_S + MARGIN_S) * WIFI_RATE)
    iq = np.zeros(total, complex)
    for start in np.sort(rng.integers(0, total, bursts)):
        count = int(rng.integers(40, 250))
        elements = qam(order, rng, (count, width + 1))
        elements[:, width // 2] = 0
        burst = symbols(elements, n_fft, [prefix] * count)[: total - start]
        iq[start : start + len(burst)] = burst
    return received(iq, WIFI_RATE, samp_rate, channel, cfo_hz, rng)


def received(iq, native, samp_rate, channel, cfo_hz, rng):
    """Through the channel, off by a carrier offset, brought to the rate, cut from anywhere."""
    iq = np.convolve(iq, channel)[: len(iq)] * np.exp(
        2j * np.pi * cfo_hz / native * np.arange(len(iq))
    )
    n = round(len(iq) * samp_rate / native)
    spectrum, half = np.fft.fft(iq), min(n, len(iq)) // 2
    kept = np.zeros(n, complex)
    kept[:half], kept[n - half :] = spectrum[:half], spectrum[len(iq) - half :]
    moved = np.fft.ifft(kept) * n / len(iq)
    length = int(samp_rate * WINDOW_S)
    start = int(rng.integers(len(moved) - length))
    return moved[start : start + length] / np.sqrt(np.mean(np.abs(channel) ** 2 * len(channel)))


def noise(rng, n, power=1.0):
    """White, complex, shape (n,)."""
    return (rng.normal(size=n) + 1j * rng.normal(size=n)) * np.sqrt(power / 2)
