# SPDX-License-Identifier: GPL-3.0-or-later
"""Convolutional code, scrambler, interleavers and constellations against plain definitions."""

from __future__ import annotations

import itertools

import gr_viterbi
import numpy as np
import pytest
import viterbi
from gnuradio.lwmspectro.waveforms.coding import convolutional
from gnuradio.lwmspectro.waveforms.wifi import constellation, interleaver, scrambler
from hypothesis import given
from hypothesis import strategies as st

RATES = [(1, 2), (2, 3), (3, 4), (5, 6)]
# A0 B0 A1 B1 ... of one puncturing period as figures 17-9 and 19-10 draw it, x is stolen
SENT = {(1, 2): "AB", (2, 3): "ABAx", (3, 4): "ABAxxB", (5, 6): "ABAxxBAxxB"}


def naive_code(bits: list[int], sent: str) -> list[int]:
    """17.3.5.6, one bit after the other."""
    register = [0] * 7
    out = []
    for t, bit in enumerate(bits):
        register = [bit, *register[:6]]
        a = sum(register[i] for i in (0, 2, 3, 5, 6)) % 2
        b = sum(register[i] for i in (0, 1, 2, 3, 6)) % 2
        pair = sent[2 * t % len(sent) : 2 * t % len(sent) + 2]
        out += [value for value, letter in zip((a, b), pair, strict=True) if letter != "x"]
    return out


@pytest.mark.parametrize("rate", RATES)
@given(data=st.data())
def test_encoder_is_the_shift_register(rate: tuple[int, int], data: st.DataObject) -> None:
    periods = data.draw(st.integers(1, 20))
    n = periods * rate[0]
    bits = data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    coded = convolutional.encode(np.array(bits, np.uint8), rate)
    assert coded.tolist() == naive_code(bits, SENT[rate])


def test_encoder_takes_several_rows() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (2, 3, 40), np.uint8)
    coded = convolutional.encode(bits)
    assert coded.shape == (2, 3, 80)
    np.testing.assert_array_equal(coded[1, 2], convolutional.encode(bits[1, 2]))


def test_encoder_refuses_unknown_rates_and_broken_periods() -> None:
    with pytest.raises(ValueError, match="code rate: expected one of"):
        convolutional.encode(np.zeros(8, np.uint8), (7, 8))
    with pytest.raises(ValueError, match="bits at rate 3/4: expected n"):
        convolutional.encode(np.zeros(8, np.uint8), (3, 4))


@pytest.mark.parametrize("rate", RATES)
def test_viterbi_decoder_of_the_tests_corrects(rate: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, 1500, np.uint8)
    bits[-6:] = 0
    soft = 1.0 - 2.0 * convolutional.encode(bits, rate)
    noisy = (soft + rng.normal(0.0, 0.42, soft.size)).astype(np.float32)
    assert np.mean((noisy < 0) != (soft < 0)) > 5e-3  # there is something to correct
    decoded = viterbi.decode(viterbi.depuncture(noisy, SENT[rate]))
    assert np.mean(decoded != bits) < (2e-3 if rate == (5, 6) else 1e-9)


def test_decoder_of_gnu_radio_understands_the_code() -> None:
    rng = np.random.default_rng(2)
    bits = np.concatenate([rng.integers(0, 2, 400, np.uint8), np.zeros(6, np.uint8)])
    soft = 1.0 - 2.0 * convolutional.encode(bits) + rng.normal(0.0, 0.5, 812)
    assert np.any((soft < 0) != convolutional.encode(bits))
    np.testing.assert_array_equal(gr_viterbi.decode(soft.reshape(-1, 2)), bits)


@given(seed=st.integers(1, 127), n=st.integers(0, 400))
def test_scrambler_is_the_shift_register(seed: int, n: int) -> None:
    state = [(seed >> i) & 1 for i in range(7)]  # x1 to x7
    expected = []
    for _ in range(n):
        bit = state[6] ^ state[3]
        expected.append(bit)
        state = [bit, *state[:6]]
    assert scrambler.sequence(seed, n).tolist() == expected


@pytest.mark.parametrize("n_bpsc", [1, 2, 4, 6])
def test_legacy_interleaver_is_inverted_by_17_20(n_bpsc: int) -> None:
    n_cbps, s = 48 * n_bpsc, max(n_bpsc // 2, 1)
    positions = interleaver.legacy(n_bpsc)
    for k, j in enumerate(positions.tolist()):
        i = s * (j // s) + (j + 16 * j // n_cbps) % s
        assert 16 * i - (n_cbps - 1) * (16 * i // n_cbps) == k


@pytest.mark.parametrize(("n_bpsc", "n_streams"), list(itertools.product([1, 2, 4, 6, 8], [1, 2])))
def test_high_throughput_interleaver_is_inverted(n_bpsc: int, n_streams: int) -> None:
    n_cbps, s = 52 * n_bpsc, max(n_bpsc // 2, 1)
    for stream in range(n_streams):
        turn = (2 * stream % 3 + 3 * (stream // 3)) * 11 * n_bpsc if n_streams > 1 else 0
        positions = interleaver.high_throughput(n_bpsc, stream, n_streams)
        for k, r in enumerate(positions.tolist()):
            j = (r + turn) % n_cbps
            i = s * (j // s) + (j + 13 * j // n_cbps) % s
            assert 13 * i - (n_cbps - 1) * (13 * i // n_cbps) == k


@pytest.mark.parametrize(
    ("n_bpsc", "bits", "value"),
    [  # tables 17-12 to 17-15; figure 21-26 for 256-QAM
        (1, "0", -1),
        (2, "01", (-1 + 1j) / np.sqrt(2)),
        (4, "1011", (3 + 1j) / np.sqrt(10)),
        (4, "0100", (-1 - 3j) / np.sqrt(10)),
        (6, "000011", (-7 - 3j) / np.sqrt(42)),
        (6, "111100", (3 + 7j) / np.sqrt(42)),
        (8, "00001000", (-15 + 15j) / np.sqrt(170)),
        (8, "11010110", (3 - 7j) / np.sqrt(170)),
    ],
)
def test_constellation_points(n_bpsc: int, bits: str, value: complex) -> None:
    index = sum(int(bit) << i for i, bit in enumerate(bits))
    assert constellation.points(n_bpsc)[index] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("n_bpsc", [1, 2, 4, 6, 8])
def test_neighbours_differ_in_one_bit(n_bpsc: int) -> None:
    points = constellation.points(n_bpsc)
    assert np.mean(np.abs(points) ** 2) == pytest.approx(1.0, abs=1e-5)
    distance = np.abs(points[:, None] - points)
    spacing = distance[distance > 1e-6].min()
    a, b = np.nonzero((distance > 1e-6) & (distance < 1.01 * spacing))
    assert all((x ^ y).bit_count() == 1 for x, y in zip(a.tolist(), b.tolist(), strict=True))
