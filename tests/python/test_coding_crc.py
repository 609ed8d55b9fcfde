# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyclic redundancy checks against long division."""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding import crc
from hypothesis import given, settings
from hypothesis import strategies as st

# 38.212 5.1, highest power first
GENERATORS = {
    "24A": 0b1100001100100110011111011,
    "24B": 0b1100000000000000001100011,
    "24C": 0b1101100101011000100010111,
    "16": 0b10001000000100001,
    "11": 0b111000100001,
    "8": 0b110011011,
    "6": 0b1100001,
}


def division(bits: list[int], generator: int) -> list[int]:
    degree = generator.bit_length() - 1
    register = 0
    for bit in bits + [0] * degree:
        register = register << 1 | bit
        if register >> degree:
            register ^= generator
    return [register >> i & 1 for i in range(degree - 1, -1, -1)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(GENERATORS)), st.lists(st.integers(0, 1), min_size=1, max_size=300))
def test_remainder_is_that_of_long_division(name: str, bits: list[int]) -> None:
    got = crc.remainder(np.array(bits, np.uint8), name)
    assert got.tolist() == division(bits, GENERATORS[name])
    assert not crc.remainder(crc.attach(np.array(bits, np.uint8), name), name).any()


@pytest.mark.parametrize("name", ["24A", "16"])
def test_long_messages_and_batches(name: str) -> None:
    bits = np.random.default_rng(0).integers(0, 2, (2, 40001), np.uint8)
    got = crc.remainder(bits, name)
    for row, message in zip(got, bits, strict=True):
        assert row.tolist() == division(message.tolist(), GENERATORS[name])
    bits[0, 20000] ^= 1
    assert np.array_equal(got[1], crc.remainder(bits, name)[1])
    assert not np.array_equal(got[0], crc.remainder(bits, name)[0])


def test_known_check_value() -> None:
    # the check of "123456789" of CRC-16/XMODEM, catalogue of parametrised CRC algorithms
    bits = np.unpackbits(np.frombuffer(b"123456789", np.uint8))
    value = int("".join(map(str, crc.remainder(bits, "16"))), 2)
    assert value == 0x31C3


def test_unknown_name_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"24A.*got '32'"):
        crc.remainder(np.zeros(4, np.uint8), "32")
