# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables and messages of the LTE downlink against the standard's numbers and known recordings."""

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms.coding import turbo
from gnuradio.lwmspectro.waveforms.lte import allocation, dci, mcs, search_space
from gnuradio.lwmspectro.waveforms.lte.sib1 import SystemInformation
from gnuradio.lwmspectro.waveforms.lte.tbs_table import TBS
from gnuradio.lwmspectro.waveforms.resource_indication import riv, riv_bits
from lte_shared_receiver import distributed_blocks, parse_1, parse_1a, size_1, size_1a

BANDWIDTHS = (6, 15, 25, 50, 75, 100)


def test_sizes_of_36_213_table_7_1_7_2_1_1() -> None:
    known = {(0, 1): 16, (0, 110): 3112, (6, 1): 328, (9, 50): 7992, (13, 25): 6456}
    known |= {(15, 6): 1800, (19, 100): 43816, (26, 1): 712, (26, 6): 4392, (26, 50): 36696}
    known |= {(26, 100): 75376, (27, 50): 32856, (33, 1): 968, (33, 100): 97896}
    assert {key: int(TBS[key[0], key[1] - 1]) for key in known} == known


def test_sizes_need_no_filler_bits_and_grow() -> None:
    for size in np.unique(TBS):
        blocks, length, payload = turbo.segment_sizes(int(size) + 24)
        assert blocks * payload == size + 24
        assert length == payload + (24 if blocks > 1 else 0)
    odd = TBS.copy()
    odd[6, 0] = 88  # 328 in the standard: one block of QPSK for voice
    assert np.all(np.diff(odd, axis=1) >= 0)
    assert np.all(np.diff(odd[:27], axis=0) >= 0)


def test_mcs_tables() -> None:
    assert len(mcs.TABLE_64QAM) == 29
    assert len(mcs.TABLE_256QAM) == 28
    assert [mcs.TABLE_64QAM[i] for i in (0, 9, 10, 16, 17, 28)] == [
        *((2, 0), (2, 9), (4, 9), (4, 15), (6, 15), (6, 26))
    ]
    assert [mcs.TABLE_256QAM[i] for i in (0, 4, 5, 10, 11, 19, 20, 21, 27)] == [
        *((2, 0), (2, 8), (4, 10), (4, 15), (6, 16), (6, 24), (8, 25), (8, 27), (8, 33))
    ]
    assert mcs.indices(8, True) == range(20, 28)


