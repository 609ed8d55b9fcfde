# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyclic redundancy checks against published check values, division by hand and sionna."""

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding import crc
from hypothesis import given
from hypothesis import strategies as st
from lte_fec import crc as long_division

# CRC of "123456789": catalogue of parametrised CRC algorithms for 24A, 24B (CRC-24/LTE-A, B), 16
# (XMODEM) and 8 (CRC-8/LTE); computed with sionna-no-rt 2.2.0 for the others
CHECK_VALUES = {"24A": 0xCDE703, "24B": 0x23EF52, "16": 0x31C3, "8": 0xEA}
CHECK_VALUES |= {"24C": 0xF48279, "11": 0x5CA, "6": 0x15}


def number(bits: np.ndarray) -> int:
    return int("".join(map(str, bits.tolist())), 2)


@pytest.mark.parametrize("name", sorted(CHECK_VALUES))
def test_published_check_values(name: str) -> None:
    message = np.unpackbits(np.frombuffer(b"123456789", np.uint8))
    parity = crc.remainder(message, name)
    assert parity.dtype == np.uint8
    assert parity.size == crc.LENGTHS[name]
    assert number(parity) == CHECK_VALUES[name]


@given(
    name=st.sampled_from(["24A", "24B", "16"]),
    n=st.integers(1, 700),
    seed=st.integers(0, 2**32 - 1),
)
def test_long_division_gives_the_same(name: str, n: int, seed: int) -> None:
    bits = np.random.default_rng(seed).integers(0, 2, n, np.uint8)
    assert number(crc.remainder(bits, name)) == long_division(bits, name)


@given(name=st.sampled_from(sorted(crc.LENGTHS)), n=st.integers(1, 600), flip=st.integers(0))
def test_whole_blocks_have_no_remainder_and_an_error_has(name: str, n: int, flip: int) -> None:
    bits = np.random.default_rng(n).integers(0, 2, (2, 3, n), np.uint8)
    whole = crc.attach(bits, name)
    assert whole.shape == (2, 3, n + crc.LENGTHS[name])
    np.testing.assert_array_equal(whole[..., :n], bits)
    assert not crc.remainder(whole, name).any()
    whole[1, 2, flip % whole.shape[-1]] ^= 1
    assert crc.remainder(whole, name)[1, 2].any()
    assert not crc.remainder(whole, name)[0].any()


def test_unknown_name_is_reported() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        crc.remainder(np.zeros(8, np.uint8), "32")


@pytest.mark.parametrize("name", ["24A", "24B", "24C", "16", "11", "6"])
def test_sionna_gives_the_same(name: str) -> None:
    torch = pytest.importorskip("torch")
    sionna = pytest.importorskip("sionna.phy.fec.crc", reason="needs sionna-no-rt")
    bits = np.random.default_rng(1).integers(0, 2, (4, 333), np.uint8)
    other = sionna.CRCEncoder("CRC" + name)(torch.tensor(bits, dtype=torch.float32)).numpy()
    np.testing.assert_array_equal(crc.attach(bits, name), other)
