# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver's imperfections, of stock GNU Radio blocks.

``waveforms.frontend`` does the same to whole windows without GNU Radio, from the same numbers.
docs/decisions/front_end.md says why these blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gnuradio import analog, blocks, channels, filter, gr  # noqa: A004 - that is its name
from gnuradio.filter import firdes

from .recording import check_samp_rate
from .waveforms.common import db_to_amplitude
from .waveforms.frontend import FrontEnd
from .waveforms.frontend_profiles import typical

_ARMS = 32  # of the polyphase filter, between which it interpolates
_PASS, _TRANSITION, _STOP_DB = 0.5, 0.06, 70.0  # cycles a sample, and dB
_MIXER_SAMPLES = 16
"""VOLK rounds what is left over by its vector instructions otherwise: with whole vectors the
samples do not depend on how the scheduler cuts them."""
_LIMITS = {
    "bits": (0, 16),
    "backoff_db": (-20.0, 80.0),
    "zero_lsb": (-10.0, 10.0),
    "iq_gain_db": (-20.0, 20.0),
    "iq_phase_deg": (-45.0, 45.0),
    "ppm": (-1000.0, 1000.0),
}


class front_end(gr.hier_block2):  # noqa: N801 - GNU Radio's naming of blocks
    """Sample clock, carrier offset, gain, IQ imbalance, DC offset and converter, in this order.

    Input and output are complex; +-1 is the converter's full scale at the output. The gain is
    fixed, so that fading shows: it puts an input of RMS ``input_rms`` ``backoff_db`` below full
    scale, and the levels of a profile are relative to that RMS. Noise of the antenna belongs
    before this block. The last 15 samples of a stream that ends may stay inside.
    """

    def __init__(
        self,
        samp_rate: float,
        profile: str = "rtl-sdr",
        center_freq: float = 2.4e9,
        input_rms: float = 1.0,
        bits: int | None = None,
        backoff_db: float | None = None,
        dc_db: float | None = None,
        iq_gain_db: float | None = None,
        iq_phase_deg: float | None = None,
        ppm: float | None = None,
        tune_hz: float = 0.0,
        seed: int = 0,
    ) -> None:
        """Builds the chain; what an override leaves without effect has no block.

        Args:
            samp_rate: Hz.
            profile: "rtl-sdr", "hackrf", "usrp" or "ideal".
            center_freq: carrier frequency that the clock error moves, Hz.
            input_rms: RMS of the input while somebody transmits.
            bits: width of the converter, 2..16, or 0 for none; None: of the profile, as for
                all of the following.
            backoff_db: full scale over the RMS, dB.
            dc_db: DC offset over the RMS, dB; -inf for none.
            iq_gain_db: gain error between I and Q, dB.
            iq_phase_deg: error of the 90 degree phase shifter, degrees.
            ppm: clock error, moves the carrier and the sample rate alike.
            tune_hz: further error of the tuner, Hz.
            seed: of the carrier's phase and of the wandering DC.

        Raises:
            ValueError: a value is out of range.
        """
        signature = gr.io_signature(1, 1, gr.sizeof_gr_complex)
        gr.hier_block2.__init__(self, "front_end", signature, signature)
        cfg = typical(
            profile,
            bits=bits,
            backoff_db=backoff_db,
            dc_db=dc_db,
            iq_gain_db=iq_gain_db,
            iq_phase_deg=iq_phase_deg,
            ppm=ppm,
            tune_hz=tune_hz,
        )
        _check(cfg, seed)
        self._cfg = cfg
        self._samp_rate = check_samp_rate(samp_rate, "samp_rate")
        rng = np.random.default_rng(seed)
        # the gain rides on the oscillator: imbalance is linear
        phase = float(2.0 * np.pi * rng.random())
        self._oscillator = analog.sig_source_c(
            self._samp_rate, analog.GR_COS_WAVE, 0.0, 1.0, 0.0, phase
        )
        self._mixer = blocks.multiply_cc()
        self._mixer.set_output_multiple(_MIXER_SAMPLES)
        self.set_center_freq(center_freq)
        self.set_input_rms(input_rms)

        chain: list[Any] = [self]
        if cfg.ppm:
            chain.append(_sample_clock(cfg.ppm))
        self.connect(self._oscillator, (self._mixer, 1))
        chain.append(self._mixer)
        if cfg.iq_gain_db or cfg.iq_phase_deg:
            chain.append(_imbalance(cfg.iq_gain_db, cfg.iq_phase_deg))
        # here the RMS is backoff_db below 1
        rms = db_to_amplitude(-cfg.backoff_db)
        if np.isfinite(cfg.dc_db):
            level = rms * db_to_amplitude(cfg.dc_db) * np.exp(1j * cfg.dc_phase_rad)
            chain.append(blocks.add_const_cc(complex(level)))
        if np.isfinite(cfg.drift_db):
            chain.append(self._with_drift(rms, int(rng.integers(1, 1 << 31))))
        self.connect(*chain)
        if cfg.bits:
            self._convert(chain[-1])
        else:
            self.connect(chain[-1], self)

    @property
    def config(self) -> FrontEnd:
        """The numbers in force."""
        return self._cfg

    def set_center_freq(self, center_freq: float) -> None:
        """Another carrier frequency, Hz: the clock error moves that one.

        Raises:
            ValueError: it is not within 0 to 1 THz.
        """
        if not 0.0 <= center_freq <= 1e12:
            raise ValueError(f"center_freq: expected 0 to 1e12 Hz, got {center_freq}")
        self._oscillator.set_frequency(self._cfg.cfo_hz(center_freq))

    def set_input_rms(self, input_rms: float) -> None:
        """Another gain, for an input of this RMS while somebody transmits.

        Raises:
            ValueError: it is not above 0.
        """
        if not 0.0 < input_rms < np.inf:
            raise ValueError(f"input_rms: expected above 0, got {input_rms}")
        self._oscillator.set_amplitude(db_to_amplitude(-self._cfg.backoff_db) / input_rms)

    def _with_drift(self, rms: float, seed: int) -> Any:
        """An adder of straight lines between normal values, as ``zero_if.dc_drift`` has them."""
        steps = max(1, round(self._samp_rate / self._cfg.drift_hz))
        amplitude = rms * db_to_amplitude(self._cfg.drift_db) * np.sqrt(1.5)
        knots = analog.noise_source_c(analog.GR_GAUSSIAN, float(amplitude), seed)
        triangle = 1.0 - np.abs(np.arange(1 - steps, steps)) / steps
        adder = blocks.add_cc()
        self.connect(knots, filter.interp_fir_filter_ccf(steps, triangle.tolist()), (adder, 1))
        return adder

    def _convert(self, last: Any) -> None:
        """Converter: the stock quantiser rounds to its step but clips at 16 bits only."""
        half = float(1 << (self._cfg.bits - 1))
        split, joined = blocks.complex_to_float(), blocks.float_to_complex()
        self.connect(last, split)
        for port in (0, 1):
            zero = blocks.add_const_ff(self._cfg.zero_lsb / half)
            if port:
                zero.set_tag_propagation_policy(gr.TPP_DONT)  # tags go with I alone
            self.connect(
                (split, port),
                zero,
                analog.rail_ff(-1.0, 1.0 - 1.0 / half),
                channels.quantizer(self._cfg.bits),
                (joined, port),
            )
        self.connect(joined, self)


