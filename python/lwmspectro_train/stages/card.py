# SPDX-License-Identifier: GPL-3.0-or-later
"""The model card of a bundle with experts."""

from __future__ import annotations

from typing import Any

from .. import card as router_card
from ..assess import Assessment
from ..card import percent
from ..join import seeds
from ..lwm.answers import MOBILITY, MODULATION, SNR
from .assess import Assessed
from .checkpoint import stages_behind
from .config import PROTOCOLS
from .fading import ACTIVITY, FROM_DB, RICIAN_K, Bands

_CARD = """\
# {name}

Says of a 25.6 ms window of I/Q samples which protocol it holds: WiFi (802.11 OFDM), LTE downlink,
5G NR downlink (15 or 30 kHz), or none of them; and of these the modulation, the SNR, whether the
link moves, and an embedding of {embedding} values.

- Input: tokens of the `tokenizer` block: spectrogram C0, numerology correlogram C3, and symbol
  grids, at any sample rate from 1.92 to 61.44 MS/s.
- Router: Transformer, {layers} layers, d = {dim}, {heads} heads, {parameters} parameters.
- Experts, one for each protocol: {expert}. The paper's size (12 layers, 1,024 tokens) is the
  configuration `paper`; this one is what two CPU cores run in real time.
- Licence: GPL-3.0-or-later. Trained on synthetic signals only; no recording was used.

## Limits

- **Every figure below is of synthetic signals**, through channels of a city that training never
  saw. Real transmitters and receivers have faults that no generator draws.
- Downlink alone of LTE and NR; of WiFi OFDM alone (802.11a, g, n, ac at 20 MHz), not 802.11b.
- One protocol is named in a window, though several may share it. Below 5 MS/s WiFi shows its
  bursts alone; a carrier that fills a small part of the band needs a higher SNR.
- 64- and 256-QAM are often taken for each other, and two layers, transmit diversity at one antenna,
  idle cells and mixed users show no one modulation. An answer may be given there all the same: how
  often stands at the end of this card. Look at `modulation_p` before you build on it.
- A slow or short window holds little motion, few and short bursts next to none, and a pure line of
  sight none at all: see the tables by Rician K and by activity. `pedestrian` and `vehicular` were 2
  to 5 and 30 to 130 km/h at 2 to 3.8 GHz (WiFi: 2.4 and 5.25 GHz); what lies between was not
  trained.

## Made by

How such a model is made, from the data sets on, is in `docs/training.md`; one like it by
`scripts/train_shipped.sh`, one command. This one:

- Limits and calibration of the router by the last {router_held_out} of {train_windows} windows
  ({train_seeds}), of the experts by the last {held_out} of the data set that each saw last; figures
  by {test_windows} windows of San Francisco, seed {test_seed}, a city that training never saw.
- Router: {router_stages}.
- Experts, with windows and seed of the data set, which has all protocols unless it says otherwise:
{stages}

## The protocol

Shares in percent; "from 0 dB" goes by the label's SNR, the table of SNRs by that while it sends;
sample rates with fewer than 20 windows are left out. A protocol is named from a probability of
{protocol_p}. Expected calibration error: {ece}. Negatives (26 kinds of noise and of signals that
are none of the three) taken for a protocol: {accepted} %; of the kinds that training never had
({unseen}): {unseen_accepted} %.

{tables}

## Modulation, SNR and mobility

Of windows whose label is known: right answers in percent, all of them counted, whether the answer
is given or left out; median of the absolute error of the SNR. `windows` are all of the protocol;
those with a modulation, and those that move, are fewer, as the tables by SNR say. Of two figures at
one number of windows it is that of the first. A modulation is known where the window holds data of
one constellation; bursts, idle cells and slices alike.

{expert_tables}
"""


