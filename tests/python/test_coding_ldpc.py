# SPDX-License-Identifier: GPL-3.0-or-later
"""LDPC coding of transport blocks against the parity-check matrix, sionna, py3gpp and a decoder."""

from __future__ import annotations

import hashlib

import nr_receiver_ldpc as receiver
import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding import ldpc
from gnuradio.lwmspectro.waveforms.coding.nr_tables import table


def transmit(
    payload: np.ndarray, total: int, order: int, layers: int, rate: float, version: int = 0
) -> np.ndarray:
    """Coded bits of a transport block, one after the other."""
    layout = ldpc.segmentation(payload.size, rate)
    coded = ldpc.encode(ldpc.segment(payload, layout), layout)
    short, low, high = ldpc.block_lengths(layout, total, order * layers)
    out = []
    for i, block in enumerate(coded):
        length = low if i < short else high
        codes = ldpc.interleave(ldpc.select(block[None], layout, length, version, layout.n), order)[
            0
        ]
        out.append((codes[:, None] >> np.arange(order) & 1).reshape(-1))
    return np.concatenate(out).astype(np.uint8)


def bits(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, count, np.uint8)


def test_tables_have_the_shape_of_the_standard() -> None:
    # 38.212 tables 5.3.2-2 and 5.3.2-3: edges, rows and columns
    for name, edges, rows, columns in (("bg1", 316, 46, 68), ("bg2", 197, 42, 52)):
        graph = table(name)
        assert graph.shape == (edges, 10)
        assert graph[:, :2].max(axis=0).tolist() == [rows - 1, columns - 1]
        assert len({(r, c) for r, c in graph[:, :2].tolist()}) == edges
        assert graph[:, 2:].min() == 0
        # the parity columns of the extension are single and without shift
        tail = graph[graph[:, 0] >= 4]
        last = tail[tail[:, 1] == tail[:, 0] + columns - rows]
        assert len(last) == rows - 4
        assert not last[:, 2:].any()
    assert not table("bg1").flags.writeable


@pytest.mark.parametrize("graph", [1, 2])
@pytest.mark.parametrize("zc", [2, 3, 7, 9, 15, 22, 104, 208, 352, 384])
def test_codewords_satisfy_every_parity_check(graph: int, zc: int) -> None:
    which = next(i for z, i in ldpc._SIZES if z == zc)
    info = 22 if graph == 1 else 10
    layout = ldpc.Segmentation(graph, 1, 3, info * zc, zc, which)
    blocks = bits(3 * info * zc, zc).reshape(3, -1)
    coded = ldpc.encode(blocks, layout)
    word = np.concatenate((blocks[:, : 2 * zc], coded), axis=1).reshape(3, -1, zc)
    np.testing.assert_array_equal(coded[:, : (info - 2) * zc], blocks[:, 2 * zc :])
    checks: dict[int, np.ndarray] = {}
    for row, column, *shifts in table(f"bg{graph}").tolist():
        moved = np.roll(word[:, column], -(shifts[which] % zc), axis=1)
        checks[row] = checks.get(row, 0) ^ moved
    assert len(checks) == (46 if graph == 1 else 42)
    assert not any(check.any() for check in checks.values())


@pytest.mark.parametrize(
    ("tbs", "rate", "graph", "blocks"),
    [  # 38.212 7.2.2 and 5.2.2
        (292, 0.9, 2, 1),
        (296, 0.68, 1, 1),
        (296, 0.67, 2, 1),
        (3824, 0.67, 2, 1),
        (3840, 0.67, 1, 1),
        (3840, 0.25, 2, 2),
        (8424, 0.6, 1, 1),
        (8448, 0.6, 1, 2),
        (100000, 0.2, 2, 27),
    ],
)
def test_base_graph_and_number_of_blocks(tbs: int, rate: float, graph: int, blocks: int) -> None:
    layout = ldpc.segmentation(tbs, rate)
    assert (layout.graph, layout.n_blocks) == (graph, blocks)
    assert layout.used <= layout.k


