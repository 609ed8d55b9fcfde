# SPDX-License-Identifier: GPL-3.0-or-later
"""What the synthetic source puts on the air: one loop of clean samples for each scene.

A scene is named after its protocol, and then its users have modulations of all kinds, or it is a
link: one modulation, one speed and an SNR of its own, against which answers can be held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .waveforms import lte, nr, wifi
from .waveforms.common import (
    BLOCK,
    Complex64,
    ReceiverBand,
    active_blocks,
    band_in_view,
    complex_noise,
    filter_band,
)
from .waveforms.resample import place
from .waveforms.traffic import Traffic

WIFI, LTE, NR, NOISE = "wifi", "lte", "nr", "noise"
SCENES = (WIFI, LTE, NR, NOISE)
MIXED = "mixed"
"""Modulation of a scene whose users have different ones."""
STATIC, PEDESTRIAN, VEHICULAR = "static", "pedestrian", "vehicular"
SPEED_KMH = {STATIC: 0.0, PEDESTRIAN: 3.0, VEHICULAR: 60.0}
CARRIER_HZ = {WIFI: 2.437e9, LTE: 3.5e9, NR: 3.5e9}
"""Of the links, for the Doppler shift of their speed."""

LOOP_S = 0.16
"""Sixteen radio frames, eight periods of the NR synchronisation blocks."""
NOISE_SAMPLES = 1 << 22
MAX_OFFSET_HZ = 3e3
BAND = ReceiverBand(rolloff=0.06, edge_db=-25.0, ripple_db=0.6, ripple_cycles=1.5)

_LTE_SHARE = 0.6  # of the receiver's band, at most
_NR_BLOCKS = (24, 38, 51, 78, 106, 133)  # at 30 kHz: TS 38.101-1 table 5.3.2-1, 10 to 50 MHz
_WIFI_BANDWIDTH_HZ = 17.8e6
_WIFI_RATES = {  # MCS of 802.11n, 19.5
    MIXED: (1, 4, 7),
    "BPSK": (0,),
    "QPSK": (1,),
    "16QAM": (3,),
    "64QAM": (7,),
}


@dataclass(frozen=True)
class Multipath:
    """Delays in seconds and mean powers in dB of a channel's paths; Rician K of the first, dB."""

    delays_s: tuple[float, ...]
    powers_db: tuple[float, ...]
    k_factor_db: float = -np.inf

    def channel(self, samp_rate: float, doppler_hz: float, seed: int) -> kernels.tdl_fading:
        """A fading channel with these paths."""
        profile = kernels.tdl_profile(
            list(self.delays_s),
            list(self.powers_db),
            doppler_hz,
            [self.k_factor_db] + [-np.inf] * (len(self.delays_s) - 1),
        )
        return kernels.tdl_fading(samp_rate, profile, seed)


INDOOR = Multipath((0.0, 50e-9, 110e-9, 190e-9), (0.0, -3.0, -7.0, -12.0), k_factor_db=6.0)
OUTDOOR = Multipath(  # five of the nine paths of EVA, TS 36.101 table B.2.1-3
    (0.0, 150e-9, 370e-9, 1090e-9, 1730e-9), (0.0, -1.4, -0.6, -7.0, -12.0)
)


@dataclass(frozen=True)
class Setting:
    """What a scene is to be.

    Attributes:
        protocol: one of ``SCENES``.
        modulation: of the data, or "mixed".
        mobility: one of ``SPEED_KMH``; None for the Doppler shift that the source is told.
        snr_db: while transmitting, dB; None for what the source is told.
    """

    protocol: str
    modulation: str = MIXED
    mobility: str | None = None
    snr_db: float | None = None

    @property
    def name(self) -> str:
        """As ``wifi``, or ``wifi_64qam_static`` for a link."""
        if self.mobility is None:
            return self.protocol
        return f"{self.protocol}_{self.modulation.lower()}_{self.mobility}"

    @property
    def doppler_hz(self) -> float | None:
        """Maximum Doppler shift of a link, Hz."""
        if self.mobility is None:
            return None
        return kernels.doppler_of(SPEED_KMH[self.mobility], CARRIER_HZ[self.protocol])


LINKS = (
    Setting(WIFI, "64QAM", STATIC, 28.0),
    Setting(WIFI, "QPSK", PEDESTRIAN, 18.0),
    Setting(LTE, "QPSK", VEHICULAR, 12.0),
    Setting(LTE, "64QAM", PEDESTRIAN, 25.0),
    Setting(NR, "16QAM", VEHICULAR, 20.0),
    Setting(NR, "256QAM", STATIC, 28.0),
    Setting(NOISE),
)
"""Different modulations, speeds and SNRs of each protocol, and noise."""

SETTINGS = {setting.name: setting for setting in (*map(Setting, SCENES), *LINKS)}