def model_card(name: str, router: Assessment, experts: dict[str, Assessed]) -> str:
    """Text of MODEL_CARD.md."""
    cfg, metrics, made = router.router.cfg, router.metrics, router.provenance
    first = next(iter(experts.values()))
    size = first.expert.model
    training, test = made["data"]["training"], made["data"]["test"]
    unseen = _unseen(first, metrics)
    return _CARD.format(
        name=name,
        embedding=size.dim,
        layers=cfg.layers,
        dim=cfg.dim,
        heads=cfg.heads,
        parameters=f"{sum(p.numel() for p in router.router.parameters()):,}",
        expert=f"{size.layers} layers, d = {size.dim}, {size.heads} heads, "
        + ", ".join(
            f"{sum(p.numel() for p in e.expert.parameters()):,} parameters and "
            f"{e.expert.model.tokens} tokens ({protocol})"
            for protocol, e in experts.items()
        ),
        train_windows=f"{sum(training['counts'].values()):,}",
        test_windows=sum(test["counts"].values()),
        train_seeds=router_card.seed_list(training["seeds"]),
        router_held_out=f"{percent(made['training']['held_out'])} %",
        held_out=f"{percent(first.record['columns']['held_out'])} %",
        router_stages=router_card.router_stages(made["training"]),
        test_seed=test["seed"],
        stages=_stages(experts),
        protocol_p=router.limits.protocol_p,
        ece=metrics["calibration_error"],
        accepted=percent(metrics["negatives_accepted"]),
        unseen=", ".join(unseen) or "none",
        unseen_accepted=percent(_accepted(metrics, unseen)) if unseen else "-",
        tables="\n".join(
            router_card.table(title, metrics[key])
            for title, key in (
                ("protocol, all SNRs", "by_protocol"),
                ("from 0 dB", "from_0_db"),
                ("from 5 dB", "from_5_db"),
                ("windows cut short", "cut_short"),
                ("SNR while it sends, dB", "by_snr_db"),
                ("sample rate, MS/s", "by_samp_rate"),
            )
            if any(row["windows"] for row in metrics.get(key, {}).values())
        ),
        expert_tables="\n".join(_expert_tables(experts)),
    )


def _unseen(expert: Assessed, metrics: dict[str, Any]) -> list[str]:
    """Kinds of negatives in the test set that the training set leaves out."""
    config = expert.record.get("data", {}).get("train", {}).get("config", {})
    without = (config.get("negatives") or {}).get("without") or []
    return [kind for kind in without if kind in metrics["negatives_by_kind"]]


def _accepted(metrics: dict[str, Any], kinds: list[str]) -> float:
    found = [metrics["negatives_by_kind"][kind] for kind in kinds]
    windows = sum(kind["windows"] for kind in found)
    accepted: float = sum(kind["windows"] * kind["accepted"] for kind in found)
    return accepted / max(1, windows)


_STAGE_NAMES = {"pretrain": "of masked modelling", "finetune": "of fine-tuning"}


def _stages(experts: dict[str, Assessed]) -> str:
    """A line for each expert: its stages from the first on, with epochs and data set."""
    parts = []
    for protocol, found in experts.items():
        steps = [
            f"{stage['training']['epochs']} epochs {_STAGE_NAMES[stage['stage']]} "
            f"({_data_set(stage['data']['train'])})"
            for stage in stages_behind(found.record)
        ]
        parts.append(f"  - {protocol}: {', then '.join(reversed(steps))}")
    return "\n".join(parts)


def _data_set(data: dict[str, Any]) -> str:
    """Windows and seeds, and the protocol where there is one alone."""
    protocols = [name for name in PROTOCOLS if data["counts"].get(name)]
    alone = f" of {protocols[0]} alone" if len(protocols) == 1 else ""
    return f"{data['windows']:,}{alone}, {router_card.seed_list(seeds(data))}"


