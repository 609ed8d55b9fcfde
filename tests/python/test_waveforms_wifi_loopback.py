# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rate, MCS, guard interval and format through a channel into a receiver of its own."""

from __future__ import annotations

import gr_viterbi
import numpy as np
import pytest
import wifi_receiver
from gnuradio.lwmspectro.waveforms import wifi
from gnuradio.lwmspectro.waveforms.wifi import ampdu, data_bits, mac, scrambler
from gnuradio.lwmspectro.waveforms.wifi.symbols import Antennas
from hypothesis import given, settings
from hypothesis import strategies as st

LEGACY = [wifi.Format("legacy", rate) for rate in (6, 9, 12, 18, 24, 36, 48, 54)]
HT = [wifi.Format("ht", mcs, gi) for mcs in range(8) for gi in (False, True)]
VHT = [wifi.Format("vht", mcs, gi) for mcs in range(9) for gi in (False, True)]
TWO = [
    wifi.Format(standard, mcs, gi, streams=2)
    for standard in ("ht", "vht")
    for mcs, gi in ((0, False), (2, True), (4, False), (5, True), (7, False))
]
# SNR in dB at which a frame of 400 octets passes through the channel below, with some margin
SNR_DB = {1: 12.0, 2: 15.0, 4: 22.0, 6: 29.0, 8: 35.0}


def name(fmt: wifi.Format) -> str:
    gi = "short" if fmt.short_gi else "long"
    return f"{fmt.standard}-{fmt.rate}-{gi}-{fmt.streams}"