@pytest.mark.parametrize("n_prb", BANDWIDTHS)
def test_indication_values_are_unique_and_fit(n_prb: int) -> None:
    every = [(s, n) for s in range(n_prb) for n in range(1, n_prb - s + 1)]
    values = [riv(*one, n_prb) for one in every]
    assert sorted(values) == list(range(n_prb * (n_prb + 1) // 2))
    assert max(values) < 1 << riv_bits(n_prb)
    with pytest.raises(ValueError, match="expected blocks within"):
        riv(1, n_prb, n_prb)


@pytest.mark.parametrize("n_prb", BANDWIDTHS)
def test_distributed_blocks_fill_the_matrix_of_36_211(n_prb: int) -> None:
    table = allocation.distributed(n_prb)
    np.testing.assert_array_equal(table, distributed_blocks(n_prb))
    assert all(np.unique(row).size == row.size for row in table)


def test_message_sizes_of_the_bandwidths() -> None:
    fdd = [dci.Formats(n, False) for n in BANDWIDTHS]
    assert [f.compact_bits for f in fdd] == [21, 22, 25, 27, 27, 28]
    assert [f.format1_bits for f in fdd] == [19, 23, 27, 31, 33, 39]
    for n in BANDWIDTHS:
        for tdd in (False, True):
            formats = dci.Formats(n, tdd)
            assert formats.compact_bits == size_1a(n, tdd)
            assert formats.format1_bits == size_1(n, tdd)


def bits_of(message: tuple[int, int]) -> np.ndarray:
    return np.array([int(c) for c in f"{message[0]:0{message[1]}b}"])


def test_assignment_that_srsran_sends() -> None:
    """Received from a recording of srsRAN 4G pdsch_enodeb: 50 blocks, MCS 13."""
    message = dci.Formats(50, False).format1((1 << 17) - 1, 13, 0, 0, power=0)
    assert "".join(map(str, bits_of(message))) == "0111111111111111110110100000000"


@pytest.mark.parametrize("n_prb", BANDWIDTHS)
@pytest.mark.parametrize("tdd", [False, True])
def test_messages_are_read_as_they_were_meant(n_prb: int, tdd: bool) -> None:
    formats = dci.Formats(n_prb, tdd)
    for start, length in ((0, n_prb), (1, 1), (2, n_prb - 3)):
        for distributed in (False, True):
            if start + length > allocation.distributed_count(n_prb) and distributed:
                continue
            value = riv(start, length, n_prb)
            message = formats.format1a(value, 21, 5, 1, 2, 3, distributed)
            got = parse_1a(bits_of(message), n_prb, tdd)
            assert got is not None
            fields = (got.mcs, got.process, got.new_data, got.version, got.power)
            assert fields == (21, 5, 1, 2, 3)
            assert np.all(got.blocks.sum(axis=1) == length)
            if not distributed:
                assert got.blocks[0].argmax() == start
    groups = allocation.group_count(n_prb)
    got = parse_1(bits_of(formats.format1(1 << (groups - 1), 9, 7, 0, 1, 2)), n_prb, tdd)
    assert got.blocks[0].nonzero()[0].tolist() == list(range(allocation.group_size(n_prb)))
    assert (got.mcs, got.process, got.new_data, got.version, got.power) == (9, 7, 0, 1, 2)
    assert parse_1a(bits_of(formats.format0(3, 4, 1, 1, 0, 0)), n_prb, tdd) is None


def test_field_that_does_not_fit_is_reported() -> None:
    with pytest.raises(ValueError, match="at most 5 bits, got 32"):
        dci.Formats(50, False).format1(1, 32, 0, 0)


def test_search_space_that_srsran_uses() -> None:
    """Subframe and first element of RNTI 0x1234 in a recording of srsRAN, 25 elements."""
    seen = {1: 18, 2: 21, 3: 12, 4: 21, 6: 10, 7: 16, 8: 8, 9: 6}
    for subframe, cce in seen.items():
        y = search_space.start(0x1234, subframe)
        assert cce in search_space.candidates(y, 25, 1)
    assert search_space.candidates(0, 25, 4, common=True) == [0, 4, 8, 12]
    assert search_space.candidates(0, 25, 8, common=True) == [0, 8]
    assert search_space.candidates(7, 3, 4) == []


def test_system_information_size_is_the_smallest_that_holds_it() -> None:
    assert mcs.system_info_size(120) == (120, 4, 2)
    assert mcs.system_info_size(121) == (144, 2, 3)
    with pytest.raises(ValueError, match="at most"):
        mcs.system_info_size(3000)


@pytest.mark.parametrize(
    ("tdd_config", "special", "extended", "told", "late"),
    [
        (None, 0, False, None, None),
        (0, 7, False, "ssp7", None),
        (6, 9, False, "ssp5", "ssp9"),
        (2, 7, True, "ssp4", "ssp7"),
    ],
)
def test_sib1_is_read_by_an_asn_1_compiler(
    tdd_config: int | None, special: int, extended: bool, told: str | None, late: str | None
) -> None:
    rrc = pytest.importorskip("pycrate_asn1dir.RRCLTE", reason="needs pycrate")
    sent = SystemInformation.random(np.random.default_rng(3), tdd_config, special, extended)
    message = rrc.EUTRA_RRC_Definitions.BCCH_DL_SCH_Message
    message.from_uper(np.packbits(sent.encode()).tobytes())
    kind, sib1 = message.get_val()["message"][1]
    assert kind == "systemInformationBlockType1"
    access = sib1["cellAccessRelatedInfo"]
    assert access["trackingAreaCode"] == (sent.tracking_area, 16)
    assert access["cellIdentity"] == (sent.cell_identity, 28)
    assert access["plmn-IdentityList"][0]["plmn-Identity"]["mnc"] == [int(c) for c in sent.mnc]
    assert sib1["freqBandIndicator"] == sent.band
    config = sib1.get("tdd-Config", {})
    assert config.get("subframeAssignment") == (None if told is None else f"sa{tdd_config}")
    assert config.get("specialSubframePatterns") == told
    for _ in range(3):
        sib1 = sib1.get("nonCriticalExtension", {})
    newest = sib1.get("tdd-Config-v1130", {})
    assert newest.get("specialSubframePatterns-v1130") == late


def test_sib1_bits() -> None:
    """A message that pycrate 0.8.1 read and wrote again bit by bit."""
    sent = SystemInformation(
        mnc="47", tracking_area=33543, cell_identity=202713734, band=28, tdd_config=2
    )
    assert np.packbits(sent.encode()).tobytes().hex() == "5040048f8307c152a86815b01027a0"
