# SPDX-License-Identifier: GPL-3.0-or-later
"""What is classified: SNR with mobility, modulation, SNR alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..dataset import column
from ..lwm.config import JOINT_MOBILITIES, MOBILITIES, MODULATIONS, SNR_BINS_DB
from ..lwm.contrastive import NO_LABEL
from ..stages import labels as stages

JOINT, MODULATION = TASKS = ("joint", "modulation")
LEAST_DATA = 0.05  # share of what is in view that must carry data to ask for its modulation

Labels = npt.NDArray[np.int64]


def names(task: str) -> tuple[str, ...]:
    """Of the classes."""
    if task == JOINT:
        return tuple(f"{snr:g} dB, {way}" for snr in SNR_BINS_DB for way in JOINT_MOBILITIES)
    return MODULATIONS


def of_rows(
    table: pa.Table, task: str, rows: npt.NDArray[np.int64]
) -> tuple[Labels, tuple[str, ...]]:
    """Class of each window, ``NO_LABEL`` where it takes no part, and the names of the classes.

    Windows that are cut short take no part, nor, where modulation is asked for, those that show
    next to no data. Modulations that these rows do not have are no classes (LTE has no BPSK).

    Args:
        table: labels of a data set.
        task: of ``TASKS``.
        rows: windows that may take part.

    Raises:
        ValueError: there is no such task, or no window of it.
    """
    if task not in TASKS:
        raise ValueError(f"task: expected one of {', '.join(TASKS)}, got {task}")
    whole = column(table, "fraction") >= 1.0
    bins = stages.snr_bins(column(table, "snr_db").astype(np.float32))
    if task == JOINT:
        mobility = stages.classes(column(table, "mobility"), MOBILITIES)
        label = stages.joint(bins, mobility)
    else:
        label = stages.classes(column(table, "modulation"), MODULATIONS)
        label = np.where(bins == NO_LABEL, NO_LABEL, label)
        if "data_share" in table.column_names:
            label = np.where(column(table, "data_share") >= LEAST_DATA, label, NO_LABEL)
    taken = np.zeros(len(whole), bool)
    taken[rows] = True
    label = np.where(whole & taken, label, NO_LABEL)
    present = np.unique(label[label != NO_LABEL])
    if not len(present):
        raise ValueError(f"windows: expected some with labels for {task}, got none")
    packed = np.full(len(names(task)) + 1, NO_LABEL)  # the last: NO_LABEL itself
    packed[present] = np.arange(len(present))
    return packed[label], tuple(names(task)[k] for k in present)


def snr_of(table: pa.Table) -> npt.NDArray[np.float64]:
    """Centre of the SNR's class of each window, dB; NaN where it has none."""
    bins = stages.snr_bins(column(table, "snr_db").astype(np.float32))
    return np.append(np.array(SNR_BINS_DB), np.nan)[bins]