# SHA-256 of the coded bits that sionna 2.2.0's TBEncoder makes of ``bits(tbs)`` (no scrambler)
SIONNA = [
    (24, 100, 2, 1),
    (208, 600, 2, 1),
    (576, 2400, 2, 1),
    (672, 2400, 2, 1),
    (848, 2000, 4, 1),
    (3752, 9000, 4, 1),
    (3824, 5000, 4, 1),
    (9224, 18000, 6, 1),
    (30216, 40000, 8, 1),
    (30216, 39996, 6, 2),
    (104496, 120000, 8, 1),
]
DIGESTS = [
    "d50160e41c91bbfb",
    "07166d35f64b94e3",
    "f78a982799759fed",
    "58e219b8c174be42",
    "bb630b99a631acfa",
    "b32106a9d76d0798",
    "26eff0dd5fbad34c",
    "cba745eb75bab839",
    "92a004861d80f2ee",
    "2d0b3763d0731b89",
    "5fae56a656181c8d",
]


@pytest.mark.parametrize("case", range(len(SIONNA)))
def test_coded_bits_are_those_of_sionna(case: int) -> None:
    tbs, total, order, layers = SIONNA[case]
    got = transmit(bits(tbs), total, order, layers, tbs / total)
    assert got.size == total
    assert hashlib.sha256(got.tobytes()).hexdigest()[:16] == DIGESTS[case]


def test_digests_come_from_sionna() -> None:
    pytest.importorskip("sionna", reason="sionna-no-rt is not installed")
    torch = pytest.importorskip("torch")
    nr = pytest.importorskip("sionna.phy.nr")
    for (tbs, total, order, layers), digest in zip(SIONNA, DIGESTS, strict=True):
        encoder = nr.TBEncoder(
            target_tb_size=tbs,
            num_coded_bits=total,
            target_coderate=tbs / total,
            num_bits_per_symbol=order,
            num_layers=layers,
            use_scrambler=False,
        )
        assert encoder.tb_size == tbs
        want = encoder(torch.tensor(bits(tbs)[None], dtype=torch.float32)).numpy()[0]
        assert hashlib.sha256(want.astype(np.uint8).tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize("version", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("tbs", "total", "order", "rate"),
    [(320, 1800, 2, 0.3), (3752, 19200, 4, 0.3), (8456, 36000, 6, 0.55), (30216, 120000, 8, 0.7)],
)
def test_every_redundancy_version_decodes(
    tbs: int, total: int, order: int, rate: float, version: int
) -> None:
    payload = bits(tbs, version)
    sent = transmit(payload, total, order, 1, rate, version)
    rng = np.random.default_rng(version)
    noisy = (1.0 - 2.0 * sent) + rng.normal(0, 0.5, total)
    got = receiver.decode(8 * noisy, tbs, rate, order, 1, version, 1 << 30)
    assert got is not None
    np.testing.assert_array_equal(got, payload)


def test_limited_buffer_wraps_around() -> None:
    payload, limit = bits(8456, 4), 9000
    layout = ldpc.segmentation(8456, 0.6)
    buffer = limit * 3 // (2 * layout.n_blocks)
    coded = ldpc.encode(ldpc.segment(payload, layout), layout)
    assert buffer < layout.n
    length = 9000
    codes = ldpc.interleave(ldpc.select(coded, layout, length, 0, buffer), 2)
    sent = (codes[..., None] >> np.arange(2) & 1).reshape(-1)
    got = receiver.decode(4.0 - 8.0 * sent, 8456, 0.6, 2, 1, 0, limit)
    assert got is not None
    np.testing.assert_array_equal(got, payload)


def test_py3gpp_recovers_rate_and_block() -> None:
    py3gpp = pytest.importorskip("py3gpp")
    for version in (0, 2):
        tbs, total, rate = 1544, 6000, 0.3
        layout = ldpc.segmentation(tbs, rate)
        sent = transmit(bits(tbs), total, 2, 1, rate, version)
        theirs = py3gpp.nrRateMatchLDPC(
            _coded_with_fillers(bits(tbs), layout), total, version, "QPSK", 1
        )
        np.testing.assert_array_equal(np.asarray(theirs).reshape(-1), sent)


def _coded_with_fillers(payload: np.ndarray, layout: ldpc.Segmentation) -> np.ndarray:
    """Columns as py3gpp expects them, -1 for filler."""
    coded = ldpc.encode(ldpc.segment(payload, layout), layout).astype(int)
    coded[:, layout.used - 2 * layout.zc : layout.k - 2 * layout.zc] = -1
    return coded.T


def test_an_empty_block_is_rejected() -> None:
    with pytest.raises(ValueError, match="1 bit"):
        ldpc.segmentation(0, 0.5)