@dataclass(frozen=True)
class Scene:
    """A transmitter at the receiver's sample rate.

    Attributes:
        setting: what it is.
        loop: complex64, shape (n,), unit mean power while transmitting; its end continues at
            its start. Empty where nothing is sent.
        transmitting: how many of the samples before each one of the loop, and of all, are those
            in which it sends, shape (n + 1,). WiFi alone has pauses that its SNR leaves out.
        view_hz: width of the occupied band within the receiver's band.
        multipath: the channel to the receiver.
    """

    setting: Setting
    loop: Complex64
    transmitting: NDArray[np.int32]
    view_hz: float
    multipath: Multipath

    @classmethod
    def make(cls, name: str, samp_rate: float, rng: np.random.Generator) -> Scene:
        """The scene of that name (``SETTINGS``), as wide as suits a receiver at samp_rate, Hz."""
        setting = SETTINGS[name]
        if setting.protocol == NOISE:
            silence = np.zeros(0, np.complex64)
            return cls(setting, silence, np.zeros(1, np.int32), 0.0, OUTDOOR)
        transmit = _TRANSMITTERS[setting.protocol]
        native, native_rate, bandwidth = transmit(samp_rate, rng, setting.modulation)
        # whole turns in a loop
        offset = round(float(rng.uniform(-MAX_OFFSET_HZ, MAX_OFFSET_HZ)) * LOOP_S) / LOOP_S
        n = round(LOOP_S * samp_rate)
        loop = place(native, native_rate, samp_rate, offset, n, rng, BAND)
        bursty = setting.protocol == WIFI
        return cls(
            setting,
            loop,
            _transmitting(loop) if bursty else np.arange(n + 1, dtype=np.int32),
            band_in_view(bandwidth, samp_rate, offset),
            INDOOR if bursty else OUTDOOR,
        )

    @property
    def name(self) -> str:
        """As ``wifi``, or ``wifi_64qam_static`` for a link."""
        return self.setting.name


@dataclass(frozen=True)
class Truth:
    """What is true of some samples of the synthetic source.

    Attributes:
        scene: its name.
        protocol: one of ``SCENES``.
        modulation: None for noise, and where it is mixed.
        mobility: None for noise, and where no speed is set.
        snr_db: measured on these very samples, after fading; NaN for noise.
    """

    scene: str
    protocol: str
    modulation: str | None
    mobility: str | None
    snr_db: float


def receiver_noise(rng: np.random.Generator) -> Complex64:
    """White noise of unit power through the receiver's filter, shape (NOISE_SAMPLES,)."""
    return filter_band(complex_noise(NOISE_SAMPLES, rng), BAND)


def _transmitting(loop: Complex64) -> NDArray[np.int32]:
    """Samples in which a loop sends, counted up to each one, shape (n + 1,)."""
    _, chosen = active_blocks(loop)
    counted = np.zeros(loop.size + 1, np.int32)
    np.cumsum(np.repeat(chosen, BLOCK)[: loop.size], out=counted[1:])
    return counted


def _wifi(
    samp_rate: float, rng: np.random.Generator, modulation: str
) -> tuple[Complex64, float, float]:
    """802.11n: an access point and two stations; no frame is cut by the end of the loop."""
    stations = (
        wifi.Station(0.0, cfo_hz=4e3),
        wifi.Station(-5.0, cfo_hz=-17e3, leakage_db=-30.0),
        wifi.Station(-9.0, cfo_hz=9e3),
    )
    cfg = wifi.WifiConfig(
        standard="11n",
        rates=_WIFI_RATES[modulation],
        ack_rate=24,
        sizes=(120, 1500, 4000),
        duty=0.6,
        beacons=True,
        stations=stations,
    )
    n = round(LOOP_S * cfg.samp_rate)
    frames = wifi.schedule(cfg, n, rng)
    whole = [frame for frame in frames if frame.start >= 0 and frame.stop + cfg.ramp < n]
    return wifi.render(cfg, whole, n, rng), cfg.samp_rate, _WIFI_BANDWIDTH_HZ


def _lte(
    samp_rate: float, rng: np.random.Generator, modulation: str
) -> tuple[Complex64, float, float]:
    """LTE FDD, 1.4 to 20 MHz, some load; two antenna ports, of a link one."""
    fitting = [n for n in lte.FFT_SIZES if (12 * n + 1) * 15e3 <= _LTE_SHARE * samp_rate]
    n_prb = max(fitting, default=6)
    cfg = lte.LteConfig(
        n_prb=n_prb,
        fft_size=lte.FFT_SIZES[n_prb][0],
        pci=int(rng.integers(504)),
        port_gains=(1.0 + 0.0j, 0.6 - 0.5j)[: 2 if modulation == MIXED else 1],
        modulation=modulation.lower(),
        traffic=Traffic(time_load=0.8, freq_load=0.6, burst=4.0, n_users=4),
    )
    return lte.waveform(cfg, LOOP_S, rng, start_s=0.0), cfg.samp_rate, cfg.occupied_bw_hz


def _nr(
    samp_rate: float, rng: np.random.Generator, modulation: str
) -> tuple[Complex64, float, float]:
    """NR TDD at 30 kHz, 10 to 50 MHz, seven downlink slots in ten, a near user's uplink."""
    n_rb = max((n for n in _NR_BLOCKS if 12 * n * 30e3 <= samp_rate), default=_NR_BLOCKS[0])
    cfg = nr.NrConfig(
        n_rb=n_rb,
        scs_hz=30000,
        fft_size=1 << (12 * n_rb).bit_length(),
        pci=int(rng.integers(1008)),
        pattern="DDDDDDDSUU",
        uplink_db=-6.0,
        ssb=(0, 1, 2, 3),
        ssb_subcarrier=12 * ((n_rb - 20) // 2),
        coreset_rb=(0, 6 * (n_rb // 6)),
        modulation=modulation.lower(),
        traffic=Traffic(time_load=0.8, freq_load=0.6, burst=4.0, n_users=4),
        pdsch_rb=(0, n_rb),
    )
    return nr.waveform(cfg, LOOP_S, rng, start_s=0.0), cfg.samp_rate, cfg.occupied_bw_hz


_TRANSMITTERS = {WIFI: _wifi, LTE: _lte, NR: _nr}
