# SPDX-License-Identifier: GPL-3.0-or-later
"""Sample formats of recordings, and how they become complex samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

ComplexArray = NDArray[np.complex64]


@dataclass(frozen=True)
class SampleFormat:
    """Interleaved I and Q, of one SigMF datatype (SigMF 1.2, "Dataset format")."""

    name: str
    component: np.dtype[np.generic]
    """Type of I and of Q in the file."""
    offset: float
    """Value that stands for zero."""
    full_scale: float
    """Distance from zero that becomes 1.0."""

    @property
    def sample_bytes(self) -> int:
        """Bytes of one complex sample."""
        return 2 * self.component.itemsize

    def decode(self, data: bytes | memoryview) -> ComplexArray:
        """Bytes of whole samples to complex64, full scale at 1.0; values are not checked."""
        values = np.frombuffer(data, self.component).astype(np.float32)
        if self.offset:
            values -= np.float32(self.offset)
        if self.full_scale != 1.0:
            values *= np.float32(1.0 / self.full_scale)
        return values.view(np.complex64)

    def encode(self, samples: ComplexArray) -> tuple[bytes, int]:
        """Complex64 samples as bytes, and how many I and Q values were out of range.

        Integers are rounded to the nearest and clipped.
        """
        values = samples.view(np.float32)
        if self.component.kind == "f":
            return values.astype(self.component).tobytes(), 0
        limits = np.iinfo(self.component)  # type: ignore[type-var]
        scaled = np.rint(values * np.float32(self.full_scale) + np.float32(self.offset))
        clipped = np.clip(scaled, limits.min, limits.max)
        n_clipped = int(np.count_nonzero(clipped != scaled))
        return clipped.astype(self.component).tobytes(), n_clipped


FORMATS = {
    form.name: form
    for form in (
        SampleFormat("cu8", np.dtype("u1"), 127.5, 127.5),  # RTL-SDR
        SampleFormat("ci8", np.dtype("i1"), 0.0, 128.0),  # HackRF
        SampleFormat("ci16_le", np.dtype("<i2"), 0.0, 32768.0),  # USRP
        SampleFormat("cf32_le", np.dtype("<f4"), 0.0, 1.0),  # GNU Radio
    )
}


def sample_format(name: object) -> SampleFormat:
    """The format with that SigMF datatype name.

    Raises:
        InputError: there is none.
    """
    form = FORMATS.get(name) if isinstance(name, str) else None
    if form is None:
        raise InputError(f"datatype: expected one of {list(FORMATS)}, got {name!r}")
    return form
