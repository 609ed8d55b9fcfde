# SPDX-License-Identifier: GPL-3.0-or-later
"""The mixture of experts, top-1: the router reads every window, one expert those it names.

A pure function of tokens: no window depends on another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .bundle import Bundle
from .decision import Verdict, decide
from .expert_answer import ExpertAnswer, check_outputs, expert_answer
from .manifest import EMBEDDING, MOBILITY, MODULATION, SNR_DB

Router: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Tokens, float32 (batch, router_vlen), to logits, float32 (batch, labels)."""

Expert: TypeAlias = Callable[[NDArray[np.float32]], Mapping[str, NDArray[np.float32]]]
"""Tokens, float32 (batch, vlen), to the outputs of an expert by name; see inference.py."""

_OUTPUTS = (MODULATION, SNR_DB, MOBILITY, EMBEDDING)


@dataclass(frozen=True)
class Description:
    """What is said of one window."""

    verdict: Verdict
    answer: ExpertAnswer | None
    """Of the expert of the protocol; None where none is named, or it has no expert."""


class Mixture:
    """Router and experts of a bundle."""

    def __init__(self, bundle: Bundle, router: Router, experts: Mapping[str, Expert]) -> None:
        """Puts models together.

        Args:
            bundle: says what their outputs mean.
            router: see :data:`Router`.
            experts: see :data:`Expert`, by protocol; those that are not there are not run.

        Raises:
            ValueError: there is an expert of which the bundle does not know.
        """
        if surplus := sorted(set(experts) - set(bundle.experts)):
            raise ValueError(f"experts: expected some of {list(bundle.experts)}, got {surplus}")
        self._bundle = bundle
        self._router = router
        self._experts = dict(experts)

    def __call__(
        self, windows: Sequence[NDArray[np.float32]], valid_fractions: Sequence[float]
    ) -> list[Description | Exception]:
        """Describes windows, in their order; an error in place of each one that failed.

        The windows of each protocol go to its expert together; those in which no protocol is
        named go to none. Where an expert raises an error, all windows that it was given fail.

        Args:
            windows: tokens, each float32 (vlen,).
            valid_fractions: of each window, samples present over samples of a whole one.

        Raises:
            Exception: what the router raised; then no window is described.
            ValueError: the router gave another number of rows.
        """
        first = slice(self._bundle.spec.router_vlen)  # symbol grids, which follow, are for experts
        logits = self._router(np.stack([window[first] for window in windows]))
        if len(logits) != len(windows):
            raise ValueError(f"model: expected {len(windows)} rows of logits, got {len(logits)}")
        results: list[Description | Exception] = []
        for row, window, fraction in zip(logits, windows, valid_fractions, strict=True):
            try:
                results.append(Description(self._decide(row, window, fraction), None))
            except ValueError as error:
                results.append(error)
        for protocol in self._experts:
            self._ask(protocol, windows, results)
        return results

    def _decide(
        self, logits: NDArray[np.float32], window: NDArray[np.float32], valid_fraction: float
    ) -> Verdict:
        spec = self._bundle.spec
        c0, c3, _ = np.split(window, [spec.spectrogram_size, spec.router_vlen])
        frames = max(1, int(valid_fraction * spec.n_frames))  # the rest is padding
        return decide(
            logits,
            c0.reshape(spec.n_frames, spec.n_bins)[:frames],
            c3.reshape(len(spec.correlogram_rows), -1),
            self._bundle.protocols,
            self._bundle.thresholds,
            valid_fraction,
        )

    def _ask(
        self,
        protocol: str,
        windows: Sequence[NDArray[np.float32]],
        results: list[Description | Exception],
    ) -> None:
        """Adds the answers of one expert to the windows of its protocol."""
        bundle = self._bundle
        modulations, mobilities = bundle.modulations, bundle.mobilities
        named = [
            (index, result.verdict)
            for index, result in enumerate(results)
            if isinstance(result, Description) and result.verdict.protocol == protocol
        ]
        if not named:
            return
        try:
            outputs = self._experts[protocol](np.stack([windows[index] for index, _ in named]))
            check_outputs(outputs, len(named), len(modulations), len(mobilities))
        except Exception as error:
            for index, _ in named:
                results[index] = error
            return
        limits = bundle.thresholds.experts[protocol]
        for row, (index, verdict) in enumerate(named):
            one = {name: outputs[name][row] for name in _OUTPUTS}
            try:
                answer = expert_answer(one, modulations, mobilities, limits)
                results[index] = Description(verdict, answer)
            except ValueError as error:
                results[index] = error