def _expert_tables(experts: dict[str, Assessed]) -> list[str]:
    measured = {protocol: e.metrics for protocol, e in experts.items() if e.metrics}
    titles = (
        "windows",
        "modulation",
        "from 15 dB",
        "three mobilities",
        "pedestrian or vehicular",
        "from 5 dB",
        "SNR, dB",
    )
    out = [f"| expert | {' | '.join(titles)} |", f"| --- |{' ---: |' * len(titles)}"]
    for protocol, m in measured.items():
        shares = [
            _accuracy(m, MODULATION),
            _accuracy(m.get(MODULATION, {}), "from_15_db"),
            _accuracy(m, MOBILITY),
            _accuracy(m, "pedestrian_vehicular"),
            _accuracy(m.get("pedestrian_vehicular", {}), "from_5_db"),
        ]
        error = f"{m[SNR]['median_error']:.2f}" if SNR in m else "-"
        out.append(f"| {protocol} | {m['windows']} | {' | '.join(shares)} | {error} |")
    for title, key in (("modulation", MODULATION), ("ped. or veh.", "pedestrian_vehicular")):
        out += ["", *_by_snr(title, key, measured)]
    out += ["", *_errors_by_snr(measured)]
    of = f"mobility from {FROM_DB:g} dB: three classes, pedestrian or vehicular"
    out += _mobility_by(of, "mobility_by_rician_k", RICIAN_K, measured)
    of = "the same, by the share of the window in which the link sends"
    out += _mobility_by(of, "mobility_by_activity", ACTIVITY, measured)
    for protocol, m in measured.items():
        out += ["", _given(protocol, m)]
    return [*out, ""]


def _by_snr(title: str, key: str, measured: dict[str, Any]) -> list[str]:
    having = {protocol: m[key]["by_snr_db"] for protocol, m in measured.items() if key in m}
    bands = list(dict.fromkeys(band for found in having.values() for band in found))
    rows = [f"| {title}, by SNR in dB | {' | '.join(bands)} |", f"| --- |{' ---: |' * len(bands)}"]
    for protocol, found in having.items():
        cells = [_of_windows(found[band]) if band in found else "-" for band in bands]
        rows.append(f"| {protocol} (windows) | {' | '.join(cells)} |")
    return rows


def _of_windows(found: dict[str, Any]) -> str:
    return f"{percent(found['accuracy'])} ({found['windows']})"


def _errors_by_snr(measured: dict[str, Any]) -> list[str]:
    key = "median_error_by_snr_db"
    bands = list(dict.fromkeys(b for m in measured.values() if SNR in m for b in m[SNR][key]))
    rows = [f"| SNR error, dB | {' | '.join(bands)} |", f"| --- |{' ---: |' * len(bands)}"]
    for protocol, m in measured.items():
        found = m.get(SNR, {}).get(key, {})
        cells = [f"{found[band]:.2f}" if band in found else "-" for band in bands]
        rows.append(f"| {protocol} | {' | '.join(cells)} |")
    return rows


def _mobility_by(title: str, key: str, bands: Bands, measured: dict[str, Any]) -> list[str]:
    """Mobility in each band that any protocol has windows of."""
    having = {p: m[key] for p, m in measured.items() if m.get(key)}
    if not having:
        return []
    names = [name for name, _, _ in bands if any(name in found for found in having.values())]
    rows = ["", f"| {title} | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for protocol, found in having.items():
        cells = [
            f"{percent(m['accuracy'])}, {percent(m['pedestrian_vehicular'])} ({m['windows']})"
            if (m := found.get(name))
            else "-"
            for name in names
        ]
        rows.append(f"| {protocol} (windows) | {' | '.join(cells)} |")
    return rows


def _given(protocol: str, metrics: dict[str, Any]) -> str:
    """What the limits let through, in words."""
    parts = []
    for name, m in metrics.get("answered", {}).items():
        parts.append(
            f"{name} is given in {percent(m['answered'])} % of windows with a label and right in "
            f"{percent(m['right_of_answered'])} % of these (calibration error "
            f"{m['calibration_error']:.3f}; {m['calibration_error_by_chance']:.3f} is what so few "
            "windows show where every probability is right)"
        )
        rest = m["answered_without_label"]
        if rest["windows"]:
            parts[-1] += f", and given in {percent(rest['accuracy'])} % of those without"
    return f"{protocol}: " + "; ".join(parts) + "."


def _accuracy(metrics: dict[str, Any], key: str) -> str:
    return percent(metrics[key]["accuracy"]) if key in metrics else "-"
