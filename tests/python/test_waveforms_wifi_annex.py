# SPDX-License-Identifier: GPL-3.0-or-later
"""The worked example of IEEE Std 802.11 annex I.1: 100 octets at 36 Mb/s, every step of it.

Tables are numbered as in IEEE Std 802.11-2012 annex L. Bits are written in the order of time,
eight to an octet, the first one most significant.
"""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import wifi
from gnuradio.lwmspectro.waveforms.coding import convolutional
from gnuradio.lwmspectro.waveforms.wifi import constellation, data_bits, interleaver, scrambler
from wifi_octets import fcs_right

FMT = wifi.Format("legacy", 36, ramp=1)
TEXT = b"Joy, bright spark of divinity,\nDaughter of Elysium,\nFire-insired we trea"
HEADER = bytes.fromhex("0402002e006008cd37a60020d6013cf1006008ad3baf0000")
PSDU = HEADER + TEXT + bytes.fromhex("673321b6")  # table L-1

SCRAMBLED = "6c19898f6821f4a5614fd7ae240cf33ae4bc"  # table L-15, first 144 bits
CODED = "2b08a1f09db59a1d4afbe8c28fc0c873c043e019e0d3ebb2"  # table L-17, first symbol
INTERLEAVED = "77f0efc47300bf11109a1d126e38f5691b6b9843000db36d"  # table L-19
# table L-20: first data symbol, subcarriers -26 to 26, in units of 1 / sqrt(10)
POINTS = """
    -1+1j -1+1j 1+1j -3-3j 1+3j P 1+1j 1-3j -1-3j -1+1j -3+1j -3-3j -3-3j 3+1j 1+1j -3-1j -3-1j
    -3-1j -3-3j P 3-1j 3+3j -3-1j 1-1j -3-1j -3+3j 0 -1+3j 1+3j -3+1j 3-3j 1+1j -1-1j P -1+3j
    3-1j -3-1j 3+1j -1+3j 3+1j 3-1j 3-3j -1-3j -3+1j -3-3j -3-3j -3-3j P 1-1j 3+1j -3+1j -1+3j
    1-1j
"""
SYMBOL_1 = [  # table L-21: samples 400 to 415 of the packet, where the first data symbol begins
    *(-0.139 + 0.050j, 0.004 + 0.014j, 0.011 - 0.100j, -0.097 - 0.020j, 0.062 + 0.081j),
    *(0.124 + 0.139j, 0.104 - 0.015j, 0.173 - 0.140j, -0.040 + 0.006j, -0.133 + 0.009j),
    *(-0.002 - 0.043j, -0.047 + 0.092j, -0.109 + 0.082j, -0.024 + 0.010j, 0.096 + 0.019j),
    0.019 - 0.023j,
]
SIGNAL = [  # the same table, samples 320 to 335
    *(0.109, 0.033 - 0.044j, -0.002 - 0.038j, -0.081 + 0.084j, 0.007 - 0.100j),
    *(-0.001 - 0.113j, -0.021 - 0.005j, 0.136 - 0.105j, 0.098 - 0.044j, 0.011 - 0.002j),
    *(-0.033 + 0.044j, -0.060 + 0.124j, 0.010 + 0.097j, -0.008j, 0.018 - 0.083j),
    -0.069 + 0.027j,
]


def octets(bits: np.ndarray) -> str:
    return np.packbits(bits).tobytes().hex()


@pytest.fixture(scope="module")
def bits() -> np.ndarray:
    return data_bits.scrambled(FMT, data_bits.Payload(PSDU, scrambler.ANNEX_SEED))


def test_check_sequence_of_the_message() -> None:
    assert wifi.mac.with_fcs(HEADER + TEXT) == PSDU
    assert fcs_right(PSDU)
    assert not fcs_right(PSDU[:-1] + b"\0")


def test_scrambling_sequence_of_all_ones() -> None:
    # 17.3.5.5: the 127 bits that the all ones state generates
    first = "00001110 11110010 11001001 00000010 00100110 00101110 10110110 00001100 11010100"
    rest = "11100111 10110100 00101010 11111010 01010001 10111000 1111111"
    expected = (first + rest).replace(" ", "")
    assert "".join(map(str, scrambler.sequence(0b1111111, 127))) == expected


def test_scrambled_bits(bits: np.ndarray) -> None:
    assert bits.size == 6 * 144
    assert octets(bits[:144]) == SCRAMBLED
    assert not bits[816:822].any()  # the tail


def test_coded_bits(bits: np.ndarray) -> None:
    assert octets(convolutional.encode(bits, (3, 4))[:192]) == CODED


def test_interleaved_bits(bits: np.ndarray) -> None:
    coded = convolutional.encode(bits, (3, 4)).reshape(6, 192)
    assert octets(interleaver.interleave(coded, interleaver.legacy(4))[0]) == INTERLEAVED


def test_points_of_the_first_symbol() -> None:
    labels = data_bits.labels(FMT, [data_bits.Payload(PSDU, scrambler.ANNEX_SEED)])
    cells = constellation.points(4)[labels[0, :, 0]] * np.sqrt(10)
    expected = [complex(text) for text in POINTS.split() if text not in ("P", "0")]
    np.testing.assert_allclose(cells, expected, atol=1e-5)


def test_samples_of_the_packet() -> None:
    iq = wifi.ppdu(PSDU, FMT, scrambler.ANNEX_SEED) * np.sqrt(52) / 64
    assert iq.size == 881
    np.testing.assert_allclose(iq[320:336], SIGNAL, atol=7.1e-4)
    np.testing.assert_allclose(iq[400:416], SYMBOL_1, atol=7.1e-4)
    assert iq[0] == pytest.approx(0.023 + 0.023j, abs=6e-4)  # half the first sample (17-4)


def test_seed_out_of_range() -> None:
    for seed in (0, 128):
        with pytest.raises(ValueError, match=r"scrambler seed: expected 1\.\.127"):
            scrambler.sequence(seed, 10)
