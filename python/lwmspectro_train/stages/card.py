# SPDX-License-Identifier: GPL-3.0-or-later
"""The model card of a bundle with experts."""

from __future__ import annotations

from typing import Any

from .. import card as router_card
from ..assess import Assessment
from ..lwm.answers import MOBILITY, MODULATION, SNR
from .assess import Assessed

_CARD = """\

# Experts

Each reads the windows of one protocol and says modulation, SNR, mobility and an embedding of
{dim} values. Made by `lwmspectro-train train-all CONFIG`; the stages and sizes are in the
provenance of bundle.json. Shares of right answers, in percent, among test windows whose label is
known; the median of the absolute error of the SNR.

| expert | parameters | test windows | modulation | mobility | pedestrian / vehicular | SNR, dB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
"""


def model_card(name: str, router: Assessment, experts: dict[str, Assessed]) -> str:
    """Text of MODEL_CARD.md."""
    edition = f"Experts of {', '.join(experts)} say the rest."
    head = router_card.model_card(name, router, edition)
    first = next(iter(experts.values()))
    rows = "\n".join(_row(protocol, found) for protocol, found in experts.items())
    return head + _CARD.format(dim=first.expert.model.dim, rows=rows)


def _row(protocol: str, found: Assessed) -> str:
    metrics = found.metrics
    parameters = sum(p.numel() for p in found.expert.parameters())
    cells = [
        protocol,
        f"{parameters:,}",
        str(metrics.get("windows", "-")),
        *(_percent(metrics.get(n)) for n in (MODULATION, MOBILITY, "pedestrian_vehicular")),
        f"{metrics[SNR]['median_error']:.2f}" if SNR in metrics else "-",
    ]
    return f"| {' | '.join(cells)} |"


def _percent(found: dict[str, Any] | None) -> str:
    return f"{100.0 * found['accuracy']:.1f}" if found else "-"
