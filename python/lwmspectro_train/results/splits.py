# SPDX-License-Identifier: GPL-3.0-or-later
"""Training, validation and test windows of one seed: the same for every method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .cells import ALL

Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """How windows are shared out.

    Attributes:
        test_share, validation_share: of the places (users of a base station); the rest trains.
        test, validation: windows per class at most.
    """

    test_share: float = 0.25
    validation_share: float = 0.1
    test: int = 100
    validation: int = 50

    def __post_init__(self) -> None:
        for name in ("test_share", "validation_share"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise ValueError(f"{name}: expected between 0 and 1, got {getattr(self, name):g}")
        if self.test_share + self.validation_share >= 1.0:
            raise ValueError(
                "test_share, validation_share: expected less than 1 together, "
                f"got {self.test_share + self.validation_share:g}"
            )
        for name in ("test", "validation"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class Split:
    """Rows of a data set; no place is in two of these.

    Attributes:
        train, validation, test: rows.
    """

    train: Index
    validation: Index
    test: Index


def split(
    label: npt.NDArray[np.int64], place: npt.NDArray[Any], count: int, seed: int, sizes: Sizes
) -> Split:
    """Stratified windows of disjoint places.

    More windows per class contain those of fewer, and the test windows of a seed are the same for
    every count. As many windows are for validation as for training, ``sizes.validation`` at most:
    few labels are few.

    Args:
        label: class of each window, less than 0 where it takes no part, shape (n,).
        place: where each window was received, shape (n,).
        count: training windows per class, ``ALL`` for all.
        seed: of the draw.
        sizes: see there.

    Raises:
        ValueError: a class has too few windows.
    """
    rng = np.random.default_rng([seed, 0])
    known = np.flatnonzero(label >= 0)
    names, number = np.unique(place[known], return_inverse=True)
    order = rng.permutation(len(names))
    n_test = round(sizes.test_share * len(names))
    n_validation = max(1, round(sizes.validation_share * len(names)))
    part = np.full(len(names), 2)
    part[order[:n_test]] = 0
    part[order[n_test : n_test + n_validation]] = 1
    part_of = part[number]
    pools = [rng.permutation(known[part_of == k]) for k in range(3)]
    few = sizes.validation if count == ALL else min(count, sizes.validation)
    test = _stratified(pools[0], label, sizes.test, 1, "testing")
    validation = _stratified(pools[1], label, few, 0, "validation")
    train = _stratified(pools[2], label, count, 1 if count == ALL else count, "training")
    return Split(train, validation, test)


def _stratified(
    pool: Index, label: npt.NDArray[np.int64], count: int, least: int, what: str
) -> Index:
    chosen = []
    for k in range(int(label.max()) + 1):
        rows = pool[label[pool] == k]
        if len(rows) < least:
            raise ValueError(
                f"windows: expected at least {least} of class {k} for {what}, got {len(rows)}"
            )
        chosen.append(rows if count == ALL else rows[:count])
    joined = np.sort(np.concatenate(chosen))
    if not len(joined):
        raise ValueError(f"windows: expected some for {what}, got none")
    return joined
