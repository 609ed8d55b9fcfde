# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own NR receiver on signals of srsRAN."""

from __future__ import annotations

import json
from pathlib import Path

import nr_receiver as receiver
import nr_receiver_channels as channels
import numpy as np
import pytest

# name, spacing, lowest subcarrier of the block, candidates, identity, index of the first,
# frequency error, (k_SSB, controlResourceSetZero)
RECORDINGS = [
    ("b3_srsran_15k_52prb_QPSK_mcs4_awgn_static_15", 15e3, -150, 4, 413, 1160.0, (6, 6)),
    ("b3_srsran_30k_24prb_64QAM_fdd_fading_pedestrian_25", 30e3, -120, 8, 574, -1620.0, (0, 2)),
]


def load(folder: Path, name: str, seconds: float) -> tuple[np.ndarray, float]:
    meta = next(folder.rglob(f"{name}.sigmf-meta"), None)
    if meta is None:
        pytest.skip(f"no {name} among the recordings")
    rate = json.loads(meta.read_text())["global"]["core:sample_rate"]
    raw = np.fromfile(meta.with_suffix(".sigmf-data"), np.int8, 2 * int(seconds * rate))
    return raw[0::2] + 1j * raw[1::2].astype(float), rate


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda r: r[0])
def test_mib_of_srsran(captures: Path, recording: tuple) -> None:
    name, scs, first, l_max, pci, cfo, fields = recording
    iq, rate = load(captures, name, 26e-3)
    blocks = receiver.search(
        iq, rate, scs, first, l_max, cfos=np.array([-3000.0, 0.0, 3000.0]), threshold=0.3
    )
    assert len(blocks) >= 2
    for block in blocks:
        assert block.pci == pci
        assert abs(block.cfo_hz - cfo) < 200
        assert block.mib is not None
        assert (block.mib.k_ssb, block.mib.coreset_zero) == fields
        assert block.mib.scs_hz == scs


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda r: r[0])
def test_control_information_of_srsran(captures: Path, recording: tuple) -> None:
    name, scs, first, l_max, pci, cfo, _ = recording
    iq, rate = load(captures, name, 26e-3)
    iq = iq * np.exp(-2j * np.pi * cfo * np.arange(iq.size) / rate)
    block = receiver.search(iq, rate, scs, first, l_max, cfos=np.zeros(1), threshold=0.3)[0]
    size = round(rate / scs)
    prefix = round(size * 144 / 2048)
    iq = iq[block.start - (3 * prefix + round(rate * 16 / 30.72e6) + 2 * size) :]
    n_rb, cset, payload = (52, 48, 39) if scs == 15e3 else (24, 24, 37)
    where = channels.ControlSet(0, cset, 1, None, 0)
    for slot in (1, 2):
        grid = channels.slot_grid(iq, rate, int(scs), n_rb, slot, early=4)
        grid *= np.exp(2j * np.pi * (np.arange(12 * n_rb) - 6 * n_rb) * 4 / size)
        hits = channels.search_control(grid, slot, where, pci, 0x4601, payload, {2: 1}, common=True)
        assert len(hits) == 1  # format 1_0 on two control channel elements
        reader = channels.Reader(hits[0][0])
        assert reader.take(1) == 1
        reader.take(payload - 28 + 4 + 1)
        assert reader.take(5) == (4 if scs == 15e3 else 26)


def test_transport_blocks_of_srsran(captures: Path) -> None:
    """Slots of srsRAN_4G laid end to end: control information and shared channel, 5.76 MS/s."""
    iq, rate = load(captures, "srsran_pci1_rb25_slots", 55e-3)
    length = round(rate * 1e-3)
    where = channels.ControlSet(0, 24, 2, None, 0)
    texts = set()
    for number in range(iq.size // length):
        part, slot = iq[number * length : (number + 1) * length], number % 10
        grid = channels.slot_grid(part, rate, 15000, 25, 0)
        hits = channels.search_control(grid, slot, where, 1, 0x1234, 37, {2: 1}, common=True)
        assert len(hits) == 1
        reader = channels.Reader(hits[0][0])
        assert reader.take(1) == 1  # format 1_0
        first, count = channels.contiguous(reader.take(9), 25)
        assert (reader.take(4), reader.take(1)) == (0, 0)  # row 1: symbols 2 to 13
        mcs, _, version = reader.take(5), reader.take(1), reader.take(2)
        channel = channels.SharedChannel(
            blocks=tuple(range(first, first + count)),
            start=2,
            length=12,
            dmrs_symbols=(2, 7, 11),
            dmrs_type=1,
            groups=2,
            dmrs_origin=0,
            identity=1,
            pci=1,
            rnti=0x1234,
            table=1,
            mcs=mcs,
            version=version,
            limit=channels.buffer_limit(25, 1, 6),
        )
        bits, evm = channels.decode_shared(grid, slot, channel, np.zeros(grid.shape, bool))
        assert bits is not None
        assert evm < 0.06
        texts.add(np.packbits(bits).tobytes()[:5])
    assert texts == {b"hello"}
