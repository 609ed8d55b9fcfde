# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves native-rate waveforms into the band of a receiver, exactly, through the FFT."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np

from .common import Complex64, ReceiverBand, fft_module, phasor, smooth_length

# denominators to try, and the relative error of the ratio that ends the search
_SEARCH = ((20_000, 1e-7), (400_000, 2e-6))


@lru_cache(maxsize=256)
def rate_ratio(native_rate: float, target_rate: float) -> Fraction:
    """target_rate / native_rate as a fraction: exact for usual rates, else within 2 ppm.

    Raises:
        ValueError: a rate is not positive, or the rates are too far apart.
    """
    if native_rate <= 0.0 or target_rate <= 0.0:
        raise ValueError(f"rates: expected > 0, got {native_rate} and {target_rate} Hz")
    exact = Fraction(target_rate) / Fraction(native_rate)
    for denominator, error in _SEARCH:
        ratio = exact.limit_denominator(denominator)
        if ratio != 0 and abs(float(ratio / exact) - 1.0) <= error:
            return ratio
    raise ValueError(
        f"rate ratio {target_rate} / {native_rate}: expected above 1 / {_SEARCH[-1][0]}, "
        f"got {float(exact)}"
    )


def samples_needed(n_out: int, native_rate: float, target_rate: float) -> int:
    """Fewest native samples that cover n_out samples at the target rate."""
    ratio = rate_ratio(native_rate, target_rate)
    return -(-n_out * ratio.denominator // ratio.numerator)


def window_start(length: int, n_out: int, native_rate: float, target_rate: float) -> int:
    """Native sample of a block of some length that ``place`` starts at, less a part of one."""
    return (length - samples_needed(n_out, native_rate, target_rate)) // 2


def place(
    iq: Complex64,
    native_rate: float,
    target_rate: float,
    offset_hz: float,
    n_out: int,
    rng: np.random.Generator,
    rolloff: float | ReceiverBand = 0.0,
) -> Complex64:
    """Show a waveform to a receiver of another sample rate and centre frequency.

    Ideal band-limited resampling: spectrum outside the receiver's band disappears, nothing
    folds. Samples between the native ones are met at random (a delay below one native sample is
    drawn from rng). A block longer than needed is cut about its middle.

    Args:
        iq: native samples, shape (n,).
        native_rate: Hz.
        target_rate: Hz, below (a slice) or above (a wide view) the native rate.
        offset_hz: where the carrier's centre appears relative to the receiver's.
        n_out: samples wanted at the target rate.
        rng: source of the sub-sample delay.
        rolloff: share of each half band over which the receiver's filter falls (raised cosine,
            to zero at the edge), or the whole response.

    Returns:
        complex64, shape (n_out,), same power density as the input.

    Raises:
        ValueError: the block is shorter than n_out / target_rate, or the ratio is out of reach.
    """
    return place_many([(iq, offset_hz)], native_rate, target_rate, n_out, rng, rolloff)


def place_many(
    carriers: Sequence[tuple[Complex64, float]],
    native_rate: float,
    target_rate: float,
    n_out: int,
    rng: np.random.Generator,
    rolloff: float | ReceiverBand = 0.0,
) -> Complex64:
    """Sum of several waveforms of one native rate and length, each (samples, offset_hz).

    As ``place`` for each, with one transform into the target band.

    Raises:
        ValueError: as ``place``; or the carriers differ in length.
    """
    ratio = rate_ratio(native_rate, target_rate)
    needed = samples_needed(n_out, native_rate, target_rate)
    lengths = {iq.size for iq, _ in carriers}
    if len(lengths) != 1 or min(lengths) < needed:
        raise ValueError(f"native samples: expected one length >= {needed}, got {lengths}")
    length = lengths.pop()
    start = window_start(length, n_out, native_rate, target_rate)

    # native length q k and target length p k hold the same time: the ratio stays exact
    k = smooth_length(-(-length // ratio.denominator))
    n_native, n_target = ratio.denominator * k, ratio.numerator * k
    bin_hz = native_rate / n_native
    placed = np.zeros(n_target, np.complex64)
    shift, rest_hz = 0, 0.0
    for iq, offset_hz in carriers:
        shift = round(offset_hz / bin_hz)
        rest_hz = offset_hz - shift * bin_hz
        if len(carriers) > 1:  # the remainder below a bin differs: turn before the sum
            iq = iq * phasor(length, rest_hz / native_rate)
            rest_hz = 0.0
        spectrum = fft_module.fft(iq, n_native)
        _add_shifted(placed, spectrum, shift, (start + rng.random()) / n_native)
    placed *= np.float32(n_target / n_native)
    band = rolloff if isinstance(rolloff, ReceiverBand) else ReceiverBand(rolloff, edge_db=-300.0)
    if not band.is_flat:
        placed *= band.response(n_target)
    out = np.asarray(fft_module.ifft(placed)[:n_out], dtype=np.complex64)
    if rest_hz != 0.0:
        out *= phasor(n_out, rest_hz / target_rate)
    return out


def _add_shifted(placed: Complex64, spectrum: Complex64, shift: int, delay: float) -> None:
    """Add a spectrum in FFT order, moved up by shift bins, read delay (share of a block) late."""
    n_target, n_native = placed.size, spectrum.size
    low = max(-(n_target // 2), -(n_native // 2) + shift)
    high = min((n_target + 1) // 2, (n_native + 1) // 2 + shift)  # exclusive
    # runs of bins that are contiguous in both orders break at bin 0 of either
    if low >= high:
        return
    edges = sorted({low, high, *(e for e in (0, shift) if low < e < high)})
    for first, last in pairwise(edges):
        source = (first - shift) % n_native
        target = first % n_target
        angle = 2.0 * np.pi * ((first - shift) * delay % 1.0)
        part = spectrum[source : source + last - first] * phasor(last - first, delay, angle)
        placed[target : target + last - first] += part
