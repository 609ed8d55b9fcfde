# SPDX-License-Identifier: GPL-3.0-or-later
"""Receiver of 802.11 OFDM frames (legacy, HT mixed format, VHT at 20 MHz), for tests.

Shares neither code nor tables with the transmitter. One or two receive antennas, one or two
spatial streams, BCC, long and short guard interval.
"""

from dataclasses import dataclass, field

import numpy as np
import viterbi
import wifi_ofdm as ofdm
from wifi_octets import crc8, crc8_right, fcs_right, number, split_ampdu
from wifi_sync import Sync, plateaus, synchronise


@dataclass
class Received:
    """One frame.

    start: sample of its short training field. mpdus: octets with FCS; right: whether each FCS
    is. seed_bits: first seven scrambler outputs. service: SERVICE bits 7 to 15. evm_db: of the
    data. sig: fields of the headers by name.
    """

    start: int
    standard: str
    rate: int
    psdu: bytes
    mpdus: list[bytes]
    right: list[bool]
    seed_bits: tuple[int, ...] = ()
    service: tuple[int, ...] = ()
    evm_db: float = 0.0
    cfo_hz: float = 0.0
    stop: int = 0
    sig: dict = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return bool(self.right) and all(self.right)


class Frame:
    """Samples of one frame with what is known of the channel so far."""

    def __init__(self, iq: np.ndarray, sync: Sync) -> None:
        self.iq = ofdm.correct(iq[:, sync.ltf - 8 :], sync.cycles)
        self.offset = sync.ltf - 8
        both = ofdm.bins(self.iq, np.array([8, 72]))[:, :, np.arange(-26, 27)]
        mean = both.mean(1) * ofdm.L_LTF
        self.noise = float((np.abs(both[:, 0] - both[:, 1]) ** 2).mean() / 2) + 1e-12
        self.channel = np.zeros((iq.shape[0], 1, 64), complex)  # receive antenna, stream, bin
        self.channel[:, 0, np.arange(-26, 27)] = mean
        self.at = 8 + 128  # sample where the next symbol's guard interval begins

    def left(self) -> int:
        return self.iq.shape[1] - self.at

    def header(self, polarity: int, cells: list[int], n: int = 1) -> np.ndarray:
        """Equalised points and weights of one symbol of a SIGNAL field; moves on."""
        grid = ofdm.bins(self.iq, np.array([self.at + 16]))[:, 0]
        self.at += 80
        h = self.channel.sum(1) if n > 1 else self.channel[:, 0]
        gain = (np.abs(h) ** 2).sum(0)
        points = (np.conj(h) * grid).sum(0) / np.maximum(gain, 1e-12)
        pilots = np.array([1, 1, 1, -1]) * polarity
        k = list(ofdm.PILOTS)
        turn = np.angle((points[k] * pilots * gain[k]).sum())
        return np.stack([points[cells] * np.exp(-1j * turn), gain[cells]])


def _decode_sig(points: list[np.ndarray], cells: int, turns: list[complex]) -> np.ndarray:
    soft = []
    for (values, weight), turn in zip(points, turns, strict=True):
        llr = ofdm.soft_bits((values / turn), 1, weight.real)[:, 0]
        out = np.empty_like(llr)
        out[ofdm.deinterleaver(cells, 1, 0, 1)] = llr
        soft.append(out)
    return viterbi.decode(np.concatenate(soft).reshape(-1, 2))


def receive(iq: np.ndarray) -> list[Received]:
    """All frames in samples at 20 MS/s, shape (n,) or (n_rx, n), whose header makes sense."""
    iq = np.atleast_2d(iq)
    out: list[Received] = []
    free = 0
    for run in plateaus(iq):
        if run[1] < free:
            continue
        sync = synchronise(iq, run)
        if sync is None or sync.ltf < 200:
            continue
        got = decode_frame(iq, sync)
        if got is not None:
            out.append(got)
            free = got.stop
    return out


