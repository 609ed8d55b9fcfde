# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of a data set's configuration: what is drawn, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gnuradio.lwmspectro import kernels
from gnuradio.lwmspectro.waveforms.channels import TDL_MODELS
from gnuradio.lwmspectro.waveforms.negatives import KINDS
from gnuradio.lwmspectro.waveforms.physical_layers import NONE, SINGLE_CARRIER
from gnuradio.lwmspectro.waveforms.scene import SNR_OVER

LAYER_NAMES = ("wifi", "lte", "nr", SINGLE_CARRIER, NONE)
CHANNELS = ("cable", "fading", "tdl", "site")
MAX_DOPPLER_HZ = 1e4  # of the fading kernel

_MAX_PATH_DELAY_NS = 21e3  # of the fading kernel
_MAX_SPEED_KMH = 1000.0


@dataclass(frozen=True)
class RateMix:
    """Sample rates of receivers.

    Attributes:
        msps: rates, MS/s.
        weights: of these; all alike where none are given.
        any_rate: share of draws at a rate that nobody lists, a whole multiple of 10 kHz.
        protocols: for which of them; none means for all.
        share: weight among the mixes that a protocol may use.
    """

    msps: tuple[float, ...]
    weights: tuple[float, ...] = ()
    any_rate: float = 0.0
    protocols: tuple[str, ...] = ()
    share: float = 1.0

    def __post_init__(self) -> None:
        low, high = kernels.min_samp_rate / 1e6, kernels.max_samp_rate / 1e6
        if not self.msps or not all(low <= rate <= high for rate in self.msps):
            raise ValueError(f"samp_rates.msps: expected {low:g} to {high:g}, got {self.msps}")
        if self.weights and len(self.weights) != len(self.msps):
            raise ValueError(
                f"samp_rates.weights: expected {len(self.msps)} of them, got {len(self.weights)}"
            )
        check_weights("samp_rates.weights", self.weights or (1.0,))
        check_share("samp_rates.any_rate", self.any_rate)
        check_above("samp_rates.share", self.share)
        for name in self.protocols:
            check_one_of("samp_rates.protocols", name, LAYER_NAMES)


@dataclass(frozen=True)
class SnrMix:
    """Drawn signal to noise ratios; the label is what is measured.

    Attributes:
        over: what the drawn ratio refers to, see ``scene.Scene.snr_over``.
        grid_db: one of these is drawn; or where none are given:
        low_db, high_db: uniform between them.
        strong_share: share of windows that come over a cable or from nearby instead:
        strong_low_db, strong_high_db: uniform between these.
    """

    over: str = "label"
    grid_db: tuple[float, ...] = ()
    low_db: float = -5.0
    high_db: float = 25.0
    strong_share: float = 0.0
    strong_low_db: float = 30.0
    strong_high_db: float = 65.0

    def __post_init__(self) -> None:
        check_one_of("snr.over", self.over, SNR_OVER)
        check_share("snr.strong_share", self.strong_share)
        for name in ("low_db", "strong_low_db"):
            high = getattr(self, name.replace("low", "high"))
            if not getattr(self, name) <= high:
                raise ValueError(
                    f"snr.{name}: expected at most {high:g}, got {getattr(self, name):g}"
                )


@dataclass(frozen=True)
class Motion:
    """One way to move, drawn log-uniform between two values of one of both quantities.

    Attributes:
        weight: among all ways.
        speed_kmh: lowest and highest speed.
        doppler_hz: lowest and highest maximum Doppler shift.
    """

    weight: float = 1.0
    speed_kmh: tuple[float, ...] = ()
    doppler_hz: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_above("mobility.weight", self.weight)
        if bool(self.speed_kmh) == bool(self.doppler_hz):
            raise ValueError(
                "mobility: expected either speed_kmh or doppler_hz, "
                f"got {self.speed_kmh} and {self.doppler_hz}"
            )
        span = self.speed_kmh or self.doppler_hz
        if len(span) != 2 or not 0.0 <= span[0] <= span[1] or (span[0] == 0.0 < span[1]):
            raise ValueError(
                "mobility: expected [low, high] with 0 < low <= high, or [0, 0] for standing "
                f"still, got {list(span)}"
            )
        for name, most in (("speed_kmh", _MAX_SPEED_KMH), ("doppler_hz", MAX_DOPPLER_HZ)):
            if any(value > most for value in getattr(self, name)):
                raise ValueError(
                    f"mobility.{name}: expected at most {most:g}, got {list(getattr(self, name))}"
                )


