# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights of experts and a router as the stages leave them, tiny and random."""

from pathlib import Path

from lwmspectro_train import router_files
from lwmspectro_train.lwm.config import Head, Model, Source
from lwmspectro_train.lwm.expert import random
from lwmspectro_train.router import Router, RouterConfig
from lwmspectro_train.stages.checkpoint import save_expert

SIZE = {"dim": 16, "layers": 1, "heads": 2, "ffn": 16, "decoder_dim": 8, "decoder_ffn": 8}
GRIDS = {"lte": ("cp_15khz",), "nr": ("cp_15khz",), "wifi": ("wifi_long_gi",), "c0": ()}


def model(grids: tuple[str, ...], over: str = "tokens") -> Model:
    sources = [Source("spectrogram", patch=(32, 32))]
    sources += [Source("grid", numerology=g, patch=(64, 64), lift=(2,)) for g in grids]
    return Model(sources=tuple(sources), **SIZE, head=Head(over=over, channels=8))


def write(folder: Path, protocols: tuple[str, ...] = ("lte",), over: str = "tokens") -> Path:
    """``folder``/PROTOCOL/STAGE of each protocol and stage."""
    for seed, protocol in enumerate(protocols):
        for k, stage in enumerate(("pretrain", "finetune")):
            expert = random(model(GRIDS[protocol], over), 10 * seed + k)
            save_expert(folder / protocol / stage, expert, {})
    return folder


def write_router(folder: Path) -> Path:
    router_files.save(Router(RouterConfig(dim=8, layers=1, heads=1)), folder)
    return folder
