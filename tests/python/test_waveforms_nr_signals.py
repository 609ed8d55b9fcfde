# SPDX-License-Identifier: GPL-3.0-or-later
"""NR synchronisation sequences and symbol positions against the text of the standard."""

from __future__ import annotations

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.nr import signals as nr_signals


def test_pss_is_the_m_sequence_of_the_clause() -> None:
    x = [0, 1, 1, 0, 1, 1, 1]
    for i in range(120):
        x.append((x[i + 4] + x[i]) % 2)
    for nid2 in range(3):
        want = [1 - 2 * x[(n + 43 * nid2) % 127] for n in range(127)]
        assert nr_signals.pss(nid2).tolist() == want
    for a in range(3):  # m-sequence: periodic correlation is 127 or -1
        for b in range(3):
            product = int(np.sum(nr_signals.pss(a) * nr_signals.pss(b)))
            assert product == (127 if a == b else -1)


def test_sss_is_a_gold_code_of_its_own_for_every_cell() -> None:
    x0, x1 = [1, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0]
    for i in range(120):
        x0.append((x0[i + 4] + x0[i]) % 2)
        x1.append((x1[i + 1] + x1[i]) % 2)
    for pci in (0, 413, 1007):
        m0, m1 = 15 * (pci // 3 // 112) + 5 * (pci % 3), pci // 3 % 112
        want = [(1 - 2 * x0[(n + m0) % 127]) * (1 - 2 * x1[(n + m1) % 127]) for n in range(127)]
        assert nr_signals.sss(pci).tolist() == want
    cells = np.stack([nr_signals.sss(pci) for pci in range(1008)])
    correlation = cells @ cells.T
    np.fill_diagonal(correlation, -1)
    assert set(np.unique(correlation)) <= {-17, -1, 15}  # three-valued, as Gold codes are


@pytest.mark.parametrize(
    ("case", "l_max", "starts"),
    [  # 38.213 4.1
        ("A", 4, (2, 8, 16, 22)),
        ("A", 8, (2, 8, 16, 22, 30, 36, 44, 50)),
        ("B", 4, (4, 8, 16, 20)),
        ("B", 8, (4, 8, 16, 20, 32, 36, 44, 48)),
        ("C", 4, (2, 8, 16, 22)),
    ],
)
def test_ssb_candidates(case: str, l_max: int, starts: tuple[int, ...]) -> None:
    assert nr_signals.ssb_starts(case, l_max) == starts


@pytest.mark.parametrize(
    ("l0", "duration", "additional", "symbols"),
    [  # 38.211 table 7.4.1.1.2-3, mapping type A
        (2, 14, 0, (2,)),
        (2, 14, 1, (2, 11)),
        (2, 14, 2, (2, 7, 11)),
        (2, 14, 3, (2, 5, 8, 11)),
        (3, 13, 2, (3, 7, 11)),
        (3, 14, 3, (3, 7, 11)),
        (2, 12, 1, (2, 9)),
        (2, 12, 2, (2, 6, 9)),
        (2, 12, 3, (2, 5, 8, 11)),
        (2, 10, 3, (2, 6, 9)),
        (2, 10, 1, (2, 9)),
        (2, 9, 2, (2, 7)),
        (2, 8, 1, (2, 7)),
        (2, 7, 3, (2,)),
    ],
)
def test_dmrs_positions(l0: int, duration: int, additional: int, symbols: tuple[int, ...]) -> None:
    assert nr_signals.dmrs_symbols(l0, duration, additional) == symbols
