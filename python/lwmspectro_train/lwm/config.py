# SPDX-License-Identifier: GPL-3.0-or-later
"""Size of an expert: what it looks at, and how wide and deep it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from gnuradio.lwmspectro import kernels

from ..columns import GRID
from .soft_counts import BAND_FEATURES, DRIFT_FEATURES, PATCH_FEATURES

SPECTROGRAM, CORRELOGRAM, SYMBOL_GRID, CONSTELLATION, FLUCTUATION, SIMILARITY, DRIFT = KINDS = (
    "spectrogram",
    "correlogram",
    "grid",
    "constellation",
    "fluctuation",
    "similarity",
    "drift",
)
_PATCHED = (SPECTROGRAM, SYMBOL_GRID, CONSTELLATION)
FLATTEN, MEAN = ARRANGEMENTS = ("flatten", "mean")
TOKENS, EMBEDDING = HEAD_INPUTS = ("tokens", "embedding")

MODULATIONS = ("BPSK", "QPSK", "16QAM", "64QAM", "256QAM")
MOBILITIES = ("static", "pedestrian", "vehicular")
SNR_BINS_DB = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
"""Centres of the classes of SNR (paper, section V)."""
JOINT_MOBILITIES = ("pedestrian", "vehicular")
"""Mobility in the joint task, whose classes are SNR by mobility: class k of SNR and j of mobility
is ``k * len(JOINT_MOBILITIES) + j``."""


def _at_least(name: str, value: float, low: float) -> None:
    if not value >= low:
        raise ValueError(f"{name}: expected at least {low:g}, got {value:g}")


def _share(name: str, value: float) -> None:
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name}: expected 0 or more and less than 1, got {value:g}")


def _one_of(name: str, value: str, names: tuple[str, ...]) -> None:
    if value not in names:
        raise ValueError(f"{name}: expected one of {', '.join(names)}, got {value!r}")


@dataclass(frozen=True)
class Source:
    """One view of a window, cut into tokens.

    Attributes:
        kind: "spectrogram" (C0), "grid" (C1 and C2 of one numerology), "constellation" (statistics
            of patches of a grid), "correlogram" (C3, a token a row), "fluctuation" (power spectrum
            along time of C0, a token a band of bins), "similarity" (of frames of C0, or of
            symbols of a grid, some time apart; a token a band, and one of all) or "drift" (by how
            much levels of C0 change some time apart; a token for levels as they are, and one
            without what a frame has in all bins alike).
        numerology: of a grid and its statistics: a name of ``kernels.symbol_grids``.
        planes: of a grid, power_db first; all five by default.
        patch: frames by bins of a token of C0, symbols by subcarriers of one of a grid.
        lift: widths of an MLP over the planes of each element (1x1 convolutions), none by default.
        arrange: what a token's projection sees of its elements: all of them in their places
            ("flatten"), or the mean of their lifted features ("mean"), in which places are lost and
            the statistics of the constellation stay.
        bands: of a fluctuation or similarity: tokens, each of as many neighbouring bins.
        mask: whether masked modelling hides tokens of this view and predicts them.
    """

    kind: str
    numerology: str = ""
    planes: tuple[str, ...] = tuple(kernels.symbol_grid_planes)
    patch: tuple[int, ...] = (16, 16)
    lift: tuple[int, ...] = ()
    arrange: str = FLATTEN
    bands: int = 8
    mask: bool = True

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, KINDS)
        _one_of("arrange", self.arrange, ARRANGEMENTS)
        if self.kind in (SYMBOL_GRID, CONSTELLATION):
            _one_of("numerology", self.numerology, tuple(kernels.symbol_grids))
            for plane in self.planes:
                _one_of("planes", plane, tuple(kernels.symbol_grid_planes))
            if self.planes[:1] != ("power_db",) or len(set(self.planes)) != len(self.planes):
                raise ValueError(
                    f"planes: expected power_db first and none twice, got {list(self.planes)}"
                )
        elif self.kind == SIMILARITY:
            _one_of("numerology", self.numerology, ("", *kernels.symbol_grids))
        elif self.numerology:
            raise ValueError(f"numerology: expected none for a {self.kind}, got {self.numerology}")
        if len(self.patch) != 2 or min(self.patch) < 1:
            raise ValueError(f"patch: expected two sizes of 1 or more, got {list(self.patch)}")
        for width in self.lift:
            _at_least("lift", width, 1)
        if self.arrange == MEAN and not self.lift:
            raise ValueError("arrange: expected a lift whose features are averaged, got none")
        _at_least("bands", self.bands, 1)
        of_grid = self.kind == CONSTELLATION or self.numerology
        n_rows, n_cols = (
            (kernels.symbol_grid_rows, kernels.symbol_grid_cols)
            if of_grid
            else (kernels.window_spec().n_frames, kernels.window_spec().n_bins)
        )
        parts = self.patch if self.kind in _PATCHED else (1, self.bands)
        for size, part in zip((n_rows, n_cols), parts, strict=True):
            if size % part:
                raise ValueError(f"patch, bands: expected divisors of {size}, got {part}")

    @property
    def column(self) -> str:
        """Of the data set, and the name of the view in a vector of tokens."""
        if self.numerology:
            return GRID + self.numerology
        return CORRELOGRAM if self.kind == CORRELOGRAM else SPECTROGRAM

    @property
    def name(self) -> str:
        """Different for each source of a model."""
        return f"{self.kind}_{self.numerology}" if self.numerology else self.kind

    @property
    def image(self) -> tuple[int, int, int]:
        """Planes, rows and columns of the standardised view."""
        spec = kernels.window_spec()
        cols: int = kernels.correlogram_cols
        if self.kind == SPECTROGRAM:
            return 1, spec.n_frames, spec.n_bins
        if self.kind == SYMBOL_GRID:  # and whether an element is there
            return len(self.planes) + 1, kernels.symbol_grid_rows, kernels.symbol_grid_cols
        if self.kind == CORRELOGRAM:  # as it is, sorted, and magnitudes of its Fourier series
            return 1, len(kernels.correlogram_rows), 2 * cols + cols // 2 - 1
        if self.kind == CONSTELLATION:
            rows, cols = kernels.symbol_grid_rows, kernels.symbol_grid_cols
            return PATCH_FEATURES, rows // self.patch[0], cols // self.patch[1]
        if self.kind == SIMILARITY:  # and one of all bands
            return 1, self.bands + 1, BAND_FEATURES
        if self.kind == DRIFT:
            return DRIFT_FEATURES, 2, 1
        return 1, self.bands, spec.n_frames // 2 - 1

    @property
    def cell(self) -> tuple[int, int]:
        """Rows and columns of one token."""
        if self.kind in (SPECTROGRAM, SYMBOL_GRID):
            return self.patch[0], self.patch[1]
        return 1, 1 if self.kind == CONSTELLATION else self.image[2]

    @property
    def tokens(self) -> int:
        """How many it gives."""
        return math.prod(size // part for size, part in zip(self.image[1:], self.cell, strict=True))

    @property
    def elements(self) -> int:
        """Elements of a token."""
        return math.prod(self.cell)


@dataclass(frozen=True)
class Head:
    """A classifier on the encoder (eq. 20).

    Attributes:
        over: what its convolutions run along: the mean of the tokens, a sequence of d values in one
            channel ("embedding", the paper's words), or the tokens, in d channels ("tokens").
        blocks: residual blocks; with none the mean over tokens goes to the linear layer.
        channels, kernel: of the convolutions.
        dropout: before the linear layer.
    """

    over: str = TOKENS
    blocks: int = 1
    channels: int = 64
    kernel: int = 3
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _one_of("over", self.over, HEAD_INPUTS)
        _at_least("blocks", self.blocks, 0)
        _at_least("channels", self.channels, 1)
        _share("dropout", self.dropout)
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ValueError(f"kernel: expected an odd number, got {self.kernel}")


@dataclass(frozen=True)
class Size:
    """How wide and deep an expert is.

    Attributes:
        dim, layers, heads, ffn: width d, depth L, heads h and inner width of the encoder.
        dropout: of what each sublayer of the encoder adds, while training.
        cls: puts a class token before the others.
        decoder_dim, decoder_layers, decoder_heads, decoder_ffn: of the light decoder (eq. 16).
        mask_ratio: share of tokens that are hidden (eq. 15).
        visible_only: the encoder sees the tokens that are left alone, and the decoder puts the
            mask embedding in place of the others; otherwise the encoder does.
        projection_hidden, projection: widths of the projection (eq. 18).
        temperature: tau of eq. 19.
        head: of all answers.
    """

    dim: int = 128
    layers: int = 12
    heads: int = 8
    ffn: int = 512
    dropout: float = 0.0
    cls: bool = False
    decoder_dim: int = 64
    decoder_layers: int = 1
    decoder_heads: int = 4
    decoder_ffn: int = 256
    mask_ratio: float = 0.7
    visible_only: bool = False
    projection_hidden: int = 128
    projection: int = 64
    temperature: float = 0.2
    head: Head = field(default_factory=Head)

    def __post_init__(self) -> None:
        for name in ("dim", "heads", "ffn", "decoder_dim", "decoder_heads", "decoder_ffn"):
            _at_least(name, getattr(self, name), 1)
        for name in ("layers", "decoder_layers"):
            _at_least(name, getattr(self, name), 0)
        for width, heads in (("dim", "heads"), ("decoder_dim", "decoder_heads")):
            if getattr(self, width) % getattr(self, heads):
                raise ValueError(
                    f"{width}: expected a multiple of {heads} = {getattr(self, heads)}, "
                    f"got {getattr(self, width)}"
                )
        _share("dropout", self.dropout)
        _share("mask_ratio", self.mask_ratio)
        if not self.temperature > 0.0:
            raise ValueError(f"temperature: expected more than 0, got {self.temperature:g}")


@dataclass(frozen=True)
class Model(Size):
    """An expert.

    Attributes:
        sources: what it looks at.
    """

    sources: tuple[Source, ...] = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [source.name for source in self.sources]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"sources: expected at least one and none twice, got {names}")
        grids = [s for s in self.sources if s.kind == SYMBOL_GRID]
        read = planes_read(self)
        for source in grids:
            if source.column not in read and source.planes != tuple(kernels.symbol_grid_planes):
                raise ValueError(
                    f"planes: expected all beside statistics of the same grid, got {source.planes}"
                )

    @property
    def tokens(self) -> int:
        """Of all sources, without the class token."""
        return sum(source.tokens for source in self.sources)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data set that the model reads, each once."""
        return tuple(dict.fromkeys(source.column for source in self.sources))


def same_encoder(one: Model, other: Model) -> bool:
    """Whether the weights of one fit the other, but for the heads'."""
    plain = Head()
    return replace(one, head=plain, dropout=0.0, temperature=1.0, mask_ratio=0.5) == replace(
        other, head=plain, dropout=0.0, temperature=1.0, mask_ratio=0.5
    )


def shares_encoder(one: Model, other: Model) -> bool:
    """Whether weights of one are of use to the other: it may look at other views as well."""
    common = set(one.sources) & set(other.sources)
    return bool(common) and same_encoder(replace(one, sources=other.sources), other)


def planes_read(model: Model) -> dict[str, tuple[int, ...]]:
    """Of each grid's column the planes that the model reads, by their place in the column."""
    every = list(kernels.symbol_grid_planes)
    whole = {s.column for s in model.sources if s.kind in (CONSTELLATION, SIMILARITY)}
    return {
        source.column: tuple(every.index(plane) for plane in source.planes)
        for source in model.sources
        if source.kind == SYMBOL_GRID and source.column not in whole
    }
