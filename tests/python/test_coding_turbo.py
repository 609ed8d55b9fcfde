# SPDX-License-Identifier: GPL-3.0-or-later
"""The LTE turbo code: frozen vectors, a shift register, a decoder, and sionna."""

import hashlib

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding import turbo
from gnuradio.lwmspectro.waveforms.coding.qpp_table import BLOCK_SIZES, QPP
from hypothesis import given, settings
from hypothesis import strategies as st
from lte_fec import dematch_turbo, turbo_decode


def in_order(streams: np.ndarray) -> np.ndarray:
    """d0(0) d1(0) d2(0) d0(1) ..."""
    return streams.T.reshape(-1)


def test_frozen_block_of_40() -> None:
    """Made with TurboEncoder of sionna-no-rt 2.2.0."""
    bits = np.array([int(c) for c in f"{0xC0FFEE1234:040b}"], np.uint8)
    coded = in_order(turbo.encode(bits))
    assert int("".join(map(str, coded.tolist())), 2) == 0xF0045B93F9A5BFBBBA6CF2F90353CBC2C


def test_frozen_block_of_6144() -> None:
    """Made with TurboEncoder of sionna-no-rt 2.2.0."""
    i = np.arange(6144)
    bits = ((i * i + 3 * i) % 7 < 3).astype(np.uint8)
    coded = np.packbits(in_order(turbo.encode(bits))).tobytes()
    assert hashlib.sha256(coded).hexdigest() == (
        "6a30ec2420d65bacfc7ca309de4d479a1d38f79bfa34099a052d59fdb92c67cb"
    )


def test_interleavers_are_permutations_of_188_sizes() -> None:
    assert len(BLOCK_SIZES) == 188
    for size in BLOCK_SIZES:
        assert np.unique(turbo.interleaver(size)).size == size
    assert (QPP[40], QPP[1024], QPP[6144]) == ((3, 10), (31, 64), (263, 480))


def register(bits: list[int]) -> tuple[list[int], list[int]]:
    """One constituent encoder step by step: parity, then x and z of the termination."""
    state, parity, tail = [0, 0, 0], [], []
    for k in range(len(bits) + 3):
        u = bits[k] if k < len(bits) else state[1] ^ state[2]
        a = u ^ state[1] ^ state[2]
        z = a ^ state[0] ^ state[2]
        state = [a, *state[:2]]
        if k < len(bits):
            parity.append(z)
        else:
            tail += [u, z]
    assert state == [0, 0, 0]
    return parity, tail


@settings(max_examples=40)
@given(size=st.sampled_from([40, 48, 104, 200, 528]), seed=st.integers(0, 2**32 - 1))
def test_a_shift_register_gives_the_same(size: int, seed: int) -> None:
    bits = np.random.default_rng(seed).integers(0, 2, size, np.uint8)
    f1, f2 = QPP[size]
    mixed = [int(bits[(f1 * i + f2 * i * i) % size]) for i in range(size)]
    parity, tail = register(bits.tolist())
    parity2, tail2 = register(mixed)
    d0, d1, d2 = turbo.encode(bits)
    assert d0[:size].tolist() == bits.tolist()
    assert d1[:size].tolist() == parity
    assert d2[:size].tolist() == parity2
    # 36.212 5.1.3.2.2
    assert d0[size:].tolist() == [tail[0], tail[3], tail2[0], tail2[3]]
    assert d1[size:].tolist() == [tail[1], tail[4], tail2[1], tail2[4]]
    assert d2[size:].tolist() == [tail[2], tail[5], tail2[2], tail2[5]]


@pytest.mark.parametrize("version", [0, 1, 2, 3])
@pytest.mark.parametrize("buffer_bits", [None, 1500])
def test_every_version_is_decoded(version: int, buffer_bits: int | None) -> None:
    rng = np.random.default_rng(version)
    size = 512
    bits = rng.integers(0, 2, size, np.uint8)
    order = turbo.selection(size, version, buffer_bits)
    sent = turbo.encode(bits).reshape(-1)[order[:1100]]
    soft = 4.0 * (1 - 2.0 * sent) + rng.normal(0, 2.0, sent.size)
    streams = dematch_turbo(soft, size, version, buffer_bits)
    np.testing.assert_array_equal(turbo_decode(streams[None], *QPP[size])[0], bits)


def test_version_0_starts_two_columns_late_and_goes_round_once() -> None:
    order = turbo.selection(40, 0)
    assert np.unique(order).size == order.size == 3 * 44
    # 36.212 5.1.4.1.2: k0 = 2 R. Of the third column, 8, the first row is a dummy; then 24.
    assert order[:3].tolist() == [20, 4, 36]
    limited = turbo.selection(40, 0, 96)
    assert set(limited.tolist()) < set(range(132))


def test_block_lengths_add_up() -> None:
    assert turbo.block_lengths(11448 * 2, 3, 8) == [7632] * 3
    lengths = turbo.block_lengths(1000 * 8, 3, 8)
    assert lengths == [2664, 2664, 2672]  # 36.212 5.1.4.1.2: the last blocks get more


@pytest.mark.parametrize("n_bits", [41, 6150])
def test_sizes_that_no_transport_block_has_are_reported(n_bits: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        turbo.segment_sizes(n_bits)


def test_unknown_block_size_is_reported() -> None:
    with pytest.raises(ValueError, match="got 41 bits"):
        turbo.encode(np.zeros(41, np.uint8))


@pytest.mark.parametrize("size", [40, 504, 2112, 6144])
def test_sionna_gives_the_same(size: int) -> None:
    torch = pytest.importorskip("torch")
    sionna = pytest.importorskip("sionna.phy.fec.turbo", reason="needs sionna-no-rt")
    bits = np.random.default_rng(2).integers(0, 2, (3, size), np.uint8)
    encoder = sionna.TurboEncoder(constraint_length=4, rate=1 / 3, terminate=True)
    other = encoder(torch.tensor(bits, dtype=torch.float32)).numpy()
    ours = turbo.encode(bits).transpose(0, 2, 1).reshape(3, -1)
    np.testing.assert_array_equal(ours, other)
