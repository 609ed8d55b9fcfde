# SPDX-License-Identifier: GPL-3.0-or-later
"""The model card: what a bundle is, how it was made and how good it is."""

from __future__ import annotations

from typing import Any

from .assess import Assessment
from .join import seeds
from .stages.checkpoint import stages_behind

_CARD = """\
# {name}

Says which protocol a 25.6 ms window of I/Q samples holds: WiFi (802.11 OFDM), LTE downlink,
5G NR downlink (15 or 30 kHz), or none of them. First edition: the router alone, no experts yet,
so messages carry no modulation, SNR or mobility.

- Input: tokens of the `tokenizer` block, {vlen} floats: spectrogram C0 and numerology
  correlogram C3, at any sample rate from 1.92 to 61.44 MS/s.
- Network: Transformer, {layers} layers, d = {dim}, {heads} heads, {parameters} parameters.
- Licence: GPL-3.0-or-later. Trained on synthetic signals only; no recording was used.

## Made by

    make build train-deps
    build/prefix/bin/lwmspectro-train generate live --windows {train_windows} --seed {seed} \\
        --out data/train
    build/prefix/bin/lwmspectro-train generate live --windows {test_windows} --seed {test_seed} \\
        --out data/test
    build/prefix/bin/lwmspectro-train train-router data/train data/router --epochs {epochs} \\
        --seed {train_seed} --threads {threads} --precision {precision}
    build/prefix/bin/lwmspectro-train export-router data/router data/train data/test models/{name}

Trained: {stages}.

## How good it is

On {test_windows} synthetic windows of another seed, {negatives} of them without a protocol, by
`lwmspectro-train evaluate-router data/router data/train data/test`. Shares in percent; a protocol
is named from a probability of {protocol_p}.

Negatives (noise, carriers, FM, FSK, hopping, chirps, other OFDM, ...) taken for a protocol:
{accepted} %. Expected calibration error: {ece}.

{tables}
"""


def model_card(name: str, result: Assessment) -> str:
    """Text of MODEL_CARD.md for a bundle of that name: the router alone."""
    cfg, metrics = result.router.cfg, result.metrics
    data = result.provenance["data"]
    return _CARD.format(
        name=name,
        vlen=cfg.n_frames * cfg.n_bins + cfg.n_rows * cfg.n_cols,
        layers=cfg.layers,
        dim=cfg.dim,
        heads=cfg.heads,
        parameters=f"{sum(p.numel() for p in result.router.parameters()):,}",
        train_windows=sum(data["training"]["counts"].values()),
        test_windows=sum(data["test"]["counts"].values()),
        seed=data["training"]["seed"],
        train_seed=result.provenance["training"]["seed"],
        test_seed=data["test"]["seed"],
        epochs=result.provenance["training"]["epochs"],
        stages=router_stages(result.provenance["training"]),
        threads=result.provenance["training"]["threads"],
        precision=result.provenance["training"]["precision"],
        negatives=metrics["negatives"],
        protocol_p=result.limits.protocol_p,
        accepted=percent(metrics["negatives_accepted"]),
        ece=metrics["calibration_error"],
        tables="\n".join(
            table(title, metrics[key])
            for title, key in (
                ("protocol", "by_protocol"),
                ("windows cut short", "cut_short"),
                ("SNR, dB", "by_snr_db"),
                ("sample rate, MS/s", "by_samp_rate"),
            )
        ),
    )


def router_stages(training: dict[str, Any]) -> str:
    """Epochs, windows and time of each training that a router went through, from the first on."""
    steps = []
    for stage in stages_behind(training):
        data = stage.get("data")
        of = f" of {data['windows']:,} windows ({seed_list(seeds(data))})" if data else ""
        threads = f"{stage['threads']} CPU thread{'s' if stage['threads'] > 1 else ''}"
        time = f"{stage['seconds'] / 60.0:.0f} minutes on {threads}"
        steps.append(f"{stage['epochs_run']} epochs{of}, {time}")
        first = stage
    if "from_sha256" in first:
        steps.append("a training of which nothing is known here")
    return "; then ".join(reversed(steps))


def seed_list(numbers: list[int]) -> str:
    """Seeds as text."""
    *first, last = map(str, numbers)
    return f"seeds {', '.join(first)} and {last}" if first else f"seed {last}"


def percent(share: float) -> str:
    """A share as it stands in tables."""
    return f"{100.0 * share:.1f}"


def table(title: str, rows: dict[str, dict[str, Any]]) -> str:
    """Markdown of what ``evaluate`` says of groups of windows."""
    lines = [
        f"| {title} | windows | right | wrong | refused |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for key, row in rows.items():
        shares = " | ".join(percent(row[name]) for name in ("right", "wrong", "refused"))
        lines.append(f"| {key} | {row['windows']} | {shares} |")
    return "\n".join(lines) + "\n"
