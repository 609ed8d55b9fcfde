# SPDX-License-Identifier: GPL-3.0-or-later
"""Views computed once: the same answers, and the same augmentation, as from the columns."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")
pytest.importorskip("lightning", reason="Lightning is not installed: no training here")
pytest.importorskip("pyarrow", reason="PyArrow is not installed: no training here")

import torch
import toy_links
from lwmspectro_train.lwm.config import Model, Source
from lwmspectro_train.lwm.expert import random
from lwmspectro_train.stages import augmentation, batch, config
from lwmspectro_train.stages.config import Augmentation, Data
from lwmspectro_train.stages.prepared import augment_images

GRIDS = ("cp_15khz", "wifi_long_gi")
MODEL = Model(
    sources=(
        Source("spectrogram"),
        Source("correlogram"),
        Source("fluctuation"),
        Source("similarity"),
        Source("drift"),
        *(Source("constellation", name, patch=(32, 16)) for name in GRIDS),
        *(Source("similarity", name) for name in GRIDS),
    ),
    dim=16,
    layers=1,
    heads=2,
    ffn=16,
)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_links.write(tmp_path_factory.mktemp("toy") / "data", (8,) * 3, grids=GRIDS)


def batches(folder: Path) -> tuple[batch.Batch, batch.Batch]:
    """The same windows as columns and prepared."""
    data = Data(str(folder))
    parts = [
        batch.open_part(folder, MODEL, replace(data, prepared=prepared), "lte", (0.0, 1.0))
        for prepared in (False, True)
    ]
    rows = parts[0].rows
    uniform = torch.rand(len(rows), batch.random_numbers(MODEL))
    raw, prepared = (part.batch(rows, uniform, CPU) for part in parts)
    return raw, prepared


def test_answers_are_those_of_the_columns(folder: Path) -> None:
    raw, prepared = batches(folder)
    expert = random(MODEL, 1).eval()
    expert.fit_images(prepared.views)
    statistics = {name: value.clone() for name, value in expert.views.state_dict().items()}
    expert.fit_views(raw.views)
    for name, value in expert.views.state_dict().items():
        torch.testing.assert_close(value, statistics[name], atol=0.02, rtol=0.02)
    with torch.no_grad():
        answers, again = expert(raw.views), expert(prepared.views, prepared=True)
    for name, answer in answers.items():
        torch.testing.assert_close(answer, again[name], atol=0.05, rtol=0.05)


def test_mirrored_images_are_images_of_mirrored_windows(folder: Path) -> None:
    raw, prepared = batches(folder)
    mirror = Augmentation(mirror=1.0)
    draws = raw.uniform[:, : augmentation.DRAWS]
    views = augmentation.augment(raw.views, draws, mirror)
    images = augment_images(prepared.views, MODEL.sources, draws, mirror)
    expert = random(MODEL, 1)
    for source in MODEL.sources:
        expected = expert._view(source.name).image(views[source.column])
        torch.testing.assert_close(images[source.name], expected, atol=0.02, rtol=0.02)
        untouched = prepared.views[source.name]
        alike = source.kind in ("correlogram", "drift")  # whichever way the spectrum lies
        assert alike or not torch.equal(images[source.name], untouched)


def test_turning_keeps_what_is_turned(folder: Path) -> None:
    _, prepared = batches(folder)
    shares = Augmentation(roll_time=1.0, roll_columns=1.0, columns=32)
    draws = prepared.uniform[:, : augmentation.DRAWS]
    images = augment_images(prepared.views, MODEL.sources, draws, shares)
    for source in MODEL.sources:
        before, after = prepared.views[source.name], images[source.name]
        if source.kind == "spectrogram":
            torch.testing.assert_close(before.mean(dim=2), after.mean(dim=2), atol=1e-3, rtol=1e-3)
        elif source.kind == "constellation":
            torch.testing.assert_close(before.sum(dim=3), after.sum(dim=3), atol=1e-3, rtol=1e-3)
        else:
            assert torch.equal(before, after)


def test_what_needs_columns_is_refused_of_prepared_views() -> None:
    data = Data("data/live", prepared=True)
    changes = Augmentation(mute_idle=0.5)
    training = config.Training(augmentation=changes)
    with pytest.raises(ValueError, match="expected no mute_idle and no drop_columns of prepared"):
        config.Experts(data, sources=(Source("spectrogram"),), pretrain=training)


def test_prepared_windows_take_less_memory(folder: Path) -> None:
    raw, prepared = batches(folder)
    sizes = [sum(view[0].numel() for view in b.views.values()) for b in (raw, prepared)]
    assert sizes[1] < 0.3 * sizes[0]
    assert np.isfinite([float(view.abs().max()) for view in prepared.views.values()]).all()
