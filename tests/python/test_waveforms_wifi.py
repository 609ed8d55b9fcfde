# SPDX-License-Identifier: GPL-3.0-or-later
"""WiFi waveforms against the worked examples of the standard and a receiver of our own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from gnuradio.lwmspectro.waveforms import wifi
from gnuradio.lwmspectro.waveforms.coding import convolutional
from gnuradio.lwmspectro.waveforms.common import active_power, qam_points
from gnuradio.lwmspectro.waveforms.wifi import Format, Station, WifiConfig, fields
from gnuradio.lwmspectro.waveforms.wifi import tables as wifi_tables

FS = 20e6
WINDOW_S = 25.6e-3

# IEEE Std 802.11 annex I.1.3, tables I-4 and I-6: first samples, normalised as in the annex
ANNEX_STF = [0.046 + 0.046j, -0.132 + 0.002j, -0.013 - 0.079j, 0.143 - 0.013j, 0.092 + 0j]
ANNEX_LTF = [0.156 + 0j, -0.005 - 0.120j, 0.040 - 0.111j, 0.097 + 0.083j, 0.021 + 0.028j]
# annex I.1.4: SIGNAL of 36 Mb/s, 100 bytes, after coding and after interleaving
ANNEX_SIGNAL = "101100010011000000000000"
ANNEX_CODED = "110100011010000100000010001111100111000000000000"
ANNEX_INTERLEAVED = "100101001101000000010100100000110010010010010100"


def _psdu(fmt: Format, n_bytes: int, seed: int = 0) -> bytes:
    """Random octets with FCS; for VHT an A-MPDU of one such."""
    octets = np.random.default_rng(seed).bytes(n_bytes - 8)
    if fmt.standard == "vht":
        return wifi.ampdu.build([wifi.mac.with_fcs(octets)], vht=True)
    return wifi.mac.with_fcs(octets + bytes(4))


def _frame(fmt: Format, n_bytes: int, seed: int = 0) -> np.ndarray:
    """One frame alone, from its first sample, without its last ramp."""
    standard = {"legacy": "11a", "ht": "11n", "vht": "11ac"}[fmt.standard]
    cfg = WifiConfig(standard, (fmt.rate,), fmt.streams, fmt.short_gi, ramp=fmt.ramp)
    frame = wifi.Frame(0, fmt, _psdu(fmt, n_bytes), 0)
    rng = np.random.default_rng(seed)
    iq = wifi.render(cfg, [frame], frame.stop, rng)
    # undo the random carrier phase with the known first training sample
    reference = np.fft.ifft(wifi_tables.long_training())
    return iq * np.exp(-1j * np.angle(np.vdot(reference, iq[192:256])))


def _data_cells(iq: np.ndarray, fmt: Format) -> np.ndarray:
    """Data symbols of a frame after the FFT, 4 samples inside the guard interval, (n, 64)."""
    symbols = iq[fmt.header_len :].reshape(-1, fmt.symbol_len)
    start = fmt.guard - 4
    turn = np.exp(2j * np.pi * np.fft.fftfreq(64) * 4)
    return np.fft.fft(symbols[:, start : start + 64], axis=1) * turn


def _estimate(iq: np.ndarray, fmt: Format) -> np.ndarray:
    """Channel from the (last) long training field, (64,)."""
    if fmt.standard == "legacy":
        at, sequence = 192, wifi_tables.long_training()
    else:
        at = 320 + 80 * 4 + 16
        sequence = wifi_tables.ht_long_training()
    turn = np.exp(2j * np.pi * np.fft.fftfreq(64) * 4)
    received = np.fft.fft(iq[at - 4 : at + 60]) * turn
    return np.where(sequence == 0, 1.0, received / np.where(sequence == 0, 1.0, sequence))


def test_training_fields_equal_the_annex() -> None:
    short = np.fft.ifft(wifi_tables.short_training())
    long = np.fft.ifft(wifi_tables.long_training())
    np.testing.assert_allclose(short[:5], ANNEX_STF, atol=8e-4)
    np.testing.assert_allclose(long[:5], ANNEX_LTF, atol=8e-4)
    np.testing.assert_allclose(short[:16], short[16:32], atol=1e-6)


def test_signal_field_equals_the_annex() -> None:
    bits = fields.l_sig(wifi_tables.LEGACY_RATES[36].code, 100)
    assert "".join(map(str, bits)) == ANNEX_SIGNAL
    coded = convolutional.encode(np.array(bits, np.uint8))
    assert "".join(map(str, coded)) == ANNEX_CODED
    points = fields.to_points(bits)[0]
    assert "".join(str(int(p > 0)) for p in points) == ANNEX_INTERLEAVED


def test_check_bits_equal_the_example_of_19_3_9_4_4() -> None:
    bits = [int(c) for c in "1111000100100110000000001110000000"]
    assert fields.crc8(bits) == [1, 0, 1, 0, 1, 0, 0, 0]


def test_pilot_polarity_equals_17_3_5_10() -> None:
    first = [1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, -1, 1, 1, -1, 1, -1, -1, 1, 1, -1, 1, 1, -1]
    np.testing.assert_array_equal(wifi_tables.pilot_polarity()[:24], first)
    assert wifi_tables.pilot_polarity().sum() == -1  # a maximum length sequence has one 1 more


@pytest.mark.parametrize(
    ("fmt", "order"),
    [
        (Format("legacy", 6), 2),
        (Format("legacy", 18), 4),
        (Format("legacy", 24, ramp=0), 16),
        (Format("legacy", 54), 64),
        (Format("ht", 0), 2),
        (Format("ht", 2, short_gi=True), 4),
        (Format("ht", 7), 64),
        (Format("vht", 8), 256),
        (Format("vht", 4, short_gi=True), 16),
    ],
)
def test_own_receiver_finds_constellation_and_pilots(fmt: Format, order: int) -> None:
    iq = _frame(fmt, 1500)
    cells = _data_cells(iq, fmt) / _estimate(iq, fmt)
    carriers = wifi_tables.LEGACY_DATA if fmt.standard == "legacy" else wifi_tables.HT_DATA
    data = cells[:, carriers]
    points = qam_points(order)
    error = np.abs(data[..., None] - points).min(axis=-1)
    assert np.sqrt(np.mean(error**2)) < 0.01
    nearest = np.abs(data[..., None] - points).argmin(axis=-1)
    counts = np.bincount(nearest.ravel(), minlength=order)
    assert counts.all()  # every point is in use

    n = np.arange(data.shape[0])
    first = {"legacy": 1, "ht": 3, "vht": 4}[fmt.standard]
    polarity = wifi_tables.pilot_polarity()[(n + first) % 127]
    shift = n[:, None] if fmt.standard != "legacy" else 0
    expected = np.array([1, 1, 1, -1])[(np.arange(4) + shift) % 4] * polarity[:, None]
    np.testing.assert_allclose(cells[:, [-21, -7, 7, 21]], expected, atol=0.02)


def test_header_of_ht_is_rotated_and_names_the_mcs() -> None:
    fmt = Format("ht", 5, short_gi=True, ramp=0)
    iq = _frame(fmt, 1000)
    channel = np.fft.fft(iq[192:256]) * np.conj(wifi_tables.long_training())
    rows = fields.to_points(fields.ht_sig(fmt, 1000, aggregated=False))
    for index, expected in enumerate(rows):
        start = 320 + 80 * (index + 1) + 16
        cells = (np.fft.fft(iq[start : start + 64]) / np.where(channel, channel, 1))[
            wifi_tables.LEGACY_DATA
        ]
        np.testing.assert_allclose(cells, 1j * expected, atol=1e-3)


def test_two_streams_make_a_denser_constellation_and_one_more_training_field() -> None:
    one, two = Format("ht", 1), Format("ht", 1, streams=2)
    assert two.header_len == one.header_len + 80
    assert two.n_symbols(1000) <= one.n_symbols(1000) // 2 + 1
    iq = _frame(two, 1000)
    cells = _data_cells(iq, two)[:, 5]
    assert np.unique(np.round(cells, 2)).size > 8  # 4 x 4 points from two QPSK streams
    assert WifiConfig("11n", (1,), streams=2).modulation == "mixed"


@pytest.mark.parametrize(("short_gi", "period"), [(False, 80), (True, 72)])
def test_cyclic_prefix_repeats_after_3_2_us(short_gi: bool, period: int) -> None:
    fmt = Format("ht", 4, short_gi=short_gi, ramp=0)
    data = _frame(fmt, 3000)[fmt.header_len :]
    product = data[64:] * np.conj(data[:-64])
    folded = np.abs(product[: product.size // period * period].reshape(-1, period).mean(axis=0))
    guard = period - 64
    assert folded[:guard].min() > 0.7
    assert folded[guard + 1 :].max() < 0.4


@pytest.mark.parametrize(("standard", "width_hz"), [("11a", 16.56e6), ("11n", 17.81e6)])
def test_occupied_width(standard: str, width_hz: float) -> None:
    cfg = WifiConfig(standard, (0,) if standard == "11n" else (24,), ramp=2, traffic="stream")
    iq = wifi.waveform(cfg, WINDOW_S, np.random.default_rng(1))
    spectrum = np.abs(np.fft.fft(iq[: 512 * 1000].reshape(-1, 512) * np.hanning(512), axis=1)) ** 2
    power = np.fft.fftshift(spectrum.mean(axis=0))
    frequency = np.fft.fftshift(np.fft.fftfreq(512, 1 / FS))
    occupied = frequency[power > 0.25 * np.median(power)]
    assert occupied.max() - occupied.min() == pytest.approx(width_hz, abs=0.3e6)
    assert cfg.occupied_bw_hz == pytest.approx(width_hz, abs=1e4)


def test_ramp_lowers_the_side_lobes() -> None:
    edge = {}
    for ramp in (0, 4):
        iq = _frame(Format("legacy", 24, ramp=ramp), 4000)
        blocks = iq[: iq.size // 256 * 256].reshape(-1, 256) * np.blackman(256)
        spectrum = np.abs(np.fft.fft(blocks, axis=1)) ** 2
        frequency = np.abs(np.fft.fftfreq(256, 1 / FS))
        edge[ramp] = spectrum[:, frequency > 9.3e6].mean()
    assert edge[4] < 0.5 * edge[0]


@pytest.mark.parametrize("duty", [0.1, 0.4, 0.8])
def test_duty_is_met(duty: float) -> None:
    cfg = WifiConfig(rates=(24,), sizes=(800,), traffic="stream", duty=duty, answered=False)
    iq = wifi.waveform(cfg, WINDOW_S, np.random.default_rng(2))
    assert np.mean(np.abs(iq) > 0) == pytest.approx(duty, abs=0.05)


def test_ack_follows_after_sifs() -> None:
    cfg = WifiConfig(rates=(24,), sizes=(800,), duty=0.9)
    frames = wifi.schedule(cfg, 512_000, np.random.default_rng(3))
    pairs = [(a, b) for a, b in pairwise(frames) if (a.n_bytes, b.n_bytes) == (800, 14)]
    assert len(pairs) > 10
    for data, ack in pairs:
        assert ack.start - data.stop == 16 * 20
        assert ack.sender != data.sender
    starts = [frame.start for frame in frames]
    assert starts == sorted(starts)


@pytest.mark.parametrize("seed", range(25))
def test_random_channels_hold_a_burst(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cfg = WifiConfig.random(rng)
    iq = wifi.waveform(cfg, WINDOW_S, rng)
    assert iq.dtype == np.complex64
    assert iq.shape == (512_000,)
    assert np.isfinite(iq.view(np.float32)).all()
    assert np.count_nonzero(iq) >= 40 * 20
    assert active_power(iq) < 1.5


def test_frames_have_unit_power() -> None:
    for fmt in (Format("legacy", 54), Format("ht", 7, True), Format("vht", 8)):
        assert np.mean(np.abs(_frame(fmt, 3000)) ** 2) == pytest.approx(1.0, abs=0.05)


def test_stations_differ_in_level_and_offset() -> None:
    stations = (Station(0.0, 40e3), Station(-15.0, -20e3))
    cfg = WifiConfig(rates=(6,), stations=stations, ramp=0)
    control = cfg.control_format
    for sender, (level_db, cfo_hz) in enumerate([(0.0, 40e3), (-15.0, -20e3)]):
        frame = wifi.Frame(0, control, _psdu(control, 100), sender)
        iq = wifi.render(cfg, [frame], frame.stop, np.random.default_rng(0))
        assert 10 * np.log10(np.mean(np.abs(iq) ** 2)) == pytest.approx(level_db, abs=0.5)
        turn = np.angle(np.vdot(iq[192:256], iq[256:320])) / (2 * np.pi * 64 / FS)
        assert turn == pytest.approx(cfo_hz, abs=50.0)


def test_amplifier_limits_the_peaks() -> None:
    rng = np.random.default_rng(0)
    iq = (rng.standard_normal(10_000) + 1j * rng.standard_normal(10_000)).astype(np.complex64)
    out = wifi.compress(iq / np.sqrt(2), 6.0)
    assert np.abs(out).max() < 10 ** (6.0 / 20) + 1e-3
    assert wifi.compress(iq, np.inf) is iq


@pytest.mark.parametrize("seed", range(60))
def test_drawn_stations_keep_to_the_standard(seed: int) -> None:
    """Constellation error of 17.3.9.7.4 and 21.3.17.4.4, 20 ppm, no frame that nobody sends."""
    cfg = WifiConfig.random(np.random.default_rng(seed))
    order = max(cfg.data_format(rate).row.order for rate in cfg.rates)
    limit_db = {2: -5.0, 4: -10.0, 16: -19.0, 64: -28.0, 256: -30.0}[order]
    rng = np.random.default_rng(0)
    iq = ((rng.standard_normal(40_000) + 1j * rng.standard_normal(40_000)) / 2**0.5).astype("F")
    for station in cfg.stations:
        sent = wifi.compress(iq, station.saturation_db)
        gain = np.vdot(iq, sent) / np.vdot(iq, iq)
        error = np.mean(np.abs(sent / gain - iq) ** 2)
        assert 10 * np.log10(error + 1e-12) < limit_db
        assert station.leakage_db <= -15.0
        assert abs(station.cfo_hz) < 20e-6 * 5.8e9
    if cfg.standard == "11a":
        assert max(cfg.sizes) <= 1528
    assert cfg.ramp <= cfg.data_format(cfg.rates[0]).guard // 2


def test_one_seed_gives_one_waveform() -> None:
    cfg = WifiConfig.random(np.random.default_rng(5))
    first = wifi.waveform(cfg, 5e-3, np.random.default_rng(6))
    np.testing.assert_array_equal(first, wifi.waveform(cfg, 5e-3, np.random.default_rng(6)))
    assert not np.array_equal(first, wifi.waveform(cfg, 5e-3, np.random.default_rng(7)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"standard": "11b"}, "standard: expected"),
        ({"rates": (7,)}, "rate of legacy: expected"),
        ({"rates": ()}, "rates: expected"),
        ({"duty": 0.0}, "duty: expected"),
        ({"short_gi": True}, "short_gi: expected False"),
        ({"streams": 2}, "streams of legacy"),
        ({"traffic": "none"}, "traffic: expected"),
        ({"stations": (Station(),)}, "stations: expected at least 2"),
    ],
)
def test_wrong_configurations_are_refused(fields: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WifiConfig(**fields)
