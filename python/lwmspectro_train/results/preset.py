# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the tables are: a documented TOML file, read into one frozen object."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gnuradio.lwmspectro import kernels, strict_json

from .. import toml_file
from .cells import ALL
from .fit import Settings
from .labels import TASKS
from .methods import METHODS
from .splits import Sizes

_STUDIES = ("table2", "table3", "fig5", "ablation")

SHIPPED = Path(__file__).parents[1] / "configs" / "results"


@dataclass(frozen=True)
class Links:
    """Windows and the expert that reads them.

    Attributes:
        name: in tables.
        data: folder of the data set, of San Francisco alone.
        protocols: of its windows.
        task: "joint" or "modulation".
        experts: folder of trained experts: ``experts``/PROTOCOL/STAGE.
        expert: which of them: a protocol, "mixed" for one of all, or "routed" for all three
            behind the router.
        router: folder of the router's weights, where "routed".
        grids: symbol grids that the baselines see as planes beside C0.
        symbols: places for symbols in a window, for the physical limit; 0 leaves it out.
    """

    name: str
    data: str
    protocols: tuple[str, ...]
    task: str
    experts: str
    expert: str
    router: str = ""
    grids: tuple[str, ...] = ()
    symbols: int = 0

    def __post_init__(self) -> None:
        if self.symbols < 0:
            raise ValueError(f"symbols: expected 0 or more, got {self.symbols}")
        if self.task not in TASKS:
            raise ValueError(f"task: expected one of {', '.join(TASKS)}, got {self.task!r}")
        unknown = sorted(set(self.grids) - set(kernels.symbol_grids))
        if unknown:
            raise ValueError(f"grids: expected some of {list(kernels.symbol_grids)}, got {unknown}")


@dataclass(frozen=True)
class Study:
    """A table or a figure.

    Attributes:
        links: whose windows.
        methods: names of ``methods.METHODS``.
        counts: training windows per class; 0 for all.
        largest: of methods that cost much, the largest count; others have them all.
        training: of networks, where other than for all studies. A file says what differs alone.
    """

    links: tuple[Links, ...]
    methods: tuple[str, ...]
    counts: tuple[int, ...]
    largest: dict[str, int] = field(default_factory=dict)
    training: Settings | None = None

    def __post_init__(self) -> None:
        names = [links.name for links in self.links]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"links: expected at least one and none twice, got {names}")
        if unknown := sorted({*self.methods, *self.largest} - set(METHODS)):
            raise ValueError(f"methods: expected some of {', '.join(METHODS)}, got {unknown}")
        if not self.counts or min(self.counts) < 0:
            raise ValueError(f"counts: expected some of 0 or more, got {list(self.counts)}")

    def wants(self, method: str, count: int) -> bool:
        """Whether a method is measured with so many windows per class."""
        largest = self.largest.get(method)
        return largest is None or (count != ALL and count <= largest)


@dataclass(frozen=True)
class Embedding:
    """Fig. 3 and 4.

    Attributes:
        links: whose windows; those of the task "joint" are coloured by SNR.
        methods: whose embeddings: "lwm", "masked", "random".
        windows: points of a picture at most.
        least_snr_db: of windows coloured by modulation.
    """

    links: tuple[Links, ...]
    methods: tuple[str, ...] = ("random", "masked", "lwm")
    windows: int = 1500
    least_snr_db: float = 10.0

    def __post_init__(self) -> None:
        if not self.links:
            raise ValueError("links: expected at least one, got none")
        known = ("lwm", "masked", "random")
        if unknown := sorted(set(self.methods) - set(known)):
            raise ValueError(f"methods: expected some of {', '.join(known)}, got {unknown}")


@dataclass(frozen=True)
class Preset:
    """All studies.

    Attributes:
        table2, table3, fig3, fig5, ablation: studies.
        seeds: of splits and weights, three or more for a confidence interval.
        training: of networks.
        split: of windows.
        image: rows and columns of the baselines' images, a divisor of 128.
        memory: share of the free memory that windows may take; else they are read from the disk.
        threads: of torch.
        out: folder of what is made.
    """

    table2: Study
    table3: Study
    fig3: Embedding
    fig5: Study
    ablation: Study
    seeds: tuple[int, ...] = (1, 2, 3)
    training: Settings = field(default_factory=Settings)
    split: Sizes = field(default_factory=Sizes)
    image: int = 128
    memory: float = 0.6
    threads: int = 2
    out: str = "docs/results"

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            raise ValueError(f"seeds: expected different ones of 0 or more, got {list(self.seeds)}")
        if self.image < 32 or 128 % self.image:
            raise ValueError(f"image: expected 32, 64 or 128, got {self.image}")
        if self.threads < 1:
            raise ValueError(f"threads: expected at least 1, got {self.threads}")

    def to_json(self) -> dict[str, Any]:
        """What :func:`load` reads, with every default spelled out."""
        result: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return result


def shipped() -> list[str]:
    """Names of the presets that come with the package."""
    return toml_file.names(SHIPPED)


def load(name: str | Path, **overrides: Any) -> Preset:
    """Reads a preset: a TOML file, or by its name one that comes with the package.

    Args:
        name: path, or a name of :func:`shipped`.
        overrides: fields of :class:`Preset`; None leaves what the file says.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is not as documented.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name}.toml"
    content = toml_file.read(path, name, SHIPPED)
    for key, value in overrides.items():
        if value is not None:
            content[key] = list(value) if isinstance(value, tuple) else value
    common = content.get("training")
    for study in map(content.get, _STUDIES):
        if not isinstance(study, dict) or not isinstance(common, dict):
            continue  # nothing to merge; what is no table is refused below
        if isinstance(own := study.get("training"), dict):
            study["training"] = common | own
    try:
        return strict_json.build(Preset, content, path.name)
    except strict_json.SchemaError:
        raise
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
