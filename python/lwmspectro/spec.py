# SPDX-License-Identifier: GPL-3.0-or-later
"""The one specification of what the tokenizer does, stored in every model bundle."""

import math
from dataclasses import dataclass
from typing import Any

from . import kernels, strict_json
from .errors import BundleError, InputError

LARGEST = 1_000_000
"""No count of a spec is larger; what the tokenizer takes is far below."""


@dataclass(frozen=True)
class Spec:
    """How a window of samples becomes a vector of tokens.

    A window is ``n_frames`` frames of ``frame_us`` microseconds. Each frame is averaged
    to ``n_bins`` powers in dB (C0, the spectrogram); beside it stands C3, the numerology
    correlogram, one row of 128 values for each name in ``correlogram_rows``. The symbol
    grids that ``grids`` names come last, each of shape ``grid_shape``.
    """

    features: int
    """Version of the tokens: a model understands those on which it was trained, no others."""
    n_frames: int
    """Frames in a window."""
    frame_us: int
    """Length of a frame in microseconds."""
    n_bins: int
    """Frequency bins in a frame, lowest frequency first."""
    hop_frames: int
    """Frames from one window to the next; ``n_frames`` leaves no overlap."""
    samp_rate_min: float
    """Lowest sample rate, Hz."""
    samp_rate_max: float
    """Highest sample rate, Hz."""
    correlogram_rows: tuple[str, ...]
    """Names of the rows of C3, in the order in which they are stored."""
    grids: tuple[str, ...] = ()
    """Numerologies of which symbol grids follow (``kernels.symbol_grids``), in their order."""

    def __post_init__(self) -> None:
        for name in ("features", "n_frames", "frame_us", "n_bins"):
            if not 1 <= getattr(self, name) <= LARGEST:
                got = strict_json.describe(getattr(self, name))
                raise ValueError(f"{name}: expected 1 to {LARGEST}, got {got}")
        if not 1 <= self.hop_frames <= self.n_frames:
            got = strict_json.describe(self.hop_frames)
            raise ValueError(f"hop_frames: expected 1 to {self.n_frames}, got {got}")
        if not 0.0 < self.samp_rate_min <= self.samp_rate_max:
            raise ValueError(
                "samp_rate_min: expected more than 0 and at most samp_rate_max, "
                f"got {self.samp_rate_min:g} and {self.samp_rate_max:g}"
            )

    @property
    def spectrogram_size(self) -> int:
        """Floats of C0, frame major."""
        return self.n_frames * self.n_bins

    @property
    def router_vlen(self) -> int:
        """Floats that the router reads, which come first: C0, then C3."""
        return self.spectrogram_size + len(self.correlogram_rows) * kernels.correlogram_cols

    @property
    def grid_shape(self) -> tuple[int, int, int]:
        """Shape of one symbol grid: planes, symbols, subcarriers."""
        planes = len(kernels.symbol_grid_planes)
        return planes, kernels.symbol_grid_rows, kernels.symbol_grid_cols

    @property
    def vlen(self) -> int:
        """Floats in one vector of tokens: C0, then C3, then the symbol grids."""
        return self.router_vlen + len(self.grids) * math.prod(self.grid_shape)

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return self.n_frames * self.frame_us * 1e-6

    def check_samp_rate(self, samp_rate: float) -> None:
        """Refuses sample rates, in Hz, for which the model was not made.

        Raises:
            InputError: it is out of range.
        """
        low, high = self.samp_rate_min, self.samp_rate_max
        if not low <= samp_rate <= high:
            raise InputError(f"samp_rate: expected {low:g} to {high:g} Hz, got {samp_rate:g}")

    @classmethod
    def from_json(cls, data: Any, where: str = "spec") -> "Spec":
        """The spec from parsed JSON.

        Raises:
            ValueError: a key is unknown or missing, or a value is of the wrong type or
                out of range; the text says what was expected and what came.
        """
        return strict_json.build(cls, data, where)

    def to_json(self) -> dict[str, Any]:
        """What :meth:`from_json` reads."""
        result: dict[str, Any] = strict_json.to_json(self)
        return result

    def kernel_spec(self) -> Any:
        """The ``kernels.window_spec`` that the tokenizer takes.

        Raises:
            BundleError: the tokenizer of this installation makes other tokens.
        """
        for name, made, wanted in (
            ("features", kernels.features_version, self.features),
            ("correlogram_rows", kernels.correlogram_rows, self.correlogram_rows),
        ):
            if wanted != made:
                raise BundleError(
                    f"spec: {name}: expected {made}, as the tokenizer here makes them, got {wanted}"
                )
        try:
            return kernels.window_spec(
                self.n_frames, self.frame_us, self.n_bins, self.hop_frames, self.grids
            )
        except (TypeError, ValueError, OverflowError) as error:
            text = (str(error).splitlines() or [type(error).__name__])[0]
            raise BundleError(f"spec: {text}") from None