def decode_frame(iq: np.ndarray, sync: Sync) -> Received | None:
    """Decode a frame whose timing is known; None where L-SIG makes no sense."""
    frame = Frame(iq, sync)
    if frame.left() < 80:
        return None
    bits = _decode_sig([frame.header(1, ofdm.DATA_48)], 48, [1.0])
    rate = ofdm.RATES.get(tuple(int(b) for b in bits[:4]))
    length = number(bits[5:17])
    if bits[:18].sum() % 2 or rate is None or bits[4] or bits[18:].any() or not length:
        return None
    mbps, n_bpsc, sent = rate
    got = Received(sync.ltf - 192, "legacy", mbps, b"", [], [])
    got.cfo_hz = sync.cycles * 20e6
    got.sig = {"l_length": length}
    if mbps == 6 and length % 3 == 0 and frame.left() >= 160:
        at = frame.at
        p = ofdm.POLARITY_HEAD
        pair = [frame.header(p[1], ofdm.DATA_48), frame.header(p[2], ofdm.DATA_48)]
        lean = [float(((v**2) * w).sum().real / (np.abs(v) ** 2 * w).sum().real) for v, w in pair]
        if lean[1] < 0 and _high(frame, got, pair, lean):
            return got
        frame.at = at
    n_symbols = -(-(22 + 8 * length) // _dbps(48 * n_bpsc, sent))
    return _data(frame, got, n_symbols, 16, length, [(n_bpsc, sent)], 48, 1)


def _dbps(n_cbps: int, sent: str) -> int:
    return n_cbps * len(sent) // 2 // len(sent.replace("x", ""))


def _high(frame: Frame, got: Received, pair: list[np.ndarray], lean: list[float]) -> bool:
    """HT or VHT: header, training, data. False where it is neither."""
    vht = lean[0] > 0
    sig = _decode_sig(pair, 48, [1.0 if vht else 1j, 1j])
    if not crc8_right(sig[:34], sig[34:42]):
        return False
    duration = (got.sig["l_length"] + 3) // 3 * 4  # us after L-SIG (21-105)
    if vht:
        n_streams = number(sig[10:13]) + 1
        got.standard, got.rate = "vht", number(sig[28:32])
        got.sig |= {
            "bw": number(sig[:2]),
            "group_id": number(sig[4:10]),
            "partial_aid": number(sig[13:22]),
            "short_gi": bool(sig[24]),
            "disambiguation": bool(sig[25]),
            "ldpc": bool(sig[26]),
        }
        row = ofdm.MCS.get(got.rate)
    else:
        mcs = number(sig[:7])
        n_streams = mcs // 8 + 1
        got.standard, got.rate = "ht", mcs
        got.sig |= {
            "bw": int(sig[7]),
            "ht_length": number(sig[8:24]),
            "aggregated": bool(sig[27]),
            "ldpc": bool(sig[30]),
            "short_gi": bool(sig[31]),
            "stbc": number(sig[28:30]),
        }
        row = ofdm.MCS.get(mcs % 8)
    got.sig["streams"] = n_streams
    usable = row and n_streams <= 2 and not got.sig["ldpc"] and not got.sig.get("stbc")
    need = 80 * (1 + n_streams + vht)
    got.stop = frame.offset + frame.at + 20 * (duration - 8)
    if got.sig["bw"] or not usable or frame.left() < need:
        return True  # named, not decoded
    frame.at += 80  # short training field
    training = ofdm.bins(frame.iq, frame.at + 16 + 80 * np.arange(n_streams))
    frame.at += 80 * n_streams
    k = np.arange(-28, 29)
    known = training[:, :, k] * ofdm.HT_LTF
    frame.channel = np.zeros((frame.iq.shape[0], n_streams, 64), complex)
    if n_streams == 1:
        frame.channel[:, :, k] = known
    else:  # Y = H P with P = [[1, -1], [1, 1]]
        frame.channel[:, 0, k] = (known[:, 0] - known[:, 1]) / 2
        frame.channel[:, 1, k] = (known[:, 0] + known[:, 1]) / 2
        if vht:  # at the pilots both streams have the signs of the first: only their sum shows
            pilots = list(ofdm.PILOTS)
            frame.channel[:, 0, pilots] = (known[:, 0] - known[:, 1])[
                :, np.searchsorted(k, pilots)
            ] / 2
            frame.channel[:, 1, pilots] = 0.0
    guard = 8 if got.sig["short_gi"] else 16
    if vht:
        points = frame.header(ofdm.POLARITY_HEAD[3], ofdm.DATA_52, n_streams)
        sig_b = _decode_sig([points], 52, [1.0])
        got.sig["sig_b_length"] = 4 * number(sig_b[:17])
        got.sig["sig_b_crc"] = crc8(sig_b[:20])
        n_symbols = (duration - 4 * (4 + n_streams)) * 20 // (64 + guard)
        if got.sig["short_gi"] and got.sig["disambiguation"]:
            n_symbols -= 1
        length = None
    else:
        length = got.sig["ht_length"]
        n_dbps = _dbps(52 * row[0] * n_streams, row[1])
        n_symbols = -(-(22 + 8 * length) // n_dbps)
    _data(frame, got, n_symbols, guard, length, [row] * n_streams, 52, n_streams)
    return True


def _equalise(frame: Frame, grid: np.ndarray, n_streams: int) -> tuple[np.ndarray, np.ndarray]:
    """Zero forcing; points and weights of shape (streams, symbols, 64)."""
    h = frame.channel  # (rx, streams, 64)
    if n_streams == 1:
        gain = (np.abs(h[:, 0]) ** 2).sum(0)
        points = (np.conj(h[:, 0])[:, None] * grid).sum(0) / np.maximum(gain, 1e-12)
        return points[None], gain[None]
    m = np.transpose(h, (2, 0, 1))
    m = np.where(np.abs(m).sum((1, 2), keepdims=True) > 0, m, np.eye(*m.shape[1:]))
    inverse = np.linalg.pinv(m)  # (64, streams, rx)
    noise = (np.abs(inverse) ** 2).sum(2)  # an absent stream has no inverse and no weight
    weight = np.where(noise > 1e-9, 1.0 / np.maximum(noise, 1e-9), 0.0)
    return np.einsum("ksr,rnk->snk", inverse, grid), weight.T


def _data(
    frame: Frame,
    got: Received,
    n_symbols: int,
    guard: int,
    length: int | None,
    rows: list[tuple[int, str]],
    cells: int,
    n_streams: int,
) -> Received:
    """Decode the data field; length None: VHT, the whole field is the PSDU."""
    got.stop = frame.offset + frame.at + n_symbols * (64 + guard)
    if frame.left() < n_symbols * (64 + guard) - ofdm.BACK or n_symbols < 1:
        return got
    starts = frame.at + guard + (64 + guard) * np.arange(n_symbols)
    grid = ofdm.bins(frame.iq, starts)
    points, weight = _equalise(frame, grid, n_streams)
    _track(points, weight, got.standard)
    n_bpsc, sent = rows[0]
    carriers = ofdm.DATA_48 if cells == 48 else ofdm.DATA_52
    streams = []
    for s in range(n_streams):
        used = points[s][:, carriers]
        llr = ofdm.soft_bits(used, n_bpsc, np.broadcast_to(weight[s][carriers], used.shape))
        flat = llr.reshape(n_symbols, -1)
        out = np.empty_like(flat)
        out[:, ofdm.deinterleaver(cells, n_bpsc, s, n_streams)] = flat
        streams.append(out.reshape(-1, max(n_bpsc // 2, 1)))
    coded = np.stack(streams, 1).reshape(-1)  # groups of the streams in turn
    got.evm_db = ofdm.evm_db(points[:, :, carriers], n_bpsc)
    pairs = viterbi.depuncture(coded / max(np.abs(coded).mean(), 1e-12), sent)
    if length is not None:
        pairs = pairs[: 22 + 8 * length]
    bits = viterbi.decode(pairs)
    first = [int(b) for b in bits[:7]]
    bits = bits ^ ofdm.scrambling(first, bits.size)
    got.seed_bits, got.service = tuple(first), tuple(int(b) for b in bits[7:16])
    n_octets = length if length is not None else (bits.size - 22) // 8
    got.psdu = np.packbits(bits[16 : 16 + 8 * n_octets], bitorder="little").tobytes()
    if got.standard == "vht" or got.sig.get("aggregated"):
        got.mpdus = split_ampdu(got.psdu)
    else:
        got.mpdus = [got.psdu]
    got.right = [fcs_right(m) for m in got.mpdus]
    return got


def _track(points: np.ndarray, weight: np.ndarray, standard: str) -> None:
    """Remove the common phase of every symbol and a sampling clock's drift, in place."""
    n_streams, n, _ = points.shape
    index = np.arange(n)
    base = {"legacy": 1, "ht": 3, "vht": 4}[standard]
    signs = ofdm.polarity()[(index + base) % 127]
    k = np.array(ofdm.PILOTS)
    patterns = [[1, 1, 1, -1]] * n_streams
    if standard == "ht" and n_streams == 2:
        patterns = [[1, 1, -1, -1], [1, -1, -1, 1]]
    total = np.zeros((n, 4), complex)
    for s in range(n_streams):
        pattern = np.array(patterns[s])
        shift = index[:, None] if standard != "legacy" else 0
        expected = pattern[(np.arange(4) + shift) % 4] * signs[:, None]
        total += points[s][:, k] * expected * weight[s][k]
    common = np.angle(total.sum(1))
    rest = total * np.exp(-1j * common[:, None])
    slope = (np.angle(rest) * k * np.abs(rest)).sum(1) / (k**2 * np.abs(rest)).sum(1)
    drift = np.polyfit(index, slope, 1) if n > 8 else np.array([0.0, 0.0])
    fitted = np.polyval(drift, index)
    ramp = np.exp(-1j * fitted[:, None] * np.fft.fftfreq(64) * 64)
    points *= np.exp(-1j * common)[:, None] * ramp