@dataclass(frozen=True)
class ChannelMix:
    """Channels and how often each kind is drawn.

    Attributes:
        weights: of "cable", "fading" (a random profile), "tdl" (TR 38.901) and "site".
        tdl_models: of TDL-A to TDL-E, "A" to "E".
        delay_spread_ns: lowest and highest of a TDL model, drawn log-uniform.
        cities: of the sites; none means all of the split's.
    """

    weights: dict[str, float] = field(default_factory=lambda: {"cable": 0.15, "fading": 0.85})
    tdl_models: tuple[str, ...] = TDL_MODELS
    delay_spread_ns: tuple[float, ...] = (10.0, 1000.0)
    cities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_weights("channels.weights", self.weights.values())
        for name in self.weights:
            check_one_of("channels.weights", name, CHANNELS)
        if not self.tdl_models:
            raise ValueError(
                f"channels.tdl_models: expected some of {', '.join(TDL_MODELS)}, got none"
            )
        for name in self.tdl_models:
            check_one_of("channels.tdl_models", name, TDL_MODELS)
        spread = self.delay_spread_ns
        if len(spread) != 2 or not 0.0 < spread[0] <= spread[1]:
            raise ValueError(
                "channels.delay_spread_ns: expected [low, high] with 0 < low <= high, "
                f"got {list(spread)}"
            )
        for name in self.tdl_models:
            most = _MAX_PATH_DELAY_NS / max(kernels.tdl_model(f"TDL-{name}", 1e-9).delays_s) / 1e9
            if spread[1] > most:
                raise ValueError(
                    f"channels.delay_spread_ns: expected at most {most:.0f} for TDL-{name}, "
                    f"got {list(spread)}"
                )


@dataclass(frozen=True)
class Carriers:
    """Where carriers are, and where they are seen.

    Attributes:
        center_freq_ghz: lowest and highest carrier frequency, drawn uniform.
        wifi_center_freq_ghz: WiFi's; one of them is drawn.
        off_centre: share of windows in which the carrier is not in the middle.
    """

    center_freq_ghz: tuple[float, ...] = (0.6, 3.8)
    wifi_center_freq_ghz: tuple[float, ...] = (2.437, 5.25)
    off_centre: float = 0.5

    def __post_init__(self) -> None:
        check_share("carriers.off_centre", self.off_centre)
        span = self.center_freq_ghz
        if len(span) != 2 or not 0.0 < span[0] <= span[1]:
            raise ValueError(
                "carriers.center_freq_ghz: expected [low, high] with 0 < low <= high, "
                f"got {list(span)}"
            )
        if not self.wifi_center_freq_ghz or min(self.wifi_center_freq_ghz) <= 0.0:
            raise ValueError(
                "carriers.wifi_center_freq_ghz: expected frequencies above 0, "
                f"got {list(self.wifi_center_freq_ghz)}"
            )


@dataclass(frozen=True)
class Negatives:
    """Which negatives are drawn, in the proportions of their weights.

    Attributes:
        only: these kinds alone; none means all.
        without: all but these: a test set of the others says what a model makes of the unknown.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in ("only", "without"):
            for name in getattr(self, key):
                check_one_of(f"negatives.{key}", name, tuple(KINDS))
        if not self.kinds:
            raise ValueError("negatives: expected some kind to be left, got none")

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds that are drawn."""
        return tuple(k for k in KINDS if k in (self.only or KINDS) and k not in self.without)


@dataclass(frozen=True)
class Tokens:
    """What the tokenizer is asked for.

    Attributes:
        grids: symbol grids beside spectrogram and correlogram, by the tokenizer's names.
    """

    grids: tuple[str, ...] = ()

    def window_spec(self) -> kernels.window_spec:
        """The tokenizer's spec.

        Raises:
            ValueError: the tokenizer does not make such grids.
        """
        for name in self.grids:
            check_one_of("tokens.grids", name, kernels.symbol_grids)
        try:
            return kernels.window_spec(grids=list(self.grids))
        except ValueError as error:
            raise ValueError(f"tokens.grids: {error}") from None


def check_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuses a value that is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")


def check_share(name: str, value: float) -> None:
    """Refuses what is not 0 to 1."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: expected 0 to 1, got {value:g}")


def check_above(name: str, value: float) -> None:
    """Refuses what is not more than 0."""
    if not value > 0.0:
        raise ValueError(f"{name}: expected more than 0, got {value:g}")


def check_weights(name: str, weights: Any) -> None:
    """Refuses weights below 0, and those that are all 0."""
    values = list(weights)
    if not values or min(values) < 0.0 or sum(values) <= 0.0:
        raise ValueError(f"{name}: expected weights of 0 and more, one above 0, got {values}")
