# SPDX-License-Identifier: GPL-3.0-or-later
"""What a data set holds: a documented TOML file, read into one frozen object.

Unknown keys, wrong types and values out of range are refused in one line that says what was
expected and what came. Weights are relative: those of one table need not add up to one.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gnuradio.lwmspectro import kernels, strict_json
from gnuradio.lwmspectro.sites.split import SPLITS, TEST, TEST_CITIES
from gnuradio.lwmspectro.waveforms import frontend, scene
from gnuradio.lwmspectro.waveforms.physical_layers import LAYERS, NONE

from . import toml_file
from .dataset_mixes import (
    LAYER_NAMES,
    MAX_DOPPLER_HZ,
    Carriers,
    ChannelMix,
    Motion,
    Negatives,
    RateMix,
    SnrMix,
    Tokens,
    check_one_of,
    check_share,
    check_weights,
)

SHIPPED = Path(__file__).parent / "configs"


@dataclass(frozen=True)
class DatasetConfig:
    """A data set: with its seed and a number, it decides a window.

    Attributes:
        windows: how many.
        protocols: weights of "wifi", "lte", "nr", "single_carrier" and of negatives, "none".
        samp_rates: of receivers.
        seed: of everything random.
        split: "train", "validation" or "test": whose sites may be used. San Francisco is the
            test split's, and its only city.
        out: folder, against the current one; the file's name under ``data/`` where empty.
        chunk_windows: windows in a file.
        partial: share of windows that are cut short, to 12 to 95 % of their length.
        snr, mobility, channels, carriers, negatives, tokens: see there.
        front_ends: weights of the receivers' profiles.
        transmitters: for a protocol, tables of fields that replace drawn ones; one is drawn.
    """

    windows: int
    protocols: dict[str, float]
    samp_rates: tuple[RateMix, ...]
    seed: int = 1
    split: str = "train"
    out: str = ""
    chunk_windows: int = 200
    partial: float = 0.0
    snr: SnrMix = field(default_factory=SnrMix)
    mobility: tuple[Motion, ...] = (Motion(speed_kmh=(0.0, 0.0)),)
    channels: ChannelMix = field(default_factory=ChannelMix)
    carriers: Carriers = field(default_factory=Carriers)
    negatives: Negatives = field(default_factory=Negatives)
    tokens: Tokens = field(default_factory=Tokens)
    front_ends: dict[str, float] = field(
        default_factory=lambda: {"rtl-sdr": 0.35, "hackrf": 0.2, "usrp": 0.3, "ideal": 0.15}
    )
    transmitters: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, low in (("windows", 1), ("seed", 0), ("chunk_windows", 1)):
            if getattr(self, name) < low:
                raise ValueError(f"{name}: expected at least {low}, got {getattr(self, name)}")
        check_one_of("split", self.split, SPLITS)
        check_share("partial", self.partial)
        check_weights("protocols", self.protocols.values())
        for name in (*self.protocols, *self.transmitters):
            check_one_of("protocols", name, LAYER_NAMES)
        check_weights("front_ends", self.front_ends.values())
        for name in self.front_ends:
            check_one_of("front_ends", name, frontend.PROFILES)
        if not self.mobility:
            raise ValueError("mobility: expected at least one way to move, got none")
        for name in self.protocols:
            if not self.rates_of(name):
                raise ValueError(f"samp_rates: expected some for {name}, got none")
        self.tokens.window_spec()  # refuses what the tokenizer does not make
        self._check_cities()
        self._check_doppler()
        self._check_transmitters()

    def _check_cities(self) -> None:
        for city in self.channels.cities:
            if (city in TEST_CITIES) != (self.split == TEST):
                raise ValueError(
                    f"channels.cities: expected {', '.join(sorted(TEST_CITIES))} in the {TEST} "
                    f"split, alone and nowhere else, got {city} in {self.split}"
                )

    def _check_doppler(self) -> None:
        carriers = self.carriers
        highest_ghz = max(carriers.center_freq_ghz[1], *carriers.wifi_center_freq_ghz)
        for motion in self.mobility:
            for speed_kmh in motion.speed_kmh:
                doppler_hz = kernels.doppler_of(speed_kmh, 1e9 * highest_ghz)
                if doppler_hz > MAX_DOPPLER_HZ:
                    raise ValueError(
                        f"mobility.speed_kmh: expected a Doppler shift of at most "
                        f"{MAX_DOPPLER_HZ:g} Hz at {highest_ghz:g} GHz, got {speed_kmh:g} km/h: "
                        f"{doppler_hz:.0f} Hz"
                    )

    def _check_transmitters(self) -> None:
        for name, choices in self.transmitters.items():
            for n, _ in enumerate(choices):
                where = f"transmitters.{name}[{n}]"
                fields = self.replaced(name, n)
                try:
                    for seed in range(8):
                        rng = np.random.default_rng(seed)
                        drawn = scene.draw_transmitter(name, 20e6, rng)
                        dataclasses.replace(drawn, **fields)
                except ValueError as error:
                    raise ValueError(f"{where}: {error}") from None

    def rates_of(self, protocol: str) -> list[RateMix]:
        """The mixes of sample rates that a protocol may use."""
        return [r for r in self.samp_rates if not r.protocols or protocol in r.protocols]

    def replaced(self, protocol: str, choice: int) -> dict[str, Any]:
        """Fields of a transmitter that a table of ``transmitters`` fixes, converted."""
        where = f"transmitters.{protocol}[{choice}]"
        if protocol == NONE:
            raise ValueError(f"{where}: expected a protocol, got negatives")
        table = self.transmitters[protocol][choice]
        return strict_json.arguments(LAYERS[protocol].config, table, where)

    def to_json(self) -> dict[str, Any]:
        """What :func:`from_json` reads, with every default spelled out."""
        result: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return result

    def content(self) -> dict[str, Any]:
        """What decides a window of a given number: all but the number of windows and the folder."""
        return {k: v for k, v in self.to_json().items() if k not in ("windows", "out")}


def from_json(data: Any, where: str = "config") -> DatasetConfig:
    """A configuration from parsed TOML or JSON.

    Raises:
        ValueError: something in it is not as documented.
    """
    try:
        return strict_json.build(DatasetConfig, data, where)
    except strict_json.SchemaError:
        raise
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def shipped() -> list[str]:
    """Names of the configurations that come with the package."""
    return toml_file.names(SHIPPED)


def load(name: str | Path, **overrides: Any) -> DatasetConfig:
    """Reads a configuration: a TOML file, or by its name one that comes with the package.

    Args:
        name: path, or a name of :func:`shipped`.
        overrides: fields of :class:`DatasetConfig` to replace; None leaves them.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not as documented.
    """
    path = toml_file.locate(name, SHIPPED)
    data = toml_file.read(path, name, SHIPPED)
    data.update({key: value for key, value in overrides.items() if value is not None})
    data.setdefault("out", f"data/{path.stem}")
    return from_json(data, path.name)
