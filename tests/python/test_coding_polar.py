# SPDX-License-Identifier: GPL-3.0-or-later
"""Polar coding of the downlink against sionna and a list decoder."""

from __future__ import annotations

import hashlib

import nr_receiver_polar as receiver
import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding import crc, polar
from gnuradio.lwmspectro.waveforms.coding.nr_tables import table

SIZES = [(12, 108), (39, 108), (41, 216), (60, 432), (100, 216), (100, 432), (44, 432), (32, 216)]
# SHA-256 of what sionna 2.2.0's Polar5GEncoder (downlink) makes of ``bits(a)``
DIGESTS = [
    "e7be61bd26b6c045",
    "7b2df63f8b105192",
    "948083abea484077",
    "2d7b7f8d6af9b948",
    "f21bab34cfb32859",
    "06812bb6049f3345",
    "fba560922247f4bc",
    "2b9bef9f0b8f9d07",
]


def bits(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 2, count, np.uint8)


def digest(coded: np.ndarray) -> str:
    return hashlib.sha256(coded.astype(np.uint8).tobytes()).hexdigest()[:16]


def test_reliability_sequence_is_nested_and_ends_where_the_table_does() -> None:
    sequence = table("polar")
    assert sorted(sequence) == list(range(1024))
    assert sequence[:6].tolist() == [0, 1, 2, 4, 8, 16]  # 38.212 table 5.3.1.2-1
    assert sequence[-3:].tolist() == [1021, 1022, 1023]


@pytest.mark.parametrize("case", range(len(SIZES)))
def test_coded_bits_are_those_of_sionna(case: int) -> None:
    a, e = SIZES[case]
    assert digest(polar.encode(crc.attach(bits(a), "24C"), e)) == DIGESTS[case]


def test_digests_come_from_sionna() -> None:
    pytest.importorskip("sionna", reason="sionna-no-rt is not installed")
    torch = pytest.importorskip("torch")
    polar5g = pytest.importorskip("sionna.phy.fec.polar.encoding")
    for (a, e), want in zip(SIZES, DIGESTS, strict=True):
        encoder = polar5g.Polar5GEncoder(a, e, channel_type="downlink")
        coded = encoder(torch.tensor(bits(a)[None], dtype=torch.float32)).numpy()[0]
        assert digest(coded) == want


@pytest.mark.parametrize("e", [108, 216, 432, 864, 1728])
@pytest.mark.parametrize("a", [12, 39, 60])
def test_list_decoder_reads_every_aggregation_level(a: int, e: int) -> None:
    coded = polar.encode(crc.attach(bits(a), "24C"), e)
    assert coded.shape == (e,)
    # 3 dB above what rate 1/2 needs, and as far above at the other rates
    sigma = 0.35 * np.sqrt(e / 108) ** 0.5
    noisy = 1.0 - 2.0 * coded + np.random.default_rng(e).normal(0, sigma, e)
    got = receiver.decode(2 * noisy / sigma**2, a + 24)
    assert got is not None
    np.testing.assert_array_equal(got, bits(a))


def test_transform_is_its_own_inverse_and_the_kronecker_power() -> None:
    kernel = np.array([[1, 0], [1, 1]])
    power = np.array([[1]])
    for _ in range(5):
        power = np.kron(power, kernel)
    u = np.random.default_rng(0).integers(0, 2, (7, 32), np.uint8)
    np.testing.assert_array_equal(polar.transform(u), u @ power % 2)
    np.testing.assert_array_equal(polar.transform(polar.transform(u)), u)


@pytest.mark.parametrize(("k", "e"), [(24, 108), (165, 432), (60, 59)])
def test_sizes_outside_the_standard_are_rejected(k: int, e: int) -> None:
    with pytest.raises(ValueError, match=f"k={k}, e={e}"):
        polar.code(k, e)