def _imbalance(gain_db: float, phase_deg: float) -> Any:
    """The stock block, with each tag once rather than once a branch."""
    block = channels.iqbal_gen(gain_db, phase_deg, 1)
    for branch in (block.cos_phase, block.sin_phase):
        branch.set_tag_propagation_policy(gr.TPP_DONT)
    return block


def _sample_clock(ppm: float) -> Any:
    """A resampler for a clock that is fast by ppm, which is met to 0.1 ppm and 0.1 %."""
    taps = firdes.low_pass_2(_ARMS, _ARMS, _PASS, _TRANSITION, _STOP_DB)
    return filter.pfb_arb_resampler_ccf(1.0 + ppm * 1e-6, taps, _ARMS)


def _check(cfg: FrontEnd, seed: int) -> None:
    for name, (low, high) in _LIMITS.items():
        value = getattr(cfg, name)
        if not low <= value <= high:
            raise ValueError(f"{name}: expected {low:g} to {high:g}, got {value}")
    if cfg.bits == 1:
        raise ValueError("bits: expected 0 or 2..16, got 1")
    if np.isnan(cfg.dc_db) or cfg.dc_db > 60.0:
        raise ValueError(f"dc_db: expected up to 60 dB, got {cfg.dc_db}")
    if not np.isfinite(cfg.tune_hz):
        raise ValueError(f"tune_hz: expected Hz, got {cfg.tune_hz}")
    if seed < 0:
        raise ValueError(f"seed: expected 0 or more, got {seed}")
