# SPDX-License-Identifier: GPL-3.0-or-later
"""The tail-biting code of LTE: a shift register, its rate matching and a Viterbi decoder."""

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding import tail_biting
from hypothesis import given, settings
from hypothesis import strategies as st
from lte_fec import dematch_conv, viterbi


@given(n=st.integers(7, 90), seed=st.integers(0, 2**32 - 1))
def test_a_shift_register_gives_the_same(n: int, seed: int) -> None:
    bits = np.random.default_rng(seed).integers(0, 2, n, np.uint8)
    state = bits[-6:][::-1].tolist()  # 36.212 5.1.3.1: the register starts as it will end
    want: list[list[int]] = [[], [], []]
    for bit in bits.tolist():
        taps = [bit, *state]
        for stream, generator in enumerate((0o133, 0o171, 0o165)):
            digits = [int(c) for c in f"{generator:07b}"]
            want[stream].append(sum(a * b for a, b in zip(taps, digits, strict=True)) % 2)
        state = taps[:6]
    assert tail_biting.encode(bits).tolist() == want


@settings(max_examples=20, deadline=None)
@given(n=st.integers(20, 60), length=st.integers(72, 600), seed=st.integers(0, 2**32 - 1))
def test_a_decoder_reads_blocks_that_are_cut_or_repeated(n: int, length: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (2, n), np.uint8)
    length = max(length, 2 * n)
    sent = tail_biting.rate_match(tail_biting.encode(bits), length)
    assert sent.shape == (2, length)
    soft = (1 - 2.0 * sent) + rng.normal(0, 0.05, sent.shape)
    np.testing.assert_array_equal(viterbi(dematch_conv(soft, n)), bits)


def test_interleaver_reads_columns_in_the_order_of_the_table() -> None:
    # 40 places in two rows of 32: 24 dummies, then place 0 stands in column 24
    order = tail_biting.sub_block_columns(40)
    assert sorted(order.tolist()) == list(range(40))
    assert order[:6].tolist() == [9, 25, 17, 1, 33, 13]  # columns 1, 17, 9, 25, 25, 5


def test_short_block_is_reported() -> None:
    with pytest.raises(ValueError, match="at least 7 bits, got 6"):
        tail_biting.encode(np.zeros(6, np.uint8))
