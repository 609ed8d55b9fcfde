# SPDX-License-Identifier: GPL-3.0-or-later
"""A source block that sounds like a radio: WiFi, LTE, NR and idle noise, one after the other."""

import math
from typing import Any

import numpy as np
import pmt
from gnuradio import gr
from numpy.typing import NDArray

from . import keys
from .recording import check_samp_rate
from .signal_meter import SignalMeter
from .synthetic_scenes import LINKS, MIXED, SCENES, Scene, Truth, receiver_noise
from .waveforms.common import db_to_amplitude, db_to_power

CYCLE = "cycle"
TOUR = "links"
_TURNS = {CYCLE: SCENES, TOUR: tuple(link.name for link in LINKS)}

BUFFER_SAMPLES = 1 << 17
CHUNK = 1 << 15  # samples that are worked on at once: they stay in the cache
MAX_DOPPLER_HZ = 1e4
MAX_SNR_DB = 100.0  # either way
BITS = 12
BACKOFF_DB = 15.0  # full scale over the mean of the stronger of signal and noise
DC_DB = -12.0  # direct current of the receiver over its noise


class synthetic_source(gr.sync_block):  # noqa: N801 - GNU Radio's naming of blocks
    """A receiver's samples, complex, full scale at 1.0, without end, as fast as they are taken.

    Scenes are ``wifi`` (802.11n traffic), ``lte`` (FDD), ``nr`` (TDD) and ``noise``; ``cycle``
    is all of them in that order, ``dwell_s`` each. ``links`` is a tour of links and noise, each
    link with a modulation, a speed and an SNR of its own (``synthetic_scenes.LINKS``). A
    transmitter repeats 160 ms of samples; what comes after it does not repeat: a
    tapped-delay-line fading channel (indoor with a line of sight for WiFi, outdoor for LTE and
    NR), and a receiver with noise, a filter, a DC offset and a 12-bit converter. Its gain and
    its noise are the same in all scenes. The noise is taken from random places of a pool of four
    million samples.

    Tags on the first sample: ``rx_rate`` (double, Hz), ``rx_freq`` (double, Hz), ``rx_time``
    (tuple of uint64 seconds and double fraction: zero). On the first sample of each scene:
    ``scene`` (symbol).
    """

    def __init__(
        self,
        samp_rate: float = 20e6,
        scenes: str = CYCLE,
        dwell_s: float = 5.0,
        snr_db: float = 20.0,
        doppler_hz: float = 30.0,
        seed: int = 0,
        center_freq: float = 0.0,
    ) -> None:
        """Makes the transmitters' samples: that takes a second or two at 20 MS/s.

        Args:
            samp_rate: Hz.
            scenes: ``wifi``, ``lte``, ``nr``, ``noise``, ``cycle`` or ``links``.
            dwell_s: seconds of a scene before the next one.
            snr_db: mean signal to noise ratio in the occupied band while transmitting, dB; not
                of links.
            doppler_hz: maximum Doppler shift of the channels, Hz: 5 is a walk, 70 a car; not of
                links.
            seed: of everything random.
            center_freq: Hz, for the ``rx_freq`` tag alone.

        Raises:
            ValueError: an argument is out of range, the sample rate among them.
        """
        gr.sync_block.__init__(self, name="synthetic_source", in_sig=None, out_sig=[np.complex64])
        self._samp_rate = check_samp_rate(samp_rate, "samp_rate")
        if scenes not in (*SCENES, *_TURNS):
            raise ValueError(f"scenes: expected one of {(*SCENES, *_TURNS)}, got {scenes!r}")
        if not dwell_s * samp_rate >= 1.0:
            raise ValueError(f"dwell_s: expected at least one sample, got {dwell_s} s")
        if seed < 0:
            raise ValueError(f"seed: expected 0 or more, got {seed}")
        self._dwell = round(dwell_s * samp_rate)
        self._center_freq = center_freq
        self._rng = np.random.default_rng(seed)
        names = _TURNS.get(scenes, (scenes,))
        self._scenes = [Scene.make(name, samp_rate, self._rng) for name in names]
        self._noise = receiver_noise(self._rng)
        self._dc = np.complex64(db_to_amplitude(DC_DB) * np.exp(2j * np.pi * self._rng.random()))
        self._meter = SignalMeter(CHUNK)
        self._position = 0
        self._place = 0  # in the noise, of the chunk at hand
        self.set_snr_db(snr_db)
        self.set_doppler_hz(doppler_hz)
        self.set_min_output_buffer(BUFFER_SAMPLES)

    def set_snr_db(self, snr_db: float) -> None:
        """Mean signal to noise ratio in the occupied band while transmitting, dB.

        Raises:
            ValueError: it is not within -100 to 100 dB.
        """
        if not abs(snr_db) <= MAX_SNR_DB:
            raise ValueError(f"snr_db: expected -100 to 100 dB, got {snr_db}")
        self._snr = db_to_power(snr_db)
        loudest = max([1.0, *(self._power(scene) for scene in self._scenes)])
        self._gain = db_to_amplitude(-BACKOFF_DB) / np.sqrt(loudest)

    def set_doppler_hz(self, doppler_hz: float) -> None:
        """Maximum Doppler shift of the channels, Hz; they start anew.

        Raises:
            ValueError: it is not within 0 to 10 kHz.
        """
        if not 0.0 <= doppler_hz <= MAX_DOPPLER_HZ:
            raise ValueError(f"doppler_hz: expected 0 to {MAX_DOPPLER_HZ:g}, got {doppler_hz}")
        self._doppler_hz = doppler_hz
        self._channel = self._new_channel()

    def scene_at(self, sample: int) -> str:
        """The scene that an output sample, counted from the first, belongs to."""
        return self._scene(sample).name

    def truth(self, sample_start: int, sample_count: int) -> str | None:
        """The scene of a run of output samples; None where it is of more than one."""
        first = self.scene_at(sample_start)
        last = self.scene_at(sample_start + max(sample_count, 1) - 1)
        return first if first == last else None

    def truth_of(self, sample_start: int, sample_count: int) -> Truth | None:
        """What is true of a run of output samples of the last minutes; None as of ``truth``."""
        if self.truth(sample_start, sample_count) is None:
            return None
        scene = self._scene(sample_start)
        setting = scene.setting
        power = self._meter.power(sample_start, sample_count)
        noise = scene.view_hz / self._samp_rate  # in the occupied band: all of it is 1
        return Truth(
            scene=scene.name,
            protocol=setting.protocol,
            modulation=None if setting.modulation == MIXED else setting.modulation,
            mobility=setting.mobility,
            snr_db=10.0 * math.log10(power / noise) if min(power, noise) > 0.0 else math.nan,
        )

    def work(self, input_items: list[NDArray[Any]], output_items: list[NDArray[Any]]) -> int:
        """Called by the scheduler."""
        out = output_items[0]
        done = 0
        while done < len(out):
            if self._position % self._dwell == 0:
                self._begin_scene()
            done += self._render(out[done:])
        return len(out)

    def _scene(self, sample: int) -> Scene:
        return self._scenes[sample // self._dwell % len(self._scenes)]

    def _power(self, scene: Scene) -> float:
        """Of the signal over the noise, in all of the receiver's band."""
        own = scene.setting.snr_db
        return (self._snr if own is None else db_to_power(own)) * scene.view_hz / self._samp_rate

    def _new_channel(self) -> Any:
        scene = self._scene(self._position)
        own = scene.setting.doppler_hz
        doppler_hz = self._doppler_hz if own is None else own
        seed = int(self._rng.integers(1 << 62))
        return scene.multipath.channel(self._samp_rate, doppler_hz, seed)

    def _begin_scene(self) -> None:
        if self._position == 0:
            self._tag(keys.RX_RATE, pmt.from_double(self._samp_rate))
            self._tag(keys.RX_FREQ, pmt.from_double(self._center_freq))
            time = pmt.make_tuple(pmt.from_uint64(0), pmt.from_double(0.0))
            self._tag(keys.RX_TIME, time)
        if self._position == 0 or len(self._scenes) > 1:
            self._tag(keys.SCENE, pmt.intern(self.scene_at(self._position)))
            self._channel = self._new_channel()

    def _render(self, out: NDArray[np.complex64]) -> int:
        """Samples of one scene, of one turn of its loop and of one chunk; returns how many."""
        scene = self._scene(self._position)
        into_chunk = self._position % CHUNK
        if into_chunk == 0:
            self._place = int(self._rng.integers(self._noise.size - CHUNK))
        n = min(len(out), CHUNK - into_chunk, self._dwell - self._position % self._dwell)
        if scene.loop.size:
            at = self._position % scene.loop.size
            n = min(n, scene.loop.size - at)
            faded = self._channel.process(scene.loop[at : at + n])
            np.multiply(faded, np.float32(np.sqrt(self._power(scene))), out=out[:n])
            active = scene.transmitting[at + n] - scene.transmitting[at]
            self._meter.add(self._position, float(np.vdot(out[:n], out[:n]).real), active)
        else:
            out[:n] = 0.0
            self._meter.add(self._position, 0.0, 0.0)
        place = self._place + into_chunk
        out[:n] += self._noise[place : place + n]
        out[:n] += self._dc
        _convert(out[:n], self._gain)
        self._position += n
        return n

    def _tag(self, key: str, value: Any) -> None:
        self.add_item_tag(0, self._position, pmt.intern(key), value)


def _convert(iq: NDArray[np.complex64], gain: float) -> None:
    """In place: gain, and a converter with ``BITS`` bits and full scale at 1.0."""
    half = 1 << (BITS - 1)
    parts = iq.view(np.float32)
    parts *= np.float32(gain * half)
    np.rint(parts, out=parts)
    np.clip(parts, -half, half - 1, out=parts)
    parts *= np.float32(1.0 / half)
