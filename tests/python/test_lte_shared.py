# SPDX-License-Identifier: GPL-3.0-or-later
"""Transport blocks of the LTE shared channel that are sums of a few."""

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.lte import shared


@pytest.mark.parametrize("size", [16, 1000, 8760, 30576])
def test_a_sum_of_coded_blocks_is_coded(size: int) -> None:
    rng = np.random.default_rng(size)
    for draw in rng.integers(0, shared.DRAWS, 3).tolist():
        whole = shared.code_block(shared.pool_block(size, draw))
        np.testing.assert_array_equal(shared.coded_draw(size, draw), whole)


def test_blocks_hardly_ever_come_again() -> None:
    drawn = np.random.default_rng(1).integers(0, 1 << 16, 100).tolist()
    blocks = {shared.coded_draw(1000, draw).tobytes() for draw in drawn}
    assert len(blocks) >= 97


def test_the_same_block_looks_another_to_another_receiver_cell_or_subframe() -> None:
    bits = shared.rate_match(shared.coded_draw(4968, 7), 20000, 2)
    c_init = [
        shared.scrambling_init(rnti, 0, subframe, pci)
        for rnti, subframe, pci in ((0x1234, 3, 7), (0x1235, 3, 7), (0x1234, 4, 7), (0x1234, 3, 8))
    ]
    sent = shared.codeword_symbols([bits] * 4, 2, c_init)
    for other in sent[1:]:
        assert np.mean(sent[0] == other) == pytest.approx(0.25, abs=0.05)  # of four points
