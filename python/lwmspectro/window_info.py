# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tokenizer says of a window, in the tag on its vector of tokens."""

from dataclasses import dataclass
from typing import Any

import pmt

from . import keys


@dataclass(frozen=True)
class WindowInfo:
    """Value of the ``window`` tag."""

    sample_start: int
    """Offset of the first sample, counted from the start of the stream."""
    sample_count: int
    """Samples that are not padding."""
    rx_time: tuple[int, float]
    """Time of the first sample: whole seconds and fraction."""
    sample_rate: float
    """Hz."""
    center_freq: float
    """Hz."""
    valid_fraction: float
    """``sample_count`` over the samples of a whole window."""
    nonfinite: int
    """Samples that were not finite and were taken as zero."""
    completed_at: float
    """Seconds of the steady clock at which the last sample had come."""

    @classmethod
    def from_pmt(cls, value: Any) -> "WindowInfo":
        """From the PMT dict of the tag.

        Raises:
            ValueError: it is not such a dict.
        """
        fields = pmt.to_python(value)
        if not isinstance(fields, dict):
            raise ValueError(f"tag {keys.WINDOW!r}: expected a dict, got {value}")
        try:
            return cls(**fields)
        except TypeError as error:
            raise ValueError(f"tag {keys.WINDOW!r}: {error}") from None