def channel(iq: np.ndarray, snr_db: float, cfo_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Silence around, three paths within 150 ns, carrier offset, noise."""
    iq = np.pad(np.atleast_2d(iq), ((0, 0), (311, 200)))
    paths = np.array([1.0, 0.0, 0.25 * np.exp(2j * np.pi * rng.random()), -0.1j])
    iq = np.stack([np.convolve(row, paths)[: iq.shape[1]] for row in iq])
    iq = iq * np.exp(2j * np.pi * cfo_hz / 20e6 * np.arange(iq.shape[1]))
    noise = rng.normal(size=(2, *iq.shape)) * 10 ** (-snr_db / 20) / np.sqrt(2)
    return iq + noise[0] + 1j * noise[1]


def payload(fmt: wifi.Format, rng: np.random.Generator, n: int = 400) -> tuple[bytes, list[bytes]]:
    count = 3 if fmt.standard == "vht" else 1
    mpdus = [mac.with_fcs(rng.bytes(n // count + i)) for i in range(count)]
    return (ampdu.build(mpdus, True) if fmt.standard == "vht" else mpdus[0]), mpdus


@pytest.mark.parametrize("fmt", LEGACY + HT + VHT, ids=name)
def test_frame_passes_a_noisy_channel(fmt: wifi.Format) -> None:
    rng = np.random.default_rng(fmt.rate + 100 * fmt.short_gi)
    psdu, mpdus = payload(fmt, rng)
    seed, cfo_hz = int(rng.integers(1, 128)), float(rng.uniform(-100e3, 100e3))
    iq = wifi.ppdu(psdu, fmt, seed, group_id=0, partial_aid=300)
    frames = wifi_receiver.receive(channel(iq, SNR_DB[fmt.row.n_bpsc], cfo_hz, rng))
    assert len(frames) == 1
    got = frames[0]
    assert (got.standard, got.rate) == (fmt.standard, fmt.rate)
    assert got.mpdus == mpdus
    assert got.ok
    assert got.cfo_hz == pytest.approx(cfo_hz, abs=3e3)
    assert abs(got.start - 311) <= 3
    if fmt.standard != "legacy":
        assert got.sig["short_gi"] is fmt.short_gi
        assert (got.sig["l_length"] + 3) // 3 * 4 == -(-(iq.size - 1 - 400) // 80) * 4
    if fmt.standard == "ht":
        assert got.sig["ht_length"] == len(psdu)
    if fmt.standard == "vht":
        assert (got.sig["group_id"], got.sig["partial_aid"]) == (0, 300)
        assert got.sig["sig_b_length"] == -(-len(psdu) // 4) * 4
        assert int("".join(map(str, got.service[1:])), 2) == got.sig["sig_b_crc"]
        assert len(got.psdu) == fmt.psdu_len(len(psdu))


@pytest.mark.parametrize("fmt", TWO, ids=name)
def test_two_streams_separate_with_two_antennas(fmt: wifi.Format) -> None:
    rng = np.random.default_rng(5)
    psdu, mpdus = payload(fmt, rng)
    antennas = [Antennas.random(2, rng) for _ in range(2)]
    iq = np.stack([wifi.ppdu(psdu, fmt, 77, antennas=gains) for gains in antennas])
    got = wifi_receiver.receive(channel(iq, SNR_DB[fmt.row.n_bpsc] + 18.0, 20e3, rng))
    assert len(got) == 1
    assert got[0].mpdus == mpdus
    assert got[0].sig["streams"] == 2
    assert got[0].rate == fmt.rate + (8 if fmt.standard == "ht" else 0)


GR_FEC = [LEGACY[i] for i in (0, 1, 6, 7)] + [HT[15], VHT[16]]


@pytest.mark.parametrize("fmt", GR_FEC, ids=name)
def test_decoder_of_gnu_radio_reads_the_frames(
    fmt: wifi.Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same receiver with gr-fec's Viterbi decoder: all four code rates, headers too."""
    monkeypatch.setattr(wifi_receiver.viterbi, "decode", gr_viterbi.decode)
    rng = np.random.default_rng(7)
    psdu, mpdus = payload(fmt, rng)
    iq = channel(wifi.ppdu(psdu, fmt, 50), SNR_DB[fmt.row.n_bpsc] + 3.0, 1e4, rng)
    (got,) = wifi_receiver.receive(iq)
    assert got.mpdus == mpdus
    assert got.ok


def test_ht_aggregate() -> None:
    rng = np.random.default_rng(0)
    mpdus = [mac.with_fcs(rng.bytes(301)) for _ in range(5)]
    fmt = wifi.Format("ht", 4)
    iq = wifi.ppdu(ampdu.build(mpdus, False), fmt, 9, aggregated=True)
    (got,) = wifi_receiver.receive(channel(iq, 30.0, 0.0, rng))
    assert got.sig["aggregated"]
    assert got.mpdus == mpdus
    assert got.ok


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 500),
    seed=st.integers(1, 127),
    ramp=st.integers(0, 8),
    fmt=st.sampled_from(LEGACY + HT + VHT),
)
def test_any_length_seed_and_ramp(n: int, seed: int, ramp: int, fmt: wifi.Format) -> None:
    ramp = min(ramp, fmt.guard // 2)  # the receiver begins 4 samples inside the guard interval
    fmt = wifi.Format(fmt.standard, fmt.rate, fmt.short_gi, ramp)
    octets = np.random.default_rng(n).bytes(n)
    psdu = ampdu.build([octets], True) if fmt.standard == "vht" else octets
    iq = wifi.ppdu(psdu, fmt, seed)
    assert iq.size == fmt.n_samples(fmt.n_symbols(len(psdu))) + ramp
    (got,) = wifi_receiver.receive(np.pad(iq, (250, 100)))
    assert got.psdu[: len(psdu)] == psdu
    state = seed
    for bit in got.seed_bits:  # the scrambler's first outputs name its state
        assert bit == (state >> 6 ^ state >> 3) & 1
        state = state << 1 & 127 | bit


def test_disambiguation_of_short_guard_intervals() -> None:
    """9 symbols of 3.6 us and 10 of them take nine intervals of 4 us; one bit tells them apart."""
    fmt = wifi.Format("vht", 0, short_gi=True)
    seen = set()
    for n in range(40, 160, 3):
        psdu = ampdu.build([mac.with_fcs(bytes(n))], True)
        (got,) = wifi_receiver.receive(np.pad(wifi.ppdu(psdu, fmt), (250, 100)))
        assert got.ok
        assert got.stop == 250 + fmt.n_samples(fmt.n_symbols(len(psdu)))
        seen.add(got.sig["disambiguation"])
    assert seen == {False, True}


@pytest.mark.parametrize("fmt", [LEGACY[5], HT[8], VHT[4]], ids=name)
def test_tail_and_padding(fmt: wifi.Format) -> None:
    """17.3.5.3: six zeros after the PSDU; 21.3.10.2: at the very end, behind the padding."""
    padded = 0
    for n in range(40, 60):
        octets = bytes(range(n))
        psdu = ampdu.build([octets], True) if fmt.standard == "vht" else octets
        bits = data_bits.scrambled(fmt, data_bits.Payload(psdu, 93))
        plain = bits ^ scrambler.sequence(93, bits.size)
        stop = 16 + 8 * fmt.psdu_len(len(psdu))
        assert np.packbits(plain[16:stop], bitorder="little").tobytes().startswith(psdu)
        at = bits.size - 6 if fmt.standard == "vht" else stop
        assert not bits[at : at + 6].any()
        rest = np.concatenate([plain[stop:at], plain[at + 6 :]])
        assert not rest.any()
        padded += rest.size
    assert padded > 20


def test_noise_alone_holds_no_frame() -> None:
    rng = np.random.default_rng(3)
    assert wifi_receiver.receive(rng.normal(size=100_000) + 1j * rng.normal(size=100_000)) == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((b"", wifi.Format()), r"PSDU of legacy 6: expected 1\.\.4095 octets, got 0"),
        ((bytes(4096), wifi.Format()), r"expected 1\.\.4095 octets, got 4096"),
        ((bytes(20), wifi.Format(), 0), r"scrambler seed: expected 1\.\.127, got 0"),
        ((bytes(20), wifi.Format("vht", 0)), "expected an A-MPDU .*, got 00 00 00 00"),
        ((bytes(9000), wifi.Format("ht", 0)), "PSDU of ht 0: expected"),
    ],
)
def test_what_cannot_be_sent_is_refused(args: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wifi.ppdu(*args)
    with pytest.raises(ValueError, match="aggregated: expected False for legacy"):
        wifi.ppdu(bytes(20), wifi.Format(), aggregated=True)
    with pytest.raises(ValueError, match="group_id and partial_aid"):
        wifi.ppdu(bytes(20), wifi.Format(), group_id=64)
