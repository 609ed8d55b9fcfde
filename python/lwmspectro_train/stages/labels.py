# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of windows as numbers: classes, with -1 for null, and the SNR, with NaN for null."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..dataset import column
from ..lwm.answers import JOINT, MOBILITY, MODULATION, SNR, SNR_BINS
from ..lwm.config import JOINT_MOBILITIES, MOBILITIES, MODULATIONS, SNR_BINS_DB
from ..lwm.contrastive import NO_LABEL
from .config import PROTOCOLS, Data

Labels = dict[str, npt.NDArray[Any]]


def of_table(table: pa.Table, data: Data) -> Labels:
    """Labels of all windows, each of shape (n,): int64, and float32 for ``snr_db``.

    Raises:
        ValueError: the data set has no such column.
    """
    share = ("data_share",) if data.least_data_share else ()
    for name in (data.modulation, data.mobility, data.snr, *share):
        if name not in table.column_names:
            raise ValueError(f"labels: expected a column of {data.train}, got {name!r}")
    modulation = classes(column(table, data.modulation), MODULATIONS)
    mobility = classes(column(table, data.mobility), MOBILITIES)
    if share:
        few = ~(column(table, share[0]).astype(np.float32) >= data.least_data_share)  # or NaN
        modulation[few] = NO_LABEL
    snr_db = np.minimum(column(table, data.snr).astype(np.float32), data.snr_most_db)
    bins = snr_bins(snr_db)
    return {
        MODULATION: modulation,
        SNR: snr_db,
        SNR_BINS: bins,
        MOBILITY: mobility,
        JOINT: joint(bins, mobility),
    }


def classes(names: npt.NDArray[Any], known: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Index of each name; ``NO_LABEL`` of null and of names that are none of these."""
    index = {name: k for k, name in enumerate(known)}
    return np.array([index.get(name, NO_LABEL) for name in names], np.int64)


def snr_bins(snr_db: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int64]:
    """Nearest centre; ``NO_LABEL`` of NaN and of what lies more than half a bin outside."""
    centres = np.array(SNR_BINS_DB)
    half = (centres[1] - centres[0]) / 2
    known = (snr_db >= centres[0] - half) & (snr_db <= centres[-1] + half)  # False for NaN
    nearest = np.abs(np.where(known, snr_db, 0.0)[:, None] - centres).argmin(axis=1)
    return np.where(known, nearest, NO_LABEL).astype(np.int64)


def joint(bins: npt.NDArray[np.int64], mobility: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Classes of SNR by mobility (paper, section V-B); ``NO_LABEL`` of static windows."""
    moving = np.array(
        [
            JOINT_MOBILITIES.index(m) if m in JOINT_MOBILITIES else NO_LABEL
            for m in (*MOBILITIES, "")
        ],
        np.int64,
    )[mobility]  # -1 is the last
    known = (bins != NO_LABEL) & (moving != NO_LABEL)
    return np.where(known, bins * len(JOINT_MOBILITIES) + moving, NO_LABEL)


def combined(labels: Labels, names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """One label for windows that share all of several; ``NO_LABEL`` where one of these is null."""
    parts = np.stack([labels[name] for name in names], axis=1)  # (n, names)
    numbers = np.unique(parts, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return np.where((parts != NO_LABEL).all(axis=1), numbers, NO_LABEL)


def protocol_numbers(table: pa.Table) -> npt.NDArray[np.int64]:
    """Index into ``PROTOCOLS`` of each window; ``NO_LABEL`` of all that is none of these."""
    return classes(column(table, "protocol"), PROTOCOLS)
